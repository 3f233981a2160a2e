//! Access tokens in the profile of RFC 9068.

use platform::encoding::{base64url, from_base64url};
use platform::keys::TimeClaims;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::FamilyId;
use crate::oauth::audience::Audience;
use crate::oauth::authorization_details::AuthorizationDetails;
use crate::realms::Realm;

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
    /// What the hub finds its family by; absent where there is no person.
    #[serde(default, rename = "musubi_grant", skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantReference>,
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

/// The family of a token, as nobody but the hub reads it: its key under a mask that only the realm can derive, another one
/// for each `jti`. It joins no two tokens, and does not say when the grant was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantReference(String);

impl GrantReference {
    /// Of a family, for the token with this `jti`.
    pub fn new(realm: &Realm, jti: &str, family: FamilyId) -> Self {
        Self(base64url(masked(realm, jti, family.uuid().into_bytes())))
    }

    /// The family; `None` if this is none of ours.
    pub fn family(&self, realm: &Realm, jti: &str) -> Option<FamilyId> {
        let bytes = from_base64url(&self.0)?.try_into().ok()?;
        Some(Uuid::from_bytes(masked(realm, jti, bytes)).into())
    }
}

fn masked(realm: &Realm, jti: &str, mut bytes: [u8; 16]) -> [u8; 16] {
    let mask = realm.token_hash("grant", jti);
    for (byte, mask) in bytes.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    bytes
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

/// `typ` of an access token.
pub(super) const TYPE: &str = "at+jwt";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;

    #[tokio::test]
    async fn a_grant_is_found_by_its_reference_with_the_tokens_own_jti_in_its_own_realm_only() {
        let (house, other) = (House::new().await, House::new().await);
        let family = FamilyId::new(&house.hub.entropy, house.hub.clock.now()).unwrap();
        let realm = &house.realm;
        let one = GrantReference::new(realm, "one", family);
        assert_eq!(one.family(realm, "one"), Some(family));
        assert_ne!(one.family(realm, "two"), Some(family));
        assert_ne!(one.family(&other.realm, "one"), Some(family));
        assert_ne!(one, GrantReference::new(realm, "two", family));
        for text in ["", "x", &family.to_string(), &"A".repeat(1000)] {
            assert_eq!(
                GrantReference(text.to_owned()).family(realm, "one"),
                None,
                "{text}"
            );
        }
    }

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
