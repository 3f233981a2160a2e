//! Answers in JSON (RFC 6749 §5.1, §5.2; RFC 6750 §3).

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::http::Call;
use crate::oauth::step_up::Demand;
use crate::oauth::{Challenge, ErrorCode, OAuthError};

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: &'static str,
}

/// A JSON answer that nobody keeps.
pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// An answer that is a JWT (RFC 7519 §10.3.1), which nobody keeps either.
pub fn jwt(token: String) -> Response {
    let mut response = Response::new(Body::from(token));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwt"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An error of the token or registration endpoint.
pub fn error(error: OAuthError) -> Response {
    let status = match error.code {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = json(
        status,
        &ErrorBody {
            error: error.code.as_str(),
            error_description: error.description,
        },
    );
    if error.code == ErrorCode::InvalidClient {
        // RFC 6749 §5.2 asks for it where HTTP authentication was tried; it harms nowhere.
        response.headers_mut().insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"musubi\""),
        );
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("3600"));
    }
    response
}

/// An error of a protected resource: the code is in the challenge. Without a token there is no code.
pub fn resource_error(call: &Call, refused: Option<OAuthError>) -> Response {
    let Some(refused) = refused else {
        let mut response = no_token();
        Challenge::NO_TOKEN.write(call, response.headers_mut());
        return response;
    };
    let mut response = error(refused);
    if let Some(challenge) = Challenge::of(refused) {
        if challenge.needs_proof() {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        challenge.write(call, response.headers_mut());
    }
    response
}

fn no_token() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

/// An error of an endpoint that takes a bearer token which is no access token (RFC 6750 §3).
pub fn bearer_error(refused: Option<OAuthError>) -> Response {
    let Some(refused) = refused else {
        let mut response = no_token();
        Challenge::NO_TOKEN.write_bearer(response.headers_mut());
        return response;
    };
    let mut response = error(refused);
    if let Some(challenge) = Challenge::of(refused) {
        challenge.write_bearer(response.headers_mut());
    }
    response
}

/// The sign-in behind a token is not enough for a protected resource (RFC 9470 §3).
pub fn step_up(call: &Call, demand: Demand) -> Response {
    let mut response = json(
        StatusCode::UNAUTHORIZED,
        &ErrorBody {
            error: ErrorCode::InsufficientUserAuthentication.as_str(),
            error_description: "the sign-in behind the token is worth too little here, or too long ago",
        },
    );
    Challenge::step_up(demand).write(call, response.headers_mut());
    response
}
