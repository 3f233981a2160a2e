//! `GET /fhir/.well-known/smart-configuration` (SMART App Launch 2.2, conformance): what the authorization server of this
//! FHIR server is and can do, as far as SMART has a name for it.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use platform::http::Problem;
use serde_json::{Map, Value, json};

use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::oauth::{OAuthError, metadata};

/// What this document says in the words of the one about the authorization server.
const SHARED: &[&str] = &[
    "jwks_uri",
    "authorization_endpoint",
    "token_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "registration_endpoint",
    "grant_types_supported",
    "response_types_supported",
    "code_challenge_methods_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
];

/// Not among them: `sso-openid-connect`, which needs the claim `fhirUser`; `client-confidential-asymmetric`, which needs
/// keys of 384 bits; and every launch with a context.
const CAPABILITIES: &[&str] = &[
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "permission-offline",
    "permission-patient",
    "permission-v2",
];

/// The same for everybody.
pub(super) async fn read(State(hub): State<Shared>, call: Call) -> Response {
    match document(&hub, &call).await {
        Ok(document) => {
            let mut response = Response::new(Body::from(Value::Object(document).to_string()));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            response
        }
        Err(error) => {
            tracing::error!(id = error.id, "the metadata could not be rendered");
            let title = "The hub cannot answer at the moment";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title).into_response()
        }
    }
}

async fn document(hub: &Hub, call: &Call) -> Result<Map<String, Value>, OAuthError> {
    let whole = metadata::oauth(hub, &call.realm).await?;
    let whole: Map<String, Value> = serde_json::from_slice(&whole).unwrap_or_default();
    let mut document: Map<String, Value> = whole
        .into_iter()
        .filter(|(name, _)| SHARED.contains(&name.as_str()))
        .collect();
    document.insert(
        "scopes_supported".to_owned(),
        json!(["openid", "offline_access", "patient/Consent.cruds"]),
    );
    document.insert("capabilities".to_owned(), json!(CAPABILITIES));
    Ok(document)
}
