//! What the endpoints that clients call by themselves share: a form, and a client that proves who it is (RFC 6749 §2.3,
//! §3.2).

use axum::response::Response;
use http::header::AUTHORIZATION;
use platform::http::Parameters;

use super::answer;
use crate::http::Call;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::clients::{AuthenticatedClient, Credentials, authenticate};
use crate::oauth::{ErrorCode, OAuthError};

/// A form of a client that proved who it is, or of a public client, which cannot.
pub struct ClientForm {
    /// Who asks.
    pub client: AuthenticatedClient,
    /// What it asks.
    pub parameters: Parameters,
}

const fn malformed(id: &'static str, text: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, id, text)
}

/// Reads the form and authenticates the client.
pub async fn read(hub: &Hub, call: &Call) -> Result<ClientForm, OAuthError> {
    let parameters = call
        .form()
        .ok_or(malformed(
            "request.content_type",
            "the request is application/x-www-form-urlencoded",
        ))?
        .map_err(|_| malformed("request.parameters", "a parameter is doubled or not UTF-8"))?;
    if call.has_doubled(&AUTHORIZATION) {
        return Err(malformed(
            "request.authorization",
            "the Authorization header is doubled",
        ));
    }
    let credentials = Credentials::read(call.authorization(), &parameters)?;
    let client = authenticate(hub, call, &credentials).await?;
    Ok(ClientForm { client, parameters })
}

/// Writes down that something was refused, then says so.
pub async fn refuse(
    hub: &Hub,
    call: &Call,
    action: Action,
    client: Option<&AuthenticatedClient>,
    refused: OAuthError,
) -> Response {
    let mut entry = call.deny(action, refused.id);
    entry.client = client.map(|client| client.id.clone());
    match hub.record(entry).await {
        Ok(()) => answer::error(refused),
        Err(unavailable) => answer::error(unavailable),
    }
}
