//! Problem details (RFC 9457): the error format of our own API.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// A problem. Its texts are static: nothing that an outsider sent is echoed.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// `urn:musubi:problem:` and the stable id.
    #[serde(rename = "type")]
    kind: String,
    /// What went wrong, for people.
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

impl Problem {
    /// A problem with a stable id (`number.namespace.unknown`) and a title.
    pub fn new(status: StatusCode, id: &'static str, title: &'static str) -> Self {
        Self {
            kind: format!("urn:musubi:problem:{id}"),
            title,
            status: status.as_u16(),
            detail: None,
        }
    }

    /// What to do about it.
    pub fn detail(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, serde_json::to_vec(&self).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
