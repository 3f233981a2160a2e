//! `/api/v1/staff/{number}/affiliations`, `/affiliations`, `/occupations`: where somebody works, and as what.

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::{NewOccupation, term};
use super::members::one;
use super::views::{OccupationView, StaffView, occupation};
use super::{StaffDesk, key, over};
use crate::admin::endpoints::answer::{Refused, created, json};
use crate::admin::endpoints::desk::{Rules, Segment};
use crate::admin::endpoints::people::printable_option;
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::{AffiliationId, OccupationId};
use crate::log::{Action, Entry};
use crate::staff::StaffError;
use crate::staff::affiliations::{self, Joined, Left, Occupation, Place};
use crate::staff::reach::Basis;

const AFFILIATE: Action = Action::new("affiliation.begin");
const END: Action = Action::new("affiliation.end");
const OCCUPY: Action = Action::new("occupation.begin");
const RETIRE: Action = Action::new("occupation.end");

/// A place to be taken.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAffiliation {
    /// The number of the organisation.
    #[garde(length(bytes, min = 1, max = 40))]
    organisation: String,
    /// As what they are called there.
    #[garde(length(chars, min = 1, max = 100), custom(printable_option))]
    title: Option<String>,
    /// From when (RFC 3339); absent: at once.
    #[garde(length(bytes, max = 40))]
    from: Option<String>,
    /// Until when (RFC 3339); absent: until it is ended.
    #[garde(length(bytes, max = 40))]
    until: Option<String>,
}

impl Rules for NewAffiliation {
    const RULES: &'static str =
        "organisation is the number of one; title, from and until (RFC 3339) may be there, and nothing else.";
}

/// Begins another affiliation of a member of staff. By delegation: of staff of one's own only; others are invited.
#[utoipa::path(
    post, path = "/api/v1/staff/{number}/affiliations", tag = "staff", request_body = NewAffiliation,
    params(("number" = String, Path, description = "The staff number; for the realm's administration also a person's number")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 201, description = "The member of staff", body = StaffView), Refused),
)]
pub(in crate::admin::endpoints) async fn begin(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, AFFILIATE, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(affiliate(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn affiliate(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let new: NewAffiliation = desk.desk.body()?;
    let person = desk.member_or_person(segment).await?;
    let organisation = desk.organisation_text(&new.organisation).await?;
    let place = Place {
        organisation,
        term: term(
            (new.from.as_deref(), new.until.as_deref()),
            desk.act.now,
            NewAffiliation::RULES,
        )?,
        title: new.title,
    };
    let (id, sealing) = (person.id, person.key.clone());
    let joined = desk
        .commit(
            move |tx, act| Box::pin(affiliations::affiliate(tx, act, id, place)),
            move |row, joined: &Joined| {
                let mut row = over(row, joined.affiliation.organisation, joined.basis);
                row.key = sealing;
                row.subject(id)
                    .resource("affiliation", [joined.affiliation.id.to_string()])
            },
        )
        .await?;
    let view = one(desk, person.id, vec![joined.affiliation]).await?;
    created(&format!("/api/v1/staff/{}", joined.number), &view)
}

/// Ends an affiliation, with its occupations and all that is delegated on it. If it was the last one, every session and
/// token of the person ends too.
#[utoipa::path(
    post, path = "/api/v1/affiliations/{id}/end", tag = "staff",
    params(("id" = String, Path, description = "The affiliation's id")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The member of staff", body = StaffView), Refused),
)]
pub(in crate::admin::endpoints) async fn end(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, END, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(leave(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

fn told_left(row: Entry, (left, basis): &(Left, Basis)) -> Entry {
    let mut row = over(row, left.affiliation.organisation, *basis);
    row.hits = Some(left.withdrawn);
    row.subject(left.affiliation.person)
        .resource("affiliation", [left.affiliation.id.to_string()])
}

async fn leave(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.desk.no_body()?;
    let id: AffiliationId = key(segment, "affiliation.unknown")?;
    let (left, _) = desk
        .commit(move |tx, act| Box::pin(affiliations::end(tx, act, id)), told_left)
        .await?;
    if left.last {
        desk.forget_sessions();
    }
    json(
        StatusCode::OK,
        &one(desk, left.affiliation.person, vec![left.affiliation]).await?,
    )
}

/// Adds an occupation to an affiliation.
#[utoipa::path(
    post, path = "/api/v1/affiliations/{id}/occupations", tag = "staff", request_body = NewOccupation,
    params(("id" = String, Path, description = "The affiliation's id")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 201, description = "The occupation", body = OccupationView), Refused),
)]
pub(in crate::admin::endpoints) async fn occupy(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, OCCUPY, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(add(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn add(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let new: NewOccupation = desk.desk.body()?;
    let id: AffiliationId = key(segment, "affiliation.unknown")?;
    let found = affiliations::find(&desk.desk.hub.store, desk.act.realm.id, id).await?;
    let affiliation = found.ok_or(StaffError::AffiliationUnknown)?;
    let person = desk.person(affiliation.person).await?;
    let sealed = new.seal(&desk.act, &person)?;
    let sealing = person.key.clone();
    let (made, _) = desk
        .commit(
            move |tx, act| Box::pin(affiliations::occupy(tx, act, id, sealed)),
            move |row, (made, basis): &(Occupation, Basis)| {
                let mut row = over(row, affiliation.organisation, *basis);
                row.key = sealing;
                row.subject(made.person)
                    .resource("occupation", [made.id.to_string()])
            },
        )
        .await?;
    created(
        &format!("/api/v1/occupations/{}", made.id),
        &occupation(desk, &person, &made)?,
    )
}

/// Ends an occupation.
#[utoipa::path(
    post, path = "/api/v1/occupations/{id}/end", tag = "staff",
    params(("id" = String, Path, description = "The occupation's id")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The occupation", body = OccupationView), Refused),
)]
pub(in crate::admin::endpoints) async fn retire(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, RETIRE, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(finish(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn finish(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.desk.no_body()?;
    let id: OccupationId = key(segment, "occupation.unknown")?;
    let (ended, _) = desk
        .commit(
            move |tx, act| Box::pin(affiliations::retire(tx, act, id)),
            |row, (ended, basis): &(Occupation, Basis)| {
                let row = match basis {
                    Basis::Realm => row.granted_by("realm"),
                    Basis::Delegation(id) => row.granted_by(format!("delegation:{id}")),
                };
                row.subject(ended.person)
                    .resource("occupation", [ended.id.to_string()])
            },
        )
        .await?;
    let person = desk.person(ended.person).await?;
    json(StatusCode::OK, &occupation(desk, &person, &ended)?)
}
