//! Whose assertions count, and what they say.

use platform::keys::{KeySet, TimeClaims};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::oauth::clients::metadata::is_callable;
use crate::oauth::{Audience, Scope};

/// What `sub` of an issuer's assertions is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// The login name of a person.
    Login,
    /// The e-mail address of a person, who has confirmed it.
    Email,
}

/// An issuer that is trusted for one client. Only an administrator names one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssertionIssuer {
    /// `iss` of its assertions.
    pub issuer: String,
    /// Its public keys (RFC 7517 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<Value>,
    /// Where its public keys are; never together with `jwks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// What `sub` is.
    pub subject: SubjectKind,
    /// What tokens may reach.
    pub scope: String,
}

impl AssertionIssuer {
    /// Whether it is one that can be kept. `secure`: the realm is served over HTTPS.
    pub fn is_well_formed(&self, secure: bool) -> bool {
        let named = !self.issuer.is_empty() && self.issuer.len() <= 500;
        let keys = match (&self.jwks, &self.jwks_uri) {
            (Some(jwks), None) => KeySet::parse(&jwks.to_string()).is_ok(),
            (None, Some(uri)) => is_callable(uri, secure),
            _ => false,
        };
        named && keys && Scope::parse(&self.scope).is_ok()
    }
}

/// The claims of an assertion (RFC 7523 §3).
#[derive(Debug, Deserialize)]
pub struct Assertion {
    /// Who says it.
    pub iss: String,
    /// Of whom.
    pub sub: String,
    /// To whom.
    pub aud: Audience,
    /// Unique.
    pub jti: String,
    /// When.
    #[serde(flatten)]
    pub times: TimeClaims,
}
