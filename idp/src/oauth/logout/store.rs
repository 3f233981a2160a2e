//! The table `session_client`.

use platform::clock::Instant;
use platform::database::{Backend, DatabaseError, Queries as _, Store, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::WORTH_TELLING;
use crate::ids::{PersonId, SessionId};
use crate::realms::Realm;

#[derive(FromQueryResult)]
struct ClientOf {
    client_id: String,
}

/// A macro, so that what differs between the databases is one clause.
macro_rules! take_part {
    ($lock:literal) => {
        concat!(
            "INSERT INTO session_client (sid, client_id, realm_id, person_id, expires_at)
             SELECT sid, $3, realm_id, person_id, expires_at FROM session
             WHERE sid = $1 AND realm_id = $2 AND ended_at IS NULL AND expires_at > $4",
            $lock,
            " ON CONFLICT (sid, client_id) DO UPDATE SET expires_at = excluded.expires_at"
        )
    };
}
const TAKE_PART: &str = take_part!("");
/// Where writers run side by side, the lock makes the end of the session wait for this one and then see the row, or this
/// one wait and then see the end.
const TAKE_PART_BESIDE_OTHERS: &str = take_part!(" FOR SHARE");

const SESSION_ENDED: &str = "UPDATE session_client SET ended_at = $3, due_at = $3, expires_at = $4
     WHERE sid = $1 AND realm_id = $2 AND ended_at IS NULL RETURNING client_id";
const PERSON_ENDED: &str = "UPDATE session_client SET ended_at = $3, due_at = $3, expires_at = $4
     WHERE person_id = $1 AND realm_id = $2 AND sid <> $5 AND ended_at IS NULL";

/// Lets a client take part in a live session, in the caller's transaction; whether the session is live.
pub async fn take_part_in(
    tx: &Tx,
    backend: Backend,
    realm: RealmId,
    sid: SessionId,
    client_id: &str,
    now: Instant,
) -> Result<bool, DatabaseError> {
    let sql = match backend {
        Backend::Sqlite => TAKE_PART,
        Backend::Postgres => TAKE_PART_BESIDE_OTHERS,
    };
    let values = values![sid.uuid(), realm.uuid(), client_id, now.as_micros()];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The same by itself, for a client that gets an ID token and no token family.
pub async fn take_part(
    store: &Store,
    realm: &Realm,
    sid: SessionId,
    client_id: &str,
    now: Instant,
) -> Result<bool, DatabaseError> {
    let (backend, realm, client_id) = (store.backend(), realm.id, client_id.to_owned());
    store
        .write(move |tx: &Tx| {
            Box::pin(async move { take_part_in(tx, backend, realm, sid, &client_id, now).await })
        })
        .await
}

/// Makes due what tells of the end of a session, in the transaction that has just ended it; the clients that took part.
pub(crate) async fn session_ended(
    tx: &Tx,
    realm: RealmId,
    sid: SessionId,
    now: Instant,
) -> Result<Vec<String>, DatabaseError> {
    let values = values![sid.uuid(), realm.uuid(), now.as_micros(), forgotten_at(now)];
    let clients: Vec<ClientOf> = tx.fetch_all(SESSION_ENDED, values).await?;
    Ok(clients.into_iter().map(|row| row.client_id).collect())
}

/// The same for every session of a person but `keep`.
pub(crate) async fn person_ended(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    keep: Option<SessionId>,
    now: Instant,
) -> Result<(), DatabaseError> {
    let keep = keep.map_or(Uuid::nil(), SessionId::uuid);
    let values = values![
        person.uuid(),
        realm.uuid(),
        now.as_micros(),
        forgotten_at(now),
        keep
    ];
    tx.execute(PERSON_ENDED, values).await.map(drop)
}

/// When a row goes even if nobody ever came to tell: well after it is worth telling.
fn forgotten_at(ended_at: Instant) -> i64 {
    ended_at.plus(WORTH_TELLING.saturating_mul(2)).as_micros()
}
