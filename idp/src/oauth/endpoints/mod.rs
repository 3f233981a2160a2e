//! The endpoints of OAuth and OpenID Connect, one a file.

pub mod answer;
pub mod authorize;
pub mod backchannel_authentication;
pub mod backchannel_code;
pub mod backchannel_requests;
pub mod check_session;
pub mod client_form;
pub mod consent;
pub mod device;
pub mod device_authorization;
pub mod discovery;
pub mod initiate;
pub mod introspect;
pub mod jwks;
pub mod logout;
pub mod par;
pub mod register;
pub mod revoke;
pub mod token;
pub mod userinfo;

use axum::Router;
use axum::routing::{get, post};

use crate::hub::Shared;

/// All routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::openid))
        .route("/.well-known/oauth-authorization-server", get(discovery::oauth))
        .route("/oauth/jwks", get(jwks::jwks))
        .route(
            "/oauth/authorize",
            get(authorize::by_query).post(authorize::by_form),
        )
        .route("/oauth/continue", get(authorize::go_on))
        .route("/oauth/consent", get(consent::ask).post(consent::answer))
        .route("/oauth/par", post(par::push))
        .route("/oauth/token", post(token::token))
        .route("/oauth/device", post(device_authorization::begin))
        .route("/device", get(device::show).post(device::look))
        .route("/device/answer", post(device::answer))
        .route("/oauth/backchannel", post(backchannel_authentication::begin))
        .route("/account/requests", get(backchannel_requests::show))
        .route("/account/requests/answer", post(backchannel_requests::answer))
        .route(
            "/account/requests/code",
            get(backchannel_code::show).post(backchannel_code::change),
        )
        .route("/oauth/introspect", post(introspect::introspect))
        .route("/oauth/revoke", post(revoke::revoke))
        .route(
            "/oauth/userinfo",
            get(userinfo::userinfo).post(userinfo::userinfo),
        )
        .route("/oauth/logout", get(logout::ask).post(logout::answer))
        .route("/oauth/check-session", get(check_session::frame))
        .route("/oauth/register", post(register::create))
        .route(
            "/oauth/register/{client_id}",
            get(register::read).put(register::update).delete(register::remove),
        )
        .route("/oauth/register/{client_id}/secret", post(register::secret))
        .route("/account/start/{client_id}", get(initiate::start))
}
