//! What the discovery documents say: what is here says what is true, and nothing more.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use bytes::Bytes;
use platform::config::Server;
use platform::keys::{ContentEncryption, KeyManagement, ReceivingKeys, SigningAlgorithm};
use serde_json::{Value, json};

use crate::credentials::Level;
use crate::hub::Hub;
use crate::oauth::OAuthError;
use crate::oauth::authorization_details;
use crate::oauth::clients::ByReference;
use crate::oauth::registration::DEFAULT;
use crate::oauth::scope::PERSON_SCOPES;
use crate::oauth::{ResponseMode, ResponseType, dpop};
use crate::people::CLAIMS;
use crate::realms::Realm;

/// The document of OpenID Connect Discovery 1.0 §3, rendered once for each realm that is open.
pub async fn openid(hub: &Hub, realm: &Realm) -> Result<Bytes, OAuthError> {
    let kept = &realm.documents.openid;
    render(hub, realm, kept, provider).await
}

/// The document of RFC 8414 §2, rendered once for each realm that is open.
pub async fn oauth(hub: &Hub, realm: &Realm) -> Result<Bytes, OAuthError> {
    let kept = &realm.documents.oauth;
    render(hub, realm, kept, shared).await
}

async fn render(
    hub: &Hub,
    realm: &Realm,
    kept: &OnceLock<Bytes>,
    document: fn(&Server, &Realm, ByReference) -> Value,
) -> Result<Bytes, OAuthError> {
    if let Some(rendered) = kept.get() {
        return Ok(rendered.clone());
    }
    // What a client that registers by itself, with nothing but what it reads here, may send by reference.
    let policy = hub.policies.find(realm, DEFAULT).await?;
    let references = policy.map_or(ByReference::No, |policy| policy.request_by_reference);
    let rendered = || Bytes::from(document(&hub.settings.server, realm, references).to_string());
    Ok(kept.get_or_init(rendered).clone())
}

/// How request objects may be signed.
fn object_algorithms(references: ByReference) -> Vec<&'static str> {
    let mut algorithms: Vec<_> = SigningAlgorithm::ALL.iter().map(|one| one.name()).collect();
    if references == ByReference::Unsigned {
        algorithms.push("none");
    }
    algorithms
}

/// `token_endpoint_auth_methods_supported`: certificates where the hub sees them.
fn auth_methods(server: &Server) -> Vec<&'static str> {
    let mut methods = vec![
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "none",
    ];
    if server.sees_certificates() {
        methods.push("self_signed_tls_client_auth");
        if server.client_authorities_file.is_some() {
            methods.push("tls_client_auth");
        }
    }
    methods
}

fn shared(server: &Server, realm: &Realm, references: ByReference) -> Value {
    let at = |path: &str| realm.url(path);
    json!({
        "issuer": realm.issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "jwks_uri": at("/oauth/jwks"),
        "registration_endpoint": at("/oauth/register"),
        "scopes_supported": PERSON_SCOPES,
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        "require_pushed_authorization_requests": false,
        "response_types_supported": ResponseType::ALL,
        "response_modes_supported": ResponseMode::NAMES,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": references != ByReference::No,
        "require_request_uri_registration": references != ByReference::No,
        "require_signed_request_object": false,
        "request_object_signing_alg_values_supported": object_algorithms(references),
        "request_object_encryption_alg_values_supported": ReceivingKeys::ALGORITHMS,
        "request_object_encryption_enc_values_supported": ContentEncryption::ALL,
        "authorization_signing_alg_values_supported": SigningAlgorithm::ALL,
        "authorization_encryption_alg_values_supported": KeyManagement::ALL,
        "authorization_encryption_enc_values_supported": ContentEncryption::ALL,
        "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:openid:params:grant-type:ciba"],
        "device_authorization_endpoint": at("/oauth/device"),
        "token_endpoint_auth_methods_supported": auth_methods(server),
        "tls_client_certificate_bound_access_tokens": server.sees_certificates(),
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256", "PS256", "EdDSA"],
        "introspection_endpoint": at("/oauth/introspect"),
        "introspection_endpoint_auth_methods_supported":
            auth_methods(server).into_iter().filter(|method| *method != "none").collect::<Vec<_>>(),
        "introspection_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256", "PS256", "EdDSA"],
        "introspection_signing_alg_values_supported": ["RS256", "ES256", "PS256", "EdDSA"],
        "introspection_encryption_alg_values_supported": KeyManagement::ALL,
        "introspection_encryption_enc_values_supported": ContentEncryption::ALL,
        "revocation_endpoint": at("/oauth/revoke"),
        "revocation_endpoint_auth_methods_supported": auth_methods(server),
        "revocation_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256", "PS256", "EdDSA"],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS,
        "authorization_details_types_supported": authorization_details::TYPES,
        "authorization_response_iss_parameter_supported": true,
        "ui_locales_supported": ["ja", "en"],
    })
}

/// Claims of the ID token, and those about a person.
fn claims() -> Vec<&'static str> {
    let own = [
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "at_hash",
        "c_hash",
        "sid",
    ];
    own.into_iter()
        .chain(CLAIMS.iter().map(|(name, _)| *name))
        .collect()
}

/// `prompt_values_supported` (Initiating User Registration 1.0 §4.2): `create` where people may make accounts.
fn prompts(realm: &Realm) -> Vec<&'static str> {
    let mut prompts = vec!["none", "login", "consent", "select_account"];
    if realm.takes_sign_ups() {
        prompts.push("create");
    }
    prompts
}

/// `claims_locales_supported` (Discovery 1.0 §3): the languages and scripts in which some claims are given.
fn claims_locales() -> Vec<&'static str> {
    let tags = CLAIMS.iter().filter_map(|(name, _)| name.split_once('#'));
    let tags: BTreeSet<_> = tags.map(|(_, tag)| tag).collect();
    tags.into_iter().collect()
}

fn provider(server: &Server, realm: &Realm, references: ByReference) -> Value {
    let mut metadata = shared(server, realm, references);
    let acr = Level::ALL.map(Level::acr);
    let more = json!({
        "backchannel_authentication_endpoint": realm.url("/oauth/backchannel"),
        "backchannel_token_delivery_modes_supported": ["poll", "ping", "push"],
        "backchannel_authentication_request_signing_alg_values_supported": ["RS256", "ES256", "PS256", "EdDSA"],
        "backchannel_user_code_parameter_supported": true,
        "userinfo_endpoint": realm.url("/oauth/userinfo"),
        "end_session_endpoint": realm.url("/oauth/logout"),
        "check_session_iframe": realm.url("/oauth/check-session"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": SigningAlgorithm::ALL,
        "id_token_encryption_alg_values_supported": KeyManagement::ALL,
        "id_token_encryption_enc_values_supported": ContentEncryption::ALL,
        "claims_supported": claims(),
        "acr_values_supported": acr,
        "prompt_values_supported": prompts(realm),
        "userinfo_signing_alg_values_supported": SigningAlgorithm::ALL,
        "userinfo_encryption_alg_values_supported": KeyManagement::ALL,
        "userinfo_encryption_enc_values_supported": ContentEncryption::ALL,
        "claims_parameter_supported": true,
    });
    let locales = claims_locales();
    if let (Some(metadata), Value::Object(more)) = (metadata.as_object_mut(), more) {
        metadata.extend(more);
        if !locales.is_empty() {
            metadata.insert("claims_locales_supported".to_owned(), json!(locales));
        }
    }
    metadata
}
