//! ID tokens.

use platform::encoding::base64url;
use platform::keys::{
    AlgorithmSet, KeySet, RequiredType, TimeClaims, VerificationPolicy, sha256, verify_compact,
};
use serde::{Deserialize, Serialize};

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
    /// The session as the client knows it.
    pub sid: String,
}

/// `at_hash`: every algorithm of the house hashes with SHA-256, or with SHA-512 in EdDSA, where it is left out.
pub(super) fn at_hash(access_token: &str) -> String {
    let hash = sha256(access_token.as_bytes());
    let (left, _) = hash.split_at(16);
    base64url(left)
}

/// Reads an ID token of ours that comes back as a hint: its signature and issuer count, its age does not
/// (OpenID Connect Core 1.0 §3.1.2.1, RP-Initiated Logout 1.0 §2).
pub fn read_hint(token: &str, keys: &KeySet, issuer: &str) -> Option<IdClaims> {
    let policy = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::JwtOrAbsent);
    let claims: IdClaims = verify_compact(token, keys, &policy).ok()?.claims().ok()?;
    (claims.iss == issuer).then_some(claims)
}
