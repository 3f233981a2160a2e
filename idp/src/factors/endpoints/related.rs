//! `GET /.well-known/webauthn` (Web Authentication Level 3 §5.11).

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::json;

use crate::http::Call;
use crate::oauth::endpoints::answer;

/// The origins whose pages may use passkeys of this realm; nothing where there are no others.
pub(super) async fn origins(call: Call) -> Response {
    let related = &call.realm.sign_in.related_origins;
    if related.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut origins = vec![call.realm.issuer.clone()];
    origins.extend(related.iter().cloned());
    answer::json(StatusCode::OK, &json!({ "origins": origins }))
}
