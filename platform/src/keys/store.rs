//! The table `signing_key`: private keys sealed, dates in the clear.
//!
//! Every change is conditional, so that nodes that act at once end with one current and at most one next key for an
//! algorithm: a first key is kept out by the unique index over `state = 'current'`, a successor by the condition that
//! its predecessor has none. `state` is a record of what the dates say; only the index reads it.

use std::sync::Arc;

use sea_orm::FromQueryResult;

use super::algorithm::SigningAlgorithm;
use super::kek::KeyEncryptionKey;
use super::ring::{Phase, RingDates, RingEntry, RingPolicy, Succession};
use super::sealing::{Aad, SealError};
use super::signer::{SigningKey, SigningKeyError};
use crate::clock::Instant;
use crate::database::{DatabaseError, Queries as _, Store, Tx, Value};
use crate::entropy::Entropy;
use crate::ids::RealmId;
use crate::values;

/// More keys than this in one realm mean that something turns the ring in a loop.
const MAX_ROWS: i64 = 256;

/// The keys of a realm could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// The database did not carry it out.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A private key could not be sealed or opened: another key-encryption key, or an altered row.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A private key could not be made, read or written.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    /// A row contradicts itself.
    #[error("a stored signing key is not what its row says")]
    Corrupt,
}

/// A row: its dates, its recorded phase, and the key still sealed.
pub(super) struct StoredKey {
    pub(super) entry: RingEntry,
    pub(super) recorded: Option<Phase>,
    sealed_private: Vec<u8>,
}

#[derive(FromQueryResult)]
struct Row {
    kid: String,
    algorithm: String,
    state: String,
    sealed_private: Vec<u8>,
    created_at: i64,
    activates_at: i64,
    retires_at: Option<i64>,
    expires_at: Option<i64>,
}

impl StoredKey {
    /// Whether the row says what its dates say at `now`.
    pub(super) fn is_settled(&self, now: Instant, policy: &RingPolicy) -> bool {
        let phase = self.entry.phase(now);
        self.recorded == Some(phase)
            || (self.recorded == Some(Phase::Retired) && self.entry.is_only_readable(now, policy))
    }
}

const LOAD: &str = "SELECT kid, algorithm, state, sealed_private, created_at, activates_at, retires_at, expires_at \
                    FROM signing_key WHERE realm_id = $1 ORDER BY created_at, kid LIMIT $2";

const INSERT: &str = "INSERT INTO signing_key (realm_id, kid, algorithm, state, sealed_private, public_jwk, created_at, \
                      activates_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";

const RETIRE_UNLESS_SUCCEEDED: &str = "UPDATE signing_key SET retires_at = $1, expires_at = $2 \
                                       WHERE realm_id = $3 AND kid = $4 AND retires_at IS NULL";

const SETTLE_RETIRED: &str = "UPDATE signing_key SET state = 'retired' \
                              WHERE realm_id = $1 AND state = 'current' AND retires_at <= $2";
const SETTLE_CURRENT: &str = "UPDATE signing_key SET state = 'current' \
                              WHERE realm_id = $1 AND state = 'next' AND activates_at <= $2 \
                              AND (retires_at IS NULL OR retires_at > $2)";
const SETTLE_SKIPPED: &str = "UPDATE signing_key SET state = 'retired' \
                              WHERE realm_id = $1 AND state = 'next' AND retires_at <= $2";
const FORGET_EXPIRED: &str = "DELETE FROM signing_key WHERE realm_id = $1 AND expires_at <= $2";

/// Reads and changes signing keys.
pub(super) struct KeyStore {
    pub(super) store: Store,
    pub(super) kek: Arc<KeyEncryptionKey>,
    pub(super) entropy: Entropy,
}

impl KeyStore {
    pub(super) async fn load(&self, realm: RealmId) -> Result<Vec<StoredKey>, KeyStoreError> {
        let rows: Vec<Row> = self
            .store
            .fetch_all(LOAD, values![realm.uuid(), MAX_ROWS])
            .await?;
        rows.into_iter().map(Row::into_stored).collect()
    }

    /// Opens a row's private key.
    pub(super) fn unseal(&self, realm: RealmId, stored: &StoredKey) -> Result<SigningKey, KeyStoreError> {
        let RingEntry { kid, algorithm, .. } = &stored.entry;
        let pkcs8 = self
            .kek
            .signing_keys()
            .open(&place(realm, *algorithm, kid), &stored.sealed_private)?;
        let key = SigningKey::from_pkcs8(*algorithm, &pkcs8)?;
        if key.kid() == kid {
            Ok(key)
        } else {
            Err(KeyStoreError::Corrupt)
        }
    }

    /// Keeps a realm's first key for its algorithm; `false` if another was first.
    pub(super) async fn insert_first(
        &self,
        realm: RealmId,
        key: &SigningKey,
        dates: RingDates,
    ) -> Result<bool, KeyStoreError> {
        let inserted = self
            .store
            .change(INSERT, self.row(realm, key, "current", dates)?)
            .await?;
        Ok(inserted == 1)
    }

    /// Keeps a successor; `false` if the predecessor has one already.
    pub(super) async fn insert_successor(
        &self,
        realm: RealmId,
        key: &SigningKey,
        succession: Succession,
    ) -> Result<bool, KeyStoreError> {
        let row = self.row(realm, key, "next", succession.successor)?;
        let retire = values![
            succession.successor.activates_at.as_micros(),
            succession.predecessor_expires_at.as_micros(),
            realm.uuid(),
            succession.predecessor,
        ];
        self.store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    if tx.execute(RETIRE_UNLESS_SUCCEEDED, retire).await? == 0 {
                        return Ok(false);
                    }
                    match tx.execute(INSERT, row).await? {
                        1 => Ok(true),
                        _ => Err(KeyStoreError::Corrupt),
                    }
                })
            })
            .await
    }

    /// Brings the recorded phases up to the dates, and forgets keys whose last hint is too old. Any node may do it at
    /// any time, any number of times.
    pub(super) async fn settle(
        &self,
        realm: RealmId,
        now: Instant,
        policy: &RingPolicy,
    ) -> Result<(), KeyStoreError> {
        let unknown = now.minus(policy.keep_readable);
        self.store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    for statement in [SETTLE_RETIRED, SETTLE_SKIPPED, SETTLE_CURRENT] {
                        tx.execute(statement, values![realm.uuid(), now.as_micros()])
                            .await?;
                    }
                    tx.execute(FORGET_EXPIRED, values![realm.uuid(), unknown.as_micros()])
                        .await?;
                    Ok::<_, KeyStoreError>(())
                })
            })
            .await
    }

    fn row(
        &self,
        realm: RealmId,
        key: &SigningKey,
        state: &str,
        dates: RingDates,
    ) -> Result<Vec<Value>, KeyStoreError> {
        let place = place(realm, key.algorithm(), key.kid());
        let sealed = self
            .kek
            .signing_keys()
            .seal(&self.entropy, &place, &key.to_pkcs8()?)?;
        Ok(values![
            realm.uuid(),
            key.kid(),
            key.algorithm().name(),
            state,
            sealed,
            key.public().to_jwk(key.kid(), key.algorithm()),
            dates.created_at.as_micros(),
            dates.activates_at.as_micros(),
        ])
    }
}

impl Row {
    fn into_stored(self) -> Result<StoredKey, KeyStoreError> {
        let recorded = match self.state.as_str() {
            "next" => Some(Phase::Next),
            "current" => Some(Phase::Current),
            "retired" => Some(Phase::Retired),
            _ => None,
        };
        let entry = RingEntry {
            kid: self.kid,
            algorithm: self.algorithm.parse().map_err(|_| KeyStoreError::Corrupt)?,
            created_at: Instant::from_micros(self.created_at),
            activates_at: Instant::from_micros(self.activates_at),
            retires_at: self.retires_at.map(Instant::from_micros),
            expires_at: self.expires_at.map(Instant::from_micros),
        };
        Ok(StoredKey {
            entry,
            recorded,
            sealed_private: self.sealed_private,
        })
    }
}

fn place(realm: RealmId, algorithm: SigningAlgorithm, kid: &str) -> Aad {
    Aad::new(
        realm.uuid(),
        "signing-key",
        algorithm.name().as_bytes(),
        kid.as_bytes(),
    )
}
