//! `GET /.well-known/authzen-configuration` (§9).

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

use crate::http::Call;

/// Where to ask.
pub(super) async fn read(call: Call) -> Response {
    let at = |path: &str| call.realm.url(path);
    let document = json!({
        "policy_decision_point": call.realm.issuer,
        "access_evaluation_endpoint": at("/access/v1/evaluation"),
        "access_evaluations_endpoint": at("/access/v1/evaluations"),
        "search_subject_endpoint": at("/access/v1/search/subject"),
        "search_resource_endpoint": at("/access/v1/search/resource"),
        "search_action_endpoint": at("/access/v1/search/action"),
    });
    let mut response = Response::new(Body::from(document.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
