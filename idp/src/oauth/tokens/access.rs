//! Access tokens in the profile of RFC 9068.

use platform::keys::TimeClaims;
use serde::{Deserialize, Serialize};

use crate::ids::FamilyId;
use crate::oauth::audience::Audience;
use crate::oauth::authorization_details::AuthorizationDetails;

/// The claims of an access token (RFC 9068 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The realm's issuer.
    pub iss: String,
    /// The person as the client knows them, or the client itself where there is no person.
    pub sub: String,
    /// Where it may be used: the realm's issuer means its own resources (RFC 8707).
    pub aud: Audience,
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
    /// How strongly (OpenID Connect Core 1.0 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Whoever presents it must prove to hold this (RFC 7800 §3.1). Absent: whoever has it may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the subject (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// Who may come to act for the subject (RFC 8693 §4.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<Actor>,
    /// What it reaches, more exactly (RFC 9396 §9.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<AuthorizationDetails>,
}

/// What a token is bound to: one thing, that its holder must show to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// A key, by its thumbprint (RFC 9449 §6.1).
    #[serde(rename = "jkt")]
    Key(String),
    /// A certificate, by its SHA-256 (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256")]
    Certificate(String),
}

/// A party that acts for another, with those that it acts through (RFC 8693 §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Who.
    pub sub: String,
    /// In whose words, if not the token's issuer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// By which client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Who acted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Actor>>,
}

/// `typ` of an access token.
pub(super) const TYPE: &str = "at+jwt";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_is_written_as_rfc_9449_and_rfc_8705_write_it() {
        for (confirmation, written) in [
            (Confirmation::Key("k".to_owned()), r#"{"jkt":"k"}"#),
            (Confirmation::Certificate("c".to_owned()), r#"{"x5t#S256":"c"}"#),
        ] {
            assert_eq!(serde_json::to_string(&confirmation).unwrap(), written);
            assert_eq!(
                serde_json::from_str::<Confirmation>(written).unwrap(),
                confirmation
            );
        }
        for other in ["{}", r#"{"kid":"k"}"#, r#"{"jkt":"a","x5t#S256":"b"}"#] {
            assert!(serde_json::from_str::<Confirmation>(other).is_err(), "{other}");
        }
    }
}
impl Actor {
    /// A client.
    pub fn of(client_id: &str) -> Self {
        Self {
            sub: client_id.to_owned(),
            iss: None,
            client_id: None,
            act: None,
        }
    }
}

