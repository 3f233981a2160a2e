//! The routes, and what they share: who calls, the body, and errors as the specification has them (§10.1).

mod configuration;
mod evaluation;
mod evaluations;
mod search;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use platform::json::parse_unique;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::resolve::Desk;
use crate::admin::{Refusal, authorise, scope};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::dpop;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REFUSED: Action = Action::new("access.ask");
const MALFORMED: Refusal = Refusal::new(
    StatusCode::BAD_REQUEST,
    "access.request",
    "The request is not one of the Authorization API",
);
const PERSON: Refusal = Refusal::new(
    StatusCode::FORBIDDEN,
    "access.caller",
    "Decisions are asked for by services, with a token of their own",
);

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/.well-known/authzen-configuration", get(configuration::read))
        .route("/access/v1/evaluation", post(evaluation::answer))
        .route("/access/v1/evaluations", post(evaluations::answer))
        .route("/access/v1/search/subject", post(search::subjects))
        .route("/access/v1/search/resource", post(search::resources))
        .route("/access/v1/search/action", post(search::actions))
}

/// Who calls may ask: a client by itself, whose token reaches that far.
async fn open<'a>(hub: &'a Hub, call: &'a Call) -> Result<Desk<'a>, Response> {
    let authority = match authorise(hub, call, scope::ACCESS_EVALUATE).await {
        Ok(authority) if authority.person.is_none() => authority,
        Ok(_) => return Err(refuse(hub, call, PERSON).await),
        Err(refusal) => return Err(refuse(hub, call, refusal).await),
    };
    Ok(Desk { hub, call, authority })
}

/// The body as JSON of a shape, in which no member stands twice: the service must not have read another one.
fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    if !call.is_json() || !call.body.trim_ascii_start().starts_with(b"{") {
        return Err(MALFORMED);
    }
    let body = parse_unique(&call.body).map_err(|_| MALFORMED)?;
    serde_json::from_value(body).map_err(|_| MALFORMED)
}

/// An answer, with the id that the caller gave its request (§10.1.3).
fn json<T: Serialize>(hub: &Hub, call: &Call, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => with_id(hub, call, "application/json", (StatusCode::OK, Body::from(bytes))),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// An error: a message (§10.1.2), on record before it is told.
async fn refuse(hub: &Hub, call: &Call, refusal: Refusal) -> Response {
    let refusal = match hub.record(call.deny(REFUSED, refusal.id)).await {
        Ok(()) => refusal,
        Err(error) => error.into(),
    };
    let message = (refusal.status, Body::from(refusal.title()));
    let mut response = with_id(hub, call, "text/plain; charset=utf-8", message);
    refusal.write_challenge(call, response.headers_mut());
    response
}

fn with_id(hub: &Hub, call: &Call, kind: &'static str, (status, body): (StatusCode, Body)) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let id = call.header(&REQUEST_ID).filter(|id| id.len() <= 128);
    if let Some(Ok(id)) = id.map(HeaderValue::from_str) {
        headers.insert(REQUEST_ID, id);
    }
    dpop::give_nonce(hub, call, headers);
    response
}
