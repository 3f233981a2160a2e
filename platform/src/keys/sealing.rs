//! Encryption at rest: AES-256-GCM envelopes (NIST SP 800-38D) and the structured data that they are bound to.
//!
//! Layout of sealed bytes: version (1) · key id (8) · nonce (12) · ciphertext · tag (16). Version and key id are
//! authenticated together with the caller's [`Aad`], so that bytes moved to another row, person or realm do not open.
//! Nonces are random: a key must not seal more than 2³² times, which data keys per person and a key-encryption key
//! that seals one row per person and realm stay far below.

use std::fmt;

use aws_lc_rs::aead::{self, AES_256_GCM, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac};
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

use crate::entropy::{Entropy, EntropyFailed};

const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 8;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN;
const TAG_BYTES: usize = 16;

/// Sealing or opening did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There was no randomness for a nonce or a key.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// The bytes name another key than the one at hand.
    #[error("the sealed data belongs to another key")]
    OtherKey,
    /// The cipher could not be set up.
    #[error("the cipher could not be set up")]
    Cipher,
    /// The bytes are cut, altered, of an unknown version, or not what they are offered as.
    #[error("the sealed data does not open")]
    Broken,
}

/// What sealed bytes are bound to: every part is length-prefixed, so that no two places have the same encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aad(Vec<u8>);

impl Aad {
    /// The place of a value: its realm, what kind of value it is, whose it is, and its row.
    pub fn new(realm: Uuid, kind: &str, owner: &[u8], row: &[u8]) -> Self {
        let mut encoded = Vec::with_capacity(16 + kind.len() + owner.len() + row.len() + 32);
        for part in [realm.as_bytes().as_slice(), kind.as_bytes(), owner, row] {
            push_part(&mut encoded, part);
        }
        Self(encoded)
    }
}

/// Appends a part so that the end of it is never a matter of its content.
pub(super) fn push_part(encoded: &mut Vec<u8>, part: &[u8]) {
    encoded.extend_from_slice(&(part.len() as u64).to_be_bytes());
    encoded.extend_from_slice(part);
}

/// The eight bytes by which sealed data names its key.
#[derive(Clone, Copy, PartialEq, Eq)]
struct KeyId([u8; KEY_ID_BYTES]);

/// An AES-256-GCM key that prints nothing of itself.
pub(super) struct Envelope {
    id: KeyId,
    key: LessSafeKey,
}

impl Envelope {
    pub(super) fn new(key: &[u8; 32]) -> Result<Self, SealError> {
        let id = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"musubi/v1/key-id");
        let mut short = [0; KEY_ID_BYTES];
        short
            .iter_mut()
            .zip(id.as_ref())
            .for_each(|(target, source)| *target = *source);
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::Cipher)?;
        Ok(Self {
            id: KeyId(short),
            key: LessSafeKey::new(key),
        })
    }

    pub(super) fn seal(&self, entropy: &Entropy, aad: &Aad, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = entropy.array()?;
        let mut sealed = Vec::with_capacity(HEADER_BYTES + plaintext.len() + TAG_BYTES);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.id.0);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let bound = self.bound(aad);
        let (_, content) = sealed
            .split_at_mut_checked(HEADER_BYTES)
            .ok_or(SealError::Broken)?;
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), bound, content)
            .map_err(|_| SealError::Broken)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    pub(super) fn open(&self, aad: &Aad, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Broken)?;
        let (id, rest) = rest
            .split_first_chunk::<KEY_ID_BYTES>()
            .ok_or(SealError::Broken)?;
        let (nonce, content) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Broken)?;
        if *version != VERSION {
            return Err(SealError::Broken);
        }
        if *id != self.id.0 {
            return Err(SealError::OtherKey);
        }
        let mut plaintext = Zeroizing::new(content.to_vec());
        let length = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                self.bound(aad),
                &mut plaintext,
            )
            .map_err(|_| SealError::Broken)?
            .len();
        plaintext.truncate(length);
        Ok(plaintext)
    }

    fn bound(&self, aad: &Aad) -> aead::Aad<Vec<u8>> {
        let mut bound = Vec::with_capacity(1 + KEY_ID_BYTES + aad.0.len());
        bound.push(VERSION);
        bound.extend_from_slice(&self.id.0);
        bound.extend_from_slice(&aad.0);
        aead::Aad::from(bound)
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Envelope({})", crate::encoding::hex(self.id.0))
    }
}

/// A key that seals the data of one person or one realm. It is kept [wrapped](super::kek::KeyEncryptionKey::wrap), and
/// destroying it destroys what it sealed.
pub struct DataKey {
    bytes: Zeroizing<[u8; 32]>,
    envelope: Envelope,
}

impl DataKey {
    /// A new key.
    pub fn generate(entropy: &Entropy) -> Result<Self, SealError> {
        let mut bytes = entropy.array::<32>()?;
        let key = Self::from_bytes(&bytes);
        bytes.zeroize();
        key
    }

    pub(super) fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SealError> {
        Ok(Self {
            bytes: Zeroizing::new(*bytes),
            envelope: Envelope::new(bytes)?,
        })
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Encrypts `plaintext` for the place `aad`.
    pub fn seal(&self, entropy: &Entropy, aad: &Aad, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        self.envelope.seal(entropy, aad, plaintext)
    }

    /// Decrypts what [`Self::seal`] made for the same place; the buffer wipes itself.
    pub fn open(&self, aad: &Aad, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.envelope.open(aad, sealed)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey")
    }
}

/// SHA-256 of `bytes`: for what is long and random already, as codes and tokens of 256 bits are.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.iter_mut()
        .zip(digest::digest(&digest::SHA256, bytes).as_ref())
        .for_each(|(to, from)| *to = *from);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(kind: &str, owner: &[u8], row: &[u8]) -> Aad {
        Aad::new(Uuid::from_u128(1), kind, owner, row)
    }

    #[test]
    fn sealed_data_opens_in_its_place_and_in_no_other() {
        let entropy = Entropy::seeded(1);
        let key = DataKey::generate(&entropy).unwrap();
        let here = place("profile", b"person", b"row");
        let sealed = key.seal(&entropy, &here, b"secret").unwrap();
        assert_eq!(key.open(&here, &sealed).unwrap().as_slice(), b"secret");
        for elsewhere in [
            Aad::new(Uuid::from_u128(2), "profile", b"person", b"row"),
            place("profil", b"eperson", b"row"),
            place("profile", b"personr", b"ow"),
            place("profile", b"person", b"row2"),
            place("profile", b"", b"personrow"),
        ] {
            assert!(matches!(key.open(&elsewhere, &sealed), Err(SealError::Broken)));
        }
    }

    #[test]
    fn another_key_does_not_open_it_and_says_so() {
        let entropy = Entropy::seeded(2);
        let (key, other) = (
            DataKey::generate(&entropy).unwrap(),
            DataKey::generate(&entropy).unwrap(),
        );
        let here = place("profile", b"person", b"row");
        let sealed = key.seal(&entropy, &here, b"secret").unwrap();
        assert!(matches!(other.open(&here, &sealed), Err(SealError::OtherKey)));
        let mut relabelled = sealed;
        relabelled[1..9].copy_from_slice(&other.envelope.id.0);
        assert!(matches!(other.open(&here, &relabelled), Err(SealError::Broken)));
    }

    #[test]
    fn the_same_text_is_never_sealed_to_the_same_bytes() {
        let entropy = Entropy::seeded(3);
        let key = DataKey::generate(&entropy).unwrap();
        let here = place("profile", b"person", b"row");
        let (one, two) = (
            key.seal(&entropy, &here, b"x").unwrap(),
            key.seal(&entropy, &here, b"x").unwrap(),
        );
        assert_ne!(one, two);
        assert_ne!(one[9..21], two[9..21]);
    }

    #[test]
    fn every_altered_byte_and_every_cut_is_found() {
        let entropy = Entropy::seeded(4);
        let key = DataKey::generate(&entropy).unwrap();
        let here = place("profile", b"person", b"row");
        let sealed = key.seal(&entropy, &here, b"secret").unwrap();
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 0x40;
            assert!(key.open(&here, &altered).is_err(), "byte {index}");
            assert!(key.open(&here, &sealed[..index]).is_err(), "cut at {index}");
        }
        assert!(key.open(&here, &[sealed.as_slice(), &[0]].concat()).is_err());
    }

    #[test]
    fn a_data_key_prints_nothing_of_itself() {
        let key = DataKey::generate(&Entropy::seeded(5)).unwrap();
        assert_eq!(format!("{key:?}"), "DataKey");
    }

    proptest! {
        #[test]
        fn two_different_places_are_never_encoded_alike(
            one in (any::<u128>(), ".{0,6}", any::<Vec<u8>>(), any::<Vec<u8>>()),
            two in (any::<u128>(), ".{0,6}", any::<Vec<u8>>(), any::<Vec<u8>>()),
        ) {
            let encode = |(realm, kind, owner, row): &(u128, String, Vec<u8>, Vec<u8>)| {
                Aad::new(Uuid::from_u128(*realm), kind, owner, row)
            };
            prop_assert_eq!(one == two, encode(&one) == encode(&two));
        }

        #[test]
        fn whatever_is_sealed_comes_back(content in any::<Vec<u8>>()) {
            let entropy = Entropy::seeded(6);
            let key = DataKey::generate(&entropy).unwrap();
            let here = place("kind", b"owner", b"row");
            let sealed = key.seal(&entropy, &here, &content).unwrap();
            prop_assert_eq!(sealed.len(), content.len() + 37);
            prop_assert_eq!(&*key.open(&here, &sealed).unwrap(), &content);
        }
    }
}
