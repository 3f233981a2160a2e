//! Notices in the database.

use std::time::Duration;

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Tx};
use platform::keys::Aad;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::Notice;
use crate::hub::Hub;
use crate::ids::NoticeId;
use crate::mail::MailError;
use crate::people::Person;
use crate::realms::Realm;

/// How long notices stand on the account page.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// A notice, sealed.
#[derive(Debug)]
pub(super) struct Row {
    values: Vec<sea_orm::Value>,
}

/// A notice as its reader gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Instant,
    /// What.
    pub notice: Notice,
}

#[derive(FromQueryResult)]
struct Read {
    id: Uuid,
    sealed: Vec<u8>,
    at: i64,
}

pub(super) fn seal(hub: &Hub, realm: &Realm, person: &Person, notice: &Notice) -> Result<Row, MailError> {
    let now = hub.clock.now();
    let id = NoticeId::new(&hub.entropy, now)?;
    let plain = serde_json::to_vec(notice)?;
    let sealed = person
        .key
        .seal(&hub.entropy, &aad(realm, person, id.uuid()), &plain)?;
    let (realm, person, over) = (realm.id.uuid(), person.id.uuid(), now.plus(KEPT).as_micros());
    Ok(Row {
        values: values![id.uuid(), realm, person, sealed, now.as_micros(), over],
    })
}

pub(super) async fn insert(tx: &Tx, row: Row) -> Result<(), DatabaseError> {
    let sql = "INSERT INTO notice (id, realm_id, person_id, sealed, at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(sql, row.values).await.map(drop)
}

/// What a person was told, newest first; at most `limit`.
pub async fn list(hub: &Hub, realm: &Realm, person: &Person, limit: u32) -> Result<Vec<Told>, MailError> {
    let sql = "SELECT id, sealed, at FROM notice WHERE person_id = $1 AND realm_id = $2 ORDER BY at DESC, id DESC LIMIT $3";
    let values = values![person.id.uuid(), realm.id.uuid(), i64::from(limit)];
    let rows: Vec<Read> = hub.store.fetch_all(sql, values).await?;
    rows.into_iter()
        .map(|row| {
            let plain = person.key.open(&aad(realm, person, row.id), &row.sealed)?;
            Ok(Told {
                at: Instant::from_micros(row.at),
                notice: serde_json::from_slice(&plain)?,
            })
        })
        .collect()
}

fn aad(realm: &Realm, person: &Person, id: Uuid) -> Aad {
    Aad::new(
        realm.id.uuid(),
        "notice",
        person.id.uuid().as_bytes(),
        id.as_bytes(),
    )
}
