//! `/api/v1/clients`: relying parties and services, with the metadata of RFC 7591 §2.

mod body;
pub(super) mod changes;
pub(super) mod tokens;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::clock::Instant;
use serde::Serialize;
use utoipa::ToSchema;

use self::body::{NewClient, NewClientBody};
use super::answer::{Listing, Paging, Refused, bytes_of, created, json};
use super::desk::{Desk, Rules as _, Segment};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::oauth::Scope;
use crate::oauth::clients::sector::{self, SectorError};
use crate::oauth::clients::{Client, Metadata, Registration, Standing};

const LIST: Action = Action::new("client.list");
const READ: Action = Action::new("client.read");
const CREATE: Action = Action::new("client.create");
const CREATED: Action = Action::new("client.created");
const REMOVE: Action = Action::new("client.remove");

const UNKNOWN: Refusal = Refusal::not_found("client.unknown");

/// A client with its metadata (RFC 7591 §2).
#[derive(Serialize, ToSchema)]
#[schema(as = Client)]
struct ClientView {
    /// Its name in this API and in OAuth.
    client_id: String,
    /// It registered by itself, and nobody here has looked at it.
    self_registered: bool,
    /// Its secret: shown this once, and kept as a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// When its secret ends, in seconds since the epoch; zero: not by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    /// When the secret before ends, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    former_secret_expires_at: Option<i64>,
    /// The policy that it registered under.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    /// What an administrator says of it.
    #[serde(flatten)]
    standing: Standing,
    /// What it says about itself.
    #[serde(flatten)]
    metadata: Metadata,
}

impl ClientView {
    fn of(client: Client, client_secret: Option<String>) -> Self {
        Self {
            client_id: client.id,
            self_registered: client.self_registered,
            client_secret,
            client_secret_expires_at: client
                .secrets
                .current
                .map(|secret| secret.ends.map_or(0, Instant::as_seconds)),
            former_secret_expires_at: client
                .secrets
                .former
                .and_then(|secret| secret.ends)
                .map(Instant::as_seconds),
            policy: client.policy,
            standing: client.standing,
            metadata: client.metadata,
        }
    }
}

/// Lists the clients of the realm.
#[utoipa::path(
    get, path = "/api/v1/clients", tag = "clients", params(Paging), security(("token" = ["musubi:clients.read"])),
    responses((status = 200, description = "Clients", body = Listing<ClientView>), Refused),
)]
pub(super) async fn list(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, LIST, scope::CLIENTS_READ).await {
        Ok(desk) => desk.finish(show_all(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn show_all(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let page = desk.page("clients")?;
    let after = page
        .after
        .as_deref()
        .map(cursor::text)
        .transpose()?
        .unwrap_or_default();
    let mut clients = desk.hub.clients.list(desk.realm(), after, page.limit + 1).await?;
    let next = desk.cut("clients", &page, &mut clients, |last| {
        last.id.clone().into_bytes()
    })?;
    let mut row = desk
        .permit()
        .resource("client", clients.iter().map(|client| client.id.clone()));
    row.hits = u64::try_from(clients.len()).ok();
    desk.record(row).await?;
    let items = clients
        .into_iter()
        .map(|client| ClientView::of(client, None))
        .collect();
    json(StatusCode::OK, &Listing { items, next })
}

/// Registers a client. The answer shows its secret once.
#[utoipa::path(
    post, path = "/api/v1/clients", tag = "clients", request_body = NewClientBody,
    security(("token" = ["musubi:clients.write"])),
    responses((status = 201, description = "The client", body = ClientView), Refused),
)]
pub(super) async fn create(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, CREATE, scope::CLIENTS_WRITE).await {
        Ok(desk) => desk.finish(add(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn add(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let (metadata, standing) = desk.body::<NewClient>()?.parts(desk.call.realm.secure)?;
    may_give(desk, &metadata)?;
    in_sector(desk, &metadata).await?;
    let mut row = desk.permit().detail("scope", metadata.scope.clone());
    row = row.detail(
        "first_party",
        standing.as_ref().is_some_and(|standing| standing.first_party),
    );
    desk.record(row).await?;
    let (hub, now) = (desk.hub, desk.hub.clock.now());
    let new = Registration {
        standing,
        ..Registration::of(&metadata)
    };
    let registered = hub.clients.enter(desk.realm(), &hub.entropy, now, new).await?;
    // Its id exists only now; the row before is the one that had to be there.
    desk.record(
        desk.permit_as(CREATED)
            .resource("client", [registered.client.id.clone()]),
    )
    .await?;
    let location = format!("/api/v1/clients/{}", registered.client.id);
    created(&location, &ClientView::of(registered.client, registered.secret))
}

/// That the caller holds every scope of this API that the client is to have.
fn may_give(desk: &Desk<'_>, metadata: &Metadata) -> Result<(), Refusal> {
    let Some(scope) = &metadata.scope else {
        return Ok(());
    };
    let scope = Scope::parse(scope).map_err(|_| Refusal::invalid("client.scope", NewClient::RULES))?;
    desk.authority.may_pass_on(&scope)
}

/// That the document behind `sector_identifier_uri`, if there is one, names every redirect URI.
async fn in_sector(desk: &Desk<'_>, metadata: &Metadata) -> Result<(), Refusal> {
    const UNAVAILABLE: &str = "The document at sector_identifier_uri could not be fetched.";
    const NOT_IN: &str = "The document at sector_identifier_uri names every redirect URI.";
    let Some(uri) = &metadata.sector_identifier_uri else {
        return Ok(());
    };
    let reach = desk.call.realm.reach();
    let checked = sector::check(&desk.hub.outbound, reach, uri, metadata).await;
    checked.map_err(|error| match error {
        SectorError::Unavailable => Refusal::invalid("client.sector", UNAVAILABLE),
        SectorError::NotIn => Refusal::invalid("client.sector", NOT_IN),
    })
}

/// Reads a client.
#[utoipa::path(
    get, path = "/api/v1/clients/{client_id}", tag = "clients",
    params(("client_id" = String, Path, description = "The client's id")),
    security(("token" = ["musubi:clients.read"])),
    responses((status = 200, description = "The client", body = ClientView), Refused),
)]
pub(super) async fn read(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, READ, scope::CLIENTS_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn named(desk: &Desk<'_>, segment: &Segment) -> Result<Client, Refusal> {
    desk.no_body()?;
    let id = segment.name(UNKNOWN.id)?;
    let found = desk.hub.clients.find(desk.realm(), id).await?.ok_or(UNKNOWN)?;
    Ok(Client::clone(&found))
}

async fn show(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let client = named(desk, segment).await?;
    desk.record(desk.permit().resource("client", [client.id.clone()]))
        .await?;
    json(StatusCode::OK, &ClientView::of(client, None))
}

/// Removes a client with everything that people let it have.
#[utoipa::path(
    delete, path = "/api/v1/clients/{client_id}", tag = "clients",
    params(("client_id" = String, Path, description = "The client's id")),
    security(("token" = ["musubi:clients.write"])),
    responses((status = 204, description = "It is gone"), Refused),
)]
pub(super) async fn remove(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, REMOVE, scope::CLIENTS_WRITE).await {
        Ok(desk) => desk.finish(erase(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn erase(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let client = named(desk, segment).await?;
    desk.record(desk.permit().resource("client", [client.id.clone()]))
        .await?;
    desk.hub
        .clients
        .remove(desk.realm(), &client.id, desk.hub.clock.now())
        .await?;
    desk.hub.families.forget_all();
    Ok(bytes_of(
        "application/json",
        StatusCode::NO_CONTENT,
        Body::empty(),
    ))
}
