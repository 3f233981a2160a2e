//! The requests that their clients have to be told of: claimed, postponed, forgotten.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store};
use platform::entropy::Entropy;
use platform::ids::RealmId;
use platform::keys::{Aad, DataKey};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::push::Answer;
use crate::ids::{PersonId, SessionId};
use crate::oauth::backchannel::State;
use crate::oauth::backchannel::store::{BackchannelError, Request, open, state};

/// What is claimed at once.
const AT_ONCE: i64 = 50;

/// A request that is due; this node holds the claim to tell its client.
pub(super) struct Due {
    /// In which realm.
    pub(super) realm: RealmId,
    /// Whose.
    pub(super) client_id: String,
    /// The person whose key seals it.
    pub(super) person: PersonId,
    /// Where it stands, whatever the time is.
    pub(super) state: State,
    /// In which session it was allowed.
    pub(super) sid: Option<SessionId>,
    /// How often it was tried, this one included.
    pub(super) tries: u32,
    hash: Vec<u8>,
    id: Uuid,
    sealed_request: Vec<u8>,
    sealed_answer: Option<Vec<u8>>,
}

#[derive(FromQueryResult)]
struct Row {
    realm_id: Uuid,
    hash: Vec<u8>,
    id: Uuid,
    client_id: String,
    person_id: Uuid,
    sealed_request: Vec<u8>,
    sealed_answer: Option<Vec<u8>>,
    state: String,
    sid: Option<Uuid>,
    notify_tries: i32,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// The condition stands outside too: a node that waited for another's claim looks again.
const CLAIM: &str = "UPDATE backchannel_request SET notify_tries = notify_tries + 1, notify_at = $2
     WHERE notify_at <= $1 AND (realm_id, hash) IN (SELECT realm_id, hash FROM backchannel_request
         WHERE notify_at <= $1 ORDER BY notify_at LIMIT 1)
     RETURNING realm_id, hash, id, client_id, person_id, sealed_request, sealed_answer, state, sid, notify_tries";

/// Claims what is due, of all realms, until `until`: nobody else tells of it meanwhile.
pub(super) async fn claim(store: &Store, now: Instant, until: Instant) -> Result<Vec<Due>, BackchannelError> {
    let waiting: Option<Count> = store
        .fetch_optional(
            "SELECT count(*) AS count FROM backchannel_request WHERE notify_at <= $1",
            values![now.as_micros()],
        )
        .await?;
    let waiting = waiting.map_or(0, |row| row.count).min(AT_ONCE);
    let mut due = Vec::new();
    for _ in 0..waiting {
        let values = values![now.as_micros(), until.as_micros()];
        let taken: Option<Row> = store.take(CLAIM, values).await?;
        let Some(row) = taken else { break };
        due.push(row.due()?);
    }
    Ok(due)
}

/// Keeps what is posted; `false` if something is kept already, or the request is not where it stood.
pub(super) async fn keep(
    store: &Store,
    entropy: &Entropy,
    due: &Due,
    key: &DataKey,
    answer: &Answer,
) -> Result<bool, BackchannelError> {
    let bytes = serde_json::to_vec(answer).map_err(|_| BackchannelError::Unreadable)?;
    let sealed = key.seal(entropy, &due.aad(), &bytes)?;
    let kept = store
        .change(
            "UPDATE backchannel_request SET state = 'spent', sealed_answer = $4
             WHERE realm_id = $1 AND hash = $2 AND state = $3 AND sealed_answer IS NULL",
            values![due.realm.uuid(), due.hash.clone(), state::name(due.state), sealed],
        )
        .await?;
    Ok(kept == 1)
}

/// Nothing more is to be told.
pub(super) async fn done(store: &Store, due: &Due) -> Result<(), DatabaseError> {
    let sql = "UPDATE backchannel_request SET notify_at = NULL, sealed_answer = NULL
         WHERE realm_id = $1 AND hash = $2";
    let values = values![due.realm.uuid(), due.hash.clone()];
    store.change(sql, values).await.map(drop)
}

/// It is to be told again at `next`, if this node's claim is the last, and nobody has fetched it meanwhile.
pub(super) async fn postpone(store: &Store, due: &Due, next: Instant) -> Result<(), DatabaseError> {
    let sql = "UPDATE backchannel_request SET notify_at = $4
         WHERE realm_id = $1 AND hash = $2 AND notify_tries = $3 AND notify_at IS NOT NULL";
    let values = values![
        due.realm.uuid(),
        due.hash.clone(),
        i32::try_from(due.tries).unwrap_or(i32::MAX),
        next.as_micros()
    ];
    store.change(sql, values).await.map(drop)
}

impl Due {
    /// What was asked.
    pub(super) fn request(&self, key: &DataKey) -> Result<Request, BackchannelError> {
        open(self.realm, self.person, self.id, &self.sealed_request, key)
    }

    /// What was made to be posted before.
    pub(super) fn answer(&self, key: &DataKey) -> Result<Option<Answer>, BackchannelError> {
        let Some(sealed) = &self.sealed_answer else {
            return Ok(None);
        };
        let bytes = key.open(&self.aad(), sealed)?;
        let answer = serde_json::from_slice(&bytes).map_err(|_| BackchannelError::Unreadable)?;
        Ok(Some(answer))
    }

    fn aad(&self) -> Aad {
        Aad::new(
            self.realm.uuid(),
            "backchannel.answer",
            self.person.uuid().as_bytes(),
            self.id.as_bytes(),
        )
    }
}

impl Row {
    fn due(self) -> Result<Due, BackchannelError> {
        Ok(Due {
            realm: self.realm_id.into(),
            client_id: self.client_id,
            person: self.person_id.into(),
            state: state::read(&self.state).ok_or(BackchannelError::Unreadable)?,
            sid: self.sid.map(SessionId::from),
            tries: u32::try_from(self.notify_tries).unwrap_or(u32::MAX),
            hash: self.hash,
            id: self.id,
            sealed_request: self.sealed_request,
            sealed_answer: self.sealed_answer,
        })
    }
}
