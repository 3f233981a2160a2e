//! `/api/v1/clients`: relying parties and services, with the metadata of RFC 7591 §2.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{Listing, Paging, Refused, bytes_of, created, json};
use super::desk::{Desk, Rules, Segment};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::oauth::Scope;
use crate::oauth::clients::{Client, Metadata};

const LIST: Action = Action::new("client.list");
const READ: Action = Action::new("client.read");
const CREATE: Action = Action::new("client.create");
const CREATED: Action = Action::new("client.created");
const REMOVE: Action = Action::new("client.remove");
const TOKEN: Action = Action::new("client.registration_token");

const UNKNOWN: Refusal = Refusal::not_found("client.unknown");

/// A client with its metadata (RFC 7591 §2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client)]
struct ClientView {
    /// Its name in this API and in OAuth.
    client_id: String,
    /// It registered by itself, and nobody here has looked at it.
    self_registered: bool,
    /// Its secret: shown this once, and kept as a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// What it says about itself.
    #[serde(flatten)]
    #[schema(value_type = NewClient)]
    metadata: Metadata,
}

impl ClientView {
    fn of(client: Client, client_secret: Option<String>) -> Self {
        Self {
            client_id: client.id,
            self_registered: client.self_registered,
            client_secret,
            metadata: client.metadata,
        }
    }
}

/// A client to be registered. What is left out gets the default of OpenID Connect Registration 1.0 §2.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
struct NewClient {
    /// Where answers may go; compared exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uris: Option<Vec<String>>,
    /// `client_secret_basic` (default), `client_secret_post`, `private_key_jwt` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_method: Option<String>,
    /// `authorization_code` (default), `refresh_token`, `client_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_types: Option<Vec<String>>,
    /// `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_types: Option<Vec<String>>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<String>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_uri: Option<String>,
    /// Its privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    tos_uri: Option<String>,
    /// The scopes that it may ask for. Those of this API need a caller who holds them.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// Whom to ask about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    contacts: Option<Vec<String>>,
    /// Its public keys (RFC 7517 §5).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    /// `web` (default) or `native`.
    #[serde(skip_serializing_if = "Option::is_none")]
    application_type: Option<String>,
    /// `public` (default) or `pairwise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_type: Option<String>,
    /// The algorithm of its ID tokens; the default is RS256.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token_signed_response_alg: Option<String>,
    /// The algorithm of its assertions.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_signing_alg: Option<String>,
    /// Where people may be sent after sign-out.
    #[serde(skip_serializing_if = "Option::is_none")]
    post_logout_redirect_uris: Option<Vec<String>>,
    /// Seconds after which a sign-in must be renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_max_age: Option<u64>,
    /// Whether ID tokens always say when the person signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    require_auth_time: Option<bool>,
    /// The identity of its software.
    #[garde(length(chars, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    software_id: Option<String>,
    /// The version of its software.
    #[garde(length(chars, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    software_version: Option<String>,
    /// Whether its tokens are always bound to a key (RFC 9449).
    #[serde(skip_serializing_if = "Option::is_none")]
    dpop_bound_access_tokens: Option<bool>,
    /// Whether its DPoP proofs always need a nonce of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    require_dpop_nonce: Option<bool>,
    /// Where its access tokens may be used beyond the realm's own resources: absolute URIs (RFC 8707).
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<String>>,
    /// The life of its access tokens, in seconds: 10 to 86400.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token_seconds: Option<u64>,
}

impl Rules for NewClient {
    const RULES: &'static str =
        "Members are those of RFC 7591 §2 that this API describes, with values of their types.";
}

/// An initial access token to be made (RFC 7591 §1.2).
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRegistrationToken {
    /// For how many registrations.
    #[garde(range(min = 1, max = 1000))]
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000)]
    uses: u32,
    /// For how long, in seconds: up to thirty days; one day if it is not said.
    #[garde(range(min = 60, max = 2_592_000))]
    #[serde(default = "one_day")]
    #[schema(minimum = 60, maximum = 2_592_000)]
    expires_in: u64,
}

impl Rules for NewRegistrationToken {
    const RULES: &'static str = "uses is 1 to 1000, expires_in 60 to 2592000 seconds; nothing else is there.";
}

fn one() -> u32 {
    1
}

fn one_day() -> u64 {
    86_400
}

/// An initial access token (RFC 7591 §1.2): shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the members are those of the API")]
struct RegistrationToken {
    /// With it a client registers itself at `/oauth/register`; such a client gets no scope of this API.
    registration_token: String,
    /// For how many registrations.
    uses: u32,
    /// When it stops working (RFC 3339).
    expires_at: String,
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
    post, path = "/api/v1/clients", tag = "clients", request_body = NewClient,
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
    let new: NewClient = desk.body()?;
    let value = serde_json::to_value(&new).map_err(|error| Refusal::unavailable(&error))?;
    let metadata = Metadata::from_json(&value, desk.call.realm.secure)?;
    if let Some(scope) = &metadata.scope {
        let scope = Scope::parse(scope).map_err(|_| Refusal::invalid("client.scope", NewClient::RULES))?;
        desk.authority.may_pass_on(&scope)?;
    }
    desk.record(desk.permit().detail("scope", metadata.scope.clone()))
        .await?;
    let (hub, now) = (desk.hub, desk.hub.clock.now());
    let registered = hub
        .clients
        .register(desk.realm(), &hub.entropy, now, &metadata, false)
        .await?;
    // Its id exists only now; the row before is the one that had to be there.
    desk.record(
        desk.permit_as(CREATED)
            .resource("client", [registered.client.id.clone()]),
    )
    .await?;
    let location = format!("/api/v1/clients/{}", registered.client.id);
    created(&location, &ClientView::of(registered.client, registered.secret))
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

/// Makes an initial access token, with which clients register themselves.
#[utoipa::path(
    post, path = "/api/v1/clients/registration-tokens", tag = "clients", request_body = NewRegistrationToken,
    security(("token" = ["musubi:clients.write"])),
    responses((status = 201, description = "The token", body = RegistrationToken), Refused),
)]
pub(super) async fn registration_token(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, TOKEN, scope::CLIENTS_WRITE).await {
        Ok(desk) => desk.finish(make_token(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn make_token(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let NewRegistrationToken { uses, expires_in } = desk.body()?;
    let (hub, now) = (desk.hub, desk.hub.clock.now());
    let expires_at = now.plus(Duration::from_secs(expires_in));
    desk.record(desk.permit()).await?;
    let token = hub
        .clients
        .create_initial_token(desk.realm(), &hub.entropy, now, expires_at, uses)
        .await?;
    let made = RegistrationToken {
        registration_token: token,
        uses,
        expires_at: expires_at.to_rfc3339(),
    };
    json(StatusCode::CREATED, &made)
}
