//! `/account/security`, and `/.well-known/webauthn`.

mod changes;
mod codes;
mod list;
mod passkeys;
mod related;
mod totp;

use axum::Router;
use axum::routing::{get, post};

use crate::hub::Shared;

pub(crate) use changes::tell_added;
pub(crate) use codes::first_codes;
pub(crate) use totp::{enrol, name};

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/account/security", get(list::show))
        .route("/account/security/app", get(totp::show).post(totp::submit))
        .route("/account/security/codes", post(codes::make))
        .route("/account/security/remove", post(changes::remove))
        .route("/account/security/rename", post(changes::rename))
        .route("/account/security/passkey", post(passkeys::finish))
        .route("/account/security/passkey/begin", post(passkeys::begin))
        .route("/.well-known/webauthn", get(related::origins))
}
