//! `/api/v1/organisations/{number}/emergency-access`: which organisations' staff may declare emergencies about people who
//! have no contract with them (requirement H5.3). The realm says so; no organisation says it of itself.

use axum::extract::State;
use axum::response::Response;

use super::answer::{Refused, nothing};
use super::desk::{Desk, Segment};
use crate::access::emergency;
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::OrganisationId;
use crate::log::Action;
use crate::numbers::Number;
use crate::staff::numbering::organisation_by_number;

const ALLOW: Action = Action::new("emergency.allow");
const DISALLOW: Action = Action::new("emergency.disallow");
const UNKNOWN: Refusal = Refusal::not_found("organisation.unknown");

/// Lets the staff of an organisation, and of those below it, declare emergencies about anybody.
#[utoipa::path(
    put, path = "/api/v1/organisations/{number}/emergency-access", tag = "organisations",
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:emergencies.write"])),
    responses((status = 204, description = "They may"), Refused),
)]
pub(super) async fn allow(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, ALLOW, scope::EMERGENCIES_WRITE).await {
        Ok(desk) => desk.finish(set(&desk, &segment, true).await).await,
        Err(refused) => refused,
    }
}

/// Lets them no more. Emergencies that were declared last until they are over.
#[utoipa::path(
    delete, path = "/api/v1/organisations/{number}/emergency-access", tag = "organisations",
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:emergencies.write"])),
    responses((status = 204, description = "They may not"), Refused),
)]
pub(super) async fn disallow(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, DISALLOW, scope::EMERGENCIES_WRITE).await {
        Ok(desk) => desk.finish(set(&desk, &segment, false).await).await,
        Err(refused) => refused,
    }
}

async fn set(desk: &Desk<'_>, segment: &Segment, may: bool) -> Result<Response, Refusal> {
    desk.no_body()?;
    let organisation = named(desk, segment).await?;
    let mut row = desk.permit();
    row.organisation = Some(organisation.uuid());
    desk.record(row).await?;
    let outcome = if may {
        emergency::allow(desk.hub, desk.realm(), organisation).await
    } else {
        emergency::disallow(desk.hub, desk.realm(), organisation)
            .await
            .map(drop)
    };
    outcome.map_err(|error| Refusal::unavailable(&error))?;
    Ok(nothing())
}

async fn named(desk: &Desk<'_>, segment: &Segment) -> Result<OrganisationId, Refusal> {
    let number = Number::parse(segment.name("organisation.unknown")?).map_err(|_| UNKNOWN)?;
    organisation_by_number(&desk.hub.store, desk.realm(), number)
        .await?
        .ok_or(UNKNOWN)
}
