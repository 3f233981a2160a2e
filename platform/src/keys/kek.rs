//! The key-encryption key: the one secret that an operator keeps, and what is derived from it.
//!
//! It never encrypts anything itself. HKDF-SHA256 (RFC 5869) makes a key for each purpose from it, so that what is
//! learned about one says nothing about another, and sub-keys of realms differ.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::derive::{Purpose, SubKey, derive_bytes};
use super::sealing::{Aad, DataKey, Envelope, SealError};
use crate::encoding::{base64url, from_base64url, from_hex, hex};
use crate::entropy::{Entropy, EntropyFailed};

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
        let derived = |purpose| Envelope::new(&derive_bytes(&secret, purpose, &[]));
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
        SubKey::new(derive_bytes(&self.secret, purpose, realm.as_bytes()))
    }
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyEncryptionKey")
    }
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
