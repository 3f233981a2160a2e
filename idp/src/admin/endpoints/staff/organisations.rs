//! `/api/v1/organisations`: the tree.

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::views::{Names, OrganisationView, organisation};
use super::{StaffDesk, listed, over};
use crate::admin::endpoints::answer::{CountedListing, Refused, created, json};
use crate::admin::endpoints::desk::{Rules, Segment};
use crate::admin::endpoints::people::printable;
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::staff::StaffError;
use crate::staff::act::{Known, allowed};
use crate::staff::organisations::{self, Filter, Moved};
use crate::staff::powers::Power;
use crate::staff::reach::Basis;
use crate::staff::words::OrganisationKind;

const LIST: Action = Action::new("organisation.list");
const CREATE: Action = Action::new("organisation.create");
const READ: Action = Action::new("organisation.read");
const UPDATE: Action = Action::new("organisation.update");
const MOVE: Action = Action::new("organisation.move");
const END: Action = Action::new("organisation.end");

/// An organisation to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrganisation {
    /// Its name.
    #[garde(length(chars, min = 1, max = 200), custom(printable))]
    name: String,
    /// What it is.
    #[garde(length(bytes, min = 1, max = 40))]
    kind: String,
    /// The number of the organisation that it shall be below; absent: of none.
    #[garde(length(bytes, min = 1, max = 40))]
    parent: Option<String>,
}

impl Rules for NewOrganisation {
    const RULES: &'static str = "name (1 to 200 characters, no control characters) and kind (hospital, clinic, pharmacy, department …) are \
                                 there; parent is the number of an organisation; nothing else is there.";
}

/// What may change of an organisation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedOrganisation {
    /// Its name.
    #[garde(length(chars, min = 1, max = 200), custom(printable))]
    name: String,
    /// What it is.
    #[garde(length(bytes, min = 1, max = 40))]
    kind: String,
}

impl Rules for ChangedOrganisation {
    const RULES: &'static str =
        "name (1 to 200 characters, no control characters) and kind are there, and nothing else.";
}

/// Where an organisation goes.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Destination {
    /// The number of the organisation that it shall be below; `null`: of none.
    #[garde(length(bytes, min = 1, max = 40))]
    parent: Option<String>,
}

impl Rules for Destination {
    const RULES: &'static str = "parent is the number of an organisation or null, and nothing else is there.";
}

/// Which organisations.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query, which desk::Filters reads")]
struct Narrowed {
    /// `next` of the page before.
    after: Option<String>,
    /// How many at most; 50 if it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Those directly below the organisation of this number.
    parent: Option<String>,
    /// Those at or below the organisation of this number.
    within: Option<String>,
    /// Those of this kind.
    kind: Option<String>,
    /// `true`: those that go on; `false`: those that ended.
    active: Option<bool>,
    /// Those whose name begins so.
    name: Option<String>,
}

fn kind(word: &str, rules: &'static str) -> Result<OrganisationKind, Refusal> {
    OrganisationKind::parse(word).ok_or(Refusal::invalid("organisation.kind", rules))
}

/// Lists the organisations that the caller may see.
#[utoipa::path(
    get, path = "/api/v1/organisations", tag = "organisations", params(Narrowed),
    security(("token" = ["musubi:organisations.read"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "Organisations", body = CountedListing<OrganisationView>), Refused),
)]
pub(in crate::admin::endpoints) async fn list(State(hub): State<Shared>, call: Call) -> Response {
    match StaffDesk::open(&hub, &call, LIST, scope::ORGANISATIONS_READ).await {
        Ok(desk) => desk.finish(show_all(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn show_all(desk: &StaffDesk<'_>) -> Result<Response, Refusal> {
    let filters = ["parent", "within", "kind", "active", "name"];
    let (page, narrowed) = desk.desk.filtered_page("organisations", &filters)?;
    let store = &desk.desk.hub.store;
    let known = Known::load(store, &desk.act, &[], []).await?;
    let mut filter = Filter {
        visible: known.reach.roots(Power::OrganisationsRead),
        kind: narrowed.read("kind", OrganisationKind::parse)?,
        active: narrowed.flag("active")?,
        name: narrowed.text("name").map(str::to_owned),
        ..Filter::default()
    };
    if let Some(number) = narrowed.text("parent") {
        filter.parent = Some(desk.organisation_text(number).await?);
    }
    if let Some(number) = narrowed.text("within") {
        filter.within = Some(desk.organisation_text(number).await?);
    }
    let after = page.after.as_deref().map(cursor::key).transpose()?;
    let realm = desk.act.realm.id;
    let mut found = organisations::list(store, realm, &filter, after.map(Into::into), page.limit + 1).await?;
    let next = desk.desk.cut("organisations", &page, &mut found, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let total = organisations::count(store, realm, &filter).await?;
    let places = found
        .iter()
        .flat_map(|one| [Some(one.id), one.parent])
        .flatten()
        .collect();
    let names = Names::of(desk, places, Vec::new()).await?;
    let row = listed(
        desk.desk.permit(),
        "organisation",
        found.iter().map(|one| one.id.uuid()),
    );
    desk.desk.record(row).await?;
    let items = found.iter().map(|one| names.view_organisation(one)).collect();
    json(StatusCode::OK, &CountedListing { items, total, next })
}

/// Makes an organisation and gives it a number.
#[utoipa::path(
    post, path = "/api/v1/organisations", tag = "organisations", request_body = NewOrganisation,
    security(("token" = ["musubi:organisations.write"]), ("token" = ["musubi:staff"])),
    responses((status = 201, description = "The organisation", body = OrganisationView), Refused),
)]
pub(in crate::admin::endpoints) async fn create(State(hub): State<Shared>, call: Call) -> Response {
    match StaffDesk::open(&hub, &call, CREATE, scope::ORGANISATIONS_WRITE).await {
        Ok(desk) => desk.finish(add(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn add(desk: &StaffDesk<'_>) -> Result<Response, Refusal> {
    let new: NewOrganisation = desk.desk.body()?;
    let kind = kind(&new.kind, NewOrganisation::RULES)?;
    let parent = match &new.parent {
        Some(number) => Some(desk.organisation_text(number).await?),
        None => None,
    };
    let (made, _) = desk
        .commit(
            move |tx, act| Box::pin(organisations::create(tx, act, parent, kind, new.name)),
            |row, (made, basis): &(organisations::Organisation, Basis)| {
                over(row, made.id, *basis).resource("organisation", [made.id.to_string()])
            },
        )
        .await?;
    let view = organisation(desk, &made).await?;
    created(&format!("/api/v1/organisations/{}", view.number), &view)
}

/// Reads an organisation.
#[utoipa::path(
    get, path = "/api/v1/organisations/{number}", tag = "organisations",
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:organisations.read"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The organisation", body = OrganisationView), Refused),
)]
pub(in crate::admin::endpoints) async fn read(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, READ, scope::ORGANISATIONS_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.desk.no_body()?;
    let id = desk.organisation(segment).await?;
    let store = &desk.desk.hub.store;
    let (_, basis) = allowed(store, &desk.act, id, Power::OrganisationsRead).await?;
    let found = organisations::find(store, desk.act.realm.id, id).await?;
    let found = found.ok_or(StaffError::OrganisationUnknown)?;
    let row = over(desk.desk.permit(), id, basis).resource("organisation", [id.to_string()]);
    desk.desk.record(row).await?;
    json(StatusCode::OK, &organisation(desk, &found).await?)
}

/// Changes name and kind of an organisation.
#[utoipa::path(
    put, path = "/api/v1/organisations/{number}", tag = "organisations", request_body = ChangedOrganisation,
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:organisations.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The organisation", body = OrganisationView), Refused),
)]
pub(in crate::admin::endpoints) async fn update(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, UPDATE, scope::ORGANISATIONS_WRITE).await {
        Ok(desk) => desk.finish(change(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn change(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let new: ChangedOrganisation = desk.desk.body()?;
    let kind = kind(&new.kind, ChangedOrganisation::RULES)?;
    let id = desk.organisation(segment).await?;
    let (changed, _) = desk
        .commit(
            move |tx, act| Box::pin(async move { organisations::change(tx, act, id, kind, &new.name).await }),
            move |row, (_, basis): &(organisations::Organisation, Basis)| {
                over(row, id, *basis).resource("organisation", [id.to_string()])
            },
        )
        .await?;
    json(StatusCode::OK, &organisation(desk, &changed).await?)
}

/// Puts an organisation, with all that is below it, below another one. Nobody gains powers by it that the caller could
/// not give; what is delegated over it by somebody who does not reach it any more is withdrawn.
#[utoipa::path(
    post, path = "/api/v1/organisations/{number}/move", tag = "organisations", request_body = Destination,
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:organisations.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The organisation", body = OrganisationView), Refused),
)]
pub(in crate::admin::endpoints) async fn relocate(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, MOVE, scope::ORGANISATIONS_WRITE).await {
        Ok(desk) => desk.finish(put_below(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn put_below(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let Destination { parent } = desk.desk.body()?;
    let id = desk.organisation(segment).await?;
    let to = match &parent {
        Some(number) => Some(desk.organisation_text(number).await?),
        None => None,
    };
    let moved = desk
        .commit(
            move |tx, act| Box::pin(organisations::relocate(tx, act, id, to)),
            move |row, moved: &Moved| {
                let mut row = over(row, id, moved.basis);
                row.hits = Some(moved.withdrawn);
                row.resource(
                    "organisation",
                    [id.to_string()].into_iter().chain(to.map(|to| to.to_string())),
                )
            },
        )
        .await?;
    json(StatusCode::OK, &organisation(desk, &moved.organisation).await?)
}

/// Ends an organisation in which nobody and nothing is left, and withdraws what is delegated over it.
#[utoipa::path(
    post, path = "/api/v1/organisations/{number}/end", tag = "organisations",
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:organisations.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The organisation", body = OrganisationView), Refused),
)]
pub(in crate::admin::endpoints) async fn end(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, END, scope::ORGANISATIONS_WRITE).await {
        Ok(desk) => desk.finish(close(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn close(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.desk.no_body()?;
    let id = desk.organisation(segment).await?;
    let (ended, _) = desk
        .commit(
            move |tx, act| Box::pin(organisations::end(tx, act, id)),
            move |row, (_, basis): &(organisations::Organisation, Basis)| {
                over(row, id, *basis).resource("organisation", [id.to_string()])
            },
        )
        .await?;
    json(StatusCode::OK, &organisation(desk, &ended).await?)
}
