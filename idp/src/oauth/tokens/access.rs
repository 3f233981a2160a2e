//! Access tokens in the profile of RFC 9068.

use platform::keys::TimeClaims;
use serde::{Deserialize, Serialize};

use crate::ids::FamilyId;

/// The claims of an access token (RFC 9068 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The realm's issuer.
    pub iss: String,
    /// The person as the client knows them, or the client itself where there is no person.
    pub sub: String,
    /// Where it may be used.
    pub aud: String,
    /// For whom it was made.
    pub client_id: String,
    /// When it was made and when it is over.
    #[serde(flatten)]
    pub times: TimeClaims,
    /// Unique.
    pub jti: String,
    /// What it reaches.
    pub scope: String,
    /// The family that it belongs to; absent where there is no person.
    #[serde(default, rename = "musubi_grant", skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// When the person signed in, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

/// `typ` of an access token.
pub(super) const TYPE: &str = "at+jwt";
