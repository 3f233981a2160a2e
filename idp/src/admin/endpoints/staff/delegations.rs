//! `/api/v1/delegations`: powers given, and taken back.

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::body::term;
use super::views::{DelegationView, Names};
use super::{StaffDesk, key, listed, over};
use crate::admin::endpoints::answer::{CountedListing, Refused, created, json};
use crate::admin::endpoints::desk::{Rules, Segment};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::DelegationId;
use crate::log::Action;
use crate::numbers::Number;
use crate::staff::act::Known;
use crate::staff::delegation::Delegation;
use crate::staff::delegations::{self, Asked, Listed, Withdrawn};
use crate::staff::powers::{Power, Powers};
use crate::staff::reach::Basis;

const LIST: Action = Action::new("delegation.list");
const GIVE: Action = Action::new("delegation.give");
const WITHDRAW: Action = Action::new("delegation.withdraw");

/// Powers to be given.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDelegation {
    /// The affiliation of who shall hold them; with its end they end.
    #[garde(length(bytes, min = 1, max = 40))]
    affiliation: String,
    /// The number of the organisation that they are over, with what is below it.
    #[garde(length(bytes, min = 1, max = 40))]
    organisation: String,
    /// What: `staff.read`, `staff.write`, `organisations.read`, …
    #[garde(length(min = 1, max = 40), inner(length(bytes, min = 1, max = 40)))]
    powers: Vec<String>,
    /// How many times they may be handed on; absent: not at all.
    #[serde(default)]
    #[garde(range(max = 8))]
    #[schema(maximum = 8)]
    may_delegate: u8,
    /// From when (RFC 3339); absent: at once.
    #[garde(length(bytes, max = 40))]
    from: Option<String>,
    /// Until when (RFC 3339); absent: until it is withdrawn.
    #[garde(length(bytes, max = 40))]
    until: Option<String>,
}

impl Rules for NewDelegation {
    const RULES: &'static str = "affiliation, organisation and powers are there; powers are known words, may_delegate is 0 to 8, from and until \
                                 are times (RFC 3339); nothing else is there.";
}

/// Which delegations.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query, which desk::Filters reads")]
struct Narrowed {
    /// `next` of the page before.
    after: Option<String>,
    /// How many at most; 50 if it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Those over the organisation of this number and what is below it.
    within: Option<String>,
    /// Those of the member of staff with this number.
    holder: Option<String>,
    /// Also those that were withdrawn.
    past: Option<bool>,
}

/// Lists the delegations that the caller may see.
#[utoipa::path(
    get, path = "/api/v1/delegations", tag = "staff", params(Narrowed),
    security(("token" = ["musubi:staff.read"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "Delegations", body = CountedListing<DelegationView>), Refused),
)]
pub(in crate::admin::endpoints) async fn list(State(hub): State<Shared>, call: Call) -> Response {
    match StaffDesk::open(&hub, &call, LIST, scope::STAFF_READ).await {
        Ok(desk) => desk.finish(show_all(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn show_all(desk: &StaffDesk<'_>) -> Result<Response, Refusal> {
    let (page, narrowed) = desk
        .desk
        .filtered_page("delegations", &["within", "holder", "past"])?;
    let (store, realm) = (&desk.desk.hub.store, desk.act.realm.id);
    let known = Known::load(store, &desk.act, &[], []).await?;
    let mut wanted = Listed {
        visible: known.reach.roots(Power::StaffRead),
        past: narrowed.flag("past")?.unwrap_or(false),
        ..Listed::default()
    };
    if let Some(number) = narrowed.text("within") {
        wanted.within = Some(desk.organisation_text(number).await?);
    }
    if let Some(number) = narrowed.read("holder", |text| Number::parse(text).ok())? {
        wanted.holder = Some(desk.member_named(number).await?.id);
    }
    let after = page.after.as_deref().map(cursor::key).transpose()?;
    let mut found = delegations::list(store, realm, &wanted, after.map(Into::into), page.limit + 1).await?;
    let next = desk.desk.cut("delegations", &page, &mut found, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let total = delegations::count(store, realm, &wanted).await?;
    let items = views(desk, &found).await?;
    let row = listed(
        desk.desk.permit(),
        "delegation",
        found.iter().map(|one| one.id.uuid()),
    );
    desk.desk.record(row).await?;
    json(StatusCode::OK, &CountedListing { items, total, next })
}

async fn views(desk: &StaffDesk<'_>, found: &[Delegation]) -> Result<Vec<DelegationView>, Refusal> {
    let people = found
        .iter()
        .flat_map(|one| [Some(one.holder), one.giver])
        .flatten()
        .collect();
    let places = found.iter().map(|one| one.organisation).collect();
    let names = Names::of(desk, places, people).await?;
    Ok(found.iter().map(|one| names.view_delegation(one)).collect())
}

/// Gives powers to a member of staff: never more than the caller holds, nor to themselves.
#[utoipa::path(
    post, path = "/api/v1/delegations", tag = "staff", request_body = NewDelegation,
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 201, description = "The delegation", body = DelegationView), Refused),
)]
pub(in crate::admin::endpoints) async fn give(State(hub): State<Shared>, call: Call) -> Response {
    match StaffDesk::open(&hub, &call, GIVE, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(add(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn add(desk: &StaffDesk<'_>) -> Result<Response, Refusal> {
    let new: NewDelegation = desk.desk.body()?;
    let rules = NewDelegation::RULES;
    let powers = Powers::parse(new.powers.iter().map(String::as_str))
        .map_err(|_| Refusal::invalid("delegation.power", rules))?;
    let asked = Asked {
        affiliation: new
            .affiliation
            .parse()
            .map_err(|_| Refusal::not_found("affiliation.unknown"))?,
        organisation: desk.organisation_text(&new.organisation).await?,
        powers,
        may_delegate: new.may_delegate,
        term: term((new.from.as_deref(), new.until.as_deref()), desk.act.now, rules)?,
    };
    let (given, _) = desk
        .commit(
            move |tx, act| Box::pin(delegations::give(tx, act, asked)),
            |row, (given, basis): &(Delegation, Basis)| {
                over(row, given.organisation, *basis)
                    .subject(given.holder)
                    .resource("delegation", [given.id.to_string()])
            },
        )
        .await?;
    let view = views(desk, std::slice::from_ref(&given)).await?.pop();
    created(&format!("/api/v1/delegations/{}", given.id), &view)
}

/// Withdraws a delegation, and all that hangs on it, at once. Who gave it may, whoever holds one that it hangs on, its
/// holder, and the realm's administration.
#[utoipa::path(
    post, path = "/api/v1/delegations/{id}/withdraw", tag = "staff",
    params(("id" = String, Path, description = "The delegation's id")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The delegation", body = DelegationView), Refused),
)]
pub(in crate::admin::endpoints) async fn withdraw(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, WITHDRAW, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(take_back(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn take_back(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.desk.no_body()?;
    let id: DelegationId = key(segment, "delegation.unknown")?;
    let gone = desk
        .commit(
            move |tx, act| Box::pin(delegations::withdraw(tx, act, id)),
            |mut row, gone: &Withdrawn| {
                row.organisation = Some(gone.delegation.organisation.uuid());
                row.hits = Some(gone.count);
                row.subject(gone.delegation.holder)
                    .resource("delegation", [gone.delegation.id.to_string()])
            },
        )
        .await?;
    let withdrawn = Delegation {
        withdrawn: true,
        ..gone.delegation
    };
    let view = views(desk, std::slice::from_ref(&withdrawn)).await?.pop();
    json(StatusCode::OK, &view)
}
