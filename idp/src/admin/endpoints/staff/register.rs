//! `/api/v1/organisations/{number}/staff`: who works there, and who is registered; the first administrator.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

use super::body::{NewStaff, Sealed};
use super::views::{DelegationView, Names, StaffView, staff};
use super::{StaffDesk, listed, over};
use crate::admin::endpoints::answer::{CountedListing, Refused, created, json};
use crate::admin::endpoints::desk::Segment;
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::{Action, Entry};
use crate::people::Person;
use crate::staff::act::allowed;
use crate::staff::affiliations::{self, Affiliation, Filter, Joined};
use crate::staff::delegation::Delegation;
use crate::staff::powers::Power;
use crate::staff::words::OccupationCode;
use crate::staff::{StaffError, appoint};

const LIST: Action = Action::new("staff.list");
const REGISTER: Action = Action::new("staff.register");
const APPOINT: Action = Action::new("staff.appoint");

/// How long a link to set a first password carries.
const LINK_LIFE: Duration = Duration::from_hours(24);

/// Somebody who was registered.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisteredStaff)]
struct RegisteredView {
    /// Who.
    staff: StaffView,
    /// With this they set their first password, within a day. It works once: give it to nobody else.
    password_link: String,
    /// What was delegated to them, if they are the organisation's first administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation: Option<DelegationView>,
}

/// Which staff.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query, which desk::Filters reads")]
struct Narrowed {
    /// `next` of the page before.
    after: Option<String>,
    /// How many at most; 50 if it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Also those of the organisations below.
    below: Option<bool>,
    /// Those with this occupation.
    occupation: Option<String>,
    /// Also those whose affiliation is over.
    past: Option<bool>,
}

/// Lists the staff of an organisation: an item for each affiliation.
#[utoipa::path(
    get, path = "/api/v1/organisations/{number}/staff", tag = "staff",
    params(("number" = String, Path, description = "The organisation's number"), Narrowed),
    security(("token" = ["musubi:staff.read"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "Staff", body = CountedListing<StaffView>), Refused),
)]
pub(in crate::admin::endpoints) async fn list(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, LIST, scope::STAFF_READ).await {
        Ok(desk) => desk.finish(show_all(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show_all(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let (page, narrowed) = desk
        .desk
        .filtered_page("staff", &["below", "occupation", "past"])?;
    let organisation = desk.organisation(segment).await?;
    let (store, realm) = (&desk.desk.hub.store, desk.act.realm.id);
    let (_, basis) = allowed(store, &desk.act, organisation, Power::StaffRead).await?;
    // What is below is within reach too: a delegation is over a subtree.
    let filter = Filter {
        organisation: Some(organisation),
        below: narrowed.flag("below")?.unwrap_or(false),
        occupation: narrowed.read("occupation", OccupationCode::parse)?,
        past: narrowed.flag("past")?.unwrap_or(false),
        ..Filter::default()
    };
    let after = page.after.as_deref().map(cursor::key).transpose()?;
    let now = desk.act.now;
    let mut found =
        affiliations::list(store, realm, &filter, now, after.map(Into::into), page.limit + 1).await?;
    let next = desk.desk.cut("staff", &page, &mut found, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let total = affiliations::count(store, realm, &filter, now).await?;
    let members: Vec<_> = found.iter().map(|one| (one.person, vec![one.clone()])).collect();
    let items = staff(desk, &members).await?;
    let row = over(desk.desk.permit(), organisation, basis);
    let row = listed(row, "person", found.iter().map(|one| one.person.uuid()));
    desk.desk.record(row).await?;
    json(StatusCode::OK, &CountedListing { items, total, next })
}

/// Registers somebody who is not a person of the realm yet as staff of an organisation. Whoever is one already is invited.
#[utoipa::path(
    post, path = "/api/v1/organisations/{number}/staff", tag = "staff", request_body = NewStaff,
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 201, description = "Who was registered", body = RegisteredView), Refused),
)]
pub(in crate::admin::endpoints) async fn register(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, REGISTER, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(add(&desk, &segment, false).await).await,
        Err(refused) => refused,
    }
}

/// Registers the first administrator of an organisation: somebody new, with all powers that the caller can hand on. An
/// organisation that has an administrator gets no other one by this; its administrator delegates.
#[utoipa::path(
    post, path = "/api/v1/organisations/{number}/administrator", tag = "staff", request_body = NewStaff,
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 201, description = "Who was registered", body = RegisteredView), Refused),
)]
pub(in crate::admin::endpoints) async fn administrator(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, APPOINT, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(add(&desk, &segment, true).await).await,
        Err(refused) => refused,
    }
}

struct Made {
    person: Person,
    joined: Joined,
    delegation: Option<Delegation>,
}

fn told(row: Entry, made: &Made) -> Entry {
    let mut row = over(row, made.joined.affiliation.organisation, made.joined.basis);
    row.key = made.person.key.clone();
    let ids = [made.joined.affiliation.id.to_string()]
        .into_iter()
        .chain(made.delegation.iter().map(|given| given.id.to_string()));
    row.subject(made.person.id).resource("affiliation", ids)
}

async fn add(desk: &StaffDesk<'_>, segment: &Segment, as_administrator: bool) -> Result<Response, Refusal> {
    let new: NewStaff = desk.desk.body()?;
    let organisation = desk.organisation(segment).await?;
    let Sealed {
        person,
        place,
        occupations,
    } = new.seal(desk, organisation)?;
    let made = desk
        .commit(
            move |tx, act| {
                Box::pin(async move {
                    let (person, joined) =
                        affiliations::register(tx, act, person, place, occupations).await?;
                    let delegation = if as_administrator {
                        Some(appoint(tx, act, organisation, joined.affiliation.id).await?.0)
                    } else {
                        None
                    };
                    Ok::<Made, StaffError>(Made {
                        person,
                        joined,
                        delegation,
                    })
                })
            },
            told,
        )
        .await?;
    let (hub, realm) = (desk.desk.hub, desk.desk.realm());
    let token = hub
        .passwords
        .create_link(realm, made.person.id, LINK_LIFE)
        .await?;
    let Made {
        person,
        joined,
        delegation,
    } = made;
    let theirs: [(_, Vec<Affiliation>); 1] = [(person.id, vec![joined.affiliation])];
    let staff = staff(desk, &theirs).await?.pop();
    let people = [person.id].into_iter().chain(desk.act.caller.person).collect();
    let names = Names::of(desk, vec![organisation], people).await?;
    let view = RegisteredView {
        staff: staff.ok_or(StaffError::StaffUnknown)?,
        password_link: realm.url(&format!("/set-password?token={token}")),
        delegation: delegation.as_ref().map(|given| names.view_delegation(given)),
    };
    created(&format!("/api/v1/staff/{}", joined.number), &view)
}
