//! A registration policy, and what it lets pass.

use std::net::IpAddr;

use platform::keys::KeySet;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use utoipa::ToSchema;

use crate::oauth::ResponseType;
use crate::oauth::Scope;
use crate::oauth::clients::metadata::is_callable;
use crate::oauth::clients::{ByReference, GrantType, InvalidMetadata, Metadata, ObjectSigning};
use crate::oauth::scope::PERSON_SCOPES;

/// The policy for whoever has no initial access token, and for tokens that name none.
pub const DEFAULT: &str = "default";
/// Most entries of a list.
const ENTRIES: usize = 100;

/// What clients that register by themselves may become.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = RegistrationPolicy)]
pub struct Policy {
    /// Whether anybody may register without an initial access token. Only the policy `default` can be open.
    pub open: bool,
    /// The grant types that may be registered; absent: those that OAuth 2.1 has, not `implicit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<GrantType>>,
    /// The response types that may be registered; absent: `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub response_types: Option<Vec<ResponseType>>,
    /// The scopes that may be asked for, of those about a person; absent: all of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The hosts of redirect URIs: `rp.example`, `*.example.jp` for every name below, `jp.example.app:` for a private
    /// scheme; absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_hosts: Option<Vec<String>>,
    /// Whether software statements are taken (RFC 7591 §2.3).
    pub software_statement: StatementRule,
    /// Whose software statements are believed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub software_issuers: Vec<SoftwareIssuer>,
    /// Whether requests are fetched from addresses that clients registered (`request_uri`), and whether unsigned request
    /// objects are taken.
    pub request_by_reference: ByReference,
    /// For how many days a client's secret is good; absent: until it is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_days: Option<u32>,
}

/// Whether software statements are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementRule {
    /// A registration with one is refused: nobody here is believed.
    #[default]
    Refused,
    /// A registration may have one.
    Accepted,
    /// A registration needs one.
    Required,
}

/// Somebody who vouches for software.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SoftwareIssuer {
    /// `iss` of its statements.
    pub issuer: String,
    /// Its public keys (RFC 7517 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<Value>,
    /// Where its public keys are; never together with `jwks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
}

/// A policy that cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidPolicy(pub &'static str);

/// Metadata that a policy does not let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A grant type.
    #[error("a grant type may not be registered here")]
    GrantType,
    /// A response type.
    #[error("a response type may not be registered here")]
    ResponseType,
    /// Request objects without a signature.
    #[error("request_object_signing_alg none may not be registered here")]
    Unsigned,
    /// The host of a redirect URI.
    #[error("redirect URIs to this host may not be registered here")]
    RedirectHost,
}

impl From<PolicyError> for InvalidMetadata {
    fn from(error: PolicyError) -> Self {
        match error {
            PolicyError::GrantType => Self::Other("a grant type may not be registered here"),
            PolicyError::ResponseType => Self::Other("a response type may not be registered here"),
            PolicyError::Unsigned => {
                Self::Other("request_object_signing_alg none may not be registered here")
            }
            PolicyError::RedirectHost => {
                Self::RedirectUri("redirect URIs to this host may not be registered here")
            }
        }
    }
}

impl Policy {
    /// Refuses what cannot be meant. `secure`: the realm is served over HTTPS.
    pub fn validate(&self, name: &str, secure: bool) -> Result<(), InvalidPolicy> {
        let letters = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(letters) {
            return Err(InvalidPolicy(
                "a policy's name is of 1 to 64 lower-case letters, digits and hyphens",
            ));
        }
        if self.open && name != DEFAULT {
            return Err(InvalidPolicy("only the policy `default` can be open"));
        }
        let lengths = [
            self.grant_types.as_ref().map_or(0, Vec::len),
            self.response_types.as_ref().map_or(0, Vec::len),
            self.scopes.as_ref().map_or(0, Vec::len),
            self.redirect_hosts.as_ref().map_or(0, Vec::len),
            self.software_issuers.len(),
        ];
        if lengths.iter().any(|length| *length > ENTRIES) {
            return Err(InvalidPolicy("a list has at most 100 entries"));
        }
        let scopes = self.scopes.iter().flatten();
        if scopes
            .into_iter()
            .any(|scope| !PERSON_SCOPES.contains(&scope.as_str()))
        {
            return Err(InvalidPolicy("scopes are those about a person"));
        }
        let hosts = self.redirect_hosts.iter().flatten();
        if !hosts.into_iter().all(|host| is_pattern(host)) {
            return Err(InvalidPolicy(
                "a redirect host is rp.example, *.example.jp or jp.example.app: in lower case",
            ));
        }
        if self.software_statement == StatementRule::Required && self.software_issuers.is_empty() {
            return Err(InvalidPolicy(
                "a software statement is required of nobody who is believed",
            ));
        }
        if self.secret_days == Some(0) {
            return Err(InvalidPolicy("a secret is good for a day at least"));
        }
        self.software_issuers
            .iter()
            .try_for_each(|issuer| issuer.validate(secure))
    }

    /// The metadata as it may be registered: scopes beyond the policy are left out (RFC 7591 §2 lets the server choose
    /// them), everything else beyond it is refused.
    pub fn apply(&self, mut metadata: Metadata) -> Result<Metadata, PolicyError> {
        metadata.tokens = metadata.tokens.of_a_stranger();
        metadata.grants = metadata.grants.of_a_stranger();
        let grant = |grant: &GrantType| match &self.grant_types {
            Some(allowed) => allowed.contains(grant),
            None => *grant != GrantType::Implicit,
        };
        if !metadata.grant_types.iter().all(grant) {
            return Err(PolicyError::GrantType);
        }
        let response = |response: &ResponseType| match &self.response_types {
            Some(allowed) => allowed.contains(response),
            None => *response == ResponseType::CODE,
        };
        if !metadata.response_types.iter().all(response) {
            return Err(PolicyError::ResponseType);
        }
        let unsigned = metadata.objects.request_object_signing_alg == Some(ObjectSigning::Unsigned);
        if unsigned && self.request_by_reference != ByReference::Unsigned {
            return Err(PolicyError::Unsigned);
        }
        if let Some(hosts) = &self.redirect_hosts {
            let redirects = metadata
                .redirect_uris
                .iter()
                .chain(&metadata.post_logout_redirect_uris);
            let is_allowed = |uri: &String| hosts.iter().any(|pattern| goes_to(uri, pattern));
            if !redirects.into_iter().all(is_allowed) {
                return Err(PolicyError::RedirectHost);
            }
        }
        let may = |scope: &str| {
            let allowed = self.scopes.as_ref();
            PERSON_SCOPES.contains(&scope)
                && allowed.is_none_or(|allowed| allowed.iter().any(|one| one == scope))
        };
        let asked = metadata.scope.as_deref().map(Scope::parse);
        metadata.scope = match (asked, &self.scopes) {
            (Some(Ok(asked)), _) => Some(asked.filtered(may).to_string()),
            (_, Some(_)) => Some(
                PERSON_SCOPES
                    .iter()
                    .copied()
                    .filter(|one| may(one))
                    .collect::<Vec<_>>()
                    .join(" "),
            ),
            (_, None) => None,
        };
        Ok(metadata)
    }
}

impl SoftwareIssuer {
    fn validate(&self, secure: bool) -> Result<(), InvalidPolicy> {
        if self.issuer.is_empty() || self.issuer.len() > 500 {
            return Err(InvalidPolicy("the issuer of software statements has a name"));
        }
        match (&self.jwks, &self.jwks_uri) {
            (Some(jwks), None) => match KeySet::parse(&jwks.to_string()) {
                Ok(keys) if !keys.keys().is_empty() => Ok(()),
                _ => Err(InvalidPolicy(
                    "jwks of an issuer of software statements has no key that is taken",
                )),
            },
            (None, Some(uri)) if is_callable(uri, secure) => Ok(()),
            _ => Err(InvalidPolicy(
                "an issuer of software statements has jwks, or jwks_uri with an https URL",
            )),
        }
    }
}

fn is_pattern(pattern: &str) -> bool {
    if let Some(scheme) = pattern.strip_suffix(':') {
        return scheme.contains('.')
            && Url::parse(&format!("{scheme}:/")).is_ok_and(|url| url.scheme() == scheme);
    }
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    if name.contains('*') {
        return false;
    }
    let host = name.trim_start_matches('[').trim_end_matches(']');
    if host.parse::<IpAddr>().is_ok() {
        return name == pattern;
    }
    Url::parse(&format!("https://{name}/")).is_ok_and(|url| url.host_str() == Some(name) && url.path() == "/")
}

/// Whether a redirect URI goes to the host, or has the private scheme, of a pattern.
fn goes_to(uri: &str, pattern: &str) -> bool {
    let Ok(url) = Url::parse(uri) else {
        return false;
    };
    if let Some(scheme) = pattern.strip_suffix(':') {
        return url.scheme() == scheme;
    }
    let Some(host) = url
        .host_str()
        .filter(|_| matches!(url.scheme(), "https" | "http"))
    else {
        return false;
    };
    match pattern.strip_prefix('*') {
        Some(below) => host.len() > below.len() && host.ends_with(below),
        None => host == pattern,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(value: &Value) -> Metadata {
        Metadata::from_json(value, false).unwrap()
    }

    #[test]
    fn without_rules_a_client_gets_what_is_about_people_and_the_code_flow() {
        let policy = Policy::default();
        let asked = metadata(&json!({"redirect_uris": ["https://rp.example/cb"],
            "scope": "openid musubi:clients.write email other"}));
        assert_eq!(
            policy.apply(asked).unwrap().scope.as_deref(),
            Some("email openid")
        );
        let silent = metadata(&json!({"redirect_uris": ["https://rp.example/cb"]}));
        assert_eq!(policy.apply(silent).unwrap().scope, None);
    }

    #[test]
    fn what_a_policy_does_not_name_is_refused() {
        let policy: Policy = serde_json::from_value(json!({
            "grant_types": ["authorization_code"],
            "scopes": ["openid"],
            "redirect_hosts": ["rp.example", "*.clinic.example", "jp.example.app:"],
        }))
        .unwrap();
        assert_eq!(policy.validate("partners", true), Ok(()));
        let with = |uri: &str, grants: Value| {
            policy.apply(metadata(
                &json!({"redirect_uris": [uri], "application_type": "native", "grant_types": grants}),
            ))
        };
        let code = || json!(["authorization_code"]);
        for uri in [
            "https://rp.example/cb",
            "https://a.clinic.example/",
            "https://a.b.clinic.example/",
            "jp.example.app:/cb",
        ] {
            assert_eq!(
                with(uri, code()).unwrap().scope.as_deref(),
                Some("openid"),
                "{uri}"
            );
        }
        for uri in [
            "https://clinic.example/",
            "https://evilclinic.example/",
            "https://rp.example.evil.example/",
            "https://evil.example/rp.example",
            "https://rp.example.:443/cb",
            "jp.example.app2:/cb",
            "http://127.0.0.1/cb",
        ] {
            assert_eq!(with(uri, code()).unwrap_err(), PolicyError::RedirectHost, "{uri}");
        }
        let more = json!(["authorization_code", "refresh_token"]);
        assert_eq!(
            with("https://rp.example/cb", more).unwrap_err(),
            PolicyError::GrantType
        );
    }

    #[test]
    fn a_policy_that_cannot_be_meant_is_refused() {
        for policy in [
            json!({"scopes": ["musubi:clients.write"]}),
            json!({"redirect_hosts": ["https://rp.example"]}),
            json!({"redirect_hosts": ["*"]}),
            json!({"redirect_hosts": ["RP.example"]}),
            json!({"redirect_hosts": ["rp.example/path"]}),
            json!({"redirect_hosts": ["*.10.0.0.1"]}),
            json!({"redirect_hosts": ["https:"]}),
            json!({"software_statement": "required"}),
            json!({"software_issuers": [{"issuer": "https://trust.example"}]}),
            json!({"software_issuers": [{"issuer": "https://trust.example", "jwks": {"keys": []}}]}),
            json!({"software_issuers": [{"issuer": "https://trust.example", "jwks_uri": "http://trust.example"}]}),
            json!({"secret_days": 0}),
        ] {
            let read: Policy = serde_json::from_value(policy.clone()).unwrap();
            assert!(read.validate(DEFAULT, false).is_err(), "{policy}");
        }
        let open = Policy {
            open: true,
            ..Policy::default()
        };
        assert_eq!(open.validate(DEFAULT, true), Ok(()));
        assert!(open.validate("partners", true).is_err());
        for name in ["", "Partners", "a b", "../x", &"x".repeat(65)] {
            assert!(Policy::default().validate(name, true).is_err(), "{name}");
        }
        assert!(serde_json::from_value::<Policy>(json!({"opne": true})).is_err());
    }
}
