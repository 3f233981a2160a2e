//! `GET /oauth/jwks` (RFC 7517 §5): rendered once by the key ring, served as bytes.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};

use super::answer;
use crate::http::Call;
use crate::hub::Shared;

/// The realm's public keys.
pub async fn jwks(State(hub): State<Shared>, call: Call) -> Response {
    match hub.keys.public_jwks(call.realm.id).await {
        Ok(bytes) => {
            let mut response = Response::new(Body::from(bytes));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            response
        }
        Err(error) => answer::error(error.into()),
    }
}
