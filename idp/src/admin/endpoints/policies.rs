//! `/api/v1/registration-policies`: as what clients may register by themselves (RFC 7591 §3, §5).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listing, Paging, Refused, bytes_of, json};
use super::desk::{Desk, Rules, Segment};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::oauth::registration::Policy;

const LIST: Action = Action::new("client.policy.list");
const READ: Action = Action::new("client.policy.read");
const PUT: Action = Action::new("client.policy.put");
const REMOVE: Action = Action::new("client.policy.remove");

const UNKNOWN: Refusal = Refusal::not_found("client.policy.unknown");

/// A registration policy with its name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NamedRegistrationPolicy)]
struct PolicyView {
    /// Its name; `default` is the one for whoever has no initial access token, and for tokens that name none.
    name: String,
    /// What it lets pass.
    #[serde(flatten)]
    policy: Policy,
}

#[derive(Debug, Deserialize, Validate)]
#[serde(transparent)]
#[garde(allow_unvalidated)]
struct NewPolicy(Policy);

impl Rules for NewPolicy {
    const RULES: &'static str = "Members are those of a registration policy, with values of their types.";
}

/// Lists the registration policies of the realm.
#[utoipa::path(
    get, path = "/api/v1/registration-policies", tag = "clients", params(Paging),
    security(("token" = ["musubi:clients.read"])),
    responses((status = 200, description = "Policies", body = Listing<PolicyView>), Refused),
)]
pub(super) async fn list(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, LIST, scope::CLIENTS_READ).await {
        Ok(desk) => desk.finish(show_all(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn show_all(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let page = desk.page("registration-policies")?;
    let after = page.after.as_deref().map(cursor::text).transpose()?;
    let policies = &desk.hub.policies;
    let mut found = policies
        .list(desk.realm(), after.unwrap_or_default(), page.limit + 1)
        .await?;
    let next = desk.cut("registration-policies", &page, &mut found, |(name, _)| {
        name.clone().into_bytes()
    })?;
    desk.record(desk.permit()).await?;
    let items = found
        .into_iter()
        .map(|(name, policy)| PolicyView { name, policy })
        .collect();
    json(StatusCode::OK, &Listing { items, next })
}

/// Reads a registration policy.
#[utoipa::path(
    get, path = "/api/v1/registration-policies/{name}", tag = "clients",
    params(("name" = String, Path, description = "The policy's name")),
    security(("token" = ["musubi:clients.read"])),
    responses((status = 200, description = "The policy", body = PolicyView), Refused),
)]
pub(super) async fn read(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, READ, scope::CLIENTS_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.no_body()?;
    let name = segment.name(UNKNOWN.id)?;
    let found = desk.hub.policies.find(desk.realm(), name).await?;
    let policy = Policy::clone(&*found.ok_or(UNKNOWN)?);
    desk.record(desk.permit().resource("registration policy", [name.to_owned()]))
        .await?;
    let name = name.to_owned();
    json(StatusCode::OK, &PolicyView { name, policy })
}

/// Makes a registration policy, or puts it in place of the one of that name. Clients that registered under it are held to
/// it when they change their registration next.
#[utoipa::path(
    put, path = "/api/v1/registration-policies/{name}", tag = "clients", request_body = Policy,
    params(("name" = String, Path, description = "The policy's name")),
    security(("token" = ["musubi:clients.write"])),
    responses((status = 200, description = "The policy", body = PolicyView), Refused),
)]
pub(super) async fn put(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, PUT, scope::CLIENTS_WRITE).await {
        Ok(desk) => desk.finish(set(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn set(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let NewPolicy(policy) = desk.body()?;
    let name = segment.name(UNKNOWN.id)?;
    policy
        .validate(name, desk.call.realm.secure)
        .map_err(|error| Refusal::invalid("client.policy", error.0))?;
    let mut row = desk.permit().resource("registration policy", [name.to_owned()]);
    row = row.detail("open", policy.open);
    desk.record(row).await?;
    let now = desk.hub.clock.now();
    desk.hub.policies.put(desk.realm(), name, &policy, now).await?;
    let name = name.to_owned();
    json(StatusCode::OK, &PolicyView { name, policy })
}

/// Removes a registration policy. Initial access tokens that name it register nothing any more, and clients that
/// registered under it cannot change their registration.
#[utoipa::path(
    delete, path = "/api/v1/registration-policies/{name}", tag = "clients",
    params(("name" = String, Path, description = "The policy's name")),
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
    desk.no_body()?;
    let name = segment.name(UNKNOWN.id)?;
    let found = desk.hub.policies.find(desk.realm(), name).await?;
    found.ok_or(UNKNOWN)?;
    desk.record(desk.permit().resource("registration policy", [name.to_owned()]))
        .await?;
    desk.hub.policies.remove(desk.realm(), name).await?;
    Ok(bytes_of(
        "application/json",
        StatusCode::NO_CONTENT,
        Body::empty(),
    ))
}
