//! The signing keys of all realms, as the rest of the house uses them.
//!
//! A realm's keys are read at most once a second and kept opened and rendered; between readings everything comes from
//! memory. While one request reads anew, the others go on with what is known. The ring turns by itself when it is read,
//! and what this node changes it knows at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use moka::sync::Cache;
use tokio::sync::Mutex;

use super::algorithm::SigningAlgorithm;
use super::jwk::{KeySet, VerificationKey};
use super::kek::KeyEncryptionKey;
use super::ring::{Ring, RingEntry, RingPolicy, Turn};
use super::signer::{SigningKey, SigningKeyError};
use super::store::{KeyStore, KeyStoreError, StoredKey};
use crate::clock::{Clock, Instant};
use crate::database::Store;
use crate::entropy::Entropy;
use crate::ids::RealmId;

/// How long a reading of the database counts.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// How long requests go on with the last reading while another request, or a database that does not answer, keeps the
/// next one waiting. Far below every `publish_lead`, so that keys are still known before they sign.
const USABLE_FOR: Duration = Duration::from_secs(30);
/// Realms whose opened keys are kept: memory does not grow with the number of realms.
const MAX_REALMS: u64 = 1_000;

/// No key could be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The table of keys could not be read or changed.
    #[error(transparent)]
    Store(#[from] KeyStoreError),
    /// The realm has no keys for this algorithm and the policy asks for none.
    #[error("this service does not sign with that algorithm")]
    NotOffered,
}

/// A rotation that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key that takes over.
    pub kid: String,
    /// When it begins to sign.
    pub activates_at: Instant,
}

/// The signing keys of all realms; cheap to clone.
#[derive(Clone)]
pub struct KeyRing {
    inner: Arc<Inner>,
}

struct Inner {
    keys: KeyStore,
    clock: Clock,
    policy: RingPolicy,
    realms: Cache<RealmId, Arc<Slot>>,
}

/// What is known of one realm.
#[derive(Default)]
struct Slot {
    known: RwLock<Option<Arc<Snapshot>>>,
    reading: Mutex<()>,
}

struct Snapshot {
    read_at: Instant,
    ring: Ring,
    opened: HashMap<String, Arc<SigningKey>>,
    jwks: Bytes,
    verification: Arc<KeySet>,
    hints: Arc<KeySet>,
}

impl KeyRing {
    /// The rings that `store` keeps, sealed under `kek`.
    pub fn new(
        store: Store,
        kek: Arc<KeyEncryptionKey>,
        clock: Clock,
        entropy: Entropy,
        policy: RingPolicy,
    ) -> Self {
        let realms = Cache::new(MAX_REALMS);
        Self {
            inner: Arc::new(Inner {
                keys: KeyStore { store, kek, entropy },
                clock,
                policy,
                realms,
            }),
        }
    }

    /// How the rings turn.
    pub fn policy(&self) -> &RingPolicy {
        &self.inner.policy
    }

    /// The key that signs for `realm` with `algorithm` now.
    pub async fn signer(
        &self,
        realm: RealmId,
        algorithm: SigningAlgorithm,
    ) -> Result<Arc<SigningKey>, KeyRingError> {
        let known = self.known(realm).await?;
        let signer = known.ring.signer(algorithm, self.inner.clock.now());
        let key = signer.and_then(|entry| known.opened.get(&entry.kid));
        key.cloned().ok_or(KeyRingError::NotOffered)
    }

    /// The realm's public keys as a JWK Set document (RFC 7517 §5), rendered once for each reading.
    pub async fn public_jwks(&self, realm: RealmId) -> Result<Bytes, KeyRingError> {
        Ok(self.known(realm).await?.jwks.clone())
    }

    /// The realm's public keys, parsed: for tokens that the realm itself signed.
    pub async fn verification_keys(&self, realm: RealmId) -> Result<Arc<KeySet>, KeyRingError> {
        Ok(self.known(realm).await?.verification.clone())
    }

    /// The same with those that are no longer published: for ID tokens that come back as hints, and nothing that carries.
    pub async fn hint_keys(&self, realm: RealmId) -> Result<Arc<KeySet>, KeyRingError> {
        Ok(self.known(realm).await?.hints.clone())
    }

    /// The dates of the keys that are published now.
    pub async fn published(&self, realm: RealmId) -> Result<Vec<RingEntry>, KeyRingError> {
        let known = self.known(realm).await?;
        Ok(known.ring.published(self.inner.clock.now()).cloned().collect())
    }

    /// Publishes a successor to the realm's key for `algorithm`, or says which one is published already.
    pub async fn rotate(
        &self,
        realm: RealmId,
        algorithm: SigningAlgorithm,
    ) -> Result<Rotation, KeyRingError> {
        let slot = self.slot(realm);
        let _reading = slot.reading.lock().await;
        let known = self.read(realm, &slot).await?;
        let now = self.inner.clock.now();
        let turn = known.ring.succeed(algorithm, now, &self.inner.policy);
        if matches!(turn, Turn::First(_)) {
            return Err(KeyRingError::NotOffered);
        }
        self.carry_out(realm, algorithm, turn).await?;
        let known = self.read(realm, &slot).await?;
        let next = known.ring.next(algorithm, now).ok_or(KeyRingError::NotOffered)?;
        Ok(Rotation {
            kid: next.kid.clone(),
            activates_at: next.activates_at,
        })
    }

    fn slot(&self, realm: RealmId) -> Arc<Slot> {
        self.inner.realms.get_with(realm, Arc::default)
    }

    async fn known(&self, realm: RealmId) -> Result<Arc<Snapshot>, KeyRingError> {
        let slot = self.slot(realm);
        let known = slot.known();
        if let Some(known) = &known
            && known.read_within(FRESH_FOR, self.inner.clock.now())
        {
            return Ok(known.clone());
        }
        let usable = known.filter(|known| known.read_within(USABLE_FOR, self.inner.clock.now()));
        let Some(usable) = usable else {
            let _reading = slot.reading.lock().await;
            return match slot.known() {
                Some(known) if known.read_within(FRESH_FOR, self.inner.clock.now()) => Ok(known),
                _ => self.read_and_turn(realm, &slot).await,
            };
        };
        let Ok(_reading) = slot.reading.try_lock() else {
            return Ok(usable);
        };
        match self.read_and_turn(realm, &slot).await {
            Err(KeyRingError::Store(KeyStoreError::Database(error))) if error.is_fault() => {
                tracing::warn!(%realm, "signing keys could not be read anew; going on with those that are known");
                Ok(usable)
            }
            read => read,
        }
    }

    /// Reads the realm's keys, does what is due, and reads again if anything was. A successor that cannot be written
    /// down now is due again at the next reading; meanwhile the key that signs goes on.
    async fn read_and_turn(&self, realm: RealmId, slot: &Slot) -> Result<Arc<Snapshot>, KeyRingError> {
        let known = self.read(realm, slot).await?;
        let now = self.inner.clock.now();
        let mut turned = false;
        for algorithm in &self.inner.policy.algorithms {
            let turn = known.ring.due(*algorithm, now, &self.inner.policy);
            let first = matches!(turn, Turn::First(_));
            if turn == Turn::Rest {
                continue;
            }
            match self.carry_out(realm, *algorithm, turn).await {
                Ok(()) => turned = true,
                Err(error) if first => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%realm, %algorithm, %error, "a signing key could not be succeeded yet");
                }
            }
        }
        if turned {
            self.read(realm, slot).await
        } else {
            Ok(known)
        }
    }

    /// Carries out a turn. That another node was first is as good.
    async fn carry_out(
        &self,
        realm: RealmId,
        algorithm: SigningAlgorithm,
        turn: Turn,
    ) -> Result<(), KeyStoreError> {
        if turn == Turn::Rest {
            return Ok(());
        }
        let key = generate(algorithm).await?;
        let kept = match turn {
            Turn::Rest => false,
            Turn::First(dates) => self.inner.keys.insert_first(realm, &key, dates).await?,
            Turn::Succeed(succession) => self.inner.keys.insert_successor(realm, &key, succession).await?,
        };
        if kept {
            tracing::info!(%realm, kid = key.kid(), %algorithm, "a signing key was made");
        }
        Ok(())
    }

    async fn read(&self, realm: RealmId, slot: &Slot) -> Result<Arc<Snapshot>, KeyRingError> {
        let read_at = self.inner.clock.now();
        let mut stored = self.inner.keys.load(realm).await?;
        let policy = &self.inner.policy;
        if stored.iter().any(|key| !key.is_settled(read_at, policy)) {
            match self.inner.keys.settle(realm, read_at, policy).await {
                Ok(()) => stored = self.inner.keys.load(realm).await?,
                Err(error) => {
                    tracing::warn!(%realm, %error, "the phases of signing keys could not be recorded yet");
                }
            }
        }
        let before = slot.known();
        let opened = stored
            .iter()
            .map(|key| {
                let known = before
                    .as_ref()
                    .and_then(|before| before.opened.get(&key.entry.kid))
                    .cloned();
                let opened = match known {
                    Some(known) => known,
                    None => Arc::new(self.inner.keys.unseal(realm, key)?),
                };
                Ok((key.entry.kid.clone(), opened))
            })
            .collect::<Result<_, KeyStoreError>>()?;
        let snapshot = Arc::new(Snapshot::new(read_at, policy, stored, opened)?);
        // A ring whose first keys are still being made is nobody's to go on with: who asks meanwhile waits for them.
        let first_missing = |algorithm: &SigningAlgorithm| {
            matches!(snapshot.ring.due(*algorithm, read_at, policy), Turn::First(_))
        };
        if !policy.algorithms.iter().any(first_missing) {
            *slot.known.write().unwrap_or_else(PoisonError::into_inner) = Some(snapshot.clone());
        }
        Ok(snapshot)
    }
}

impl Slot {
    fn known(&self) -> Option<Arc<Snapshot>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Snapshot {
    fn new(
        read_at: Instant,
        policy: &RingPolicy,
        stored: Vec<StoredKey>,
        opened: HashMap<String, Arc<SigningKey>>,
    ) -> Result<Self, KeyStoreError> {
        let ring = Ring::new(stored.into_iter().map(|key| key.entry).collect());
        let opened_of = |entry: &RingEntry| opened.get(&entry.kid);
        let published: Vec<_> = ring.published(read_at).filter_map(opened_of).collect();
        let readable: Vec<_> = ring.readable(read_at, policy).filter_map(opened_of).collect();
        let jwks: Vec<_> = published
            .iter()
            .map(|key| key.public().to_jwk(key.kid(), key.algorithm()))
            .collect();
        let verification = key_set(published.iter().copied())?;
        let hints = if readable.is_empty() {
            verification.clone()
        } else {
            key_set(published.iter().chain(&readable).copied())?
        };
        let jwks = Bytes::from(format!(r#"{{"keys":[{}]}}"#, jwks.join(",")));
        Ok(Self {
            read_at,
            ring,
            opened,
            jwks,
            verification,
            hints,
        })
    }

    /// A clock that was set back makes a reading old, not eternal.
    fn read_within(&self, age: Duration, now: Instant) -> bool {
        self.read_at <= now && now.since(self.read_at) < age
    }
}

fn key_set<'k>(keys: impl Iterator<Item = &'k Arc<SigningKey>>) -> Result<Arc<KeySet>, KeyStoreError> {
    let keys = keys
        .map(|key| {
            VerificationKey::new(
                key.public().clone(),
                Some(key.kid().to_owned()),
                &[key.algorithm()],
            )
        })
        .collect::<Result<_, _>>()
        .map_err(|_| KeyStoreError::Corrupt)?;
    Ok(Arc::new(KeySet::new(keys).map_err(|_| KeyStoreError::Corrupt)?))
}

/// RSA keys take long enough to make that the runtime's threads must not wait for them.
async fn generate(algorithm: SigningAlgorithm) -> Result<SigningKey, SigningKeyError> {
    tokio::task::spawn_blocking(move || SigningKey::generate(algorithm))
        .await
        .map_err(|_| SigningKeyError::Generate)?
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyRing({} realms)", self.inner.realms.entry_count())
    }
}
