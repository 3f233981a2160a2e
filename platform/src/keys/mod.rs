//! Keys, signatures, encryption and everything secret: the one home of josekit.
//!
//! | what | where | from |
//! |---|---|---|
//! | signature algorithms and sets of them | [`algorithm`] | RFC 7518 §3, RFC 8037 |
//! | public keys, thumbprints | [`public`] | RFC 7517, RFC 7638 |
//! | private signing keys | [`signer`] | aws-lc-rs |
//! | headers, signing, verifying | [`header`], [`jws`] | RFC 7515, RFC 8725 |
//! | times in a token | [`claims`] | RFC 7519 §4.1 |
//! | texts with signatures under them | [`note`] | C2SP signed-note, tlog-cosignature |
//! | keys of others, parsed once | [`jwk`], [`cache`] | RFC 7517 |
//! | encrypted objects | [`jwe`], [`content`] | RFC 7516, RFC 7518 §4, §5 |
//! | keys that others encrypt for | [`receiving`] | RFC 9101 §6.1 |
//! | our keys in josekit's traits | [`jose`] | josekit |
//! | encryption at rest, keyed hashes | [`sealing`], [`kek`], [`derive`] | SP 800-38D, RFC 5869, RFC 2104 |
//! | a realm's signing keys through time | [`ring`], [`keyring`] | – |
//!
//! What always holds: `none` and HMAC cannot be named as a signature algorithm; an object is verified with the
//! algorithm that the policy allows, the header says and the key is for, which are the same one; keys inside an object are
//! never used, but to prove that its maker holds them; nothing is inflated; time is the house's; a private key leaves memory sealed only and prints as its name.

pub mod algorithm;
pub mod cache;
pub mod claims;
pub mod content;
pub mod derive;
pub mod header;
pub mod jose;
pub mod jwe;
pub mod jwk;
pub mod jws;
pub mod kek;
pub mod keyring;
pub mod note;
pub mod public;
pub mod receiving;
pub mod ring;
pub mod sealing;
pub mod signer;
mod store;

pub use algorithm::{AlgorithmSet, SigningAlgorithm};
pub use cache::KeySetCache;
pub use claims::{NumericDate, TimeClaims, TimeError, TimeRules, validate_times};
pub use content::ContentEncryption;
pub use derive::{Purpose, SubKey, constant_time_eq, keyed_hash};
pub use jwe::{DecryptionKey, EncryptionKey, JweError, KeyManagement, decrypt_compact, encrypt_compact};
pub use jwk::{JwkError, KeySet, VerificationKey};
pub use jws::{
    RequiredType, VerificationPolicy, VerifiedJws, VerifyError, sign_compact, verify_carrying, verify_compact,
};
pub use kek::{KeyEncryptionKey, KeyFileError};
pub use keyring::{KeyRing, KeyRingError, Rotation};
pub use note::{Note, NoteError, NoteKey, NoteSignature, cosign_note, sign_note};
pub use public::PublicKey;
pub use receiving::ReceivingKeys;
pub use ring::{Phase, RingEntry, RingPolicy};
pub use sealing::{Aad, DataKey, SealError, sha256};
pub use signer::{SigningKey, SigningKeyError};
pub use store::KeyStoreError;

#[cfg(test)]
mod jwe_attacks;
#[cfg(test)]
mod jwk_attacks;
#[cfg(test)]
mod jws_attacks;
#[cfg(test)]
mod keyring_tests;
#[cfg(test)]
mod ring_tests;
