//! The key that signs checkpoints: the log's own, made at the first start, sealed under the key-encryption key.

use platform::clock::Instant;
use platform::database::DatabaseError;
use platform::entropy::Entropy;
use platform::keys::algorithm::SigningAlgorithm;
use platform::keys::kek::KeyEncryptionKey;
use platform::keys::sealing::{Aad, DataKey};
use platform::keys::signer::SigningKey;
use uuid::Uuid;

use super::LogOpenError;
use super::checkpoint::ALGORITHM;
use super::store::{LogStore, StoredKey};

/// The current key; a new one if there is none. Processes that start together agree on one.
pub(super) async fn load_or_create(
    store: &LogStore,
    kek: &KeyEncryptionKey,
    entropy: &Entropy,
    now: Instant,
) -> Result<SigningKey, LogOpenError> {
    if let Some(stored) = store.current_key().await? {
        return open(&stored, ALGORITHM, kek);
    }
    let key = SigningKey::generate(ALGORITHM)?;
    match store.insert_key(seal(&key, kek, entropy)?, now).await {
        Ok(()) => Ok(key),
        Err(DatabaseError::Conflict) => {
            let stored = store.current_key().await?.ok_or(DatabaseError::Conflict)?;
            open(&stored, ALGORITHM, kek)
        }
        Err(error) => Err(error.into()),
    }
}

/// Seals a key of the log's.
pub(super) fn seal(
    key: &SigningKey,
    kek: &KeyEncryptionKey,
    entropy: &Entropy,
) -> Result<StoredKey, LogOpenError> {
    let place = place(key.kid());
    let data_key = DataKey::generate(entropy)?;
    Ok(StoredKey {
        kid: key.kid().to_owned(),
        public_jwk: key.public().to_jwk(key.kid(), key.algorithm()),
        wrapped_key: kek.wrap(entropy, &data_key, &place)?,
        sealed_private: data_key.seal(entropy, &place, &key.to_pkcs8()?)?,
    })
}

/// Opens what [`seal`] made.
pub(super) fn open(
    stored: &StoredKey,
    algorithm: SigningAlgorithm,
    kek: &KeyEncryptionKey,
) -> Result<SigningKey, LogOpenError> {
    let place = place(&stored.kid);
    let pkcs8 = kek
        .unwrap(&stored.wrapped_key, &place)?
        .open(&place, &stored.sealed_private)?;
    Ok(SigningKey::from_pkcs8(algorithm, &pkcs8)?)
}

fn place(kid: &str) -> Aad {
    Aad::new(Uuid::nil(), "log.key", b"", kid.as_bytes())
}
