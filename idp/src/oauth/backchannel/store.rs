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
    /// Its own name, for a client that is told; and what that is authorized by.
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

/// A request to be kept.
pub struct NewRequest<'a> {
    /// Who asks.
    pub client_id: &'a str,
    /// Whom.
    pub person: &'a Person,
    /// What.
    pub request: Request,
    /// When it is asked.
    pub now: Instant,
    /// When its time is over.
    pub expires_at: Instant,
    /// Whether the client is to be told that its time is over.
    pub tells_of_end: bool,
}

#[derive(FromQueryResult)]
struct Row {
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

const COLUMNS: &str = "id, client_id, person_id, sealed_request, state, sid, created_at, expires_at";
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
        new: NewRequest<'_>,
    ) -> Result<String, BackchannelError> {
        let NewRequest {
            person,
            mut request,
            now,
            expires_at,
            ..
        } = new;
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
                 created_at, expires_at, notify_at, notify_tries)
                 VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, 0)",
                values![
                    realm.id.uuid(),
                    hash(realm, &auth_req_id),
                    id,
                    new.client_id,
                    person.id.uuid(),
                    sealed,
                    now.as_micros(),
                    expires_at.as_micros(),
                    new.tells_of_end.then(|| expires_at.as_micros())
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
}

impl Kept {
    /// What was asked.
    pub fn open(&self, realm: &Realm, key: &DataKey) -> Result<Request, BackchannelError> {
        open(realm.id, self.person, self.id, &self.sealed_request, key)
    }
}

impl Row {
    fn kept(self, now: Instant) -> Result<Kept, BackchannelError> {
        let state = match state::read(&self.state).ok_or(BackchannelError::Unreadable)? {
            State::Spent => State::Spent,
            _ if now >= Instant::from_micros(self.expires_at) => State::Expired,
            open => open,
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

/// States as the database has them. That a time is over is not written down.
pub(super) mod state {
    use super::State;

    /// What is written.
    pub const fn name(state: State) -> &'static str {
        match state {
            State::Pending | State::Expired => "pending",
            State::Allowed => "allowed",
            State::Denied => "denied",
            State::Spent => "spent",
        }
    }

    /// What was written.
    pub fn read(text: &str) -> Option<State> {
        let known = [State::Pending, State::Allowed, State::Denied, State::Spent];
        known.into_iter().find(|state| name(*state) == text)
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

pub(super) fn open(
    realm: RealmId,
    person: PersonId,
    id: Uuid,
    sealed: &[u8],
    key: &DataKey,
) -> Result<Request, BackchannelError> {
    let bytes = key.open(&aad(realm, person, id), sealed)?;
    serde_json::from_slice(&bytes).map_err(|_| BackchannelError::Unreadable)
}
