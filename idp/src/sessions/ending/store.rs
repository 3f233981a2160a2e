//! The statements that end sessions.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::ids::{PersonId, SessionId};
use crate::oauth::logout::{person_ended, session_ended};

#[derive(FromQueryResult)]
struct Ended {
    hash: Vec<u8>,
}

const END_ONE: &str = "UPDATE session SET ended_at = $4 WHERE realm_id = $1 AND person_id = $2 AND sid = $3
     AND ended_at IS NULL RETURNING hash";
const END_MANY: &str = "UPDATE session SET ended_at = $3 WHERE realm_id = $1 AND person_id = $2 AND sid <> $4
     AND ended_at IS NULL";

/// Ends one; the hash of its secret, and the clients that took part in it and are to be told, if it was live until now.
pub(in crate::sessions) async fn end_one(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    sid: SessionId,
    now: Instant,
) -> Result<Option<(Vec<u8>, Vec<String>)>, DatabaseError> {
    let values = values![realm.uuid(), person.uuid(), sid.uuid(), now.as_micros()];
    let Some(Ended { hash }) = tx.fetch_optional(END_ONE, values).await? else {
        return Ok(None);
    };
    let clients = session_ended(tx, realm, sid, now).await?;
    Ok(Some((hash, clients)))
}

/// Ends every session of a person in the caller's transaction, and makes due what tells their clients. The cache of
/// sessions still has to be told ([`crate::sessions::Sessions::forget_all`]).
pub async fn end_all_in(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    now: Instant,
) -> Result<u64, DatabaseError> {
    end_in(tx, realm, person, None, now).await
}

/// The same for every session but one: a person who changed something stays signed in where they did it.
pub async fn end_others_in(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    keep: SessionId,
    now: Instant,
) -> Result<u64, DatabaseError> {
    end_in(tx, realm, person, Some(keep), now).await
}

async fn end_in(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    keep: Option<SessionId>,
    now: Instant,
) -> Result<u64, DatabaseError> {
    let kept = keep.map_or(Uuid::nil(), SessionId::uuid);
    let values = values![realm.uuid(), person.uuid(), now.as_micros(), kept];
    let ended = tx.execute(END_MANY, values).await?;
    person_ended(tx, realm, person, keep, now).await?;
    Ok(ended)
}
