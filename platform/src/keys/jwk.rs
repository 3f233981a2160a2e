//! Public keys of others and of ourselves: JWK and JWK Set (RFC 7517) to keys that are parsed once and kept.
//!
//! Keys of kinds, uses or algorithms that the house does not speak are passed over (RFC 7517 §5). A document that
//! shows a private or symmetric key is refused whole: it tells everybody a secret, and nothing signed with it is worth
//! anything. So is one in which two keys answer to the same `kid` for the same algorithm.

use std::fmt;

use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::algorithm::SigningAlgorithm;
use super::jws::VerifyError;
use super::public::{PublicKey, PublicKeyError};
use super::sealing::sha256;
use crate::encoding::from_base64url;

/// Longest accepted JWK Set, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 128 * 1024;
/// Most keys in a set, the ones that are passed over included.
pub const MAX_KEYS: usize = 32;
/// Longest accepted `kid`, in bytes.
const MAX_KID_BYTES: usize = 512;

/// A key or a set that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Longer than [`MAX_DOCUMENT_BYTES`].
    #[error("the key document is too large")]
    TooLarge,
    /// More than [`MAX_KEYS`] keys.
    #[error("the key document has too many keys")]
    TooManyKeys,
    /// Not the JSON that a JWK or a JWK Set is, or a member that occurs twice.
    #[error("the key document is not a JWK or JWK Set")]
    Malformed,
    /// It shows private key material.
    #[error("the key document contains a private key")]
    PrivateKey,
    /// It shows a symmetric key.
    #[error("the key document contains a symmetric key")]
    SymmetricKey,
    /// A `kid` is empty or overlong.
    #[error("a key identifier is not acceptable")]
    KeyId,
    /// Two keys answer to the same identifier.
    #[error("two keys have the same identifier")]
    DuplicateKeyId,
    /// A key of a known kind that is not acceptable.
    #[error(transparent)]
    Key(#[from] PublicKeyError),
    /// A single key whose kind, use or algorithm is not for verifying signatures here.
    #[error("the key is not one that this service verifies signatures with")]
    Unsupported,
}

/// A public key, parsed for each algorithm that it may be used with: one, or RS256 and PS256 if its owner left it open.
pub struct VerificationKey {
    kid: Option<String>,
    certificate: Option<[u8; 32]>,
    public: PublicKey,
    parsed: Vec<(SigningAlgorithm, ParsedPublicKey)>,
}

impl VerificationKey {
    /// Parses `public` for use with `algorithms`.
    pub fn new(
        public: PublicKey,
        kid: Option<String>,
        algorithms: &[SigningAlgorithm],
    ) -> Result<Self, PublicKeyError> {
        let parsed = algorithms
            .iter()
            .map(|algorithm| Ok((*algorithm, public.parse(*algorithm)?)))
            .collect::<Result<_, PublicKeyError>>()?;
        Ok(Self {
            kid,
            certificate: None,
            public,
            parsed,
        })
    }

    /// The public key in a single JWK, as in `cnf` or a DPoP proof that the caller took apart.
    pub fn from_jwk(json: &str) -> Result<Self, JwkError> {
        if json.len() > MAX_DOCUMENT_BYTES {
            return Err(JwkError::TooLarge);
        }
        let raw: RawJwk = serde_json::from_str(json).map_err(|_| JwkError::Malformed)?;
        raw.into_key()?.ok_or(JwkError::Unsupported)
    }

    /// `kid`, if the owner gave one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key material.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key ready to verify with `algorithm`, if it is for that.
    pub fn for_algorithm(&self, algorithm: SigningAlgorithm) -> Option<&ParsedPublicKey> {
        self.parsed
            .iter()
            .find(|(own, _)| *own == algorithm)
            .map(|(_, key)| key)
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self
            .parsed
            .iter()
            .map(|(algorithm, _)| algorithm.name())
            .collect();
        write!(
            formatter,
            "VerificationKey({} {})",
            algorithms.join("/"),
            self.public.thumbprint()
        )
    }
}

/// The keys that one party signs with.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<VerificationKey>,
}

impl KeySet {
    /// A set in which no two keys answer to the same identifier and algorithm.
    pub fn new(keys: Vec<VerificationKey>) -> Result<Self, JwkError> {
        let mut names: Vec<_> = keys
            .iter()
            .filter_map(|key| key.kid().map(|kid| (kid, key)))
            .flat_map(|(kid, key)| key.parsed.iter().map(move |(algorithm, _)| (kid, *algorithm)))
            .collect();
        names.sort_unstable();
        if names
            .windows(2)
            .any(|pair| matches!(pair, [one, other] if one == other))
        {
            return Err(JwkError::DuplicateKeyId);
        }
        Ok(Self { keys })
    }

    /// The keys of a JWK Set document that can verify signatures; possibly none.
    pub fn parse(json: &str) -> Result<Self, JwkError> {
        if json.len() > MAX_DOCUMENT_BYTES {
            return Err(JwkError::TooLarge);
        }
        let document: RawSet = serde_json::from_str(json).map_err(|_| JwkError::Malformed)?;
        if document.keys.len() > MAX_KEYS {
            return Err(JwkError::TooManyKeys);
        }
        let keys = document
            .keys
            .into_iter()
            .filter_map(|raw| raw.into_key().transpose())
            .collect::<Result<_, _>>()?;
        Self::new(keys)
    }

    /// Whether a key of the set has this certificate (`x5c`, RFC 7517 §4.7), by its SHA-256.
    pub fn has_certificate(&self, hash: &[u8; 32]) -> bool {
        self.keys.iter().any(|key| key.certificate.as_ref() == Some(hash))
    }

    /// The keys.
    pub fn keys(&self) -> &[VerificationKey] {
        &self.keys
    }

    /// The key for a signature: the one named `kid`, which must be for `algorithm`; without a `kid` the only one for
    /// `algorithm` (OpenID Connect Core §10.1 asks for a `kid` where there is a choice).
    pub(super) fn select(
        &self,
        kid: Option<&str>,
        algorithm: SigningAlgorithm,
    ) -> Result<&ParsedPublicKey, VerifyError> {
        if let Some(kid) = kid {
            let mut named = self.keys.iter().filter(|key| key.kid() == Some(kid)).peekable();
            if named.peek().is_none() {
                return Err(VerifyError::UnknownKey);
            }
            return named
                .find_map(|key| key.for_algorithm(algorithm))
                .ok_or(VerifyError::KeyAlgorithm);
        }
        let mut suitable = self.keys.iter().filter_map(|key| key.for_algorithm(algorithm));
        match (suitable.next(), suitable.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(VerifyError::UnknownKey),
        }
    }
}

#[derive(Deserialize)]
struct RawSet {
    keys: Vec<RawJwk>,
}

#[derive(Deserialize)]
struct RawJwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    x5c: Option<Vec<String>>,
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
    dp: Option<IgnoredAny>,
    dq: Option<IgnoredAny>,
    qi: Option<IgnoredAny>,
    oth: Option<IgnoredAny>,
    k: Option<IgnoredAny>,
}

impl RawJwk {
    /// The key; `None` if it is not for verifying signatures in an algorithm of the house.
    fn into_key(self) -> Result<Option<VerificationKey>, JwkError> {
        if self.kty == "oct" || self.k.is_some() {
            return Err(JwkError::SymmetricKey);
        }
        let private = [&self.d, &self.p, &self.q, &self.dp, &self.dq, &self.qi, &self.oth];
        if private.iter().any(|member| member.is_some()) {
            return Err(JwkError::PrivateKey);
        }
        if self
            .kid
            .as_ref()
            .is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID_BYTES)
        {
            return Err(JwkError::KeyId);
        }
        let for_signatures = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self
                .key_ops
                .as_ref()
                .is_none_or(|operations| operations.iter().any(|one| one == "verify"));
        if !for_signatures {
            return Ok(None);
        }
        let algorithm = match self.alg.as_deref().map(str::parse::<SigningAlgorithm>) {
            Some(Err(_)) => return Ok(None),
            Some(Ok(algorithm)) => Some(algorithm),
            None => None,
        };
        let public = match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => PublicKey::p256(&decode(self.x)?, &decode(self.y)?)?,
            ("OKP", Some("Ed25519")) => PublicKey::ed25519(&decode(self.x)?)?,
            ("RSA", _) => PublicKey::rsa(&decode(self.n)?, &decode(self.e)?)?,
            _ => return Ok(None),
        };
        let own = algorithm
            .as_ref()
            .map_or(public.algorithms(), std::slice::from_ref);
        let mut key = VerificationKey::new(public, self.kid, own)?;
        if let Some(first) = self.x5c.as_ref().and_then(|chain| chain.first()) {
            let der = STANDARD.decode(first).map_err(|_| JwkError::Malformed)?;
            key.certificate = Some(sha256(&der));
        }
        Ok(Some(key))
    }
}

fn decode(member: Option<String>) -> Result<Vec<u8>, JwkError> {
    member
        .and_then(|text| from_base64url(&text))
        .ok_or(JwkError::Malformed)
}
