//! `GET /oauth/check-session`: the frame that clients ask whether the person's session here is still the one that they
//! know (OpenID Connect Session Management 1.0 §3.2).
//!
//! It is the one page that others may frame. It says nothing about anybody and takes no credentials: its script compares
//! what a client sends with the browser's own cookie.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};

use crate::http::Call;
use crate::http::pages::{browser_state_cookie, unavailable};
use crate::pages::CheckSession;

/// Who may frame it: clients are web pages over HTTPS.
const POLICY: &str = "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors https:";
/// The same where the realm is on loopback, and clients may be too. A policy cannot name `[::1]`.
const POLICY_ON_LOOPBACK: &str = "default-src 'none'; script-src 'self'; base-uri 'none'; \
     frame-ancestors https: http://localhost:* http://127.0.0.1:*";

/// Serves the frame.
pub async fn frame(call: Call) -> Response {
    let secure = call.realm.secure;
    let cookie = browser_state_cookie(secure);
    let Ok(html) = (CheckSession { cookie: &cookie }).render() else {
        return unavailable();
    };
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    let policy = if secure { POLICY } else { POLICY_ON_LOOPBACK };
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
