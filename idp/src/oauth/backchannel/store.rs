//! Requests by the back channel in the database.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store};
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::keys::{Aad, DataKey, SealError};
use platform::values;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::State;
use crate::ids::{PersonId, SessionId};
use crate::oauth::Scope;
use crate::people::Person;
use crate::realms::Realm;

/// Requests could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BackchannelError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// A sealed value does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// A row is not what this version writes.
    #[error("a request by the back channel cannot be read")]
    Unreadable,
}

/// What a client asks a person, sealed under the person's key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Request {
    /// What it wants to have.
    pub scope: Scope,
    /// What the person is to compare.
    pub binding_message: Option<String>,
    /// How strongly the person is to sign in.
    pub acr_values: Vec<String>,
    /// Its own name, for the ping; and what the ping is authorized by.
    pub ping: Option<(String, String)>,
}

/// A request as its client's poll finds it.
pub struct Kept {
    /// Whose it is.
    pub client_id: String,
    /// Whom it is about.
    pub person: PersonId,
    /// Where it stands.
    pub state: State,
    /// In which session it was allowed.
    pub sid: Option<SessionId>,
    id: Uuid,
    sealed_request: Vec<u8>,
}

/// A request as the person finds it.
pub struct Pending {
    /// Its key.
    pub id: Uuid,
    /// Who asks.
    pub client_id: String,
    /// What.
    pub request: Request,
    /// When it was asked.
    pub created_at: Instant,
    /// When its time is over.
    pub expires_at: Instant,
}

/// A ping that is due.
pub struct Ping {
    /// In which realm.
    pub realm: RealmId,
    /// Whose.
    pub client_id: String,
    /// The person whose key seals it.
    pub person: PersonId,
    id: Uuid,
    sealed_request: Vec<u8>,
}

#[derive(FromQueryResult)]
struct Row {
    realm_id: Uuid,
    id: Uuid,
    client_id: String,
    person_id: Uuid,
    sealed_request: Vec<u8>,
    state: String,
    sid: Option<Uuid>,
    created_at: i64,
    expires_at: i64,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

const COLUMNS: &str =
    "realm_id, id, client_id, person_id, sealed_request, state, sid, created_at, expires_at";
/// Pings that are taken at once.
const PINGS_AT_ONCE: i64 = 50;
/// How often a ping is tried.
const TRIES: i32 = 6;

/// The requests of every realm; each call names the realm.
#[derive(Clone)]
pub struct BackchannelRequests {
    store: Store,
}

impl BackchannelRequests {
    /// The requests in `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// How many requests of a client wait for a person, and how many in all.
    pub async fn waiting(
        &self,
        realm: &Realm,
        person: PersonId,
        client_id: &str,
        now: Instant,
    ) -> Result<(u64, u64), BackchannelError> {
        let rows: Vec<Row> = self.pending_rows(realm, person, now).await?;
        let own = rows.iter().filter(|row| row.client_id == client_id).count();
        Ok((own as u64, rows.len() as u64))
    }

    /// Keeps a request; its `auth_req_id`.
    pub async fn begin(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        (client_id, person): (&str, &Person),
        mut request: Request,
        (now, expires_at): (Instant, Instant),
    ) -> Result<String, BackchannelError> {
        let auth_req_id = entropy.token()?;
        let id = entropy.uuid(now)?;
        if let Some((name, _)) = &mut request.ping {
            name.clone_from(&auth_req_id);
        }
        let bytes = serde_json::to_vec(&request).map_err(|_| BackchannelError::Unreadable)?;
        let sealed = person.key.seal(entropy, &aad(realm.id, person.id, id), &bytes)?;
        self.store
            .change(
                "INSERT INTO backchannel_request (realm_id, hash, id, client_id, person_id, sealed_request, state,
                 created_at, expires_at, notify_tries) VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, 0)",
                values![
                    realm.id.uuid(),
                    hash(realm, &auth_req_id),
                    id,
                    client_id,
                    person.id.uuid(),
                    sealed,
                    now.as_micros(),
                    expires_at.as_micros()
                ],
            )
            .await?;
        Ok(auth_req_id)
    }

    /// The request of an `auth_req_id`.
    pub async fn find(
        &self,
        realm: &Realm,
        auth_req_id: &str,
        now: Instant,
    ) -> Result<Option<Kept>, BackchannelError> {
        let sql = format!("SELECT {COLUMNS} FROM backchannel_request WHERE realm_id = $1 AND hash = $2");
        let row: Option<Row> = self
            .store
            .fetch_optional(&sql, values![realm.id.uuid(), hash(realm, auth_req_id)])
            .await?;
        row.map(|row| row.kept(now)).transpose()
    }

    /// Takes the answer of a request; `false` if another poll was faster, or its time is over.
    pub async fn take(
        &self,
        realm: &Realm,
        auth_req_id: &str,
        now: Instant,
    ) -> Result<bool, BackchannelError> {
        let taken = self
            .store
            .change(
                "UPDATE backchannel_request SET state = 'spent', notify_at = NULL
                 WHERE realm_id = $1 AND hash = $2 AND state IN ('allowed', 'denied') AND expires_at > $3",
                values![realm.id.uuid(), hash(realm, auth_req_id), now.as_micros()],
            )
            .await?;
        Ok(taken == 1)
    }

    /// What waits for a person, newest first.
    pub async fn pending(
        &self,
        realm: &Realm,
        person: &Person,
        now: Instant,
    ) -> Result<Vec<Pending>, BackchannelError> {
        let rows = self.pending_rows(realm, person.id, now).await?;
        let opened = |row: Row| -> Result<Pending, BackchannelError> {
            Ok(Pending {
                request: open(realm.id, person.id, row.id, &row.sealed_request, &person.key)?,
                id: row.id,
                client_id: row.client_id,
                created_at: Instant::from_micros(row.created_at),
                expires_at: Instant::from_micros(row.expires_at),
            })
        };
        rows.into_iter().map(opened).collect()
    }

    async fn pending_rows(
        &self,
        realm: &Realm,
        person: PersonId,
        now: Instant,
    ) -> Result<Vec<Row>, BackchannelError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM backchannel_request
             WHERE realm_id = $1 AND person_id = $2 AND expires_at > $3 AND state = 'pending'
             ORDER BY created_at DESC LIMIT 100"
        );
        let values = values![realm.id.uuid(), person.uuid(), now.as_micros()];
        Ok(self.store.fetch_all(&sql, values).await?)
    }

    /// How many requests wait for a person.
    pub async fn count(
        &self,
        realm: &Realm,
        person: PersonId,
        now: Instant,
    ) -> Result<i64, BackchannelError> {
        let row: Option<Count> = self
            .store
            .fetch_optional(
                "SELECT count(*) AS count FROM backchannel_request
                 WHERE realm_id = $1 AND person_id = $2 AND expires_at > $3 AND state = 'pending'",
                values![realm.id.uuid(), person.uuid(), now.as_micros()],
            )
            .await?;
        Ok(row.map_or(0, |row| row.count))
    }

    /// Keeps the answer of the person that a request is about: `Some` session allows it if it is from after the request,
    /// `None` denies it. `false` if there is nothing to answer any more, or the session is older.
    pub async fn answer(
        &self,
        realm: &Realm,
        person: PersonId,
        id: Uuid,
        allowed_in: Option<(SessionId, Instant)>,
        (now, notify): (Instant, bool),
    ) -> Result<bool, BackchannelError> {
        let state = if allowed_in.is_some() { "allowed" } else { "denied" };
        let signed_in = allowed_in.map_or(now, |(_, signed_in)| signed_in);
        let answered = self
            .store
            .change(
                "UPDATE backchannel_request SET state = $4, sid = $5, notify_at = $8
                 WHERE realm_id = $1 AND person_id = $2 AND id = $3 AND state = 'pending' AND expires_at > $6
                 AND created_at <= $7",
                values![
                    realm.id.uuid(),
                    person.uuid(),
                    id,
                    state,
                    allowed_in.map(|(sid, _)| sid.uuid()),
                    now.as_micros(),
                    signed_in.as_micros(),
                    notify.then(|| now.as_micros())
                ],
            )
            .await?;
        Ok(answered == 1)
    }

    /// Takes the pings that are due, of all realms, and puts each off until `again`: what is not told by then is tried
    /// once more, a bounded number of times, by whichever node comes first.
    pub async fn due_pings(&self, now: Instant, again: Instant) -> Result<Vec<Ping>, BackchannelError> {
        let waiting: Option<Count> = self
            .store
            .fetch_optional(
                "SELECT count(*) AS count FROM backchannel_request WHERE notify_at <= $1",
                values![now.as_micros()],
            )
            .await?;
        let waiting = waiting.map_or(0, |row| row.count).min(PINGS_AT_ONCE);
        let mut due = Vec::new();
        for _ in 0..waiting {
            let taken: Option<Row> = self
                .store
                .take(
                    "UPDATE backchannel_request SET notify_tries = notify_tries + 1,
                     notify_at = CASE WHEN notify_tries + 1 >= $3 THEN NULL ELSE $2 END
                     WHERE notify_at <= $1 AND (realm_id, hash) IN (SELECT realm_id, hash FROM backchannel_request
                         WHERE notify_at <= $1 ORDER BY notify_at LIMIT 1)
                     RETURNING realm_id, id, client_id, person_id, sealed_request, state, sid, created_at, expires_at",
                    values![now.as_micros(), again.as_micros(), TRIES],
                )
                .await?;
            let Some(row) = taken else { break };
            due.push(Ping {
                realm: row.realm_id.into(),
                client_id: row.client_id,
                person: row.person_id.into(),
                id: row.id,
                sealed_request: row.sealed_request,
            });
        }
        Ok(due)
    }

    /// A ping was delivered.
    pub async fn pinged(&self, ping: &Ping) -> Result<(), BackchannelError> {
        self.store
            .change(
                "UPDATE backchannel_request SET notify_at = NULL WHERE realm_id = $1 AND id = $2",
                values![ping.realm.uuid(), ping.id],
            )
            .await?;
        Ok(())
    }
}

impl Kept {
    /// What was asked.
    pub fn open(&self, realm: &Realm, key: &DataKey) -> Result<Request, BackchannelError> {
        open(realm.id, self.person, self.id, &self.sealed_request, key)
    }
}

impl Ping {
    /// The `auth_req_id` and the client's own token.
    pub fn open(&self, key: &DataKey) -> Result<Option<(String, String)>, BackchannelError> {
        Ok(open(self.realm, self.person, self.id, &self.sealed_request, key)?.ping)
    }
}

impl Row {
    fn kept(self, now: Instant) -> Result<Kept, BackchannelError> {
        let state = match self.state.as_str() {
            "spent" => State::Spent,
            _ if now >= Instant::from_micros(self.expires_at) => State::Expired,
            "pending" => State::Pending,
            "allowed" => State::Allowed,
            "denied" => State::Denied,
            _ => return Err(BackchannelError::Unreadable),
        };
        Ok(Kept {
            client_id: self.client_id,
            person: self.person_id.into(),
            state,
            sid: self.sid.map(SessionId::from),
            id: self.id,
            sealed_request: self.sealed_request,
        })
    }
}

fn hash(realm: &Realm, auth_req_id: &str) -> Vec<u8> {
    realm.token_hash("backchannel", auth_req_id).to_vec()
}

fn aad(realm: RealmId, person: PersonId, id: Uuid) -> Aad {
    Aad::new(
        realm.uuid(),
        "backchannel.request",
        person.uuid().as_bytes(),
        id.as_bytes(),
    )
}

fn open(
    realm: RealmId,
    person: PersonId,
    id: Uuid,
    sealed: &[u8],
    key: &DataKey,
) -> Result<Request, BackchannelError> {
    let bytes = key.open(&aad(realm, person, id), sealed)?;
    serde_json::from_slice(&bytes).map_err(|_| BackchannelError::Unreadable)
}
