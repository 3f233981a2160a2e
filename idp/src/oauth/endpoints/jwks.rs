//! `GET /oauth/jwks` (RFC 7517 §5): the keys that sign, rendered once by the key ring, and the key to encrypt for.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};

use super::answer;
use crate::http::Call;
use crate::hub::Shared;
use crate::oauth::{ErrorCode, OAuthError};

const UNAVAILABLE: OAuthError = OAuthError::new(
    ErrorCode::ServerError,
    "jwks.receiving",
    "the realm's keys cannot be had",
);

/// The realm's public keys.
pub async fn jwks(State(hub): State<Shared>, call: Call) -> Response {
    match hub.keys.public_jwks(call.realm.id).await {
        Ok(bytes) => {
            let Ok(receiving) = call.realm.receiving_keys(hub.clock.now()) else {
                return answer::error(UNAVAILABLE);
            };
            let mut response = Response::new(Body::from(joined(&bytes, receiving.jwk())));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            response
        }
        Err(error) => answer::error(error.into()),
    }
}

/// A JWK Set with one more key at its end.
fn joined(set: &[u8], jwk: &str) -> Vec<u8> {
    let mut all = Vec::with_capacity(set.len() + jwk.len() + 1);
    let (keys, end) = set.split_at(set.len().saturating_sub(2));
    all.extend_from_slice(keys);
    if !keys.ends_with(b"[") {
        all.push(b',');
    }
    all.extend_from_slice(jwk.as_bytes());
    all.extend_from_slice(end);
    all
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn a_key_is_added_to_a_set_whether_it_has_any_or_none() {
        assert_eq!(joined(br#"{"keys":[]}"#, "{}"), br#"{"keys":[{}]}"#);
        assert_eq!(
            joined(br#"{"keys":[{"a":1}]}"#, "{}"),
            br#"{"keys":[{"a":1},{}]}"#
        );
    }
}
