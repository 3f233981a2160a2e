//! `/signin/…`: the steps after the first.

mod enrol;
mod passkey;
mod second;
mod step_up;

use axum::Router;
use axum::routing::{get, post};

use crate::hub::Shared;

/// The routes of this folder.
pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/signin/second", get(second::show).post(second::submit))
        .route("/signin/step-up", get(step_up::begin))
        .route("/signin/enrol", get(enrol::show).post(enrol::submit))
        .route("/signin/passkey", post(passkey::finish))
        .route("/signin/passkey/begin", post(passkey::begin))
}
