//! JWS compact serialisation (RFC 7515 §7.1): signing at the price of one signature, verifying strictly.
//!
//! What always holds of a [`VerifiedJws`]: three parts of canonical base64url without padding, within the size bound;
//! a header without extensions or keys of its own; an algorithm that the policy names *and* that the selected key is
//! for; a type that the policy asks for (RFC 8725 §3.11: an ID token is no access token); a signature that verifies.

use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

use super::algorithm::{AlgorithmSet, SigningAlgorithm};
use super::header::{Header, HeaderError};
use super::jwk::{JwkError, KeySet, VerificationKey};
use super::public::PublicKey;
use super::signer::{SigningKey, SigningKeyError};
use crate::encoding::from_base64url;

/// Longest accepted object in characters, unless a policy says otherwise.
pub const DEFAULT_MAX_CHARS: usize = 16 * 1024;

/// Which types (`typ`) are acceptable. Types are compared as media types: without regard to case, and with or without
/// `application/` (RFC 7515 §4.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredType {
    /// Exactly this one must be there, as in `at+jwt` (RFC 9068 §4).
    Exactly(&'static str),
    /// `JWT` or none: ID tokens and client assertions, whose standards name no type. Whoever accepts this tells
    /// kinds of token apart by their claims.
    JwtOrAbsent,
    /// The same, or this one: kinds whose standard came to name a type after they were in use.
    JwtAbsentOr(&'static str),
}

impl RequiredType {
    fn accepts(self, typ: Option<&str>) -> bool {
        match (self, typ) {
            (Self::Exactly(wanted), Some(typ)) => same_media_type(wanted, typ),
            (Self::JwtOrAbsent, Some(typ)) => same_media_type("JWT", typ),
            (Self::JwtAbsentOr(also), Some(typ)) => same_media_type("JWT", typ) || same_media_type(also, typ),
            (Self::Exactly(_), None) => false,
            (Self::JwtOrAbsent | Self::JwtAbsentOr(_), None) => true,
        }
    }
}

fn same_media_type(wanted: &str, typ: &str) -> bool {
    const PREFIX: &str = "application/";
    let short = match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => typ,
    };
    short.eq_ignore_ascii_case(wanted)
}

/// What one use of signatures accepts.
#[derive(Debug, Clone, Copy)]
pub struct VerificationPolicy {
    /// The algorithms that this use allows.
    pub algorithms: AlgorithmSet,
    /// The type that this use asks for.
    pub typ: RequiredType,
    /// Longest accepted object, in characters.
    pub max_chars: usize,
}

impl VerificationPolicy {
    /// A policy with the default size bound.
    pub const fn new(algorithms: AlgorithmSet, typ: RequiredType) -> Self {
        Self {
            algorithms,
            typ,
            max_chars: DEFAULT_MAX_CHARS,
        }
    }
}

impl VerificationPolicy {
    /// The algorithm of a header that this use allows, on an object of the type that it asks for.
    fn judge(&self, header: &Header) -> Result<SigningAlgorithm, VerifyError> {
        let algorithm: SigningAlgorithm = header.alg.parse().map_err(|_| VerifyError::Algorithm)?;
        if !self.algorithms.contains(algorithm) {
            return Err(VerifyError::Algorithm);
        }
        if !self.typ.accepts(header.typ.as_deref()) {
            return Err(VerifyError::Type);
        }
        Ok(algorithm)
    }
}

/// Why an object is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Longer than the policy's bound.
    #[error("the signed object is too large")]
    TooLarge,
    /// Not three parts of canonical base64url, or an empty one.
    #[error("the signed object is not a JWS in compact form")]
    Malformed,
    /// The header is refused.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// `none`, HMAC, unknown, or not among the policy's.
    #[error("the signature algorithm is not allowed here")]
    Algorithm,
    /// Another kind of object than is asked for.
    #[error("the signed object is not of the required type")]
    Type,
    /// No key of the set has this `kid`, or there is no `kid` and the set does not have exactly one key for the
    /// algorithm. Whoever can fetch a newer set may do so, within limits.
    #[error("no key of the signer goes with the signed object")]
    UnknownKey,
    /// The key is for another algorithm than the header says.
    #[error("the key is not for this signature algorithm")]
    KeyAlgorithm,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// The key that the object carries is not acceptable.
    #[error(transparent)]
    CarriedKey(#[from] JwkError),
}

/// The content of an object whose signature and header are in order. Claims are still to be judged.
#[derive(Debug, Clone)]
pub struct VerifiedJws {
    /// The protected header.
    pub header: Header,
    /// The algorithm that verified.
    pub algorithm: SigningAlgorithm,
    /// The payload: JSON if the object is a JWT.
    pub payload: Vec<u8>,
}

impl VerifiedJws {
    /// The payload read as JSON. A struct refuses members that occur twice; a map would keep the last.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, VerifyError> {
        serde_json::from_slice(&self.payload).map_err(|_| VerifyError::Malformed)
    }
}

/// Signs `payload` with `key` and writes the compact form: one signature and, for the usual types, three allocations.
pub fn sign_compact(key: &SigningKey, typ: Option<&str>, payload: &[u8]) -> Result<String, SigningKeyError> {
    let mut token = key.headers().with(typ, |header| {
        let capacity = header.len() + encoded_len(payload.len()) + 1 + encoded_len(key.signature_len());
        let mut token = String::with_capacity(capacity);
        token.push_str(header);
        token
    });
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let mut signature = String::with_capacity(encoded_len(key.signature_len()));
    key.sign_with(token.as_bytes(), |bytes| {
        URL_SAFE_NO_PAD.encode_string(bytes, &mut signature);
    })?;
    token.push('.');
    token.push_str(&signature);
    Ok(token)
}

fn encoded_len(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

/// Verifies a compact JWS against the keys of its supposed signer.
pub fn verify_compact(
    token: &str,
    keys: &KeySet,
    policy: &VerificationPolicy,
) -> Result<VerifiedJws, VerifyError> {
    let parts = Parts::of(token, policy)?;
    let header = Header::parse(parts.header)?;
    let algorithm = policy.judge(&header)?;
    let key = keys.select(header.kid.as_deref(), algorithm)?;
    parts.verify(header, algorithm, key)
}

/// Verifies a compact JWS against the key that it carries itself (`jwk`): it proves that its maker holds that key, and
/// nothing about who that is. Gives the key.
pub fn verify_carrying(
    token: &str,
    policy: &VerificationPolicy,
) -> Result<(VerifiedJws, PublicKey), VerifyError> {
    let parts = Parts::of(token, policy)?;
    let (header, jwk) = Header::parse_carrying(parts.header)?;
    let algorithm = policy.judge(&header)?;
    let carried = VerificationKey::from_jwk(&jwk)?;
    let key = carried
        .for_algorithm(algorithm)
        .ok_or(VerifyError::KeyAlgorithm)?;
    let verified = parts.verify(header, algorithm, key)?;
    Ok((verified, carried.public().clone()))
}

/// The three parts, and the two that are signed.
struct Parts<'t> {
    signed: &'t str,
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
}

impl<'t> Parts<'t> {
    fn of(token: &'t str, policy: &VerificationPolicy) -> Result<Self, VerifyError> {
        if token.len() > policy.max_chars {
            return Err(VerifyError::TooLarge);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(VerifyError::Malformed)?;
        if header.is_empty() || payload.is_empty() || signature.is_empty() || payload.contains('.') {
            return Err(VerifyError::Malformed);
        }
        Ok(Self {
            signed,
            header,
            payload,
            signature,
        })
    }

    fn verify(
        &self,
        header: Header,
        algorithm: SigningAlgorithm,
        key: &ParsedPublicKey,
    ) -> Result<VerifiedJws, VerifyError> {
        let signature = from_base64url(self.signature).ok_or(VerifyError::Malformed)?;
        key.verify_sig(self.signed.as_bytes(), &signature)
            .map_err(|_| VerifyError::Signature)?;
        let payload = from_base64url(self.payload).ok_or(VerifyError::Malformed)?;
        Ok(VerifiedJws {
            header,
            algorithm,
            payload,
        })
    }
}
