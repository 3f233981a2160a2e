//! `/api/v1/people/{number}/contracts` and `/api/v1/contracts/{id}`: which services people have with which operator, from
//! when to when, and what these work with (requirement H5.1).

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use platform::clock::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listing, Paging, Refused, created, json, nothing};
use super::desk::{Desk, Rules, Segment};
use super::people::{about, named};
use crate::access::{Action as Done, Actions, Kind, Kinds};
use crate::admin::{Refusal, cursor, scope};
use crate::contracts::{self, Agreed, ContractError, NewContract, Services};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::{ContractId, OrganisationId};
use crate::log::Action;
use crate::numbers::Number;
use crate::staff::numbering::{of_organisations, organisation_by_number};

const LIST: Action = Action::new("contract.list");
const AGREE: Action = Action::new("contract.agree");
const END: Action = Action::new("contract.end");
const RULES: &str = "organisation is the number of an operator; services are 1 to 50 words of 1 to 100 characters; kinds \
    and actions are words of this API, at least one of each; from and until, if they are there, are RFC 3339, until after \
    from; nothing else is there.";

/// A contract.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contract)]
struct View {
    /// What names it.
    id: String,
    /// The number of the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
    /// Which services, in the operator's words.
    services: Vec<String>,
    /// Which kinds of data they work with.
    kinds: Vec<&'static str>,
    /// What they do with them.
    actions: Vec<&'static str>,
    /// From when (RFC 3339).
    from: String,
    /// Until when (RFC 3339), if that is agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// When it was ended (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

/// A contract to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewContract)]
struct Body {
    /// The number of the operator.
    #[garde(length(bytes, min = 1, max = 40))]
    organisation: String,
    /// Which services, in the operator's words.
    #[garde(length(min = 1, max = 50))]
    services: Vec<String>,
    /// Which kinds of data they work with.
    #[garde(length(min = 1, max = 40))]
    kinds: Vec<String>,
    /// What they do with them.
    #[garde(length(min = 1, max = 10))]
    actions: Vec<String>,
    /// From when (RFC 3339); absent: from now.
    #[garde(length(bytes, max = 40))]
    from: Option<String>,
    /// Until when (RFC 3339); absent: until it is ended.
    #[garde(length(bytes, max = 40))]
    until: Option<String>,
}

impl Rules for Body {
    const RULES: &'static str = RULES;
}

impl From<ContractError> for Refusal {
    fn from(error: ContractError) -> Self {
        match error {
            ContractError::Invalid(_) => Self::invalid("contract.invalid", RULES),
            ContractError::Refused => {
                Self::conflict("contract.too_many", "The person has too many contracts")
            }
            other => Self::unavailable(&other),
        }
    }
}

/// Lists the contracts of a person, past ones included.
#[utoipa::path(
    get, path = "/api/v1/people/{number}/contracts", tag = "people",
    params(("number" = String, Path, description = "The person's number"), Paging),
    security(("token" = ["musubi:contracts.read"])),
    responses((status = 200, description = "Contracts", body = Listing<View>), Refused),
)]
pub(super) async fn list(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, LIST, scope::CONTRACTS_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let page = desk.page("contracts")?;
    let (_, person) = named(desk, segment).await?;
    let after = page.after.as_deref().map(cursor::key).transpose()?;
    let mut found = contracts::list(desk.hub, desk.realm(), person.id, (after, page.limit + 1)).await?;
    let next = desk.cut("contracts", &page, &mut found, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let mut row =
        about(desk.permit(), &person).resource("contract", found.iter().map(|one| one.id.to_string()));
    row.hits = u64::try_from(found.len()).ok();
    desk.record(row).await?;
    let items = views(desk, &found).await?;
    json(StatusCode::OK, &Listing { items, next })
}

async fn views(desk: &Desk<'_>, found: &[Agreed]) -> Result<Vec<View>, Refusal> {
    let organisations = found.iter().map(|one| one.organisation);
    let numbers = of_organisations(&desk.hub.store, desk.realm(), organisations).await?;
    let items = found.iter().map(|one| View {
        id: one.id.to_string(),
        organisation: numbers.get(&one.organisation).map(ToString::to_string),
        services: one.services.words().to_vec(),
        kinds: one.kinds.iter().map(Kind::as_str).collect(),
        actions: one.actions.iter().map(Done::as_str).collect(),
        from: one.from.to_rfc3339(),
        until: one.until.map(Instant::to_rfc3339),
        ended_at: one.ended_at.map(Instant::to_rfc3339),
    });
    Ok(items.collect())
}

/// Makes a contract of a person with an operator. It opens nothing by itself: it bounds what the operator's services do.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/contracts", tag = "people", request_body = Body,
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:contracts.write"])),
    responses((status = 201, description = "The contract", body = View), Refused),
)]
pub(super) async fn agree(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, AGREE, scope::CONTRACTS_WRITE).await {
        Ok(desk) => desk.finish(make(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn make(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let body: Body = desk.body()?;
    let (number, person) = named(desk, segment).await?;
    let invalid = Refusal::invalid("contract.invalid", RULES);
    let organisation = operator(desk, &body.organisation).await?;
    let moment = |text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => text
            .parse::<jiff::Timestamp>()
            .map(|at| Some(Instant::from_micros(at.as_microsecond())))
            .map_err(|_| invalid),
    };
    let kinds: Option<Kinds> = body.kinds.iter().map(|word| Kind::parse(word)).collect();
    let actions: Option<Actions> = body.actions.iter().map(|word| Done::parse(word)).collect();
    let new = NewContract {
        person: person.id,
        organisation,
        services: Services::new(body.services).map_err(|_| invalid)?,
        kinds: kinds.ok_or(invalid)?,
        actions: actions.ok_or(invalid)?,
        from: moment(&body.from)?.unwrap_or_else(|| desk.hub.clock.now()),
        until: moment(&body.until)?,
    };
    new.check().map_err(|_| invalid)?;
    let mut row = about(desk.permit(), &person);
    row.organisation = Some(organisation.uuid());
    desk.record(row).await?;
    let id = contracts::agree(desk.hub, desk.realm(), &new).await?;
    let agreed = Agreed {
        id,
        organisation,
        services: new.services,
        kinds: new.kinds,
        actions: new.actions,
        from: new.from,
        until: new.until,
        ended_at: None,
    };
    let location = format!("/api/v1/people/{number}/contracts");
    let mut shown = views(desk, &[agreed]).await?;
    match shown.pop() {
        Some(view) => created(&location, &view),
        None => Err(invalid),
    }
}

async fn operator(desk: &Desk<'_>, number: &str) -> Result<OrganisationId, Refusal> {
    const UNKNOWN: Refusal = Refusal::invalid(
        "contract.organisation",
        "organisation is the number of an operator here.",
    );
    let number = Number::parse(number).map_err(|_| UNKNOWN)?;
    organisation_by_number(&desk.hub.store, desk.realm(), number)
        .await?
        .ok_or(UNKNOWN)
}

/// Ends a contract now. What was done under it stays; the services that rest on it do nothing more.
#[utoipa::path(
    post, path = "/api/v1/contracts/{id}/end", tag = "people",
    params(("id" = String, Path, description = "The contract")),
    security(("token" = ["musubi:contracts.write"])),
    responses((status = 204, description = "It is over"), Refused),
)]
pub(super) async fn end(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, END, scope::CONTRACTS_WRITE).await {
        Ok(desk) => desk.finish(finish(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn finish(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    const UNKNOWN: Refusal = Refusal::not_found("contract.unknown");
    desk.no_body()?;
    let id: ContractId = segment.name("contract.unknown")?.parse().map_err(|_| UNKNOWN)?;
    let holder = contracts::holder(desk.hub, desk.realm(), id)
        .await?
        .ok_or(UNKNOWN)?;
    let person = desk
        .hub
        .people
        .by_id(desk.realm(), holder)
        .await?
        .ok_or(UNKNOWN)?;
    desk.record(about(desk.permit(), &person).resource("contract", [id.to_string()]))
        .await?;
    if contracts::end(desk.hub, desk.realm(), holder, id).await? {
        Ok(nothing())
    } else {
        Err(Refusal::conflict("contract.over", "The contract is over"))
    }
}
