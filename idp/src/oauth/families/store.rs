//! Token families in the database.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::clock::Instant;
use platform::database::{Backend, DatabaseError, Queries as _, Store, Tx};
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{Begun, Family, NewFamily};
use super::token::RefreshToken;
use crate::consent::rest_in;
use crate::ids::{FamilyId, PersonId, SessionId};
use crate::oauth::Scope;
use crate::oauth::logout::take_part_in;
use crate::realms::Realm;

/// Families could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FamilyError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// A row is not what this version writes.
    #[error("a token family cannot be read")]
    Unreadable,
}

/// The families of every realm; each call names the realm. Their state is cached for a second.
#[derive(Clone)]
pub struct Families {
    store: Store,
    known: Cache<(RealmId, FamilyId), Option<Arc<Family>>>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    client_id: String,
    person_id: Uuid,
    sid: Option<Uuid>,
    scope: String,
    grant_details: String,
    expires_at: i64,
    used_at: Option<i64>,
    revoked_at: Option<i64>,
    current_hash: Option<Vec<u8>>,
}

/// Why the beginning of a family was undone.
enum Undone {
    Refused,
    Database(DatabaseError),
}

impl From<DatabaseError> for Undone {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// Macros, so that what differs between the databases is one clause each.
macro_rules! begin {
    ($session_lock:literal, $consent_lock:literal) => {
        concat!(
            "INSERT INTO token_family (id, realm_id, client_id, person_id, sid, scope, grant_details,
             current_hash, generation, created_at, used_at, expires_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $9, $10
             WHERE EXISTS (SELECT 1 FROM session WHERE sid = $11 AND realm_id = $2 AND person_id = $4
                 AND ended_at IS NULL AND expires_at > $9",
            $session_lock,
            ") AND EXISTS (SELECT 1 FROM client_consent WHERE realm_id = $2 AND person_id = $4
                 AND client_id = $3 AND place = $12",
            $consent_lock,
            ")"
        )
    };
}
macro_rules! begin_without_session {
    ($consent_lock:literal) => {
        concat!(
            "INSERT INTO token_family (id, realm_id, client_id, person_id, scope, grant_details, generation,
             created_at, expires_at) SELECT $1, $2, $3, $4, $5, $6, 1, $7, $8
             WHERE EXISTS (SELECT 1 FROM client_consent WHERE realm_id = $2 AND person_id = $4 AND client_id = $3",
            $consent_lock,
            ")"
        )
    };
}
/// How families begin.
struct Begins {
    in_session: &'static str,
    without_session: &'static str,
}
const BEGIN: Begins = Begins {
    in_session: begin!("", ""),
    without_session: begin_without_session!(""),
};
/// Where writers run side by side, the locks make this one wait for whoever ends the session or withdraws the consent and
/// then see that; and make them wait for this one, and then revoke what it began. Without them a family that begins at the
/// moment of a new password would outlive the old one.
const BEGIN_BESIDE_OTHERS: Begins = Begins {
    in_session: begin!(" FOR SHARE", " FOR KEY SHARE"),
    without_session: begin_without_session!(" FOR KEY SHARE"),
};

fn begins(backend: Backend) -> &'static Begins {
    match backend {
        Backend::Sqlite => &BEGIN,
        Backend::Postgres => &BEGIN_BESIDE_OTHERS,
    }
}
const COLUMNS: &str =
    "id, client_id, person_id, sid, scope, grant_details, expires_at, used_at, revoked_at, current_hash";
/// A use of a token that stays is noted when this part of the time that it may lie unused has passed.
const NOTED: u32 = 8;

impl Families {
    /// The families in `store`.
    pub fn new(store: Store) -> Self {
        let known = Cache::builder()
            .max_capacity(100_000)
            .time_to_live(Duration::from_secs(1))
            .build();
        Self { store, known }
    }

    /// Begins a family, with a refresh token if the client uses them. `None` if the session that it comes from is over,
    /// or the consent that it rests on is withdrawn: a code must not carry either past its end.
    pub async fn begin(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        new: &NewFamily,
        refreshable: bool,
    ) -> Result<Option<Begun>, FamilyError> {
        let token = if refreshable {
            Some(RefreshToken::fresh(new.id, entropy)?)
        } else {
            None
        };
        let details = serde_json::to_string(&new.details).map_err(|_| FamilyError::Unreadable)?;
        let row = values![
            new.id.uuid(),
            realm.id.uuid(),
            new.client_id.clone(),
            new.person.uuid(),
            new.sid.map(SessionId::uuid),
            new.scope.to_string(),
            details,
            token.as_ref().map(|token| token.hash(realm)),
            now.as_micros(),
            new.expires_at.as_micros(),
            new.details.signed_in_as.uuid(),
            new.place.clone(),
        ];
        let begun = if new.takes_part || !new.rests_on.is_empty() {
            self.begin_with(realm, now, new, row).await?
        } else {
            let sql = begins(self.store.backend()).in_session;
            self.store.change(sql, row).await? == 1
        };
        Ok(begun.then_some(Begun { refresh: token }))
    }

    /// Begins a family, and notes that its client took part in the session and which consents it rests on: all or nothing.
    async fn begin_with(
        &self,
        realm: &Realm,
        now: Instant,
        new: &NewFamily,
        row: Vec<sea_orm::Value>,
    ) -> Result<bool, DatabaseError> {
        let (backend, realm) = (self.store.backend(), realm.id);
        let (sid, client_id) = (new.details.signed_in_as, new.client_id.clone());
        let (takes_part, family, rests_on) = (new.takes_part, new.id, new.rests_on.clone());
        let begun = self
            .store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let live = !takes_part || take_part_in(tx, backend, realm, sid, &client_id, now).await?;
                    if !live || tx.execute(begins(backend).in_session, row).await? != 1 {
                        return Err(Undone::Refused);
                    }
                    if rest_in(tx, realm, family, &rests_on).await? {
                        Ok(())
                    } else {
                        Err(Undone::Refused)
                    }
                })
            })
            .await;
        match begun {
            Ok(()) => Ok(true),
            Err(Undone::Refused) => Ok(false),
            Err(Undone::Database(error)) => Err(error),
        }
    }

    /// Begins a family that no session is behind and no refresh token comes of: somebody else vouched for the person. `false`
    /// if the person lets the client have nothing (any more).
    pub async fn begin_without_session(
        &self,
        realm: &Realm,
        now: Instant,
        new: &NewFamily,
    ) -> Result<bool, FamilyError> {
        let details = serde_json::to_string(&new.details).map_err(|_| FamilyError::Unreadable)?;
        let begun = self
            .store
            .change(
                begins(self.store.backend()).without_session,
                values![
                    new.id.uuid(),
                    realm.id.uuid(),
                    new.client_id.clone(),
                    new.person.uuid(),
                    new.scope.to_string(),
                    details,
                    now.as_micros(),
                    new.expires_at.as_micros(),
                ],
            )
            .await?;
        Ok(begun == 1)
    }

    /// The family of a refresh token, and whether the token is its present one. A cached state is not enough to call a
    /// token used: another node may have given it a moment ago.
    pub async fn of_token(
        &self,
        realm: &Realm,
        offered: &RefreshToken,
    ) -> Result<Option<(Arc<Family>, bool)>, FamilyError> {
        let hash = offered.hash(realm);
        let is_present = |family: &Family| family.current_hash.as_deref() == Some(hash.as_slice());
        match self.find(realm, offered.family).await? {
            Some(family) if is_present(&family) => Ok(Some((family, true))),
            _ => {
                let fresh = self.read(realm, offered.family).await?;
                Ok(fresh.map(|family| {
                    let present = is_present(&family);
                    (family, present)
                }))
            }
        }
    }

    /// Takes a refresh token and puts its successor in its place; `None` if it is not the present one any more, or the
    /// session that the family rests on is over (`idle`: how long it may have been unused).
    pub async fn rotate(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        idle: Duration,
        offered: &RefreshToken,
    ) -> Result<Option<(Arc<Family>, RefreshToken)>, FamilyError> {
        let next = RefreshToken::fresh(offered.family, entropy)?;
        let taken: Option<Row> = self
            .store
            .take(
                "UPDATE token_family SET current_hash = $1, generation = generation + 1, used_at = $5
                 WHERE id = $2 AND realm_id = $3 AND current_hash = $4
                 AND revoked_at IS NULL AND expires_at > $5
                 AND (sid IS NULL OR EXISTS (SELECT 1 FROM session WHERE session.sid = token_family.sid
                     AND ended_at IS NULL AND session.expires_at > $5 AND last_seen_at > $6))
                 RETURNING id, client_id, person_id, sid, scope, grant_details, expires_at, used_at, revoked_at,
                     current_hash",
                values![
                    next.hash(realm),
                    offered.family.uuid(),
                    realm.id.uuid(),
                    offered.hash(realm),
                    now.as_micros(),
                    now.minus(idle).as_micros()
                ],
            )
            .await?;
        let Some(row) = taken else { return Ok(None) };
        let family = Arc::new(row.open()?);
        self.known
            .insert((realm.id, family.id), Some(Arc::clone(&family)))
            .await;
        Ok(Some((family, next)))
    }

    /// The family of a refresh token that is not replaced, if it is the present one and all that it rests on is there; the
    /// database is asked each time, since nothing else says so. Its use is noted, not each time (`unused`: how long it may
    /// lie unused).
    pub async fn keep(
        &self,
        realm: &Realm,
        now: Instant,
        (idle, unused): (Duration, Duration),
        offered: &RefreshToken,
    ) -> Result<Option<Arc<Family>>, FamilyError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM token_family WHERE id = $1 AND realm_id = $2 AND current_hash = $3
             AND revoked_at IS NULL AND expires_at > $4
             AND (sid IS NULL OR EXISTS (SELECT 1 FROM session WHERE session.sid = token_family.sid
                 AND ended_at IS NULL AND session.expires_at > $4 AND last_seen_at > $5))"
        );
        let values = values![
            offered.family.uuid(),
            realm.id.uuid(),
            offered.hash(realm),
            now.as_micros(),
            now.minus(idle).as_micros()
        ];
        let row: Option<Row> = self.store.fetch_optional(&sql, values).await?;
        let Some(row) = row else { return Ok(None) };
        let family = Arc::new(row.open()?);
        if family.used_at.is_none() || family.is_idle(now, unused / NOTED) {
            let sql = "UPDATE token_family SET used_at = $3 WHERE id = $1 AND realm_id = $2";
            let values = values![family.id.uuid(), realm.id.uuid(), now.as_micros()];
            self.store.change(sql, values).await?;
            self.known.invalidate(&(realm.id, family.id)).await;
        }
        Ok(Some(family))
    }

    /// A family, at most a second old.
    pub async fn find(&self, realm: &Realm, id: FamilyId) -> Result<Option<Arc<Family>>, FamilyError> {
        if let Some(known) = self.known.get(&(realm.id, id)).await {
            return Ok(known);
        }
        self.read(realm, id).await
    }

    async fn read(&self, realm: &Realm, id: FamilyId) -> Result<Option<Arc<Family>>, FamilyError> {
        let sql = format!("SELECT {COLUMNS} FROM token_family WHERE id = $1 AND realm_id = $2");
        let row: Option<Row> = self
            .store
            .fetch_optional(&sql, values![id.uuid(), realm.id.uuid()])
            .await?;
        let family = row.map(|row| row.open().map(Arc::new)).transpose()?;
        self.known.insert((realm.id, id), family.clone()).await;
        Ok(family)
    }

    /// Revokes a family; whether it was live until now.
    pub async fn revoke(
        &self,
        realm: &Realm,
        id: FamilyId,
        because: &'static str,
        now: Instant,
    ) -> Result<bool, FamilyError> {
        let changed = self
            .store
            .change(
                "UPDATE token_family SET revoked_at = $3, revoked_because = $4
                 WHERE id = $1 AND realm_id = $2 AND revoked_at IS NULL",
                values![id.uuid(), realm.id.uuid(), now.as_micros(), because],
            )
            .await?;
        self.known.invalidate(&(realm.id, id)).await;
        Ok(changed == 1)
    }

    /// Revokes what ends with a session.
    pub async fn revoke_session(
        &self,
        realm: &Realm,
        sid: SessionId,
        now: Instant,
    ) -> Result<u64, FamilyError> {
        self.revoke_many(
            "UPDATE token_family SET revoked_at = $3, revoked_because = 'signed out'
             WHERE sid = $1 AND realm_id = $2 AND revoked_at IS NULL",
            values![sid.uuid(), realm.id.uuid(), now.as_micros()],
        )
        .await
    }

    /// Revokes all that a person granted to anybody.
    pub async fn revoke_person(
        &self,
        realm: &Realm,
        person: PersonId,
        now: Instant,
    ) -> Result<u64, FamilyError> {
        self.revoke_many(
            REVOKE_PERSON,
            values![person.uuid(), realm.id.uuid(), now.as_micros()],
        )
        .await
    }

    async fn revoke_many(&self, sql: &'static str, values: Vec<sea_orm::Value>) -> Result<u64, FamilyError> {
        let changed = self.store.change(sql, values).await?;
        self.forget_all();
        Ok(changed)
    }

    /// Forgets what is cached, after a change that reached many families at once.
    pub fn forget_all(&self) {
        self.known.invalidate_all();
    }
}

const REVOKE_PERSON: &str =
    "UPDATE token_family SET revoked_at = $3, revoked_because = 'person''s credentials or state changed'
     WHERE person_id = $1 AND realm_id = $2 AND revoked_at IS NULL";

/// Revokes all that a person granted to anybody in the caller's transaction. The cache of families still has to be told
/// ([`Families::forget_all`]).
pub async fn revoke_person_in(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    now: Instant,
) -> Result<u64, DatabaseError> {
    tx.execute(
        REVOKE_PERSON,
        values![person.uuid(), realm.uuid(), now.as_micros()],
    )
    .await
}

impl Row {
    fn open(self) -> Result<Family, FamilyError> {
        Ok(Family {
            id: self.id.into(),
            client_id: self.client_id,
            person: self.person_id.into(),
            sid: self.sid.map(SessionId::from),
            scope: Scope::parse(&self.scope).map_err(|_| FamilyError::Unreadable)?,
            details: serde_json::from_str(&self.grant_details).map_err(|_| FamilyError::Unreadable)?,
            expires_at: Instant::from_micros(self.expires_at),
            used_at: self.used_at.map(Instant::from_micros),
            revoked: self.revoked_at.is_some(),
            current_hash: self.current_hash,
        })
    }
}
