//! The one place that configures JWE (RFC 7516): compact form, key management and content encryption from short lists.
//!
//! Before any key is touched or any content decoded, the header is read strictly and must name listed algorithms.
//! Compression is refused whatever it is (RFC 8725 §3.6): 270 kB of it inflate to 200 MB. PBES2, `dir`, AES key wrap
//! and RSAES-PKCS1-v1_5 are not listed: the first lets a stranger choose how much we compute, the next two need
//! shared secrets that nobody has with us, the last is an oracle.

use std::fmt;
use std::sync::LazyLock;

use josekit::jwe::{
    ECDH_ES, ECDH_ES_A128KW, ECDH_ES_A256KW, JweContext, JweDecrypter, JweEncrypter, JweHeader, RSA_OAEP_256,
};
use josekit::jwk::Jwk;
use serde::{Deserialize, Serialize};

use super::content::ContentEncryption;
use super::header::{Header, HeaderError};
use super::public::PublicKey;
use crate::encoding::from_base64url;

/// Longest accepted object in characters, unless the caller says otherwise.
pub const DEFAULT_MAX_CHARS: usize = 64 * 1024;

/// A key management algorithm by its registered name (`alg`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyManagement {
    /// RSAES-OAEP with SHA-256 (RFC 7518 §4.3).
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    /// Ephemeral-static Diffie-Hellman, direct (RFC 7518 §4.6).
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
    /// The same, wrapping a key with AES-128 (RFC 7518 §4.6).
    #[serde(rename = "ECDH-ES+A128KW")]
    EcdhEsA128Kw,
    /// The same, wrapping a key with AES-256 (RFC 7518 §4.6).
    #[serde(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
}

impl KeyManagement {
    /// All of them, in the order in which metadata lists them.
    pub const ALL: [Self; 4] = [
        Self::RsaOaep256,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA256Kw,
    ];

    /// The registered name, as in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// The algorithm of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// Why an encrypted object is not accepted or not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Longer than the caller's bound.
    #[error("the encrypted object is too large")]
    TooLarge,
    /// Not five parts of a compact serialisation.
    #[error("the encrypted object is not a JWE in compact form")]
    Malformed,
    /// The header is refused.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// It is compressed.
    #[error("compressed objects are not accepted")]
    Compressed,
    /// `alg` or `enc` is not listed.
    #[error("the encryption algorithm is not supported")]
    Algorithm,
    /// None of our keys is the one it was encrypted for.
    #[error("the object is encrypted for another key")]
    UnknownKey,
    /// A key is not acceptable for its algorithm.
    #[error("the key is not acceptable for encryption")]
    Key,
    /// It does not decrypt. Nothing is said about why: a difference would be an oracle.
    #[error("the encrypted object does not decrypt")]
    Decrypt,
    /// It could not be encrypted.
    #[error("the object could not be encrypted")]
    Encrypt,
}

/// A private key of ours that others encrypt for, tied to one algorithm. It prints its name only.
pub struct DecryptionKey {
    algorithm: KeyManagement,
    kid: String,
    decrypter: Box<dyn JweDecrypter>,
}

impl DecryptionKey {
    /// The key named `kid` in a PKCS#8 document.
    pub fn from_pkcs8(algorithm: KeyManagement, kid: &str, pkcs8: &[u8]) -> Result<Self, JweError> {
        let decrypter: Box<dyn JweDecrypter> = match algorithm {
            KeyManagement::RsaOaep256 => Box::new(
                RSA_OAEP_256
                    .decrypter_from_der(pkcs8)
                    .map_err(|_| JweError::Key)?,
            ),
            KeyManagement::EcdhEs => Box::new(ECDH_ES.decrypter_from_der(pkcs8).map_err(|_| JweError::Key)?),
            KeyManagement::EcdhEsA128Kw => Box::new(
                ECDH_ES_A128KW
                    .decrypter_from_der(pkcs8)
                    .map_err(|_| JweError::Key)?,
            ),
            KeyManagement::EcdhEsA256Kw => Box::new(
                ECDH_ES_A256KW
                    .decrypter_from_der(pkcs8)
                    .map_err(|_| JweError::Key)?,
            ),
        };
        Ok(Self {
            algorithm,
            kid: kid.to_owned(),
            decrypter,
        })
    }
}

impl DecryptionKey {
    /// The key named `kid` in a private JWK (RFC 7517).
    pub(super) fn from_jwk(algorithm: KeyManagement, kid: &str, jwk: &str) -> Result<Self, JweError> {
        let jwk = Jwk::from_bytes(jwk).map_err(|_| JweError::Key)?;
        let decrypter: Box<dyn JweDecrypter> = match algorithm {
            KeyManagement::RsaOaep256 => {
                Box::new(RSA_OAEP_256.decrypter_from_jwk(&jwk).map_err(|_| JweError::Key)?)
            }
            KeyManagement::EcdhEs => Box::new(ECDH_ES.decrypter_from_jwk(&jwk).map_err(|_| JweError::Key)?),
            KeyManagement::EcdhEsA128Kw => Box::new(
                ECDH_ES_A128KW
                    .decrypter_from_jwk(&jwk)
                    .map_err(|_| JweError::Key)?,
            ),
            KeyManagement::EcdhEsA256Kw => Box::new(
                ECDH_ES_A256KW
                    .decrypter_from_jwk(&jwk)
                    .map_err(|_| JweError::Key)?,
            ),
        };
        Ok(Self {
            algorithm,
            kid: kid.to_owned(),
            decrypter,
        })
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DecryptionKey({} {})", self.algorithm.name(), self.kid)
    }
}

/// Somebody's public key that we encrypt for.
pub struct EncryptionKey {
    algorithm: KeyManagement,
    encrypter: Box<dyn JweEncrypter>,
}

impl EncryptionKey {
    /// The key in a public JWK (RFC 7517), for use with `algorithm`.
    pub fn from_jwk(algorithm: KeyManagement, jwk: &str) -> Result<Self, JweError> {
        let jwk = Jwk::from_bytes(jwk).map_err(|_| JweError::Key)?;
        acceptable(&jwk)?;
        let encrypter: Box<dyn JweEncrypter> = match algorithm {
            KeyManagement::RsaOaep256 => {
                Box::new(RSA_OAEP_256.encrypter_from_jwk(&jwk).map_err(|_| JweError::Key)?)
            }
            KeyManagement::EcdhEs => Box::new(ECDH_ES.encrypter_from_jwk(&jwk).map_err(|_| JweError::Key)?),
            KeyManagement::EcdhEsA128Kw => Box::new(
                ECDH_ES_A128KW
                    .encrypter_from_jwk(&jwk)
                    .map_err(|_| JweError::Key)?,
            ),
            KeyManagement::EcdhEsA256Kw => Box::new(
                ECDH_ES_A256KW
                    .encrypter_from_jwk(&jwk)
                    .map_err(|_| JweError::Key)?,
            ),
        };
        Ok(Self { algorithm, encrypter })
    }
}

/// josekit takes RSA keys of any size and curves that nobody needs.
fn acceptable(jwk: &Jwk) -> Result<(), JweError> {
    let text = |member: &str| jwk.parameter(member).and_then(|value| value.as_str());
    if ["d", "k", "p", "q", "dp", "dq", "qi", "oth"]
        .iter()
        .any(|member| jwk.parameter(member).is_some())
    {
        return Err(JweError::Key);
    }
    match (jwk.key_type(), text("crv")) {
        ("EC", Some("P-256")) | ("OKP", Some("X25519")) => Ok(()),
        ("RSA", _) => {
            let bytes = |member| text(member).and_then(from_base64url).unwrap_or_default();
            PublicKey::rsa(&bytes("n"), &bytes("e"))
                .map(|_| ())
                .map_err(|_| JweError::Key)
        }
        _ => Err(JweError::Key),
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EncryptionKey({})", self.algorithm.name())
    }
}

/// josekit with our content encryption, without compression and without what is not listed.
static CONTEXT: LazyLock<JweContext> = LazyLock::new(|| {
    let mut context = JweContext::new();
    context.remove_compression("DEF");
    context.remove_content_encryption("A192GCM");
    context.remove_content_encryption("A192CBC-HS384");
    for encryption in ContentEncryption::ALL {
        context.add_content_encryption(Box::new(encryption));
    }
    context
});

/// What an encrypted object held.
#[derive(Debug)]
pub struct Decrypted {
    /// The protected header.
    pub header: Header,
    /// The content: often a JWS, which is still to be verified.
    pub content: Vec<u8>,
}

/// Decrypts a compact JWE of at most `max_chars` with one of `keys`: the one that its `kid` names, or without a `kid`
/// the only one for its algorithm.
pub fn decrypt_compact(
    object: &str,
    keys: &[DecryptionKey],
    max_chars: usize,
) -> Result<Decrypted, JweError> {
    if object.len() > max_chars {
        return Err(JweError::TooLarge);
    }
    let (encoded, rest) = object.split_once('.').ok_or(JweError::Malformed)?;
    if rest.matches('.').count() != 3 {
        return Err(JweError::Malformed);
    }
    let header = Header::parse(encoded)?;
    if header.zip {
        return Err(JweError::Compressed);
    }
    let algorithm = KeyManagement::from_name(&header.alg).ok_or(JweError::Algorithm)?;
    let encryption = header.enc.as_deref().and_then(ContentEncryption::from_name);
    encryption.ok_or(JweError::Algorithm)?;
    let key = select(keys, algorithm, header.kid.as_deref())?;
    let (content, _) = CONTEXT
        .deserialize_compact(object, &*key.decrypter)
        .map_err(|_| JweError::Decrypt)?;
    Ok(Decrypted { header, content })
}

fn select<'k>(
    keys: &'k [DecryptionKey],
    algorithm: KeyManagement,
    kid: Option<&str>,
) -> Result<&'k DecryptionKey, JweError> {
    let suitable = |key: &&DecryptionKey| key.algorithm == algorithm && kid.is_none_or(|kid| key.kid == kid);
    let mut suitable = keys.iter().filter(suitable);
    match (suitable.next(), suitable.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(JweError::UnknownKey),
    }
}

/// Encrypts `content` for `key` in compact form; `cty` says what it is, `JWT` for a signed token (RFC 7519 §5.2).
pub fn encrypt_compact(
    content: &[u8],
    cty: Option<&str>,
    encryption: ContentEncryption,
    key: &EncryptionKey,
) -> Result<String, JweError> {
    let mut header = JweHeader::new();
    header.set_content_encryption(encryption.name());
    if let Some(cty) = cty {
        header.set_content_type(cty);
    }
    CONTEXT
        .serialize_compact(content, &header, &*key.encrypter)
        .map_err(|_| JweError::Encrypt)
}
