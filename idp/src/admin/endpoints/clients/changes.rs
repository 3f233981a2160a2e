//! What is changed of a client that is there: its metadata, its secret, the token with which it changes itself.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use platform::clock::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{NewClient, NewClientBody};
use super::{ClientView, UNKNOWN, in_sector, may_give};
use crate::admin::endpoints::answer::{Refused, json};
use crate::admin::endpoints::desk::{Desk, Rules, Segment};
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::oauth::clients::{Client, Registration};

const UPDATE: Action = Action::new("client.update");
const SECRET: Action = Action::new("client.secret");
const TOKEN: Action = Action::new("client.registration_access_token");

const FIRST_PARTY: &str = "A client that can change its own registration is no first party.";
const SUBJECTS: &str = "subject_type and the sector of pairwise subjects do not change; register anew.";
const SECRETLESS: &str = "The client has no secret, or it has just been changed.";
const TOKENLESS: &str = "The client has not registered by itself.";

/// How a secret is changed.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSecret {
    /// For how many seconds the secret before is good beside the new one: up to thirty days; one day if it is not said.
    #[garde(range(max = 2_592_000))]
    #[serde(default = "one_day")]
    #[schema(maximum = 2_592_000)]
    overlap_seconds: u64,
    /// For how many seconds the new secret is good, an hour at least; until it is changed if it is not said.
    #[garde(range(min = 3600, max = 315_360_000))]
    #[serde(default)]
    #[schema(minimum = 3600, maximum = 315_360_000)]
    expires_in: Option<u64>,
}

impl Rules for NewSecret {
    const RULES: &'static str =
        "overlap_seconds is 0 to 2592000, expires_in 3600 to 315360000 seconds; nothing else is there.";
}

fn one_day() -> u64 {
    86_400
}

/// A secret that took the place of another: shown this once.
#[derive(Serialize, ToSchema)]
struct ChangedSecret {
    /// The client.
    client_id: String,
    /// The new secret.
    client_secret: String,
    /// When it ends, in seconds since the epoch; zero: not by itself.
    client_secret_expires_at: i64,
    /// When the secret before ends, in seconds since the epoch.
    former_secret_expires_at: i64,
}

/// A registration access token (RFC 7592 §3): shown this once.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the members are those of the API")]
struct RegistrationAccessToken {
    /// The client.
    client_id: String,
    /// With it the client reads and changes its registration; those before do not work any more.
    registration_access_token: String,
    /// Where.
    registration_client_uri: String,
}

/// A client that the caller may act for: whoever has its secret has its powers.
async fn held(desk: &Desk<'_>, segment: &Segment) -> Result<Client, Refusal> {
    let id = segment.name(UNKNOWN.id)?;
    let found = desk.hub.clients.find(desk.realm(), id).await?.ok_or(UNKNOWN)?;
    desk.authority.may_pass_on(&found.scope)?;
    Ok(Client::clone(&found))
}

/// Replaces what a client says about itself, and what is said of it if the body says so. A client that becomes another
/// party loses what people let it have.
#[utoipa::path(
    put, path = "/api/v1/clients/{client_id}", tag = "clients", request_body = NewClientBody,
    params(("client_id" = String, Path, description = "The client's id")),
    security(("token" = ["musubi:clients.write"])),
    responses((status = 200, description = "The client", body = ClientView), Refused),
)]
pub(in crate::admin::endpoints) async fn update(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, UPDATE, scope::CLIENTS_WRITE).await {
        Ok(desk) => desk.finish(replace(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn replace(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let (metadata, standing) = desk.body::<NewClient>()?.parts(desk.call.realm.secure)?;
    let client = held(desk, segment).await?;
    may_give(desk, &metadata)?;
    if client.self_registered && standing.as_ref().is_some_and(|standing| standing.first_party) {
        return Err(Refusal::invalid("client.first_party", FIRST_PARTY));
    }
    if !client.metadata.has_same_subjects(&metadata) {
        return Err(Refusal::invalid("client.subjects", SUBJECTS));
    }
    in_sector(desk, &metadata).await?;
    let mut row = desk.permit().resource("client", [client.id.clone()]);
    row = row.detail("scope", metadata.scope.clone());
    row = row.detail(
        "first_party",
        standing.as_ref().map(|standing| standing.first_party),
    );
    desk.record(row).await?;
    let (hub, now) = (desk.hub, desk.hub.clock.now());
    let new = Registration {
        standing,
        ..Registration::of(&metadata)
    };
    let updated = hub
        .clients
        .update(desk.realm(), &hub.entropy, now, &client, new)
        .await?;
    let updated = updated.ok_or(UNKNOWN)?;
    hub.consents.forget_all();
    hub.families.forget_all();
    json(StatusCode::OK, &ClientView::of(updated.client, updated.secret))
}

/// Gives a client a new secret. The one before stays good for a while, so that it can be changed everywhere.
#[utoipa::path(
    post, path = "/api/v1/clients/{client_id}/secret", tag = "clients", request_body = NewSecret,
    params(("client_id" = String, Path, description = "The client's id")),
    security(("token" = ["musubi:clients.write"])),
    responses((status = 201, description = "The secret", body = ChangedSecret), Refused),
)]
pub(in crate::admin::endpoints) async fn secret(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, SECRET, scope::CLIENTS_WRITE).await {
        Ok(desk) => desk.finish(change_secret(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn change_secret(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let wanted: NewSecret = desk.body()?;
    let client = held(desk, segment).await?;
    let none = Refusal::invalid("client.secret.none", SECRETLESS);
    if client.secrets.current.is_none() {
        return Err(none);
    }
    let mut row = desk.permit().resource("client", [client.id.clone()]);
    row = row.detail("overlap_seconds", wanted.overlap_seconds);
    desk.record(row).await?;
    let (hub, now) = (desk.hub, desk.hub.clock.now());
    let times = (
        Duration::from_secs(wanted.overlap_seconds),
        wanted.expires_in.map(Duration::from_secs),
    );
    let changed = hub
        .clients
        .change_secret(desk.realm(), &hub.entropy, now, &client, times)
        .await?;
    let changed = changed.ok_or(none)?;
    let shown = ChangedSecret {
        client_id: client.id,
        client_secret: changed.secret,
        client_secret_expires_at: changed.ends.map_or(0, Instant::as_seconds),
        former_secret_expires_at: changed.former_ends.as_seconds(),
    };
    json(StatusCode::CREATED, &shown)
}

/// Gives a client that registered by itself a new registration access token; those before end at once.
#[utoipa::path(
    post, path = "/api/v1/clients/{client_id}/registration-access-token", tag = "clients",
    params(("client_id" = String, Path, description = "The client's id")),
    security(("token" = ["musubi:clients.write"])),
    responses((status = 201, description = "The token", body = RegistrationAccessToken), Refused),
)]
pub(in crate::admin::endpoints) async fn token(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, TOKEN, scope::CLIENTS_WRITE).await {
        Ok(desk) => desk.finish(renew_token(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn renew_token(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.no_body()?;
    let client = held(desk, segment).await?;
    let none = Refusal::invalid("client.registration_access_token.none", TOKENLESS);
    if !client.self_registered {
        return Err(none);
    }
    desk.record(desk.permit().resource("client", [client.id.clone()]))
        .await?;
    let clients = &desk.hub.clients;
    let token = clients
        .replace_registration_token(desk.realm(), &desk.hub.entropy, &client.id)
        .await?;
    let shown = RegistrationAccessToken {
        registration_access_token: token.ok_or(none)?,
        registration_client_uri: desk.realm().url(&format!("/oauth/register/{}", client.id)),
        client_id: client.id,
    };
    json(StatusCode::CREATED, &shown)
}
