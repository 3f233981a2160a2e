//! `/` and `/account`.

mod changes;
mod home;
mod welcome;

use axum::Router;
use axum::routing::{get, post};

use crate::hub::Shared;

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(welcome::welcome))
        .route("/account", get(home::home))
        .route("/account/sessions/end", post(changes::end_session))
        .route("/account/applications/withdraw", post(changes::withdraw))
}
