//! `POST /oauth/revoke` (RFC 7009).

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;

use super::client_form;
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::clients::AuthenticatedClient;
use crate::oauth::families::{Family, RefreshToken};
use crate::oauth::tokens::{ActiveToken, inspect};
use crate::oauth::{ErrorCode, OAuthError};

const ACTION: Action = Action::new("token.revoke.client");

/// Why the family ended, in its row.
const BECAUSE: &str = "revoked by its client";

const NOT_ITS_OWN: OAuthError = OAuthError::new(
    ErrorCode::InvalidGrant,
    "revoke.other_client",
    "the token was made for another client",
);

/// Ends a token and what belongs to it. What is none of our tokens, or over, is as the client wishes it already
/// (RFC 7009 §2.2).
pub async fn revoke(State(hub): State<Shared>, call: Call) -> Response {
    let asked = match client_form::read(&hub, &call).await {
        Ok(asked) => asked,
        Err(refused) => return client_form::refuse(&hub, &call, ACTION, None, refused).await,
    };
    let missing = OAuthError::new(
        ErrorCode::InvalidRequest,
        "revoke.token.missing",
        "token is missing",
    );
    let outcome = match asked.parameters.get("token") {
        None => Err(missing),
        Some(token) => end(&hub, &call, &asked.client, token).await,
    };
    match outcome {
        Ok(()) => (StatusCode::OK, [(CACHE_CONTROL, "no-store")]).into_response(),
        Err(refused) => client_form::refuse(&hub, &call, ACTION, Some(&asked.client), refused).await,
    }
}

async fn end(hub: &Hub, call: &Call, client: &AuthenticatedClient, token: &str) -> Result<(), OAuthError> {
    let realm = &call.realm;
    if let Some(offered) = RefreshToken::parse(realm, token) {
        return match hub.families.find(realm, offered.family).await? {
            Some(family) => end_family(hub, call, client, &family).await,
            None => nothing(hub, call, client).await,
        };
    }
    match inspect(hub, realm, token).await {
        Ok(active) => end_access(hub, call, client, &active).await,
        Err(error) if error.code == ErrorCode::InvalidToken => nothing(hub, call, client).await,
        Err(error) => Err(error),
    }
}

async fn end_access(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    active: &ActiveToken,
) -> Result<(), OAuthError> {
    if active.claims.client_id != client.id {
        return Err(NOT_ITS_OWN);
    }
    if let Some(family) = active
        .family
        .as_deref()
        .filter(|family| family.client_id == client.id)
    {
        return end_family(hub, call, client, family).await;
    }
    let family = active.family.as_deref();
    record(hub, call, client, family).await?;
    let Some(expires_at) = active.claims.times.exp else {
        return Ok(());
    };
    hub.revoked
        .add(&call.realm, &active.claims.jti, expires_at.0)
        .await?;
    Ok(())
}

async fn end_family(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    family: &Family,
) -> Result<(), OAuthError> {
    if family.client_id != client.id {
        return Err(NOT_ITS_OWN);
    }
    record(hub, call, client, Some(family)).await?;
    hub.families
        .revoke(&call.realm, family.id, BECAUSE, hub.clock.now())
        .await?;
    Ok(())
}

/// The row, with the person whose grant it was.
async fn record(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    family: Option<&Family>,
) -> Result<(), OAuthError> {
    let mut entry = call.permit(ACTION).client(client.id.clone());
    if let Some(family) = family {
        entry = entry.subject(family.person).session(family.details.signed_in_as);
        if let Some(person) = hub.people.by_id(&call.realm, family.person).await? {
            entry.key = person.key.clone();
        }
    }
    hub.record(entry).await
}

/// There was nothing to end; that it was asked is on record.
async fn nothing(hub: &Hub, call: &Call, client: &AuthenticatedClient) -> Result<(), OAuthError> {
    let mut entry = call.permit(ACTION).client(client.id.clone());
    entry.hits = Some(0);
    hub.record(entry).await
}
