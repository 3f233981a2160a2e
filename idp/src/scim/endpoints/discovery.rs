//! What of the protocol there is here (RFC 7644 §4). It is public, says nothing about any realm, and leaves no row.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::desk::answer;
use super::refused;
use crate::http::Call;
use crate::scim::error::{NOT_FOUND, SYNTAX, ScimError};
use crate::scim::page::{MOST, USUAL};
use crate::scim::schema::{publish_schema, publish_type, resource_types, schemas as all_schemas};

use super::bulk::{LARGEST, MOST_OPERATIONS};

/// A filter means nothing here, and what cannot be filtered is not answered unfiltered (RFC 7644 §4).
const FILTERED: ScimError = ScimError {
    status: StatusCode::FORBIDDEN,
    kind: None,
    detail: "This is not filtered",
    id: "scim.discovery.filter",
};

fn base(call: &Call) -> String {
    call.realm.url("/scim/v2")
}

fn list(call: &Call, resources: &[Value]) -> Response {
    match call.query() {
        Err(_) => return refused(SYNTAX),
        Ok(query) if query.get("filter").is_some() => return refused(FILTERED),
        Ok(_) => {}
    }
    answer(
        StatusCode::OK,
        &json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": resources.len(),
            "itemsPerPage": resources.len(),
            "startIndex": 1,
            "Resources": resources,
        }),
    )
}

fn one(found: Option<Value>) -> Response {
    match found {
        Some(found) => answer(StatusCode::OK, &found),
        None => refused(NOT_FOUND),
    }
}

/// The features.
pub(super) async fn config(call: Call) -> Response {
    if call.query().is_err() {
        return refused(SYNTAX);
    }
    let config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": true, "maxOperations": MOST_OPERATIONS, "maxPayloadSize": LARGEST},
        "filter": {"supported": true, "maxResults": MOST},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": USUAL,
            "maxPageSize": MOST,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth 2.0",
            "description": "An access token of a client that is bound to an organisation, with the scope musubi:scim",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{}/ServiceProviderConfig", base(&call)),
        },
    });
    answer(StatusCode::OK, &config)
}

/// The kinds of resources.
pub(super) async fn types(call: Call) -> Response {
    let base = base(&call);
    list(&call, &resource_types().map(|one| publish_type(one, &base)))
}

/// A kind of resource.
pub(super) async fn one_type(Path(id): Path<String>, call: Call) -> Response {
    let found = resource_types().into_iter().find(|one| one.name == id);
    one(found.map(|found| publish_type(found, &base(&call))))
}

/// The schemas.
pub(super) async fn schemas(call: Call) -> Response {
    let base = base(&call);
    list(&call, &all_schemas().map(|one| publish_schema(one, &base)))
}

/// A schema.
pub(super) async fn one_schema(Path(id): Path<String>, call: Call) -> Response {
    let found = all_schemas()
        .into_iter()
        .find(|one| one.id.eq_ignore_ascii_case(&id));
    one(found.map(|found| publish_schema(found, &base(&call))))
}
