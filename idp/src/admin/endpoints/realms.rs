//! `/api/v1/realms`: the user bases of the hub. Only for the realm that governs the hub (see [`crate::admin`]).

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listing, Paging, Refused, created, json};
use super::desk::{Desk, Rules};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::realms::Realm;

const LIST: Action = Action::new("realm.list");
const CREATE: Action = Action::new("realm.create");
const CREATED: Action = Action::new("realm.created");

/// A realm.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Realm)]
struct RealmView {
    /// Its name in this API: host and, unless it is the scheme's own, port of the issuer.
    host: String,
    /// The issuer (OpenID Connect Discovery 1.0 §3).
    issuer: String,
    /// The name that people see.
    name: String,
}

impl RealmView {
    fn of(realm: &Realm) -> Self {
        Self {
            host: realm.host.clone(),
            issuer: realm.issuer.clone(),
            name: realm.name.clone(),
        }
    }
}

/// A realm to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRealm {
    /// An `https` URL of a host alone, without a slash at its end; `http` for loopback hosts only.
    #[garde(length(bytes, min = 1, max = 300))]
    issuer: String,
    /// The name that people see.
    #[garde(length(chars, min = 1, max = 100), custom(super::people::printable))]
    name: String,
}

impl Rules for NewRealm {
    const RULES: &'static str = "issuer and name are there and nothing else; name has 1 to 100 characters, none of them a control character.";
}

/// Lists the realms of the hub.
#[utoipa::path(
    get, path = "/api/v1/realms", tag = "realms", params(Paging),
    security(("token" = ["musubi:realms.read"])),
    responses((status = 200, description = "Realms", body = Listing<RealmView>), Refused),
)]
pub(super) async fn list(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, LIST, scope::REALMS_READ).await {
        Ok(desk) => desk.finish(show_all(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn show_all(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let page = desk.page("realms")?;
    let after = page
        .after
        .as_deref()
        .map(cursor::key)
        .transpose()?
        .map(Into::into);
    let mut realms = desk.hub.realms.list(after, page.limit + 1).await?;
    let next = desk.cut("realms", &page, &mut realms, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let mut row = desk
        .permit()
        .resource("realm", realms.iter().map(|realm| realm.id.to_string()));
    row.hits = u64::try_from(realms.len()).ok();
    desk.record(row).await?;
    let items = realms.iter().map(|realm| RealmView::of(realm)).collect();
    json(StatusCode::OK, &Listing { items, next })
}

/// Adds a realm. It begins with number namespaces and without anybody: its first administrator is made on the command
/// line.
#[utoipa::path(
    post, path = "/api/v1/realms", tag = "realms", request_body = NewRealm,
    security(("token" = ["musubi:realms.write"])),
    responses((status = 201, description = "The realm", body = RealmView), Refused),
)]
pub(super) async fn create(State(hub): State<Shared>, call: Call) -> Response {
    match Desk::open(&hub, &call, CREATE, scope::REALMS_WRITE).await {
        Ok(desk) => desk.finish(add(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn add(desk: &Desk<'_>) -> Result<Response, Refusal> {
    let new: NewRealm = desk.body()?;
    desk.record(desk.permit().detail("issuer", new.issuer.clone()))
        .await?;
    let made = desk
        .hub
        .realms
        .create(&desk.hub.clock, &desk.hub.entropy, &new.name, &new.issuer)
        .await?;
    // Its key exists only now; the row before is the one that had to be there.
    desk.record(desk.permit_as(CREATED).resource("realm", [made.id.to_string()]))
        .await?;
    created("/api/v1/realms", &RealmView::of(&made))
}
