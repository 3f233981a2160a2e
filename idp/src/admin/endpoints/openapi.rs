//! `GET /api/openapi.json`: what the API is, generated from the code that serves it. It is public and says nothing about
//! any realm, so that it needs no token and leaves no row.

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::answer::bytes_of;

/// What the document says besides the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Musubi",
        version = "1.0.0",
        description = "The API that every operator's hub has. Realms are named by their host; people, organisations and staff by their number; \
                       clients by their client_id. Errors are problems (RFC 9457) with stable ids.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "realms", description = "User bases of the hub; only for the realm that governs the hub"),
        (name = "people", description = "End users and administrators of a realm"),
        (name = "organisations", description = "The tree of organisations of a realm"),
        (name = "staff", description = "Who works where, as what, and who administers what"),
        (name = "numbers", description = "The IDs that people read out loud"),
        (name = "clients", description = "Relying parties and services"),
        (name = "hub", description = "The hub itself"),
    ),
    modifiers(&Token)
)]
pub(super) struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "An access token of the realm (RFC 9068) with the scope that the route names.",
            ))
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

static RENDERED: LazyLock<Vec<u8>> =
    LazyLock::new(|| serde_json::to_vec(&super::described().into_openapi()).unwrap_or_default());

/// The document, rendered once.
pub(super) fn rendered() -> &'static [u8] {
    &RENDERED
}

/// This document.
#[utoipa::path(
    get, path = "/api/openapi.json", tag = "hub",
    responses((status = 200, description = "The document", body = Object)),
)]
pub(super) async fn read() -> Response {
    bytes_of("application/json", StatusCode::OK, Body::from(rendered()))
}
