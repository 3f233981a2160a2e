//! Emergencies in the database.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Tx};
use platform::ids::RealmId;
use platform::keys::{Aad, SealError};
use platform::values;
use sea_orm::FromQueryResult;
use std::time::Duration;
use uuid::Uuid;

use super::model::{LIFE, MOST_A_DAY, NotDeclared, Reason};
use crate::hub::Hub;
use crate::ids::{EmergencyId, OrganisationId, PersonId};
use crate::mail::MailError;
use crate::notices::Prepared;
use crate::oauth::OAuthError;
use crate::people::Person;
use crate::realms::Realm;

/// An emergency that is not over, as its declarer sees it.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Which.
    pub id: EmergencyId,
    /// About whom.
    pub subject: PersonId,
    /// Where.
    pub organisation: OrganisationId,
    /// When it is over.
    pub until: Instant,
}

enum Undone {
    TooMany,
    Database(DatabaseError),
}

impl From<DatabaseError> for Undone {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// Declares an emergency about `subject`; `told` hear of it in the same transaction.
pub async fn declare(
    hub: &Hub,
    realm: &Realm,
    (actor, subject): (PersonId, &Person),
    (organisation, reason): (OrganisationId, &Reason),
    told: Vec<Prepared>,
) -> Result<Result<EmergencyId, NotDeclared>, OAuthError> {
    let now = hub.clock.now();
    let id = EmergencyId::new(&hub.entropy, now)?;
    let sealed = subject
        .key
        .seal(
            &hub.entropy,
            &aad(realm.id, subject.id, id),
            reason.as_str().as_bytes(),
        )
        .map_err(MailError::from)?;
    let row = values![
        id.uuid(),
        realm.id.uuid(),
        subject.id.uuid(),
        actor.uuid(),
        organisation.uuid(),
        sealed,
        now.as_micros(),
        now.plus(LIFE).as_micros(),
        now.minus(Duration::from_hours(24)).as_micros(),
        MOST_A_DAY
    ];
    let written = hub
        .store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let written = tx
                    .execute(
                        "INSERT INTO emergency (id, realm_id, subject_id, actor_id, organisation_id, sealed_reason,
                             from_at, until_at)
                         SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM person WHERE realm_id = $2 AND id = $3
                         AND (SELECT count(*) FROM emergency
                              WHERE realm_id = $2 AND actor_id = $4 AND from_at > $9) < $10",
                        row,
                    )
                    .await?;
                if written == 0 {
                    return Err(Undone::TooMany);
                }
                for notice in told {
                    notice.write(tx).await?;
                }
                Ok(())
            })
        })
        .await;
    match written {
        Ok(()) => Ok(Ok(id)),
        Err(Undone::TooMany) => Ok(Err(NotDeclared::TooMany)),
        Err(Undone::Database(error)) => Err(error.into()),
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    subject_id: Uuid,
    organisation_id: Uuid,
    until_at: i64,
}

/// The emergencies that somebody declared and that are not over, the latest first.
pub async fn live(hub: &Hub, realm: &Realm, actor: PersonId) -> Result<Vec<Declared>, DatabaseError> {
    let rows: Vec<Row> = hub
        .store
        .fetch_all(
            "SELECT id, subject_id, organisation_id, until_at FROM emergency
             WHERE realm_id = $1 AND actor_id = $2 AND ended_at IS NULL AND until_at > $3
             ORDER BY from_at DESC LIMIT 50",
            values![realm.id.uuid(), actor.uuid(), hub.clock.now().as_micros()],
        )
        .await?;
    let declared = rows.into_iter().map(|row| Declared {
        id: row.id.into(),
        subject: row.subject_id.into(),
        organisation: row.organisation_id.into(),
        until: Instant::from_micros(row.until_at),
    });
    Ok(declared.collect())
}

/// Ends an emergency before its time, by whoever declared it; whether there was one.
pub async fn end(hub: &Hub, realm: &Realm, actor: PersonId, id: EmergencyId) -> Result<bool, DatabaseError> {
    let ended = hub
        .store
        .change(
            "UPDATE emergency SET ended_at = $4 WHERE realm_id = $1 AND actor_id = $2 AND id = $3
             AND ended_at IS NULL AND until_at > $4",
            values![
                realm.id.uuid(),
                actor.uuid(),
                id.uuid(),
                hub.clock.now().as_micros()
            ],
        )
        .await?;
    Ok(ended == 1)
}

/// An emergency, as the person whom it is about reads it.
#[derive(Debug, Clone)]
pub struct Told {
    /// Who declared it.
    pub actor: PersonId,
    /// Where.
    pub organisation: OrganisationId,
    /// When.
    pub at: Instant,
    /// When it ended or ends.
    pub until: Instant,
    /// Why.
    pub reason: String,
}

#[derive(FromQueryResult)]
struct ToldRow {
    id: Uuid,
    actor_id: Uuid,
    organisation_id: Uuid,
    sealed_reason: Vec<u8>,
    from_at: i64,
    until_at: i64,
    ended_at: Option<i64>,
}

/// The emergencies that were declared about a person, the latest first; at most fifty.
pub async fn about(hub: &Hub, realm: &Realm, subject: &Person) -> Result<Vec<Told>, MailError> {
    let rows: Vec<ToldRow> = hub
        .store
        .fetch_all(
            "SELECT id, actor_id, organisation_id, sealed_reason, from_at, until_at, ended_at FROM emergency
             WHERE realm_id = $1 AND subject_id = $2 ORDER BY from_at DESC LIMIT 50",
            values![realm.id.uuid(), subject.id.uuid()],
        )
        .await?;
    let told = rows.into_iter().map(|row| {
        let until = row.ended_at.map_or(row.until_at, |ended| ended.min(row.until_at));
        Ok(Told {
            actor: row.actor_id.into(),
            organisation: row.organisation_id.into(),
            at: Instant::from_micros(row.from_at),
            until: Instant::from_micros(until),
            reason: reason(realm, subject, row.id.into(), &row.sealed_reason)?,
        })
    });
    told.collect()
}

#[derive(FromQueryResult)]
struct Holder {
    holder_id: Uuid,
}

/// Everybody to whom something over an organisation, or over one above it, was delegated; at most a hundred.
pub async fn administrators(
    hub: &Hub,
    realm: &Realm,
    organisation: OrganisationId,
) -> Result<Vec<PersonId>, DatabaseError> {
    let rows: Vec<Holder> = hub
        .store
        .fetch_all(
            "SELECT DISTINCT holder_id FROM delegation WHERE realm_id = $1 AND withdrawn_at IS NULL
             AND (until_at IS NULL OR until_at > $3) AND organisation_id IN
                 (SELECT ancestor_id FROM organisation_above WHERE realm_id = $1 AND organisation_id = $2)
             ORDER BY holder_id LIMIT 100",
            values![realm.id.uuid(), organisation.uuid(), hub.clock.now().as_micros()],
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.holder_id.into()).collect())
}

/// The reason that somebody gave, as the person whom it is about reads it.
pub fn reason(realm: &Realm, subject: &Person, id: EmergencyId, sealed: &[u8]) -> Result<String, SealError> {
    let opened = subject.key.open(&aad(realm.id, subject.id, id), sealed)?;
    String::from_utf8(opened.to_vec()).map_err(|_| SealError::Broken)
}

#[derive(FromQueryResult)]
struct Allowed {
    organisation_id: Uuid,
}

/// Lets the staff of an organisation, and of those below it, declare emergencies about anybody.
pub async fn allow(hub: &Hub, realm: &Realm, organisation: OrganisationId) -> Result<(), DatabaseError> {
    hub.store
        .change(
            "INSERT INTO emergency_organisation (realm_id, organisation_id, allowed_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            values![realm.id.uuid(), organisation.uuid(), hub.clock.now().as_micros()],
        )
        .await
        .map(drop)
}

/// Lets them no more; whether they were let.
pub async fn disallow(hub: &Hub, realm: &Realm, organisation: OrganisationId) -> Result<bool, DatabaseError> {
    let gone = hub
        .store
        .change(
            "DELETE FROM emergency_organisation WHERE realm_id = $1 AND organisation_id = $2",
            values![realm.id.uuid(), organisation.uuid()],
        )
        .await?;
    Ok(gone == 1)
}

/// The organisations of `some` that the realm allows emergencies.
pub async fn is_allowed(
    hub: &Hub,
    realm: &Realm,
    some: &[OrganisationId],
) -> Result<Vec<OrganisationId>, DatabaseError> {
    let rows: Vec<Allowed> = hub
        .store
        .fetch_all(
            "SELECT organisation_id FROM emergency_organisation WHERE realm_id = $1 LIMIT 10000",
            values![realm.id.uuid()],
        )
        .await?;
    let all = rows
        .into_iter()
        .map(|row| OrganisationId::from(row.organisation_id));
    Ok(all.filter(|one| some.contains(one)).collect())
}

fn aad(realm: RealmId, subject: PersonId, id: EmergencyId) -> Aad {
    Aad::new(
        realm.uuid(),
        "emergency",
        subject.uuid().as_bytes(),
        id.uuid().as_bytes(),
    )
}
