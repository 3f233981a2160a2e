//! Answers in JSON (RFC 6749 §5.1, §5.2; RFC 6750 §3).

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::http::{Call, Presented};
use crate::oauth::step_up::Demand;
use crate::oauth::{ErrorCode, OAuthError};

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

/// An error of a protected resource: the code is in the challenge (RFC 6750 §3, RFC 9449 §7.1). Without a token there is no
/// code. Both ways of presenting a token are named; the code is with the one that was tried.
pub fn resource_error(call: &Call, refused: Option<OAuthError>) -> Response {
    let Some(refused) = refused else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        challenge(&mut response, BEARER, None);
        challenge(&mut response, DPOP, None);
        return response;
    };
    let mut response = error(refused);
    let of_proof = matches!(
        refused.code,
        ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce
    );
    if of_proof {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    let mendable = matches!(
        refused.code,
        ErrorCode::InvalidRequest | ErrorCode::InvalidToken | ErrorCode::InsufficientScope
    );
    if of_proof || mendable {
        let code = Some(refused.code.as_str());
        if of_proof || matches!(call.access_token(), Some(Presented::Dpop(_))) {
            challenge(&mut response, DPOP, code);
        } else {
            challenge(&mut response, BEARER, code);
            challenge(&mut response, DPOP, None);
        }
    }
    response
}

const BEARER: &str = "Bearer realm=\"musubi\"";
const DPOP: &str = "DPoP realm=\"musubi\", algs=\"ES256 EdDSA PS256 RS256\"";

fn challenge(response: &mut Response, scheme: &str, code: Option<&str>) {
    let text = match code {
        Some(code) => format!("{scheme}, error=\"{code}\""),
        None => scheme.to_owned(),
    };
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(WWW_AUTHENTICATE, value);
    }
}

/// An error of an endpoint that takes a bearer token which is no access token (RFC 6750 §3).
pub fn bearer_error(refused: Option<OAuthError>) -> Response {
    let Some(refused) = refused else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        challenge(&mut response, BEARER, None);
        return response;
    };
    let mut response = error(refused);
    if matches!(
        refused.code,
        ErrorCode::InvalidRequest | ErrorCode::InvalidToken | ErrorCode::InsufficientScope
    ) {
        challenge(&mut response, BEARER, Some(refused.code.as_str()));
    }
    response
}

/// The sign-in behind a token is not enough for a protected resource (RFC 9470 §3).
pub fn step_up(call: &Call, demand: &Demand) -> Response {
    let mut response = json(
        StatusCode::UNAUTHORIZED,
        &ErrorBody {
            error: ErrorCode::InsufficientUserAuthentication.as_str(),
            error_description: "the sign-in behind the token is worth too little here, or too long ago",
        },
    );
    let scheme = match call.access_token() {
        Some(Presented::Dpop(_)) => DPOP,
        Some(Presented::Bearer(_)) | None => BEARER,
    };
    if let Ok(challenge) = HeaderValue::from_str(&demand.challenge(scheme)) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_another_token_would_mend_asks_for_one() {
        for (code, asks) in [
            (ErrorCode::InvalidToken, true),
            (ErrorCode::InsufficientScope, true),
            (ErrorCode::InvalidRequest, true),
            (ErrorCode::TemporarilyUnavailable, false),
            (ErrorCode::ServerError, false),
        ] {
            let response = bearer_error(Some(OAuthError::new(code, "id", "text")));
            assert_eq!(
                response.headers().contains_key(WWW_AUTHENTICATE),
                asks,
                "{code:?}"
            );
        }
    }
}
