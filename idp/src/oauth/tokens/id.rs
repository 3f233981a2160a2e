//! ID tokens.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use platform::encoding::base64url;
use platform::keys::{
    AlgorithmSet, KeySet, RequiredType, SigningAlgorithm, TimeClaims, VerificationPolicy, verify_compact,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The claims of an ID token (OpenID Connect Core 1.0 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdClaims {
    /// The realm's issuer.
    pub iss: String,
    /// The person as the client knows them.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// When it was made and when it is over.
    #[serde(flatten)]
    pub times: TimeClaims,
    /// When the person signed in, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// As in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How strongly the person signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How the person signed in (RFC 8176).
    pub amr: Vec<String>,
    /// Left half of the hash of the access token (§3.1.3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Left half of the hash of the code (§3.3.2.11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// The request that a pushed token answers (CIBA §10.3.1).
    #[serde(
        default,
        rename = "urn:openid:params:jwt:claim:auth_req_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub auth_req_id: Option<String>,
    /// Left half of the hash of the refresh token that is pushed with it (CIBA §10.3.1).
    #[serde(
        default,
        rename = "urn:openid:params:jwt:claim:rt_hash",
        skip_serializing_if = "Option::is_none"
    )]
    pub rt_hash: Option<String>,
    /// The session as the client knows it, if it has to do with its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Claims about the person (§5.1): those that were asked for by name, and where no access token is given, those of
    /// the scope (§5.4).
    #[serde(flatten)]
    pub person: Map<String, Value>,
}

/// `at_hash`, `c_hash` and `rt_hash`: the left half of the hash that the algorithm of the signature uses, which is SHA-512 in Ed25519
/// (RFC 8032 §5.1) and SHA-256 in the others of the house.
pub(super) fn half_hash(algorithm: SigningAlgorithm, text: &str) -> String {
    let hash = match algorithm {
        SigningAlgorithm::EdDsa => digest(&SHA512, text.as_bytes()),
        SigningAlgorithm::Es256 | SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => {
            digest(&SHA256, text.as_bytes())
        }
    };
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    base64url(left)
}

/// Reads an ID token of ours that comes back as a hint: its signature and issuer count, its age does not
/// (OpenID Connect Core 1.0 §3.1.2.1, RP-Initiated Logout 1.0 §2).
pub fn read_hint(token: &str, keys: &KeySet, issuer: &str) -> Option<IdClaims> {
    let policy = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::JwtOrAbsent);
    let claims: IdClaims = verify_compact(token, keys, &policy).ok()?.claims().ok()?;
    (claims.iss == issuer).then_some(claims)
}
