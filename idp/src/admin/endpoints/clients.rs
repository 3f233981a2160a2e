//! `/api/v1/clients`: relying parties and services, with the metadata of RFC 7591 §2.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema as _, ToSchema};

use super::answer::{Listing, Paging, Refused, bytes_of, created, json};
use super::desk::{Desk, Rules, Segment};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::oauth::Scope;
use crate::oauth::clients::metadata::Translations;
use crate::oauth::clients::sector::{self, SectorError};
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

/// A client to be registered: the members of [`Metadata`], and no others. What is left out gets the standards' default.
#[derive(Debug, Deserialize, Validate)]
#[serde(transparent)]
#[garde(allow_unvalidated)]
struct NewClient(Map<String, Value>);

impl Rules for NewClient {
    const RULES: &'static str =
        "Members are those of client metadata that this API describes, with values of their types.";
}

impl NewClient {
    /// The metadata. A member that this API does not describe is refused: it was not meant, or would not be kept.
    fn metadata(self, secure: bool) -> Result<Metadata, Refusal> {
        if !self.0.keys().all(|name| is_member(name)) {
            return Err(Refusal::invalid("body.member", Self::RULES));
        }
        Ok(Metadata::from_json(&Value::Object(self.0), secure)?)
    }
}

/// The members that client metadata has, as the description of the API tells.
static MEMBERS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut others = Vec::new();
    Metadata::schemas(&mut others);
    let mut members = BTreeSet::new();
    collect(&Metadata::schema(), &others, &mut members);
    members
});

fn collect(schema: &RefOr<Schema>, others: &[(String, RefOr<Schema>)], members: &mut BTreeSet<String>) {
    match schema {
        RefOr::T(Schema::Object(object)) => members.extend(object.properties.keys().cloned()),
        RefOr::T(Schema::AllOf(all)) => {
            for one in &all.items {
                collect(one, others, members);
            }
        }
        RefOr::T(_) => {}
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            if let Some((_, schema)) = others.iter().find(|(other, _)| other == name) {
                collect(schema, others, members);
            }
        }
    }
}

/// Whether client metadata has a member of that name; for the reader of a language where it says so (`client_name#ja`).
fn is_member(name: &str) -> bool {
    match name.split_once('#') {
        Some((member, _)) => Translations::MEMBERS.contains(&member),
        None => MEMBERS.contains(name),
    }
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
    post, path = "/api/v1/clients", tag = "clients", request_body = Metadata,
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
    let metadata = new.metadata(desk.call.realm.secure)?;
    if let Some(scope) = &metadata.scope {
        let scope = Scope::parse(scope).map_err(|_| Refusal::invalid("client.scope", NewClient::RULES))?;
        desk.authority.may_pass_on(&scope)?;
    }
    in_sector(desk, &metadata).await?;
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
