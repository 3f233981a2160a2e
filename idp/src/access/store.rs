//! The facts in the database.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{Contract, Emergency, Grant};
use super::period::Period;
use super::rows::{Columns, Unreadable, rule};
use super::words::{Actions, Kinds};
use crate::ids::PersonId;

/// The most rules of one person that a decision takes in. Were there more, it would be refused rather than cut off.
const MOST: usize = 20_000;

/// The facts could not be had.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// It could not be known where somebody works.
    #[error(transparent)]
    Staff(#[from] crate::staff::StaffError),
    /// It could not be known whose a client is.
    #[error(transparent)]
    Clients(#[from] crate::oauth::clients::ClientsError),
    /// It could not be known who is what to somebody.
    #[error(transparent)]
    People(#[from] crate::people::PeopleError),
    /// A row is not what this version writes.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A person has more rules than can be taken in.
    #[error("a person has too many rules")]
    TooMany,
}

#[derive(FromQueryResult)]
struct GrantRow {
    id: Uuid,
    consent_id: Uuid,
    effect: String,
    grantee_kind: String,
    grantee_key: String,
    organisation_id: Option<Uuid>,
    occupation: Option<String>,
    kinds: i64,
    actions: i64,
    purposes: i64,
    depth: i32,
    data_from: Option<i64>,
    data_until: Option<i64>,
    valid_from: Option<i64>,
    valid_until: Option<i64>,
}

/// All that a person's consents say now: one statement on one index.
pub(super) async fn grants(
    store: &Store,
    realm: RealmId,
    subject: PersonId,
) -> Result<Vec<Grant>, AccessError> {
    let rows: Vec<GrantRow> = store
        .fetch_all(
            "SELECT id, consent_id, effect, grantee_kind, grantee_key, organisation_id, occupation, kinds, actions,
                 purposes, depth, data_from, data_until, valid_from, valid_until
             FROM consent_grant WHERE realm_id = $1 AND subject_id = $2 AND ended_at IS NULL LIMIT 20001",
            values![realm.uuid(), subject.uuid()],
        )
        .await?;
    if rows.len() > MOST {
        return Err(AccessError::TooMany);
    }
    let grants = rows.into_iter().map(|row| {
        Ok(Grant {
            id: row.id.into(),
            consent: row.consent_id.into(),
            rule: rule(&Columns {
                effect: row.effect,
                grantee_kind: row.grantee_kind,
                grantee_key: row.grantee_key,
                organisation_id: row.organisation_id,
                occupation: row.occupation,
                kinds: row.kinds,
                actions: row.actions,
                purposes: row.purposes,
                depth: row.depth,
                data: (row.data_from, row.data_until),
                valid: (row.valid_from, row.valid_until),
            })?,
            ended_at: None,
        })
    });
    grants.collect()
}

#[derive(FromQueryResult)]
struct ContractRow {
    id: Uuid,
    organisation_id: Uuid,
    kinds: i64,
    actions: i64,
    from_at: i64,
    until_at: Option<i64>,
}

/// What a person agreed with operators and did not end.
pub(super) async fn contracts(
    store: &Store,
    realm: RealmId,
    person: PersonId,
) -> Result<Vec<Contract>, AccessError> {
    let rows: Vec<ContractRow> = store
        .fetch_all(
            "SELECT id, organisation_id, kinds, actions, from_at, until_at FROM contract
             WHERE realm_id = $1 AND person_id = $2 AND ended_at IS NULL LIMIT 1000",
            values![realm.uuid(), person.uuid()],
        )
        .await?;
    let contracts = rows.into_iter().map(|row| {
        Ok(Contract {
            id: row.id.into(),
            organisation: row.organisation_id.into(),
            kinds: Kinds::from_bits(row.kinds).ok_or(Unreadable)?,
            actions: Actions::from_bits(row.actions).ok_or(Unreadable)?,
            valid: Period::between(
                Some(Instant::from_micros(row.from_at)),
                row.until_at.map(Instant::from_micros),
            ),
            ended_at: None,
        })
    });
    contracts.collect()
}

#[derive(FromQueryResult)]
struct EmergencyRow {
    id: Uuid,
    organisation_id: Uuid,
    from_at: i64,
    until_at: i64,
}

/// The emergencies that somebody declared about a person and that are not over.
pub(super) async fn emergencies(
    store: &Store,
    realm: RealmId,
    (actor, subject): (PersonId, PersonId),
    now: Instant,
) -> Result<Vec<Emergency>, AccessError> {
    let rows: Vec<EmergencyRow> = store
        .fetch_all(
            "SELECT id, organisation_id, from_at, until_at FROM emergency
             WHERE realm_id = $1 AND actor_id = $2 AND subject_id = $3 AND ended_at IS NULL AND until_at > $4
             LIMIT 100",
            values![realm.uuid(), actor.uuid(), subject.uuid(), now.as_micros()],
        )
        .await?;
    let emergencies = rows.into_iter().map(|row| Emergency {
        id: row.id.into(),
        organisation: row.organisation_id.into(),
        valid: Period {
            from: Instant::from_micros(row.from_at),
            until: Instant::from_micros(row.until_at),
        },
        ended_at: None,
    });
    Ok(emergencies.collect())
}

/// How many people one reading of [`subjects`] gives at most.
pub(super) const SUBJECTS: usize = 100;

#[derive(FromQueryResult)]
struct Subject {
    subject_id: Uuid,
}

/// People who have a rule for one of some grantees, in the order of their keys.
pub(super) async fn subjects(
    store: &Store,
    realm: RealmId,
    grantees: &[String],
    after: Uuid,
) -> Result<Vec<PersonId>, AccessError> {
    if grantees.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (3..grantees.len() + 3).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT DISTINCT subject_id FROM consent_grant
         WHERE realm_id = $1 AND subject_id > $2 AND grantee_key IN ({}) AND ended_at IS NULL
         ORDER BY subject_id LIMIT {SUBJECTS}",
        places.join(", ")
    );
    let mut values = values![realm.uuid(), after];
    values.extend(grantees.iter().map(|one| sea_orm::Value::from(one.clone())));
    let rows: Vec<Subject> = store.fetch_all(&sql, values).await?;
    Ok(rows.into_iter().map(|row| row.subject_id.into()).collect())
}
