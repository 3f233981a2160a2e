//! Signed statements that a chain had a hash at a place: JWS (RFC 7515) with claims of their own. Pure.

use platform::keys::algorithm::{AlgorithmSet, SigningAlgorithm};
use platform::keys::jwk::{JwkError, KeySet};
use platform::keys::jws::{RequiredType, VerificationPolicy, VerifyError, sign_compact, verify_compact};
use platform::keys::signer::{SigningKey, SigningKeyError};
use serde::{Deserialize, Serialize};

use super::canonical::Head;
use super::model::Hash;
use crate::ids::WriterId;

/// The algorithm of the log's keys.
pub const ALGORITHM: SigningAlgorithm = SigningAlgorithm::Es256;
/// `typ` of a checkpoint, so that no other object the house signs passes for one (RFC 8725 §3.11).
const TYPE: &str = "musubi-log-checkpoint+jwt";
const POLICY: VerificationPolicy =
    VerificationPolicy::new(AlgorithmSet::of(&[ALGORITHM]), RequiredType::Exactly(TYPE));

/// Why a checkpoint was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The writer began; `seq` is 0 and `hash` the genesis.
    Start,
    /// A second has passed and there was something new.
    Second,
    /// The writer stopped in order: nothing may come after.
    Stop,
    /// An export that verified ends here; the chain may have gone on.
    Export,
}

/// What a checkpoint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Whose chain.
    pub writer: WriterId,
    /// The place in it.
    pub seq: i64,
    /// The hash there.
    #[serde(with = "super::lines::hexadecimal")]
    pub hash: Hash,
    /// When it was signed, in microseconds since the Unix epoch.
    pub at: i64,
    /// Why.
    pub occasion: Occasion,
}

impl Checkpoint {
    /// States `head` at `at` microseconds since the Unix epoch.
    pub fn new(head: Head, at: i64, occasion: Occasion) -> Self {
        Self {
            writer: head.writer,
            seq: head.seq,
            hash: head.hash,
            at,
            occasion,
        }
    }

    /// Signs it.
    pub fn sign(&self, key: &SigningKey) -> Result<String, SigningKeyError> {
        let claims = serde_json::to_vec(self).map_err(|_| SigningKeyError::Sign)?;
        sign_compact(key, Some(TYPE), &claims)
    }

    /// Reads a signed checkpoint that one of `keys` vouches for.
    pub fn verify(signed: &str, keys: &KeySet) -> Result<Self, VerifyError> {
        verify_compact(signed, keys, &POLICY)?.claims()
    }
}

/// Reads the log's public keys from JWKs.
pub fn key_set<'a>(jwks: impl IntoIterator<Item = &'a str>) -> Result<KeySet, JwkError> {
    let keys: Result<Vec<_>, _> = jwks
        .into_iter()
        .map(platform::keys::jwk::VerificationKey::from_jwk)
        .collect();
    KeySet::new(keys?)
}
