//! All routes, and what stands before them: the frame, the bound on time, the clock's gate.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::ACCEPT;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use idp::http::{Call, View};
use idp::hub::Shared;
use idp::pages::ErrorKind;
use platform::http::{Problem, frame};
use platform::telemetry::Telemetry;

use super::health;

/// A request is answered within this time, its body received included.
const TIME: Duration = Duration::from_secs(30);

/// The whole application.
pub fn app(hub: Shared, telemetry: Arc<Telemetry>) -> Router {
    let (clock, entropy) = (hub.clock.clone(), hub.entropy.clone());
    let mut inner = idp::router()
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method);
    if hub.settings.ntp.enforce {
        inner = inner.layer(from_fn_with_state(hub.clone(), only_on_time));
    }
    inner
        .with_state(hub.clone())
        .merge(health::router(hub, telemetry))
        .layer(from_fn(in_time))
        .layer(from_fn(move |request, next| {
            frame(clock.clone(), entropy.clone(), request, next)
        }))
}

/// What is slow is a body that trickles in; the database and the log have shorter bounds of their own.
async fn in_time(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(TIME, next.run(request)).await;
    answered.unwrap_or_else(|_| {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "request.timeout",
            "The request took too long",
        )
        .into_response()
    })
}

/// The policy for a clock that nobody vouches for (requirement H17): with `ntp.enforce` access stops.
async fn only_on_time(State(hub): State<Shared>, request: Request, next: Next) -> Response {
    match hub.clock.ready() {
        Ok(()) => next.run(request).await,
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "clock",
            "The hub's clock is not synchronised",
        )
        .detail("Try again in a few minutes.")
        .into_response(),
    }
}

/// A page for people, a problem for programs.
async fn nothing_here(State(hub): State<Shared>, call: Call) -> Response {
    let for_people = call
        .header(&ACCEPT)
        .is_some_and(|accept| accept.contains("text/html"));
    match View::new(&hub, &call, None) {
        Ok(view) if for_people => view.error(ErrorKind::NotFound, "path.unknown"),
        _ => Problem::new(
            StatusCode::NOT_FOUND,
            "path.unknown",
            "There is nothing at this address",
        )
        .into_response(),
    }
}

async fn other_method() -> Response {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "This address does not take this method",
    )
    .into_response()
}
