//! `/fhir` (FHIR R4, RESTful API).

mod consents;
mod desk;
mod metadata;
mod smart;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};

use super::outcome::{METHOD, Outcome, UNKNOWN};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;

const ASK: Action = Action::new("fhir.ask");

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/fhir/metadata", get(metadata::read))
        .route("/fhir/.well-known/smart-configuration", get(smart::read))
        .route("/fhir/Consent", get(consents::search).post(consents::create))
        .route("/fhir/Consent/_search", post(consents::search_posted))
        .route(
            "/fhir/Consent/{id}",
            get(consents::read).put(consents::update).delete(consents::delete),
        )
        .route("/fhir/Consent/{id}/_history", get(consents::history))
        .route("/fhir/Consent/{id}/_history/{version}", get(consents::version))
        .route("/fhir/{*rest}", get(unknown).fallback(unknown))
        .method_not_allowed_fallback(other_method)
}

async fn unknown(State(hub): State<Shared>, call: Call) -> Response {
    refuse(hub, call, UNKNOWN).await
}

async fn other_method(State(hub): State<Shared>, call: Call) -> Response {
    refuse(hub, call, METHOD).await
}

async fn refuse(hub: Shared, call: Call, outcome: Outcome) -> Response {
    desk::refuse(&hub, &call, ASK, outcome).await
}
