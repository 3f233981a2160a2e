//! What every request gets: an id, a span, a bound on its time, an answer even if a handler breaks.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderValue, StatusCode};
use tracing::Instrument as _;

use crate::clock::Clock;
use crate::encoding::hex;
use crate::entropy::Entropy;
use crate::http::Problem;

/// The id of a request: 128 random bits. It stands in the answer's `X-Request-Id`, in the hub's lines and in the access
/// log, so that the three can be brought together. One sent by the caller is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub [u8; 16]);

impl std::fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&hex(self.0))
    }
}

/// The outermost layer: gives the request its [`RequestId`], a span, metrics, and headers that hold for every answer.
pub async fn frame(clock: Clock, entropy: Entropy, mut request: Request, next: Next) -> Response {
    let Ok(id) = entropy.array().map(RequestId) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let begun = clock.now();
    // The route and not the path, in which a secret may stand.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("", MatchedPath::as_str);
    let span = tracing::debug_span!("request", id = %id, method = %request.method(), route);
    request.extensions_mut().insert(id);
    let answered = std::panic::AssertUnwindSafe(next.run(request).instrument(span))
        .catch_unwind()
        .await;
    let mut response = answered.unwrap_or_else(|_| {
        tracing::error!(request = %id, "a handler broke");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side",
        )
        .into_response()
    });
    metrics::counter!("musubi_http_requests_total", "status" => class(response.status())).increment(1);
    metrics::histogram!("musubi_http_request_seconds").record(clock.now().since(begun).as_secs_f64());
    // An endpoint whose standard has callers name their requests has put that name there.
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().entry("x-request-id").or_insert(value);
    }
    response
        .headers_mut()
        .insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    tell_hosts_apart(&mut response);
    response
}

/// What may be kept by a cache that is shared belongs to one realm, and behind a proxy the realm is told by a header that
/// is no part of the cache's key by itself (RFC 9110 §12.5.5).
fn tell_hosts_apart(response: &mut Response) {
    let kept = response.headers().get(CACHE_CONTROL);
    if kept.is_some_and(|value| value.as_bytes().starts_with(b"public")) {
        let names = HeaderValue::from_static("X-Forwarded-Host");
        response.headers_mut().append(VARY, names);
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "1xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shared_cache_may_keep_is_told_apart_by_the_forwarded_host() {
        for (cache, varies) in [("public, max-age=300", true), ("no-store", false)] {
            let mut response = StatusCode::OK.into_response();
            let headers = response.headers_mut();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
            headers.insert(VARY, HeaderValue::from_static("Accept"));
            tell_hosts_apart(&mut response);
            let named: Vec<_> = response.headers().get_all(VARY).iter().collect();
            assert_eq!(
                named.contains(&&HeaderValue::from_static("X-Forwarded-Host")),
                varies
            );
            assert!(named.contains(&&HeaderValue::from_static("Accept")));
        }
    }
}
