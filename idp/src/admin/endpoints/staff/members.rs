//! `/api/v1/staff/{number}`: a member of staff, and what they may do and why.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::views::{HeldView, Names, StaffView, staff};
use super::{StaffDesk, UNKNOWN_STAFF};
use crate::admin::endpoints::answer::{Refused, json};
use crate::admin::endpoints::desk::Segment;
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::PersonId;
use crate::log::Action;
use crate::people::Person;
use crate::staff::act::Known;
use crate::staff::affiliations::{Affiliation, of_person};
use crate::staff::delegations;
use crate::staff::powers::Power;

const READ: Action = Action::new("staff.read");
const POWERS: Action = Action::new("staff.powers");

/// What somebody holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EffectivePowers)]
struct PowersView {
    /// Their staff number.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// Scopes over the whole realm that were given to them; a token must carry them too. Only the realm's administration
    /// and the person themselves see these.
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<Vec<String>>,
    /// What is delegated to them, and why it carries.
    held: Vec<HeldView>,
}

/// Reads a member of staff, with the affiliations that the caller may see.
#[utoipa::path(
    get, path = "/api/v1/staff/{number}", tag = "staff",
    params(("number" = String, Path, description = "The staff number; `self`: that of the person behind the token")),
    security(("token" = ["musubi:staff.read"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The member of staff", body = StaffView), Refused),
)]
pub(in crate::admin::endpoints) async fn read(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, READ, scope::STAFF_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

/// A member of staff whom the caller may see, with what of theirs they may see.
pub(super) struct Seen {
    pub person: std::sync::Arc<Person>,
    pub affiliations: Vec<Affiliation>,
    /// The caller looks at themselves.
    pub is_own: bool,
}

/// The member of staff in the path, if the caller may see them anywhere.
pub(super) async fn seen(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Seen, Refusal> {
    let person = match (segment.text("staff.unknown")?, desk.act.caller.person) {
        ("self", Some(person)) => desk.person(person).await?,
        _ => desk.member(segment).await?,
    };
    let store = &desk.desk.hub.store;
    let all = of_person(store, desk.act.realm.id, person.id).await?;
    let places: Vec<_> = all.iter().map(|one| one.organisation).collect();
    let known = Known::load(store, &desk.act, &[], places).await?;
    let is_own = known.reach.is_own(person.id);
    // Who was staff of theirs once is seen by them no more than any other person.
    let affiliations: Vec<Affiliation> = all
        .into_iter()
        .filter(|one| is_own || known.basis(one.organisation, Power::StaffRead).is_ok())
        .collect();
    let live = affiliations.iter().any(|one| one.is_live(desk.act.now));
    let by_realm = known.reach.caller.realm.has(Power::StaffRead);
    if is_own || by_realm || live {
        Ok(Seen {
            person,
            affiliations,
            is_own,
        })
    } else {
        Err(UNKNOWN_STAFF)
    }
}

async fn show(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.desk.no_body()?;
    let seen = seen(desk, segment).await?;
    let mut row = desk.desk.permit().subject(seen.person.id);
    row.key = seen.person.key.clone();
    desk.desk.record(row).await?;
    json(
        StatusCode::OK,
        &one(desk, seen.person.id, seen.affiliations).await?,
    )
}

/// One member of staff.
pub(super) async fn one(
    desk: &StaffDesk<'_>,
    person: PersonId,
    affiliations: Vec<Affiliation>,
) -> Result<StaffView, Refusal> {
    let views = staff(desk, &[(person, affiliations)]).await?;
    views.into_iter().next().ok_or(UNKNOWN_STAFF)
}

/// What a member of staff may do where, and why: every delegation that carries, with all that it hangs on.
#[utoipa::path(
    get, path = "/api/v1/staff/{number}/powers", tag = "staff",
    params(("number" = String, Path, description = "The staff number; `self`: that of the person behind the token")),
    security(("token" = ["musubi:staff.read"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "What they hold", body = PowersView), Refused),
)]
pub(in crate::admin::endpoints) async fn powers(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, POWERS, scope::STAFF_READ).await {
        Ok(desk) => desk.finish(why(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn why(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.desk.no_body()?;
    let seen = seen(desk, segment).await?;
    let store = &desk.desk.hub.store;
    let (chains, _) = delegations::held(store, &desk.act, seen.person.id).await?;
    let places: Vec<_> = chains
        .iter()
        .filter_map(|chain| chain.last().map(|last| last.organisation))
        .collect();
    let known = Known::load(store, &desk.act, &[], places).await?;
    let shown: Vec<_> = chains
        .iter()
        .filter(|chain| {
            let place = chain.last().map(|last| last.organisation);
            seen.is_own || place.is_some_and(|place| known.basis(place, Power::StaffRead).is_ok())
        })
        .collect();
    let links = || shown.iter().flat_map(|chain| &chain.links);
    let people = links().flat_map(|link| [Some(link.holder), link.giver]).flatten();
    let people = people.chain([seen.person.id]).collect();
    let places = links().map(|link| link.organisation).collect();
    let ids: Vec<String> = links().map(|link| link.id.to_string()).collect();
    let names = Names::of(desk, places, people).await?;
    let realm = if seen.is_own || known.reach.caller.realm.has(Power::StaffRead) {
        Some(
            desk.desk
                .hub
                .people
                .powers(desk.desk.realm(), seen.person.id)
                .await?,
        )
    } else {
        None
    };
    let mut row = desk
        .desk
        .permit()
        .subject(seen.person.id)
        .resource("delegation", ids);
    row.key = seen.person.key.clone();
    desk.desk.record(row).await?;
    let view = PowersView {
        number: names.staff(seen.person.id),
        realm,
        held: shown.iter().filter_map(|chain| names.view_chain(chain)).collect(),
    };
    json(StatusCode::OK, &view)
}
