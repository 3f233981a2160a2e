//! The key-encryption key: the one secret that an operator keeps, and what is derived from it.
//!
//! It never encrypts anything itself. HKDF-SHA256 (RFC 5869) makes a key for each purpose from it, so that what is
//! learned about one says nothing about another, and sub-keys of realms differ.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

use super::sealing::{Aad, DataKey, Envelope, SealError, push_part};
use crate::encoding::{base64url, from_base64url, from_hex, hex};
use crate::entropy::{Entropy, EntropyFailed};

const SALT: &[u8] = b"musubi";
const LABEL: &[u8] = b"musubi/v1";

/// A key-encryption key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The text is not 32 bytes in hexadecimal or base64.
    #[error("a key-encryption key is 32 bytes in hexadecimal or base64")]
    Malformed,
    /// Others than the owner can read the file.
    #[error("the key file can be read by others than its owner: set its mode to 0600")]
    Readable,
    /// The file could not be read or written.
    #[error("the key file cannot be used: {0}")]
    File(#[from] io::Error),
    /// There was no randomness for a new key.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// The cipher could not be set up.
    #[error(transparent)]
    Cipher(#[from] SealError),
}

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
        }
    }
}

/// The secret at the root of everything that is sealed. It prints nothing of itself.
pub struct KeyEncryptionKey {
    secret: Zeroizing<[u8; 32]>,
    data_keys: Envelope,
    signing_keys: Envelope,
}

impl KeyEncryptionKey {
    /// The key that is these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, SealError> {
        let secret = Zeroizing::new(bytes);
        let derived = |purpose| Envelope::new(&derive(&secret, purpose, &[]));
        let (data_keys, signing_keys) = (derived(Purpose::DataKeys)?, derived(Purpose::SigningKeys)?);
        Ok(Self {
            secret,
            data_keys,
            signing_keys,
        })
    }

    /// The root of a realm: what is derived from and wrapped under it moves with the realm, whose data key it is.
    pub fn of_data_key(key: &DataKey) -> Result<Self, SealError> {
        Self::from_bytes(*key.bytes())
    }

    /// The key in a configuration value: 64 hexadecimal digits, or base64 in either alphabet. White space around it is
    /// ignored.
    pub fn from_text(text: &SecretString) -> Result<Self, KeyFileError> {
        let text = text.expose_secret().trim();
        let decoded = match text.len() {
            64 => from_hex(text),
            43 => from_base64url(text).or_else(|| STANDARD_NO_PAD.decode(text).ok()),
            44 => STANDARD
                .decode(text)
                .ok()
                .or_else(|| from_base64url(text.trim_end_matches('='))),
            _ => None,
        };
        let decoded = Zeroizing::new(decoded.ok_or(KeyFileError::Malformed)?);
        let bytes = <[u8; 32]>::try_from(decoded.as_slice()).map_err(|_| KeyFileError::Malformed)?;
        Ok(Self::from_bytes(bytes)?)
    }

    /// The key in the file at `path`, which is made if it is not there: mode 0600, complete and on disk before it has
    /// its name, so that two processes that start together read the same key and a crash leaves none or a whole one.
    pub fn load_or_create(path: &Path, entropy: &Entropy) -> Result<Self, KeyFileError> {
        match read_private(path) {
            Err(KeyFileError::File(error)) if error.kind() == io::ErrorKind::NotFound => {}
            other => return Self::from_text(&other?),
        }
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let draft = directory.join(format!(".key-{}", hex(entropy.array::<8>()?)));
        let made = write_draft(&draft, entropy).and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
            _ => Ok(()),
        });
        fs::remove_file(&draft)?;
        made?;
        fs::File::open(directory)?.sync_all()?;
        Self::from_text(&read_private(path)?)
    }

    /// Seals a data key for the place `aad`.
    pub fn wrap(&self, entropy: &Entropy, key: &DataKey, aad: &Aad) -> Result<Vec<u8>, SealError> {
        self.data_keys.seal(entropy, aad, key.bytes())
    }

    /// The data key that [`Self::wrap`] sealed for the same place.
    pub fn unwrap(&self, wrapped: &[u8], aad: &Aad) -> Result<DataKey, SealError> {
        let bytes = self.data_keys.open(aad, wrapped)?;
        let bytes = <&[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| SealError::Broken)?;
        DataKey::from_bytes(bytes)
    }

    pub(super) fn signing_keys(&self) -> &Envelope {
        &self.signing_keys
    }

    /// The sub-key for `purpose` in `realm`. Derivation costs microseconds: keep what is used often.
    pub fn derive(&self, purpose: Purpose, realm: Uuid) -> SubKey {
        SubKey::new(derive(&self.secret, purpose, realm.as_bytes()))
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyEncryptionKey")
    }
}

/// A derived key for keyed hashes. It prints nothing of itself.
#[derive(Clone)]
pub struct SubKey {
    bytes: Zeroizing<[u8; 32]>,
    mac: hmac::Key,
}

impl SubKey {
    fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
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
fn derive(secret: &[u8; 32], purpose: Purpose, context: &[u8]) -> Zeroizing<[u8; 32]> {
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

fn write_draft(draft: &Path, entropy: &Entropy) -> Result<(), KeyFileError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(draft)?;
    let secret = Zeroizing::new(entropy.array::<32>()?);
    let text = Zeroizing::new(base64url(secret.as_slice()));
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    Ok(())
}

fn read_private(path: &Path) -> Result<SecretString, KeyFileError> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(path)?);
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Readable);
        }
    }
    Ok(SecretString::from(fs::read_to_string(path)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kek() -> KeyEncryptionKey {
        KeyEncryptionKey::from_bytes([7; 32]).unwrap()
    }

    fn place() -> Aad {
        Aad::new(Uuid::from_u128(1), "data-key", b"person", b"")
    }

    #[test]
    fn a_wrapped_data_key_still_opens_what_it_sealed() {
        let entropy = Entropy::seeded(1);
        let key = DataKey::generate(&entropy).unwrap();
        let sealed = key.seal(&entropy, &place(), b"secret").unwrap();
        let wrapped = kek().wrap(&entropy, &key, &place()).unwrap();
        let again = kek().unwrap(&wrapped, &place()).unwrap();
        assert_eq!(again.open(&place(), &sealed).unwrap().as_slice(), b"secret");
        assert!(!wrapped.windows(32).any(|window| window == key.bytes()));
    }

    #[test]
    fn a_wrapped_key_opens_for_no_other_person_and_under_no_other_root() {
        let entropy = Entropy::seeded(2);
        let key = DataKey::generate(&entropy).unwrap();
        let wrapped = kek().wrap(&entropy, &key, &place()).unwrap();
        let other = Aad::new(Uuid::from_u128(1), "data-key", b"another", b"");
        assert!(matches!(kek().unwrap(&wrapped, &other), Err(SealError::Broken)));
        let root = KeyEncryptionKey::from_bytes([8; 32]).unwrap();
        assert!(matches!(
            root.unwrap(&wrapped, &place()),
            Err(SealError::OtherKey)
        ));
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

    #[test]
    fn a_key_is_read_from_hexadecimal_and_both_kinds_of_base64() {
        let bytes = [0xfb; 32];
        let same = |text: String| {
            *KeyEncryptionKey::from_text(&SecretString::from(text))
                .unwrap()
                .secret
                == bytes
        };
        assert!(same(hex(bytes)));
        assert!(same(format!(" {}\n", hex(bytes).to_uppercase())));
        assert!(same(base64url(bytes)));
        assert!(same(format!("{}=", base64url(bytes))));
        assert!(same(STANDARD.encode(bytes)));
        assert!(same(STANDARD_NO_PAD.encode(bytes)));
    }

    #[test]
    fn short_long_and_misspelt_keys_are_refused_without_being_repeated() {
        for text in [
            "",
            "secret",
            &"0".repeat(63),
            &"0".repeat(65),
            &"g".repeat(64),
            &"A".repeat(42),
            &"!".repeat(43),
        ] {
            let error = KeyEncryptionKey::from_text(&SecretString::from(text)).unwrap_err();
            assert!(matches!(error, KeyFileError::Malformed));
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
    }

    #[test]
    fn a_generated_file_is_private_and_read_again_by_the_next_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kek");
        let made = KeyEncryptionKey::load_or_create(&path, &Entropy::system()).unwrap();
        let again = KeyEncryptionKey::load_or_create(&path, &Entropy::system()).unwrap();
        assert_eq!(made.secret, again.secret);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap()) & 0o777,
            0o600
        );
    }

    #[test]
    fn starts_at_the_same_moment_agree_on_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kek");
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        KeyEncryptionKey::load_or_create(&path, &Entropy::system())
                            .unwrap()
                            .secret
                    })
                })
                .collect();
            starts.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(secrets.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kek");
        KeyEncryptionKey::load_or_create(&path, &Entropy::system()).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
        let refused = KeyEncryptionKey::load_or_create(&path, &Entropy::system()).unwrap_err();
        assert!(matches!(refused, KeyFileError::Readable));
    }

    #[test]
    fn a_damaged_key_file_is_an_error_and_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kek");
        KeyEncryptionKey::load_or_create(&path, &Entropy::system()).unwrap();
        fs::write(&path, "half a k").unwrap();
        assert!(matches!(
            KeyEncryptionKey::load_or_create(&path, &Entropy::system()),
            Err(KeyFileError::Malformed)
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "half a k");
    }

    #[test]
    fn keys_print_nothing_of_themselves() {
        assert_eq!(
            format!("{:?} {:?}", kek(), kek().derive(Purpose::Tokens, Uuid::nil())),
            "KeyEncryptionKey SubKey"
        );
    }
}
