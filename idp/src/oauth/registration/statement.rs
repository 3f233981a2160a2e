//! Software statements (RFC 7591 §2.3): metadata that somebody whom the realm trusts has signed.

use std::time::Duration;

use platform::clock::Instant;
use platform::keys::{AlgorithmSet, RequiredType, TimeClaims, TimeRules, VerificationPolicy, validate_times};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::model::{Policy, SoftwareIssuer, StatementRule};
use crate::hub::Hub;
use crate::oauth::clients::keys::{self, KeysError, Source};
use crate::realms::Realm;

/// Longest statement in characters.
const CHARS: usize = 16 * 1024;
/// Members that are about the statement, or that only the hub and the client settle between them.
const NOT_METADATA: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "software_statement",
    "client_id",
    "client_secret",
    "registration_access_token",
];

/// Why a statement does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// None is there, and one is needed.
    #[error("a software statement is needed to register here")]
    Missing,
    /// It is malformed, over, not for here, or its signature is wrong.
    #[error("the software statement is malformed, over, or not signed by its issuer")]
    Invalid,
    /// Nobody here believes its issuer, or any.
    #[error("the issuer of the software statement is not trusted here")]
    Unapproved,
    /// Its issuer's keys cannot be fetched.
    #[error("the keys of the software statement's issuer cannot be fetched")]
    Unavailable,
}

/// A statement that was verified: the metadata that it vouches for.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// As it was presented.
    pub text: String,
    members: Map<String, Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Option<Audience>,
    #[serde(flatten)]
    times: TimeClaims,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Statement {
    /// A statement that was verified when it was taken. What it vouches for stays so after its end.
    pub fn known(text: &str) -> Option<Self> {
        let payload = platform::encoding::from_base64url(text.split('.').nth(1)?)?;
        let mut members: Map<String, Value> = serde_json::from_slice(&payload).ok()?;
        members.retain(|name, _| !NOT_METADATA.contains(&name.as_str()));
        Some(Self {
            text: text.to_owned(),
            members,
        })
    }

    /// The body of a registration with what the statement says in place of what the client says (RFC 7591 §3.1.1).
    pub fn over(&self, body: &Value) -> Value {
        let mut all = body.as_object().cloned().unwrap_or_default();
        // A value in one form must not stand beside another's in the other form.
        if self.members.contains_key("jwks") || self.members.contains_key("jwks_uri") {
            all.remove("jwks");
            all.remove("jwks_uri");
        }
        all.extend(self.members.clone());
        Value::Object(all)
    }
}

/// Verifies the statement of a registration, if there is one and the policy takes them.
pub async fn verify(
    hub: &Hub,
    realm: &Realm,
    policy: &Policy,
    text: Option<&str>,
) -> Result<Option<Statement>, StatementError> {
    let text = match (text, policy.software_statement) {
        (None, StatementRule::Required) => return Err(StatementError::Missing),
        (None, _) => return Ok(None),
        (Some(_), StatementRule::Refused) => return Err(StatementError::Unapproved),
        (Some(text), _) => text,
    };
    if text.len() > CHARS {
        return Err(StatementError::Invalid);
    }
    let issuer = issuer_of(text).ok_or(StatementError::Invalid)?;
    let issuer = policy
        .software_issuers
        .iter()
        .find(|known| known.issuer == issuer);
    let issuer = issuer.ok_or(StatementError::Unapproved)?;
    let algorithms = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::JwtOrAbsent);
    let verified = keys::verify_from(hub, realm, source(issuer)?, text, &algorithms).await;
    let verified = verified.map_err(|error| match error {
        KeysError::Unavailable | KeysError::Refused => StatementError::Unavailable,
        KeysError::None | KeysError::Verify(_) => StatementError::Invalid,
    })?;
    let claims: Claims = verified.claims().map_err(|_| StatementError::Invalid)?;
    if !holds(&claims, issuer, realm, hub.clock.now()) {
        return Err(StatementError::Invalid);
    }
    Statement::known(text).map(Some).ok_or(StatementError::Invalid)
}

fn holds(claims: &Claims, issuer: &SoftwareIssuer, realm: &Realm, now: Instant) -> bool {
    let here = match &claims.aud {
        None => true,
        Some(Audience::One(one)) => *one == realm.issuer,
        Some(Audience::Many(many)) => many.contains(&realm.issuer),
    };
    let rules = TimeRules {
        require_exp: false,
        leeway: Duration::from_secs(10),
        max_lifetime: None,
    };
    claims.iss == issuer.issuer && here && validate_times(&claims.times, now, &rules).is_ok()
}

fn source(issuer: &SoftwareIssuer) -> Result<Source<'_>, StatementError> {
    match (&issuer.jwks, &issuer.jwks_uri) {
        (Some(jwks), _) => Source::here(jwks).map_err(|_| StatementError::Unavailable),
        (None, Some(uri)) => Ok(Source::There(uri)),
        (None, None) => Err(StatementError::Unapproved),
    }
}

/// Whose statement it says to be, before anything of it is verified: it only selects the keys.
fn issuer_of(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    let payload = platform::encoding::from_base64url(text.split('.').nth(1)?)?;
    let claimed: Claimed = serde_json::from_slice(&payload).ok()?;
    Some(claimed.iss)
}

#[cfg(test)]
mod tests {
    use platform::encoding::base64url;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_statement_says_stands_in_place_of_what_the_client_says() {
        let payload = json!({"iss": "https://trust.example", "exp": 1, "client_id": "x", "software_id": "4NRB1",
            "redirect_uris": ["https://rp.example/cb"], "jwks_uri": "https://rp.example/keys"});
        let text = format!("e30.{}.x", base64url(payload.to_string()));
        let statement = Statement::known(&text).unwrap();
        let body = json!({"redirect_uris": ["https://evil.example/cb"], "client_name": "Clinic", "jwks": {"keys": []},
            "software_id": "other"});
        assert_eq!(
            statement.over(&body),
            json!({"redirect_uris": ["https://rp.example/cb"], "client_name": "Clinic", "software_id": "4NRB1",
                "jwks_uri": "https://rp.example/keys"})
        );
    }
}
