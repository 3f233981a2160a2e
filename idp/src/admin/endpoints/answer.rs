//! What is sent: JSON that nobody keeps, and what the document says about it.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::{IntoParams, IntoResponses, ToSchema};

use crate::admin::Refusal;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Listing<T> {
    /// The page, in the order in which the things were made, clients by their id.
    pub items: Vec<T>,
    /// Send it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A page of a list that tells how many things it has.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CountedListing<T> {
    /// The page, in the order in which the things were made.
    pub items: Vec<T>,
    /// How many fit the filters, of those that the caller may see.
    pub total: u64,
    /// Send it as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which page of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query, which desk::Page reads")]
pub(super) struct Paging {
    /// `next` of the page before.
    after: Option<String>,
    /// How many at most; 50 if it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A problem (RFC 9457).
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "it describes platform::http::Problem")]
pub(super) struct Problem {
    /// `urn:musubi:problem:` and a stable id such as `number.unknown`.
    #[schema(rename = "type")]
    kind: String,
    /// What went wrong, for people.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What to do about it.
    detail: Option<String>,
}

/// What every route may answer.
#[derive(Debug, IntoResponses)]
#[expect(dead_code, reason = "it describes answers")]
pub(super) enum Refused {
    /// The query or the body is malformed.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No access token, or one that does not carry in this realm.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthenticated(Problem),
    /// The access token does not reach this far.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// There is no such thing in this realm.
    #[response(status = 404, content_type = "application/problem+json")]
    Absent(Problem),
    /// It cannot be done as things stand.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    OtherType(Problem),
    /// A member of the body is unknown or breaks a rule.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
    /// The hub cannot answer at the moment: without its database or its access log it says nothing.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

/// JSON.
pub(super) fn json<T: Serialize>(status: StatusCode, body: &T) -> Result<Response, Refusal> {
    let bytes = serde_json::to_vec(body).map_err(|error| Refusal::unavailable(&error))?;
    Ok(bytes_of("application/json", status, Body::from(bytes)))
}

/// JSON of something new, and where it is found from now on.
pub(super) fn created<T: Serialize>(location: &str, body: &T) -> Result<Response, Refusal> {
    let mut response = json(StatusCode::CREATED, body)?;
    let location = HeaderValue::from_str(location).map_err(|error| Refusal::unavailable(&error))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// Nothing: it is done.
pub(super) fn nothing() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A body of any type.
pub(super) fn bytes_of(kind: &'static str, status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
