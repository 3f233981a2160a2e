//! `POST /oauth/register` (RFC 7591) and `GET|PUT|DELETE /oauth/register/{client_id}` (RFC 7592).

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use platform::ephemeral::Slot;
use serde::Serialize;
use serde_json::Value;

use super::answer;
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::oauth::clients::sector::{self, SectorError};
use crate::oauth::clients::{Client, InvalidMetadata, Metadata, Registered};
use crate::oauth::scope::PERSON_SCOPES;
use crate::oauth::{ErrorCode, OAuthError, Scope};

const REGISTER: Action = Action::new("client.register");
const READ: Action = Action::new("client.registration.read");
const UPDATE: Action = Action::new("client.registration.update");
const REMOVE: Action = Action::new("client.registration.remove");

const NOT_ALLOWED: OAuthError = OAuthError::new(
    ErrorCode::InvalidToken,
    "registration.token",
    "the registration token is unknown, over, or used up",
);

/// Registers a client. It takes an initial access token, which `musubi client registration-token` makes.
pub async fn create(State(hub): State<Shared>, call: Call) -> Response {
    finish(&hub, &call, REGISTER, register(&hub, &call).await).await
}

/// Reads a registration.
pub async fn read(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    finish(&hub, &call, READ, view(&hub, &call, &id).await).await
}

/// Replaces a registration.
pub async fn update(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    finish(&hub, &call, UPDATE, replace(&hub, &call, &id).await).await
}

/// Removes a registration.
pub async fn remove(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    finish(&hub, &call, REMOVE, erase(&hub, &call, &id).await).await
}

async fn finish(hub: &Hub, call: &Call, action: Action, outcome: Result<Response, OAuthError>) -> Response {
    match outcome {
        Ok(response) => response,
        Err(refused) => match hub.record(call.deny(action, refused.id)).await {
            Ok(()) if refused.code == ErrorCode::InvalidToken => {
                answer::bearer_error(call.bearer().map(|_| refused))
            }
            Ok(()) => answer::error(refused),
            Err(unavailable) => answer::error(unavailable),
        },
    }
}

async fn register(hub: &Hub, call: &Call) -> Result<Response, OAuthError> {
    let token = call.bearer().ok_or(NOT_ALLOWED)?;
    let now = hub.clock.now();
    if !hub.clients.is_initial_token(&call.realm, now, token).await? {
        return Err(NOT_ALLOWED);
    }
    within_limit(hub, call).await?;
    let metadata = requested(call)?;
    in_sector(hub, call, &metadata).await?;
    // The row is written before the token is used up and the client made: no log, no change.
    hub.record(call.permit(REGISTER)).await?;
    if !hub.clients.use_initial_token(&call.realm, now, token).await? {
        return Err(NOT_ALLOWED);
    }
    let registered = hub
        .clients
        .register(&call.realm, &hub.entropy, now, &metadata, true)
        .await?;
    Ok(answer::json(StatusCode::CREATED, &describe(call, &registered)))
}

/// Registrations per network and hour; whoever has an initial access token may still be in a loop.
async fn within_limit(hub: &Hub, call: &Call) -> Result<(), OAuthError> {
    let slot = Slot::new(call.realm.id, "registrations", &call.origin.network());
    let count = hub.ephemeral.increment(&slot, Duration::from_hours(1)).await?;
    if count <= hub.settings.limits.registrations_per_hour {
        return Ok(());
    }
    Err(OAuthError::new(
        ErrorCode::TooManyRequests,
        "registration.limit",
        "too many registrations from this address; try again in an hour",
    ))
}

async fn own(hub: &Hub, call: &Call, id: &str) -> Result<Client, OAuthError> {
    let token = call.bearer().ok_or(NOT_ALLOWED)?;
    let found = hub.clients.by_registration_token(&call.realm, id, token).await;
    found?.ok_or(NOT_ALLOWED)
}

fn entry(call: &Call, action: Action, client: &Client) -> Entry {
    call.permit(action).client(client.id.clone())
}

async fn view(hub: &Hub, call: &Call, id: &str) -> Result<Response, OAuthError> {
    let client = own(hub, call, id).await?;
    hub.record(entry(call, READ, &client)).await?;
    let registered = Registered {
        client,
        secret: None,
        registration_token: call.bearer().map(str::to_owned),
    };
    Ok(answer::json(StatusCode::OK, &describe(call, &registered)))
}

async fn replace(hub: &Hub, call: &Call, id: &str) -> Result<Response, OAuthError> {
    let client = own(hub, call, id).await?;
    check_identity(call, &client)?;
    let metadata = requested(call)?;
    if !client.metadata.has_same_subjects(&metadata) {
        return Err(metadata_error(
            "subject_type and the sector of pairwise subjects cannot change; register anew",
        ));
    }
    in_sector(hub, call, &metadata).await?;
    hub.record(entry(call, UPDATE, &client)).await?;
    let now = hub.clock.now();
    let updated = hub
        .clients
        .update(&call.realm, &hub.entropy, now, &client, &metadata)
        .await?;
    let mut registered = updated.ok_or(NOT_ALLOWED)?;
    hub.consents.forget_all();
    hub.families.forget_all();
    registered.registration_token = call.bearer().map(str::to_owned);
    Ok(answer::json(StatusCode::OK, &describe(call, &registered)))
}

/// What an update says about who it is must be true (RFC 7592 §2.2).
fn check_identity(call: &Call, client: &Client) -> Result<(), OAuthError> {
    const OURS: [&str; 4] = [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ];
    let body: Value =
        serde_json::from_slice(&call.body).map_err(|_| metadata_error("the body is not JSON"))?;
    if body.get("client_id").and_then(Value::as_str) != Some(client.id.as_str()) {
        return Err(metadata_error("client_id must be there and be the client's own"));
    }
    if OURS.iter().any(|name| body.get(name).is_some()) {
        return Err(metadata_error("an update has no members that only the hub gives"));
    }
    match body.get("client_secret") {
        None => Ok(()),
        Some(Value::String(secret)) if client.has_secret(&call.realm, secret) => Ok(()),
        Some(_) => Err(metadata_error("client_secret is not the client's own")),
    }
}

async fn erase(hub: &Hub, call: &Call, id: &str) -> Result<Response, OAuthError> {
    let client = own(hub, call, id).await?;
    hub.record(entry(call, REMOVE, &client)).await?;
    hub.clients
        .remove(&call.realm, &client.id, hub.clock.now())
        .await?;
    hub.consents.forget_all();
    hub.families.forget_all();
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn metadata_error(description: &'static str) -> OAuthError {
    OAuthError::new(
        ErrorCode::InvalidClientMetadata,
        "registration.metadata",
        description,
    )
}

/// The metadata of the request. A client that registers by itself gets scopes about the person who consents, and no
/// power of its own.
fn requested(call: &Call) -> Result<Metadata, OAuthError> {
    if !call.is_json() {
        return Err(metadata_error("the request is application/json"));
    }
    let body: Value =
        serde_json::from_slice(&call.body).map_err(|_| metadata_error("the body is not JSON"))?;
    let mut metadata = Metadata::from_json(&body, call.realm.secure).map_err(|error| match error {
        InvalidMetadata::RedirectUri(text) => {
            OAuthError::new(ErrorCode::InvalidRedirectUri, "registration.redirect_uri", text)
        }
        InvalidMetadata::Other(text) => metadata_error(text),
    })?;
    metadata.tokens = metadata.tokens.of_a_stranger();
    metadata.grants = metadata.grants.of_a_stranger();
    if let Some(asked) = &metadata.scope {
        let asked = Scope::parse(asked).map_err(|_| metadata_error("scope is not well-formed"))?;
        metadata.scope = Some(asked.filtered(|scope| PERSON_SCOPES.contains(&scope)).to_string());
    }
    Ok(metadata)
}

/// The document behind `sector_identifier_uri` names every redirect URI (OpenID Connect Registration 1.0 §5): else a client
/// could join the sector of another, and learn the subjects there.
async fn in_sector(hub: &Hub, call: &Call, metadata: &Metadata) -> Result<(), OAuthError> {
    let Some(uri) = &metadata.sector_identifier_uri else {
        return Ok(());
    };
    match sector::check(&hub.outbound, call.realm.reach(), uri, metadata).await {
        Ok(()) => Ok(()),
        Err(SectorError::Unavailable) => Err(metadata_error(
            "the document at sector_identifier_uri could not be fetched",
        )),
        Err(SectorError::NotIn) => Err(metadata_error(
            "the document at sector_identifier_uri does not name every redirect URI",
        )),
    }
}

/// The client information response (RFC 7591 §3.2.1).
#[derive(Serialize)]
struct Information<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Zero: it does not end. There wherever a secret is.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_client_uri: Option<String>,
    #[serde(flatten)]
    metadata: &'a Metadata,
}

fn describe<'a>(call: &Call, registered: &'a Registered) -> Information<'a> {
    let client = &registered.client;
    let token = registered.registration_token.as_deref();
    Information {
        client_id: &client.id,
        client_secret: registered.secret.as_deref(),
        client_secret_expires_at: registered.secret.as_ref().map(|_| 0),
        registration_access_token: token,
        registration_client_uri: token.map(|_| call.realm.url(&format!("/oauth/register/{}", client.id))),
        metadata: &client.metadata,
    }
}
