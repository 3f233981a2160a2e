//! Sessions in the database, with a bounded cache that is a second old at the most.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::clock::{Clock, Instant};
use platform::database::{Backend, DatabaseError, Queries as _, Store, Tx};
use platform::entropy::{Entropy, EntropyFailed};
use platform::keys::{Aad, DataKey, SealError};
use platform::values;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ending::{end_all_in, end_one};
use super::model::{Session, SessionView, Shown};
use crate::ids::{FactorId, PersonId, SessionId};
use crate::people::Person;
use crate::realms::Realm;

/// Sessions could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SessionsError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A sealed value does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// A value cannot be written as JSON.
    #[error("a session's origin cannot be written")]
    Unwritable(#[from] serde_json::Error),
}

/// The sessions of every realm; each call names the realm.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    clock: Clock,
    entropy: Entropy,
    live: Cache<[u8; 32], Arc<Session>>,
}

/// A session that is not begun yet.
pub struct Prepared {
    /// The session.
    pub session: Session,
    secret: String,
    sealed_origin: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Origin {
    user_agent: Option<String>,
    address: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    sid: Uuid,
    person_id: Uuid,
    authenticated_at: i64,
    amr: String,
    sealed_origin: Option<Vec<u8>>,
    last_seen_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

const COLUMNS: &str =
    "SELECT sid, person_id, authenticated_at, amr, sealed_origin, last_seen_at, expires_at, ended_at
     FROM session";
const KIND: &str = "session";
/// Macros, so that what differs between the databases is one clause.
macro_rules! begin {
    ($from:literal, $lock:literal) => {
        concat!(
            "INSERT INTO session (hash, sid, realm_id, person_id, authenticated_at, amr, sealed_origin, last_seen_at,
             expires_at) SELECT $1, $2, $3, $4, $5, $6, $7, $5, $8 FROM ",
            $from,
            $lock
        )
    };
}
macro_rules! begins {
    ($lock:literal) => {
        Begins {
            password: begin!("password WHERE person_id = $4 AND realm_id = $3 AND phc = $9", $lock),
            factor: begin!("factor WHERE person_id = $4 AND realm_id = $3 AND id = $9", $lock),
            both: begin!(
                "password JOIN factor ON factor.person_id = password.person_id
                 AND factor.realm_id = password.realm_id
                 WHERE password.person_id = $4 AND password.realm_id = $3 AND phc = $9 AND factor.id = $10",
                $lock
            ),
        }
    };
}
struct Begins {
    password: &'static str,
    factor: &'static str,
    both: &'static str,
}
const BEGIN: Begins = begins!("");
/// Where writers run side by side, the lock makes this one wait for a change of the password or the factor that is under
/// way and then see it; and makes a change wait for this one, and then see the session.
const BEGIN_BESIDE_OTHERS: Begins = begins!(" FOR SHARE");

impl Sessions {
    /// The sessions in `store`.
    pub fn new(store: Store, clock: Clock, entropy: Entropy) -> Self {
        let live = Cache::builder()
            .max_capacity(100_000)
            .time_to_live(Duration::from_secs(1))
            .build();
        Self {
            store,
            clock,
            entropy,
            live,
        }
    }

    /// Makes a session that is not begun yet, so that its `sid` can be logged before it is.
    pub fn prepare(
        &self,
        realm: &Realm,
        person: &Person,
        amr: &str,
        user_agent: Option<&str>,
        address: &str,
    ) -> Result<Prepared, SessionsError> {
        let now = self.clock.now();
        let session = Session {
            sid: SessionId::new(&self.entropy, now)?,
            person: person.id,
            authenticated_at: now,
            amr: amr.to_owned(),
            last_seen_at: now,
            expires_at: now.plus(realm.settings.session().absolute),
            ended: false,
        };
        let origin = Origin {
            user_agent: user_agent.map(str::to_owned),
            address: Some(address.to_owned()),
        };
        let sealed_origin = person.key.seal(
            &self.entropy,
            &aad(realm, session.sid),
            &serde_json::to_vec(&origin)?,
        )?;
        Ok(Prepared {
            session,
            secret: self.entropy.token()?,
            sealed_origin,
        })
    }

    /// Begins a session for which something was shown; gives the secret for the cookie. `None` if that is not the
    /// person's any more: whoever changed it has ended what the old one opens, this included.
    pub async fn begin(
        &self,
        realm: &Realm,
        prepared: Prepared,
        shown: impl Into<Shown>,
    ) -> Result<Option<String>, SessionsError> {
        let Prepared {
            session,
            secret,
            sealed_origin,
        } = prepared;
        let statements = match self.store.backend() {
            Backend::Sqlite => BEGIN,
            Backend::Postgres => BEGIN_BESIDE_OTHERS,
        };
        let mut values = values![
            realm.token_hash(KIND, &secret).to_vec(),
            session.sid.uuid(),
            realm.id.uuid(),
            session.person.uuid(),
            session.authenticated_at.as_micros(),
            session.amr,
            sealed_origin,
            session.expires_at.as_micros(),
        ];
        let (sql, rests_on) = match shown.into() {
            Shown::Password(verified) => (statements.password, values![verified.to_phc()]),
            Shown::Factor(factor) => (statements.factor, values![factor.uuid()]),
            Shown::PasswordAndFactor(verified, factor) => {
                (statements.both, values![verified.to_phc(), factor.uuid()])
            }
        };
        values.extend(rests_on);
        let begun = self.store.change(sql, values).await?;
        Ok((begun == 1).then_some(secret))
    }

    /// More was shown in a session, by a factor that must still be the person's: it goes on under a new secret and is
    /// worth more. When the person proved who they are stays what it was, since not everything was shown anew. `None` if
    /// it ended meanwhile, or the factor is gone.
    pub async fn raise(
        &self,
        realm: &Realm,
        session: &Session,
        amr: &str,
        factor: FactorId,
    ) -> Result<Option<String>, SessionsError> {
        let secret = self.entropy.token()?;
        let raised = self
            .store
            .change(
                "UPDATE session SET hash = $1, amr = $2, last_seen_at = $3
                 WHERE sid = $4 AND realm_id = $5 AND person_id = $6 AND amr = $8 AND ended_at IS NULL
                 AND expires_at > $3
                 AND EXISTS (SELECT 1 FROM factor WHERE id = $7 AND realm_id = $5 AND person_id = $6)",
                values![
                    realm.token_hash(KIND, &secret).to_vec(),
                    amr,
                    self.clock.now().as_micros(),
                    session.sid.uuid(),
                    realm.id.uuid(),
                    session.person.uuid(),
                    factor.uuid(),
                    session.amr.clone()
                ],
            )
            .await?;
        self.live.invalidate_all();
        Ok((raised == 1).then_some(secret))
    }

    /// The same person proved again who they are in the same browser: the session goes on under a new secret, so that
    /// what rests on its `sid` stands and the old secret opens nothing. `None` if it ended meanwhile.
    pub async fn renew(
        &self,
        realm: &Realm,
        sid: SessionId,
        amr: &str,
    ) -> Result<Option<String>, SessionsError> {
        let now = self.clock.now();
        let secret = self.entropy.token()?;
        let renewed = self
            .store
            .change(
                "UPDATE session SET hash = $1, authenticated_at = $2, last_seen_at = $2, expires_at = $3, amr = $4
                 WHERE sid = $5 AND realm_id = $6 AND ended_at IS NULL AND expires_at > $2",
                values![
                    realm.token_hash(KIND, &secret).to_vec(),
                    now.as_micros(),
                    now.plus(realm.settings.session().absolute).as_micros(),
                    amr,
                    sid.uuid(),
                    realm.id.uuid()
                ],
            )
            .await?;
        self.live.invalidate_all();
        Ok((renewed == 1).then_some(secret))
    }

    /// A session goes on under a new secret, so that whoever copied the old one is out. Nothing was shown that it rests on:
    /// it is worth what it was, and as old as it was. `None` if it ended meanwhile.
    pub async fn rekey(&self, realm: &Realm, session: &Session) -> Result<Option<String>, SessionsError> {
        let now = self.clock.now().as_micros();
        let secret = self.entropy.token()?;
        let rekeyed = self
            .store
            .change(
                "UPDATE session SET hash = $1, last_seen_at = $2
                 WHERE sid = $3 AND realm_id = $4 AND person_id = $5 AND ended_at IS NULL AND expires_at > $2",
                values![
                    realm.token_hash(KIND, &secret).to_vec(),
                    now,
                    session.sid.uuid(),
                    realm.id.uuid(),
                    session.person.uuid()
                ],
            )
            .await?;
        self.live.invalidate_all();
        Ok((rekeyed == 1).then_some(secret))
    }

    /// The live session that a cookie's secret opens, and notes its use.
    pub async fn resume(&self, realm: &Realm, secret: &str) -> Result<Option<Arc<Session>>, SessionsError> {
        let hash = realm.token_hash(KIND, secret);
        let now = self.clock.now();
        let session = if let Some(known) = self.live.get(&hash).await {
            known
        } else {
            let Some(session) = self.read(realm, &hash).await? else {
                return Ok(None);
            };
            self.live.insert(hash, session.clone()).await;
            session
        };
        let limits = realm.settings.session();
        if !session.is_live(limits, now) {
            return Ok(None);
        }
        if session.wants_touch(limits, now) {
            let touched = self
                .store
                .change(
                    "UPDATE session SET last_seen_at = $2
                     WHERE hash = $1 AND realm_id = $3 AND last_seen_at < $2 AND ended_at IS NULL",
                    values![hash.to_vec(), now.as_micros(), realm.id.uuid()],
                )
                .await?;
            if touched == 0 {
                // It was ended elsewhere, or used there a moment later: the row says which.
                self.live.invalidate(&hash).await;
                let session = self.read(realm, &hash).await?;
                return Ok(session.filter(|session| session.is_live(limits, now)));
            }
            let touched = Arc::new(Session {
                last_seen_at: now,
                ..(*session).clone()
            });
            self.live.insert(hash, touched.clone()).await;
            return Ok(Some(touched));
        }
        Ok(Some(session))
    }

    async fn read(&self, realm: &Realm, hash: &[u8; 32]) -> Result<Option<Arc<Session>>, SessionsError> {
        let sql = format!("{COLUMNS} WHERE hash = $1 AND realm_id = $2");
        let row: Option<Row> = self
            .store
            .fetch_optional(&sql, values![hash.to_vec(), realm.id.uuid()])
            .await?;
        Ok(row.map(|row| Arc::new(row.session())))
    }

    /// Ends a session; `person` guards against ending another's. The clients that took part in it and are to be told,
    /// if it was live until now.
    pub async fn end(
        &self,
        realm: &Realm,
        person: PersonId,
        sid: SessionId,
    ) -> Result<Option<Vec<String>>, SessionsError> {
        let (realm, now) = (realm.id, self.clock.now());
        let ended = self
            .store
            .write(move |tx: &Tx| Box::pin(end_one(tx, realm, person, sid, now)))
            .await
            .map_err(|error: DatabaseError| error)?;
        let Some((hash, clients)) = ended else {
            return Ok(None);
        };
        if let Ok(hash) = <[u8; 32]>::try_from(hash.as_slice()) {
            self.live.invalidate(&hash).await;
        }
        Ok(Some(clients))
    }

    /// Ends every session of a person.
    pub async fn end_all(&self, realm: &Realm, person: PersonId) -> Result<u64, SessionsError> {
        let (realm, now) = (realm.id, self.clock.now());
        let ended = self
            .store
            .write(move |tx: &Tx| Box::pin(end_all_in(tx, realm, person, now)))
            .await
            .map_err(|error: DatabaseError| error)?;
        self.live.invalidate_all();
        Ok(ended)
    }

    /// Whether a session is live, by its `sid`: what tokens rest on.
    pub async fn is_live(&self, realm: &Realm, sid: SessionId) -> Result<bool, SessionsError> {
        Ok(self.live(realm, sid).await?.is_some())
    }

    /// A session by its `sid`, if it is live: not from the cache.
    pub async fn live(&self, realm: &Realm, sid: SessionId) -> Result<Option<Session>, SessionsError> {
        let sql = format!("{COLUMNS} WHERE sid = $1 AND realm_id = $2");
        let row: Option<Row> = self
            .store
            .fetch_optional(&sql, values![sid.uuid(), realm.id.uuid()])
            .await?;
        let now = self.clock.now();
        let session = row.map(|row| row.session());
        Ok(session.filter(|session| session.is_live(realm.settings.session(), now)))
    }

    /// A person's live sessions, newest first; at most fifty.
    pub async fn list(
        &self,
        realm: &Realm,
        person: PersonId,
        key: &DataKey,
    ) -> Result<Vec<SessionView>, SessionsError> {
        let sql = format!(
            "{COLUMNS} WHERE realm_id = $1 AND person_id = $2 AND expires_at > $3 AND ended_at IS NULL
             ORDER BY expires_at DESC LIMIT 50"
        );
        let now = self.clock.now();
        let rows: Vec<Row> = self
            .store
            .fetch_all(&sql, values![realm.id.uuid(), person.uuid(), now.as_micros()])
            .await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let session = row.session();
            if session.is_live(realm.settings.session(), now) {
                let origin = open_origin(realm, key, &session, row.sealed_origin.as_deref())?;
                views.push(SessionView {
                    session,
                    user_agent: origin.user_agent,
                    address: origin.address,
                });
            }
        }
        Ok(views)
    }

    /// Forgets what is cached, after a change that reached many sessions at once.
    pub fn forget_all(&self) {
        self.live.invalidate_all();
    }
}

fn aad(realm: &Realm, sid: SessionId) -> Aad {
    Aad::new(realm.id.uuid(), "session.origin", sid.uuid().as_bytes(), b"")
}

fn open_origin(
    realm: &Realm,
    key: &DataKey,
    session: &Session,
    sealed: Option<&[u8]>,
) -> Result<Origin, SessionsError> {
    match sealed {
        None => Ok(Origin {
            user_agent: None,
            address: None,
        }),
        Some(sealed) => Ok(serde_json::from_slice(
            &key.open(&aad(realm, session.sid), sealed)?,
        )?),
    }
}

impl Row {
    fn session(&self) -> Session {
        Session {
            sid: self.sid.into(),
            person: self.person_id.into(),
            authenticated_at: Instant::from_micros(self.authenticated_at),
            amr: self.amr.clone(),
            last_seen_at: Instant::from_micros(self.last_seen_at),
            expires_at: Instant::from_micros(self.expires_at),
            ended: self.ended_at.is_some(),
        }
    }
}
