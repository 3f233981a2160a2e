//! What a client says about itself (RFC 7591 §2, OpenID Connect Registration 1.0 §2): typed, with the standards' defaults,
//! and checked before it is kept.
//!
//! | file | members |
//! |---|---|
//! | `mod` | what every client has |
//! | `kinds` | the values that members choose from |
//! | `about` | what people are told |
//! | `logout_members` | how it is told that a session has ended |
//! | `grant_members` | introspection, token exchange, assertions, the back channel |
//! | `sector` | subjects |
//! | `object_members` | requests, answers and tokens as signed and encrypted objects |
//! | `token_members` | tokens |
//! | `uris` | which addresses are taken |
//!
//! A capability whose members are more than a few has them in a struct of its own in a file of its own here, flattened into
//! [`Metadata`], with a `check` that [`Metadata::from_json`] calls. It derives `ToSchema`, which makes the admin API take
//! and describe its members.

mod about;
mod grant_members;
mod kinds;
mod logout_members;
mod object_members;
mod sector;
mod token_members;
mod uris;

use platform::keys::{KeySet, SigningAlgorithm};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use about::{About, Translations};
pub use grant_members::GrantMembers;
pub use kinds::{ApplicationType, AuthMethod, GrantType, SecurityProfile, SubjectType};
pub use logout_members::LogoutMembers;
pub use object_members::{ObjectMembers, ObjectSigning};
pub use token_members::TokenMembers;
pub use uris::{is_callable, is_web_page};

use super::redirect::is_registrable;
use crate::oauth::{ResponseType, Scope};

/// Most redirect URIs of a kind.
const URIS: usize = 20;
/// Most `default_acr_values`.
const ACR_VALUES: usize = 10;

fn default_grant_types() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

fn default_response_types() -> Vec<ResponseType> {
    vec![ResponseType::CODE]
}

fn default_algorithm() -> SigningAlgorithm {
    SigningAlgorithm::Rs256
}

/// Client metadata. Members that are not here are ignored (RFC 7591 §2), except those in [`Metadata::REFUSED`].
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = ClientMetadata)]
pub struct Metadata {
    /// Where answers may go; compared exactly.
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
    #[schema(value_type = Vec<String>)]
    pub response_types: Vec<ResponseType>,
    /// What people are told.
    #[serde(flatten)]
    pub about: About,
    /// The scopes that it may ask for, separated by spaces; absent: those about a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Its public keys, by value (RFC 7517 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<Value>,
    /// Where its public keys are; never together with `jwks`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Web or native.
    #[serde(default)]
    pub application_type: ApplicationType,
    /// Public or pairwise subjects.
    #[serde(default)]
    pub subject_type: SubjectType,
    /// Where a list of all redirect URIs of its sector is (OpenID Connect Registration 1.0 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// The algorithm of its ID tokens; the standard's default is RS256.
    #[serde(default = "default_algorithm")]
    #[schema(value_type = String)]
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// The algorithm of its assertions; absent: any that its keys have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub token_endpoint_auth_signing_alg: Option<SigningAlgorithm>,
    /// Where people may be sent after sign-out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// How it wants to be told that a session has ended.
    #[serde(flatten)]
    pub logout: LogoutMembers,
    /// Seconds after which a sign-in must be renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Whether ID tokens always say when the person signed in.
    #[serde(default)]
    pub require_auth_time: bool,
    /// How sure of the person a sign-in is to be, in order of preference, where a request does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Where a sign-in that begins at the hub starts (OpenID Connect Core 1.0 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Where its request objects are, compared exactly; one without a fragment may be asked for with the hash of what is
    /// there. They are fetched only where an administrator or a policy says so (`request_by_reference`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
    /// Stricter rules that it wants to be held to.
    #[serde(default, skip_serializing_if = "SecurityProfile::is_standard")]
    pub musubi_security_profile: SecurityProfile,
    /// What it says about its tokens.
    #[serde(flatten)]
    pub tokens: TokenMembers,
    /// What it says about introspection, token exchange, assertions and the back channel.
    #[serde(flatten)]
    pub grants: GrantMembers,
    /// What it says about signed and encrypted objects.
    #[serde(flatten)]
    pub objects: ObjectMembers,
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
    pub const REFUSED: &[&str] = &["software_statement"];

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
        // A member that is null is one that is absent (RFC 7591 §2).
        let given = members.iter().filter(|(_, value)| !value.is_null());
        let given: serde_json::Map<_, _> = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut metadata: Self = serde_json::from_value(Value::Object(given)).map_err(|_| {
            InvalidMetadata::Other("a member of the metadata has a value that is not supported here")
        })?;
        metadata.about.tidy();
        metadata.check(secure)?;
        Ok(metadata)
    }

    fn check(&self, secure: bool) -> Result<(), InvalidMetadata> {
        self.check_redirects(secure)?;
        self.check_grants()?;
        self.tokens.check(self.token_endpoint_auth_method)?;
        self.logout.check(&self.redirect_uris, secure)?;
        self.objects.check(self.has_keys())?;
        self.check_keys(secure)?;
        self.check_sign_in(secure)?;
        self.check_profile()?;
        self.about.check(secure)?;
        self.grants.check(self, secure)?;
        self.check_sector(secure)
    }

    fn check_redirects(&self, secure: bool) -> Result<(), InvalidMetadata> {
        let codes = self.grant_types.contains(&GrantType::AuthorizationCode);
        if codes && self.redirect_uris.is_empty() {
            return Err(InvalidMetadata::RedirectUri(
                "the authorization code grant needs a redirect URI",
            ));
        }
        if self.redirect_uris.len() > URIS || self.post_logout_redirect_uris.len() > URIS {
            return Err(InvalidMetadata::RedirectUri("at most 20 redirect URIs are taken"));
        }
        for uri in self.redirect_uris.iter().chain(&self.post_logout_redirect_uris) {
            is_registrable(uri, self.application_type, secure).map_err(InvalidMetadata::RedirectUri)?;
        }
        Ok(())
    }

    fn check_grants(&self) -> Result<(), InvalidMetadata> {
        let codes = self.grant_types.contains(&GrantType::AuthorizationCode);
        let asks_for = |part: fn(ResponseType) -> bool| self.response_types.iter().copied().any(part);
        if asks_for(ResponseType::has_code) && !codes && !self.redirect_uris.is_empty() {
            return Err(InvalidMetadata::Other(
                "response types with code go with grant type authorization_code",
            ));
        }
        if asks_for(ResponseType::is_front_channel) && !self.grant_types.contains(&GrantType::Implicit) {
            return Err(InvalidMetadata::Other(
                "response types with id_token or token go with grant type implicit",
            ));
        }
        if self.grant_types.contains(&GrantType::Implicit) && self.redirect_uris.is_empty() {
            return Err(InvalidMetadata::RedirectUri(
                "the implicit grant needs a redirect URI",
            ));
        }
        let confidential_only = self.grant_types.contains(&GrantType::ClientCredentials);
        if confidential_only && self.token_endpoint_auth_method == AuthMethod::None {
            return Err(InvalidMetadata::Other(
                "client credentials are not for public clients",
            ));
        }
        let scope = self.scope.as_deref().map(Scope::parse);
        if scope.is_some_and(|scope| scope.is_err()) {
            return Err(InvalidMetadata::Other("scope is not well-formed"));
        }
        Ok(())
    }

    fn check_keys(&self, secure: bool) -> Result<(), InvalidMetadata> {
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            return Err(InvalidMetadata::Other("jwks and jwks_uri are not given together"));
        }
        if let Some(uri) = &self.jwks_uri
            && !is_callable(uri, secure)
        {
            return Err(InvalidMetadata::Other("jwks_uri is an https URL"));
        }
        let by_keys = matches!(
            self.token_endpoint_auth_method,
            AuthMethod::PrivateKeyJwt | AuthMethod::SelfSignedTlsClientAuth
        );
        if by_keys && !self.has_keys() {
            return Err(InvalidMetadata::Other(
                "private_key_jwt and self_signed_tls_client_auth need jwks or jwks_uri",
            ));
        }
        let Some(jwks) = &self.jwks else {
            return Ok(());
        };
        let keys = KeySet::parse(&jwks.to_string())
            .map_err(|_| InvalidMetadata::Other("jwks has a key that is not taken"))?;
        let can_sign = |algorithm| {
            keys.keys()
                .iter()
                .any(|key| key.for_algorithm(algorithm).is_some())
        };
        if self
            .token_endpoint_auth_signing_alg
            .is_some_and(|algorithm| !can_sign(algorithm))
        {
            return Err(InvalidMetadata::Other(
                "jwks has no key for token_endpoint_auth_signing_alg",
            ));
        }
        Ok(())
    }

    fn check_sign_in(&self, secure: bool) -> Result<(), InvalidMetadata> {
        let values = &self.default_acr_values;
        let is_value = |text: &String| {
            !text.is_empty() && text.len() <= 255 && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if values.len() > ACR_VALUES || !values.iter().all(is_value) {
            return Err(InvalidMetadata::Other(
                "default_acr_values are at most 10, of 1 to 255 printable characters each",
            ));
        }
        if self
            .initiate_login_uri
            .as_ref()
            .is_some_and(|uri| !is_callable(uri, secure))
        {
            return Err(InvalidMetadata::Other("initiate_login_uri is an https URL"));
        }
        if self.request_uris.len() > URIS || !self.request_uris.iter().all(|uri| is_web_page(uri, secure)) {
            return Err(InvalidMetadata::Other("request_uris are at most 20 https URLs"));
        }
        Ok(())
    }

    /// Whether the client asks for sign-outs, or wants to be told of them: only then is it told which session is which.
    pub fn has_to_do_with_sign_out(&self) -> bool {
        !self.post_logout_redirect_uris.is_empty() || self.logout.wants_to_know()
    }

    /// A client that wants to be held to FAPI 2.0 (Security Profile §5.3.3, §5.4.1) cannot prove itself, or be answered, in a
    /// way that the profile forbids.
    fn check_profile(&self) -> Result<(), InvalidMetadata> {
        if self.musubi_security_profile == SecurityProfile::Standard {
            return Ok(());
        }
        let method = self.token_endpoint_auth_method;
        if method.has_secret() || method == AuthMethod::None {
            return Err(InvalidMetadata::Other(
                "a client of the profile fapi2 proves itself with a key",
            ));
        }
        let has_id_tokens = !self
            .grant_types
            .iter()
            .all(|grant| *grant == GrantType::ClientCredentials);
        if (has_id_tokens && self.id_token_signed_response_alg == SigningAlgorithm::Rs256)
            || self.token_endpoint_auth_signing_alg == Some(SigningAlgorithm::Rs256)
        {
            return Err(InvalidMetadata::Other(
                "the profile fapi2 does not sign with RS256",
            ));
        }
        if self.objects.request_object_signing_alg == Some(ObjectSigning::Unsigned) {
            return Err(InvalidMetadata::Other(
                "a client of the profile fapi2 signs its request objects",
            ));
        }
        Ok(())
    }

    /// Whether the client has keys of its own, here or where it says.
    pub fn has_keys(&self) -> bool {
        self.jwks.is_some() || self.jwks_uri.is_some()
    }

    /// Whether its tokens are all bound to their holder.
    fn must_bind(&self) -> bool {
        self.musubi_security_profile == SecurityProfile::Fapi2
            || self.tokens.dpop_bound_access_tokens
            || self.tokens.tls_client_certificate_bound_access_tokens
    }

    /// Whether `other` is, to people and to whom their data goes, the same client.
    pub fn is_same_party(&self, other: &Self) -> bool {
        self.redirect_uris == other.redirect_uris
            && self.about.is_same_party(&other.about)
            && self.application_type == other.application_type
            && self.token_endpoint_auth_method == other.token_endpoint_auth_method
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_gets_the_standards_default() {
        let metadata = Metadata::from_json(
            &json!({"redirect_uris": ["https://rp.example/cb"], "unknown": 1, "client_name": null}),
            false,
        )
        .unwrap();
        assert_eq!(metadata.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
        assert_eq!(metadata.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(metadata.response_types, [ResponseType::CODE]);
        assert_eq!(metadata.id_token_signed_response_alg, SigningAlgorithm::Rs256);
        assert_eq!(metadata.subject_type, SubjectType::Public);
    }

    fn with(name: &str, value: Value) -> Result<Metadata, InvalidMetadata> {
        let mut metadata = json!({"redirect_uris": ["https://rp.example/cb"]});
        metadata[name] = value;
        Metadata::from_json(&metadata, false)
    }

    #[test]
    fn metadata_that_would_not_be_honoured_is_refused() {
        for (name, value) in [
            ("jwks_uri", json!("http://rp.example/jwks")),
            ("sector_identifier_uri", json!("http://rp.example/sector")),
            ("initiate_login_uri", json!("javascript:alert(1)")),
            ("token_endpoint_auth_method", json!("client_secret_jwt")),
            ("id_token_signed_response_alg", json!("none")),
            ("id_token_signed_response_alg", json!("HS256")),
            ("response_types", json!(["unknown"])),
            ("grant_types", json!(["password"])),
            ("logo_uri", json!("data:image/png;base64,AA")),
            ("default_acr_values", json!(["a b"])),
            ("client_name#ja", json!("\u{7}")),
            ("client_name#\u{30}\u{fe0f}", json!("x")),
            ("tos_uri#ja", json!("javascript:alert(1)")),
        ] {
            assert!(
                matches!(with(name, value), Err(InvalidMetadata::Other(_))),
                "{name}"
            );
        }
    }

    #[test]
    fn keys_are_given_by_value_or_by_address_and_not_both() {
        let both = json!({"redirect_uris": ["https://rp.example/cb"], "jwks": {"keys": []},
            "jwks_uri": "https://rp.example/jwks"});
        assert!(Metadata::from_json(&both, false).is_err());
        assert!(
            with("jwks_uri", json!("https://rp.example/jwks"))
                .unwrap()
                .has_keys()
        );
        let none = json!({"redirect_uris": ["https://rp.example/cb"], "jwks": {"keys": []},
            "token_endpoint_auth_signing_alg": "ES256"});
        assert!(Metadata::from_json(&none, false).is_err());
    }

    #[test]
    fn a_name_in_the_readers_language_comes_before_the_one_for_everybody() {
        let metadata = json!({"redirect_uris": ["https://rp.example/cb"], "client_name": "Clinic",
            "client_name#ja": "診療所", "client_name#fr": "  ", "password#ja": "x"});
        let metadata = Metadata::from_json(&metadata, false).unwrap();
        assert_eq!(metadata.about.name_in("ja"), Some("診療所"));
        assert_eq!(metadata.about.name_in("en"), Some("Clinic"));
        assert_eq!(metadata.about.name_in("fr"), Some("Clinic"));
        let kept = serde_json::to_value(&metadata).unwrap();
        assert_eq!(kept["client_name#ja"], "診療所");
        assert!(kept.get("password#ja").is_none());
        let again = Metadata::from_json(&kept, false).unwrap();
        assert!(again.is_same_party(&metadata));
        assert_eq!(serde_json::to_value(&again).unwrap(), kept);
    }

    #[test]
    fn a_client_that_wants_the_strict_profile_is_held_to_it_from_the_start() {
        let with = |name: &str, value: Value| {
            let mut metadata = json!({"redirect_uris": ["https://rp.example/cb"], "musubi_security_profile": "fapi2",
                "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/keys",
                "id_token_signed_response_alg": "PS256"});
            metadata[name] = value;
            Metadata::from_json(&metadata, false)
        };
        let good = with("client_name", json!("Bank")).unwrap();
        assert_eq!(good.musubi_security_profile, SecurityProfile::Fapi2);
        for (name, value) in [
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("token_endpoint_auth_method", json!("none")),
            ("id_token_signed_response_alg", json!("RS256")),
            ("id_token_signed_response_alg", Value::Null),
            ("token_endpoint_auth_signing_alg", json!("RS256")),
            ("request_object_signing_alg", json!("none")),
            ("musubi_security_profile", json!("fapi3")),
        ] {
            assert!(with(name, value.clone()).is_err(), "{name} {value}");
        }
    }

    #[test]
    fn a_public_client_cannot_have_client_credentials() {
        let metadata = json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"});
        assert!(Metadata::from_json(&metadata, false).is_err());
    }
}
