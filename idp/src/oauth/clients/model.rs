//! What a client says about itself, with the standards' defaults and what this hub accepts.

use platform::keys::{KeySet, SigningAlgorithm};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

use super::redirect::is_registrable;
use super::token_members::TokenMembers;
use crate::oauth::Scope;

/// `token_endpoint_auth_method`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// HTTP Basic with the client secret; the standard's default.
    #[default]
    ClientSecretBasic,
    /// The client secret in the form.
    ClientSecretPost,
    /// A signed assertion (RFC 7523 §2.2).
    PrivateKeyJwt,
    /// A public client.
    None,
}

impl AuthMethod {
    /// Whether it rests on a shared secret.
    pub fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// `grant_types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
}

/// `response_types`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseType {
    /// The code flow.
    Code,
}

/// `application_type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Runs on a server; the standard's default.
    #[default]
    Web,
    /// Runs on a device (RFC 8252).
    Native,
}

/// `subject_type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same `sub` for every client.
    #[default]
    Public,
    /// A `sub` per sector.
    Pairwise,
}

fn default_grant_types() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

fn default_response_types() -> Vec<ResponseType> {
    vec![ResponseType::Code]
}

fn default_algorithm() -> SigningAlgorithm {
    SigningAlgorithm::Rs256
}

/// Client metadata. Members that are not here are ignored (RFC 7591 §2), except those in [`Metadata::REFUSED`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Metadata {
    /// Where answers may go.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// How the client proves who it is.
    #[serde(default)]
    pub token_endpoint_auth_method: AuthMethod,
    /// Which grants it uses.
    #[serde(default = "default_grant_types")]
    pub grant_types: Vec<GrantType>,
    /// Which response types it uses.
    #[serde(default = "default_response_types")]
    pub response_types: Vec<ResponseType>,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Its home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// The scopes that it may ask for; absent: those about a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Whom to ask about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<String>>,
    /// Its public keys, by value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Web or native.
    #[serde(default)]
    pub application_type: ApplicationType,
    /// Public or pairwise subjects.
    #[serde(default)]
    pub subject_type: SubjectType,
    /// The algorithm of its ID tokens; the standard's default is RS256.
    #[serde(default = "default_algorithm")]
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// The algorithm of its assertions; absent: any that its keys have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<SigningAlgorithm>,
    /// Where people may be sent after sign-out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Seconds after which a sign-in must be renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Classes of sign-in (`acr`) that it asks for where a request names none, the one that it likes best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Whether ID tokens always say when the person signed in.
    #[serde(default)]
    pub require_auth_time: bool,
    /// The identity of its software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// The version of its software.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// What it says about its tokens.
    #[serde(flatten)]
    pub tokens: TokenMembers,
}

/// Metadata that this hub refuses; each with what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// A redirect URI.
    #[error("{0}")]
    RedirectUri(&'static str),
    /// Anything else.
    #[error("{0}")]
    Other(&'static str),
}

impl Metadata {
    /// Members that change what the client may trust the answers to mean, and that this version does not implement:
    /// ignoring them would be a lie.
    pub const REFUSED: &[&str] = &[
        "jwks_uri",
        "sector_identifier_uri",
        "request_uris",
        "id_token_encrypted_response_alg",
        "userinfo_signed_response_alg",
        "userinfo_encrypted_response_alg",
        "request_object_encryption_alg",
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
        "software_statement",
    ];

    /// Members that ask for more protection than this version gives: taken in silence, they would be a false promise.
    pub const REFUSED_IF_TRUE: &[&str] = &[
        "require_signed_request_object",
        "require_pushed_authorization_requests",
        "tls_client_certificate_bound_access_tokens",
    ];

    /// Reads and checks metadata. `secure`: the realm is served over HTTPS.
    pub fn from_json(value: &Value, secure: bool) -> Result<Self, InvalidMetadata> {
        let members = value
            .as_object()
            .ok_or(InvalidMetadata::Other("client metadata is a JSON object"))?;
        if Self::REFUSED
            .iter()
            .any(|name| members.get(*name).is_some_and(|member| !member.is_null()))
        {
            return Err(InvalidMetadata::Other(
                "a member of the metadata asks for something that is not supported here",
            ));
        }
        if Self::REFUSED_IF_TRUE
            .iter()
            .any(|name| members.get(*name) == Some(&Value::Bool(true)))
        {
            return Err(InvalidMetadata::Other(
                "a member of the metadata asks for a protection that is not supported here",
            ));
        }
        let mut metadata: Self = serde_json::from_value(value.clone()).map_err(|_| {
            InvalidMetadata::Other("a member of the metadata has a value that is not supported here")
        })?;
        metadata.client_name = metadata.client_name.filter(|name| !name.trim().is_empty());
        metadata.check(secure)?;
        Ok(metadata)
    }

    fn check(&self, secure: bool) -> Result<(), InvalidMetadata> {
        let codes = self.grant_types.contains(&GrantType::AuthorizationCode);
        if codes && self.redirect_uris.is_empty() {
            return Err(InvalidMetadata::RedirectUri(
                "the authorization code grant needs a redirect URI",
            ));
        }
        if self.redirect_uris.len() > 20 || self.post_logout_redirect_uris.len() > 20 {
            return Err(InvalidMetadata::RedirectUri("at most 20 redirect URIs are taken"));
        }
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            is_registrable(uri, self.application_type, secure).map_err(InvalidMetadata::RedirectUri)?;
        }
        if self.response_types.contains(&ResponseType::Code) && !codes && !self.redirect_uris.is_empty() {
            return Err(InvalidMetadata::Other(
                "response type code goes with grant type authorization_code",
            ));
        }
        let confidential_only = self.grant_types.contains(&GrantType::ClientCredentials);
        if confidential_only && self.token_endpoint_auth_method == AuthMethod::None {
            return Err(InvalidMetadata::Other(
                "client credentials are not for public clients",
            ));
        }
        self.tokens.check()?;
        self.check_keys()?;
        self.check_texts()?;
        self.check_sector()
    }

    fn check_keys(&self) -> Result<(), InvalidMetadata> {
        if self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt && self.jwks.is_none() {
            return Err(InvalidMetadata::Other("private_key_jwt needs jwks"));
        }
        if let Some(jwks) = &self.jwks {
            KeySet::parse(&jwks.to_string())
                .map_err(|_| InvalidMetadata::Other("jwks has a key that is not taken"))?;
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), InvalidMetadata> {
        if self
            .client_name
            .as_ref()
            .is_some_and(|name| name.chars().count() > 100 || name.chars().any(char::is_control))
        {
            return Err(InvalidMetadata::Other(
                "client_name has at most 100 characters, none of them a control character",
            ));
        }
        for uri in [&self.client_uri, &self.policy_uri, &self.tos_uri]
            .into_iter()
            .flatten()
        {
            if !(uri.starts_with("https://") || uri.starts_with("http://localhost")) || uri.len() > 2000 {
                return Err(InvalidMetadata::Other("links about a client start with https://"));
            }
        }
        if self
            .scope
            .as_ref()
            .is_some_and(|scope| Scope::parse(scope).is_err())
        {
            return Err(InvalidMetadata::Other("scope is not well-formed"));
        }
        let contacts = self.contacts.as_deref().unwrap_or_default();
        if contacts.len() > 10 || contacts.iter().any(|contact| contact.len() > 254) {
            return Err(InvalidMetadata::Other("at most 10 contacts are taken"));
        }
        Ok(())
    }

    /// Pairwise subjects need one sector: all redirect URIs on one host (OpenID Connect Core 1.0 §8.1).
    fn check_sector(&self) -> Result<(), InvalidMetadata> {
        if self.subject_type == SubjectType::Pairwise && self.sector().is_none() {
            return Err(InvalidMetadata::Other(
                "pairwise subjects need redirect URIs on one host",
            ));
        }
        Ok(())
    }

    /// Whether `other` is, to people and to whom their data goes, the same client.
    pub fn is_same_party(&self, other: &Self) -> bool {
        self.redirect_uris == other.redirect_uris
            && self.client_name == other.client_name
            && self.policy_uri == other.policy_uri
            && self.tos_uri == other.tos_uri
            && self.application_type == other.application_type
            && self.token_endpoint_auth_method == other.token_endpoint_auth_method
    }

    /// Whether subjects under `other` are the same: a client that changed its sector would learn the subjects of
    /// another (OpenID Connect Core 1.0 §8.1).
    pub fn has_same_subjects(&self, other: &Self) -> bool {
        self.subject_type == other.subject_type
            && (self.subject_type == SubjectType::Public || self.sector() == other.sector())
    }

    /// The host that all redirect URIs share.
    pub fn sector(&self) -> Option<String> {
        let host = |uri: &String| {
            url::Url::parse(uri)
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned))
        };
        let first = self.redirect_uris.first().and_then(host)?;
        self.redirect_uris
            .iter()
            .all(|uri| host(uri).as_ref() == Some(&first))
            .then_some(first)
    }
}

/// A registered client.
#[derive(Debug, Clone)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// Its metadata.
    pub metadata: Metadata,
    /// The scopes that it may ask for.
    pub scope: Scope,
    /// Its own keys, parsed once.
    pub keys: Option<Arc<KeySet>>,
    /// Keyed hash of its secret.
    pub(super) secret_hash: Option<[u8; 32]>,
    /// It registered by itself, and nobody here has looked at it.
    pub self_registered: bool,
}

impl Client {
    /// What people call it.
    pub fn name(&self) -> &str {
        self.metadata.client_name.as_deref().unwrap_or(&self.id)
    }

    /// Whether it has nothing to prove who it is with.
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == AuthMethod::None
    }

    /// Whether it may use a grant.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_gets_the_standards_default() {
        let metadata = Metadata::from_json(
            &json!({"redirect_uris": ["https://rp.example/cb"], "unknown": 1}),
            false,
        )
        .unwrap();
        assert_eq!(metadata.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
        assert_eq!(metadata.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(metadata.response_types, [ResponseType::Code]);
        assert_eq!(metadata.id_token_signed_response_alg, SigningAlgorithm::Rs256);
        assert_eq!(metadata.subject_type, SubjectType::Public);
    }

    #[test]
    fn metadata_that_would_not_be_honoured_is_refused() {
        for (name, value) in [
            ("jwks_uri", json!("https://rp.example/jwks")),
            ("token_endpoint_auth_method", json!("client_secret_jwt")),
            ("id_token_signed_response_alg", json!("none")),
            ("id_token_signed_response_alg", json!("HS256")),
            ("response_types", json!(["token"])),
            ("grant_types", json!(["implicit"])),
            ("userinfo_signed_response_alg", json!("RS256")),
        ] {
            let mut metadata = json!({"redirect_uris": ["https://rp.example/cb"]});
            metadata[name] = value;
            assert!(
                matches!(
                    Metadata::from_json(&metadata, false),
                    Err(InvalidMetadata::Other(_))
                ),
                "{name}"
            );
        }
    }

    #[test]
    fn pairwise_subjects_need_one_sector() {
        let two = json!({"redirect_uris": ["https://a.example/", "https://b.example/"], "subject_type": "pairwise"});
        assert!(Metadata::from_json(&two, false).is_err());
        let one = json!({"redirect_uris": ["https://a.example/1", "https://a.example/2"], "subject_type": "pairwise"});
        assert_eq!(
            Metadata::from_json(&one, false).unwrap().sector().as_deref(),
            Some("a.example")
        );
    }

    #[test]
    fn a_public_client_cannot_have_client_credentials() {
        let metadata = json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"});
        assert!(Metadata::from_json(&metadata, false).is_err());
    }
}
