//! Sub-keys of the key-encryption key, and the keyed hashes that they make.
//!
//! HKDF-SHA256 (RFC 5869) over a label for the purpose and the realm. Everything that is stored under a sub-key depends
//! on these bytes: neither the labels nor the encoding may ever change.

use std::fmt;

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::sealing::push_part;

const SALT: &[u8] = b"musubi";
const LABEL: &[u8] = b"musubi/v1";

/// What a sub-key is for. The label is part of every value derived and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Hashes of codes, refresh tokens and session ids.
    Tokens,
    /// Hashes of client secrets.
    ClientSecrets,
    /// Tombstones of numbers and login names.
    Tombstones,
    /// Pairwise and public subject identifiers.
    Subjects,
    /// The permutation behind the numbers of a realm.
    Numbers,
    /// Blind indexes over encrypted columns.
    BlindIndex,
    /// Sealing of signing keys.
    SigningKeys,
    /// Wrapping of data keys.
    DataKeys,
    /// Keys that others encrypt for.
    Receiving,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::ClientSecrets => "client-secrets",
            Self::Tombstones => "tombstones",
            Self::Subjects => "subjects",
            Self::Numbers => "numbers",
            Self::BlindIndex => "blind-index",
            Self::SigningKeys => "signing-keys",
            Self::DataKeys => "data-keys",
            Self::Receiving => "receiving",
        }
    }
}

/// A derived key for keyed hashes. It prints nothing of itself.
#[derive(Clone)]
pub struct SubKey {
    bytes: Zeroizing<[u8; 32]>,
    mac: hmac::Key,
}

impl SubKey {
    pub(super) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        let mac = hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice());
        Self { bytes, mac }
    }

    /// The key itself, for algorithms that are not HMAC (FF1).
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }
}

impl fmt::Debug for SubKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SubKey")
    }
}

/// HMAC-SHA256 of `bytes` under `key` (RFC 2104), in a `context` that keeps hashes for different columns apart. Equal
/// inputs give equal hashes: it serves as a blind index over encrypted columns.
pub fn keyed_hash(key: &SubKey, context: &str, bytes: &[u8]) -> [u8; 32] {
    let mut encoded = Vec::with_capacity(context.len() + bytes.len() + 16);
    push_part(&mut encoded, context.as_bytes());
    push_part(&mut encoded, bytes);
    let tag = hmac::sign(&key.mac, &encoded);
    encoded.zeroize();
    let mut out = [0; 32];
    out.iter_mut()
        .zip(tag.as_ref())
        .for_each(|(to, from)| *to = *from);
    out
}

/// Whether two secrets are equal, in a time that depends on their lengths only.
pub fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// HKDF-SHA256 for the 32 bytes that are one block of it: extract and expand are one HMAC each (RFC 5869 §2).
pub(super) fn derive_bytes(secret: &[u8; 32], purpose: Purpose, context: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut info = LABEL.to_vec();
    push_part(&mut info, purpose.label().as_bytes());
    push_part(&mut info, context);
    info.push(1);
    let extracted = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SALT), secret);
    let expanded = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref()), &info);
    let mut key = Zeroizing::new([0; 32]);
    key.iter_mut()
        .zip(expanded.as_ref())
        .for_each(|(to, from)| *to = *from);
    key
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::kek::KeyEncryptionKey;
    use super::*;
    use crate::encoding::hex;

    fn kek() -> KeyEncryptionKey {
        KeyEncryptionKey::from_bytes([7; 32]).unwrap()
    }

    #[test]
    fn sub_keys_differ_by_purpose_realm_and_root_and_repeat_otherwise() {
        let purposes = [
            Purpose::Tokens,
            Purpose::ClientSecrets,
            Purpose::Tombstones,
            Purpose::Subjects,
            Purpose::Numbers,
            Purpose::BlindIndex,
            Purpose::SigningKeys,
            Purpose::DataKeys,
        ];
        let mut seen = std::collections::HashSet::new();
        for root in [7, 8] {
            for realm in [1, 2] {
                for purpose in purposes {
                    let root = KeyEncryptionKey::from_bytes([root; 32]).unwrap();
                    assert!(seen.insert(*root.derive(purpose, Uuid::from_u128(realm)).expose()));
                }
            }
        }
        assert_eq!(seen.len(), 32);
        assert!(!seen.insert(*kek().derive(Purpose::Tokens, Uuid::from_u128(1)).expose()));
    }

    #[test]
    fn derivation_is_the_hkdf_of_rfc_5869() {
        use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
        let mut info = LABEL.to_vec();
        push_part(&mut info, b"tokens");
        push_part(&mut info, Uuid::from_u128(1).as_bytes());
        let mut expected = [0; 32];
        Salt::new(HKDF_SHA256, SALT)
            .extract(&[7; 32])
            .expand(&[&info], HKDF_SHA256)
            .unwrap()
            .fill(&mut expected)
            .unwrap();
        assert_eq!(
            *kek().derive(Purpose::Tokens, Uuid::from_u128(1)).expose(),
            expected
        );
    }

    #[test]
    fn derivation_never_changes_because_stored_hashes_depend_on_it() {
        let key = kek().derive(Purpose::Tokens, Uuid::from_u128(1));
        assert_eq!(
            hex(key.expose()),
            "22f4f62cdb260bf8fce6a846152be00e88b4b473c4992ab33eb78c257c25fcba"
        );
        assert_eq!(
            hex(keyed_hash(&key, "code", b"abc")),
            "f5fae5d53e5582e494f0643b1aea222c16638f0d44f0da70e396a9116ffe143f"
        );
    }

    #[test]
    fn context_and_content_of_a_keyed_hash_cannot_be_shifted_into_each_other() {
        let key = kek().derive(Purpose::BlindIndex, Uuid::from_u128(1));
        assert_ne!(keyed_hash(&key, "ab", b"c"), keyed_hash(&key, "a", b"bc"));
        assert_eq!(keyed_hash(&key, "ab", b"c"), keyed_hash(&key, "ab", b"c"));
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(constant_time_eq(b"same", b"same"));
        assert!(!constant_time_eq(b"same", b"sane"));
        assert!(!constant_time_eq(b"same", b"sam"));
        assert!(!constant_time_eq(b"", b"x"));
    }
}
