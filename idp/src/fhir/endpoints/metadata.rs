//! `GET /fhir/metadata` (FHIR R4, RESTful API: capabilities).

use axum::response::Response;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};

use super::desk::answer;
use crate::http::Call;

/// What this server can do; the same for everybody.
pub(super) async fn read(call: Call) -> Response {
    let mut response = answer(StatusCode::OK, Some(&statement(&call)));
    response.headers_mut().insert(
        CACHE_CONTROL,
        http::HeaderValue::from_static("public, max-age=300"),
    );
    response
}

fn statement(call: &Call) -> Value {
    let issuer = &call.realm.issuer;
    let codes = |codes: &[&str]| -> Value { codes.iter().map(|code| json!({"code": code})).collect() };
    let parameter = |name: &str, kind: &str| json!({"name": name, "type": kind});
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-27",
        "kind": "instance",
        "software": {"name": "Musubi", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "Consents of the people of this realm", "url": call.realm.url("/fhir")},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [{
            "mode": "server",
            "security": {
                "service": [{"coding": [{
                    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                    "code": "OAuth",
                }]}],
                "description": format!(
                    "Access tokens of {issuer}, with scopes patient/Consent. and a part of cruds; what opens something \
                     needs a fresh sign-in"
                ),
            },
            "resource": [{
                "type": "Consent",
                "interaction": codes(&[
                    "read", "vread", "update", "delete", "history-instance", "create", "search-type",
                ]),
                "versioning": "versioned-update",
                "readHistory": true,
                "updateCreate": false,
                "conditionalCreate": false,
                "conditionalRead": "not-match",
                "conditionalUpdate": false,
                "conditionalDelete": "not-supported",
                "searchParam": [
                    parameter("_id", "token"),
                    parameter("status", "token"),
                    parameter("patient", "reference"),
                ],
            }],
        }],
    })
}
