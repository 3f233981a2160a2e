//! `/recover` and what follows it.

mod begin;
mod family;
mod link;
mod stop;

use axum::Router;
use axum::routing::get;

use crate::hub::Shared;

pub(crate) use stop::CANCEL;

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/recover", get(begin::show).post(begin::submit))
        .route("/recover/sent", get(begin::sent))
        .route("/recover/link", get(link::show).post(link::submit))
        .route("/recover/family", get(family::show).post(family::submit))
        .route("/recover/stop", get(stop::show).post(stop::submit))
}
