//! Contracts in the database.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _};
use platform::entropy::EntropyFailed;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{InvalidContract, NewContract, Services};
use crate::access::{Actions, Kinds};
use crate::hub::Hub;
use crate::ids::{ContractId, OrganisationId, PersonId};
use crate::realms::Realm;

/// The most contracts of one person.
const MOST: i64 = 500;

/// A contract could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// It cannot be.
    #[error(transparent)]
    Invalid(#[from] InvalidContract),
    /// There is no such person, or they have too many.
    #[error("the person is unknown or has too many contracts")]
    Refused,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// A row is not what this version writes.
    #[error("a contract cannot be read")]
    Unreadable,
}

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Its key.
    pub id: ContractId,
    /// With whom.
    pub organisation: OrganisationId,
    /// For which services.
    pub services: Services,
    /// Which kinds of data they work with.
    pub kinds: Kinds,
    /// What they do with them.
    pub actions: Actions,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub until: Option<Instant>,
    /// When it was ended.
    pub ended_at: Option<Instant>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    services: String,
    kinds: i64,
    actions: i64,
    from_at: i64,
    until_at: Option<i64>,
    ended_at: Option<i64>,
}

impl Row {
    fn agreed(self) -> Result<Agreed, ContractError> {
        Ok(Agreed {
            id: self.id.into(),
            organisation: self.organisation_id.into(),
            services: serde_json::from_str(&self.services).map_err(|_| ContractError::Unreadable)?,
            kinds: Kinds::from_bits(self.kinds).ok_or(ContractError::Unreadable)?,
            actions: Actions::from_bits(self.actions).ok_or(ContractError::Unreadable)?,
            from: Instant::from_micros(self.from_at),
            until: self.until_at.map(Instant::from_micros),
            ended_at: self.ended_at.map(Instant::from_micros),
        })
    }
}

/// Makes a contract.
pub async fn agree(hub: &Hub, realm: &Realm, new: &NewContract) -> Result<ContractId, ContractError> {
    new.check()?;
    let now = hub.clock.now();
    let id = ContractId::new(&hub.entropy, now)?;
    let services = serde_json::to_string(&new.services).map_err(|_| ContractError::Unreadable)?;
    let made = hub
        .store
        .change(
            "INSERT INTO contract (id, realm_id, person_id, organisation_id, services, kinds, actions, from_at, until_at,
                 created_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM person WHERE realm_id = $2 AND id = $3
             AND (SELECT count(*) FROM contract WHERE realm_id = $2 AND person_id = $3) < $11",
            values![
                id.uuid(),
                realm.id.uuid(),
                new.person.uuid(),
                new.organisation.uuid(),
                services,
                new.kinds.bits(),
                new.actions.bits(),
                new.from.as_micros(),
                new.until.map(Instant::as_micros),
                now.as_micros(),
                MOST
            ],
        )
        .await?;
    if made == 1 {
        Ok(id)
    } else {
        Err(ContractError::Refused)
    }
}

/// The contracts of a person, in the order in which they were made, after `after`.
pub async fn list(
    hub: &Hub,
    realm: &Realm,
    person: PersonId,
    (after, limit): (Option<Uuid>, u32),
) -> Result<Vec<Agreed>, ContractError> {
    let rows: Vec<Row> = hub
        .store
        .fetch_all(
            "SELECT id, organisation_id, services, kinds, actions, from_at, until_at, ended_at FROM contract
             WHERE realm_id = $1 AND person_id = $2 AND id > $3 ORDER BY id LIMIT $4",
            values![
                realm.id.uuid(),
                person.uuid(),
                after.unwrap_or_default(),
                i64::from(limit)
            ],
        )
        .await?;
    rows.into_iter().map(Row::agreed).collect()
}

#[derive(FromQueryResult)]
struct Holder {
    person_id: Uuid,
}

/// Whose contract it is.
pub async fn holder(hub: &Hub, realm: &Realm, id: ContractId) -> Result<Option<PersonId>, ContractError> {
    let sql = "SELECT person_id FROM contract WHERE realm_id = $1 AND id = $2";
    let row: Option<Holder> = hub
        .store
        .fetch_optional(sql, values![realm.id.uuid(), id.uuid()])
        .await?;
    Ok(row.map(|row| row.person_id.into()))
}

/// Ends a contract of a person now; whether there was one that went on.
pub async fn end(hub: &Hub, realm: &Realm, person: PersonId, id: ContractId) -> Result<bool, ContractError> {
    let ended = hub
        .store
        .change(
            "UPDATE contract SET ended_at = $4 WHERE realm_id = $1 AND person_id = $2 AND id = $3 AND ended_at IS NULL",
            values![
                realm.id.uuid(),
                person.uuid(),
                id.uuid(),
                hub.clock.now().as_micros()
            ],
        )
        .await?;
    Ok(ended == 1)
}
