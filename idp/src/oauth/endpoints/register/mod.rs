//! `POST /oauth/register` (RFC 7591), `GET|PUT|DELETE /oauth/register/{client_id}` (RFC 7592), and
//! `POST /oauth/register/{client_id}/secret`, with which a client changes its secret.

mod request;

use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use platform::ephemeral::Slot;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use platform::clock::Instant;

use self::request::{invalid, policy, requested};
use super::answer;
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::oauth::clients::{Client, Metadata, Registered, Registration};
use crate::oauth::registration::Policy;
use crate::oauth::{ErrorCode, OAuthError};

const REGISTER: Action = Action::new("client.register");
const READ: Action = Action::new("client.registration.read");
const UPDATE: Action = Action::new("client.registration.update");
const REMOVE: Action = Action::new("client.registration.remove");
const SECRET: Action = Action::new("client.registration.secret");

/// How long a client's former secret is good beside the new one, unless it asks for less.
const OVERLAP: Duration = Duration::from_hours(24);

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

/// Gives a client a new secret.
pub async fn secret(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    finish(&hub, &call, SECRET, change_secret(&hub, &call, &id).await).await
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
    let (token, now) = (call.bearer(), hub.clock.now());
    let name = match token {
        Some(token) => {
            let held = hub.clients.initial_token_policy(&call.realm, now, token).await?;
            held.ok_or(NOT_ALLOWED)?
        }
        None => None,
    };
    let rules = policy(hub, call, name.as_deref()).await?.ok_or(NOT_ALLOWED)?;
    if token.is_none() && !rules.open {
        return Err(NOT_ALLOWED);
    }
    within_limit(hub, call).await?;
    let asked = requested(hub, call, &rules, None).await?;
    // The row is written before the token is used up and the client made: no log, no change.
    hub.record(call.permit(REGISTER)).await?;
    if let Some(token) = token
        && !hub.clients.use_initial_token(&call.realm, now, token).await?
    {
        return Err(NOT_ALLOWED);
    }
    let new = Registration {
        own: true,
        policy: name.as_deref(),
        statement: asked.statement.as_deref(),
        secret_life: secret_life(&rules),
        ..Registration::of(&asked.metadata)
    };
    let registered = hub.clients.enter(&call.realm, &hub.entropy, now, new).await?;
    Ok(answer::json(StatusCode::CREATED, &describe(call, &registered)))
}

fn secret_life(policy: &Policy) -> Option<Duration> {
    let days = policy.secret_days?;
    Some(Duration::from_hours(24).saturating_mul(days))
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
    let now = hub.clock.now();
    check_identity(call, &client, now)?;
    let rules = policy_of(hub, call, &client).await?;
    let asked = requested(hub, call, &rules, client.statement.as_deref()).await?;
    if !client.metadata.has_same_subjects(&asked.metadata) {
        return Err(invalid(
            "subject_type and the sector of pairwise subjects cannot change; register anew",
        ));
    }
    hub.record(entry(call, UPDATE, &client)).await?;
    let new = Registration {
        own: true,
        policy: client.policy.as_deref(),
        statement: asked.statement.as_deref(),
        secret_life: secret_life(&rules),
        ..Registration::of(&asked.metadata)
    };
    let (realm, entropy) = (&call.realm, &hub.entropy);
    let updated = hub.clients.update(realm, entropy, now, &client, new).await?;
    let mut registered = updated.ok_or(NOT_ALLOWED)?;
    hub.consents.forget_all();
    hub.families.forget_all();
    registered.registration_token = hub
        .clients
        .offer_registration_token(realm, entropy, &client.id)
        .await?;
    Ok(answer::json(StatusCode::OK, &describe(call, &registered)))
}

/// The policy that a client registered under. Without it nothing of the registration can be changed.
async fn policy_of(hub: &Hub, call: &Call, client: &Client) -> Result<std::sync::Arc<Policy>, OAuthError> {
    let found = policy(hub, call, client.policy.as_deref()).await?;
    found.ok_or(OAuthError::new(
        ErrorCode::AccessDenied,
        "registration.policy.gone",
        "the policy that the client registered under is not there any more",
    ))
}

async fn change_secret(hub: &Hub, call: &Call, id: &str) -> Result<Response, OAuthError> {
    let client = own(hub, call, id).await?;
    let overlap = overlap(call)?;
    let life = secret_life(&*policy_of(hub, call, &client).await?);
    let none = invalid("the client has no secret, or it has just been changed");
    if client.secrets.current.is_none() {
        return Err(none);
    }
    hub.record(entry(call, SECRET, &client).detail("overlap_seconds", overlap.as_secs()))
        .await?;
    let (realm, now) = (&call.realm, hub.clock.now());
    let changed = hub
        .clients
        .change_secret(realm, &hub.entropy, now, &client, (overlap, life))
        .await?;
    let changed = changed.ok_or(none)?;
    let mut registered = Registered {
        client,
        secret: Some(changed.secret),
        registration_token: call.bearer().map(str::to_owned),
    };
    if let Some(current) = &mut registered.client.secrets.current {
        current.ends = changed.ends;
    }
    Ok(answer::json(StatusCode::OK, &describe(call, &registered)))
}

/// How long the former secret stays good: what the body says, if there is one, and a day at the most.
fn overlap(call: &Call) -> Result<Duration, OAuthError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        overlap_seconds: u64,
    }
    if call.body.is_empty() {
        return Ok(OVERLAP);
    }
    let wanted: Wanted = serde_json::from_slice(&call.body)
        .map_err(|_| invalid("the body is empty, or has overlap_seconds and nothing else"))?;
    Ok(Duration::from_secs(wanted.overlap_seconds).min(OVERLAP))
}

/// What an update says about who it is must be true (RFC 7592 §2.2).
fn check_identity(call: &Call, client: &Client, now: Instant) -> Result<(), OAuthError> {
    const OURS: [&str; 4] = [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ];
    let body: Value = serde_json::from_slice(&call.body).map_err(|_| invalid("the body is not JSON"))?;
    if body.get("client_id").and_then(Value::as_str) != Some(client.id.as_str()) {
        return Err(invalid("client_id must be there and be the client's own"));
    }
    if OURS.iter().any(|name| body.get(name).is_some()) {
        return Err(invalid("an update has no members that only the hub gives"));
    }
    match body.get("client_secret") {
        None => Ok(()),
        Some(Value::String(secret)) if client.has_secret(&call.realm, secret, now) => Ok(()),
        Some(_) => Err(invalid("client_secret is not the client's own")),
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

/// The client information response (RFC 7591 §3.2.1).
#[derive(Serialize)]
struct Information<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Seconds since the epoch; zero: it does not end by itself. There wherever a secret is.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_access_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_client_uri: Option<String>,
    /// As it was presented (RFC 7591 §3.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    software_statement: Option<&'a str>,
    #[serde(flatten)]
    metadata: &'a Metadata,
}

fn describe<'a>(call: &Call, registered: &'a Registered) -> Information<'a> {
    let client = &registered.client;
    let token = registered.registration_token.as_deref();
    Information {
        client_id: &client.id,
        client_secret: registered.secret.as_deref(),
        client_secret_expires_at: client
            .secrets
            .current
            .as_ref()
            .map(|secret| secret.ends.map_or(0, Instant::as_seconds)),
        registration_access_token: token,
        registration_client_uri: token.map(|_| call.realm.url(&format!("/oauth/register/{}", client.id))),
        software_statement: client.statement.as_deref(),
        metadata: &client.metadata,
    }
}
