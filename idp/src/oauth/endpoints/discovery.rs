//! `GET /.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §3) and
//! `/.well-known/oauth-authorization-server` (RFC 8414 §2): what is here says what is true, and nothing more.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};

use super::answer;
use crate::http::Call;
use crate::hub::Shared;
use crate::oauth::{OAuthError, metadata};

/// OpenID Connect Discovery.
pub async fn openid(State(hub): State<Shared>, call: Call) -> Response {
    serve(metadata::openid(&hub, &call.realm).await)
}

/// OAuth Authorization Server Metadata.
pub async fn oauth(State(hub): State<Shared>, call: Call) -> Response {
    serve(metadata::oauth(&hub, &call.realm).await)
}

fn serve(document: Result<Bytes, OAuthError>) -> Response {
    let document = match document {
        Ok(document) => document,
        Err(error) => return answer::error(error),
    };
    let mut response = Response::new(Body::from(document));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
