//! `/scim/v2` (RFC 7644 §3.2), one resource a file.

mod bulk;
mod desk;
mod discovery;
mod groups;
mod query;
mod users;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};

use super::error::{METHOD, NOT_FOUND, ScimError};
use crate::hub::Shared;

fn refused(error: ScimError) -> Response {
    desk::answer(error.status, &error.body())
}

/// All routes of the protocol.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/scim/v2/ServiceProviderConfig", get(discovery::config))
        .route("/scim/v2/ResourceTypes", get(discovery::types))
        .route("/scim/v2/ResourceTypes/{id}", get(discovery::one_type))
        .route("/scim/v2/Schemas", get(discovery::schemas))
        .route("/scim/v2/Schemas/{id}", get(discovery::one_schema))
        .route("/scim/v2/Users", get(users::list).post(users::create))
        .route("/scim/v2/Users/.search", post(users::search))
        .route(
            "/scim/v2/Users/{id}",
            get(users::read)
                .put(users::replace)
                .patch(users::patch)
                .delete(users::delete),
        )
        .route("/scim/v2/Groups", get(groups::list).post(groups::create))
        .route("/scim/v2/Groups/.search", post(groups::search))
        .route(
            "/scim/v2/Groups/{id}",
            get(groups::read)
                .put(groups::replace)
                .patch(groups::patch)
                .delete(groups::delete),
        )
        .route("/scim/v2/.search", post(query::search_all))
        .route("/scim/v2/Bulk", post(bulk::bulk))
        .route("/scim/v2/{*rest}", get(unknown).fallback(unknown))
        .method_not_allowed_fallback(async || refused(METHOD))
}

async fn unknown() -> Response {
    refused(NOT_FOUND)
}
