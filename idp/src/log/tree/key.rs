//! The key that signs checkpoints of the tree: made once, sealed under the key-encryption key.

use platform::clock::Instant;
use platform::database::DatabaseError;
use platform::entropy::Entropy;
use platform::keys::kek::KeyEncryptionKey;
use platform::keys::{SigningAlgorithm, SigningKey};

use super::store::TreeStore;
use crate::log::LogOpenError;
use crate::log::key::{open, seal};

/// Notes are signed with Ed25519 only.
const ALGORITHM: SigningAlgorithm = SigningAlgorithm::EdDsa;

/// The key; a new one if there is none. Processes that start together agree on one.
pub(super) async fn load_or_create(
    store: &TreeStore,
    kek: &KeyEncryptionKey,
    entropy: &Entropy,
    now: Instant,
) -> Result<SigningKey, LogOpenError> {
    if let Some(stored) = store.key().await? {
        return open(&stored, ALGORITHM, kek);
    }
    let key = SigningKey::generate(ALGORITHM)?;
    match store.insert_key(seal(&key, kek, entropy)?, now).await {
        Ok(()) => Ok(key),
        Err(DatabaseError::Conflict) => {
            let stored = store.key().await?.ok_or(DatabaseError::Conflict)?;
            open(&stored, ALGORITHM, kek)
        }
        Err(error) => Err(error.into()),
    }
}
