//! The ties of a person, and guardians by law, whom only an administrator sets and ends.

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use platform::clock::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{about, named};
use crate::admin::endpoints::answer::{Listing, Refused, json};
use crate::admin::endpoints::desk::{Desk, Rules, Segment};
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::people::{By, Person, Via, number_of};
use crate::ties::{self, Basis, GuardianError, Power, Powers, Tie, Who, majority};

const LIST: Action = Action::new("tie.list");
const SET: Action = Action::new("guardian.set");
const END: Action = Action::new("guardian.end");

/// Somebody who may do something for a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tie)]
struct TieView {
    /// Number of who may; absent if it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// What they are to the person: `parent`, `child`, `spouse`, `sibling`, `relative`, `carer`, `friend` or `guardian`.
    relation: &'static str,
    /// What they may do: of `update_profile`, `alerts` and `recovery`.
    powers: Vec<&'static str>,
    /// The law that it rests on: `minor` or `adult`; absent if on the consent of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<&'static str>,
    /// From when (RFC 3339).
    from: String,
    /// Until when, if it ends by itself (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// A guardian to be set.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGuardian)]
struct NewGuardian {
    /// The guardian's number.
    #[garde(length(chars, min = 1, max = 40))]
    guardian: String,
    /// `minor`: until the ward is of age, which their date of birth says. `adult`: until it is ended.
    #[garde(length(chars, max = 10))]
    basis: String,
    /// What shows it: file number of the court, extract of the family register … Kept sealed.
    #[garde(length(chars, min = 1, max = 500), custom(super::printable))]
    evidence: String,
    /// Until when at the longest (RFC 3339).
    #[garde(length(chars, max = 40))]
    until: Option<String>,
}

impl Rules for NewGuardian {
    const RULES: &'static str = "guardian, basis (minor or adult) and evidence (1 to 500 characters) are there, until (a \
                                 time of RFC 3339) may be, and nothing else is.";
}

/// A guardian to be ended.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GuardianEnd)]
struct GuardianEnd {
    /// The guardian's number.
    #[garde(length(chars, min = 1, max = 40))]
    guardian: String,
}

impl Rules for GuardianEnd {
    const RULES: &'static str = "guardian is there and nothing else.";
}

/// Lists who may do something for a person now.
#[utoipa::path(
    get, path = "/api/v1/people/{number}/ties", tag = "people",
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.read"])),
    responses((status = 200, description = "Their ties", body = Listing<TieView>), Refused),
)]
pub(in crate::admin::endpoints) async fn list(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, LIST, scope::PEOPLE_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.no_body()?;
    let (_, person) = named(desk, segment).await?;
    let ties = ties::of(desk.hub, desk.realm(), person.id).await?;
    let mut row = about(desk.permit(), &person);
    row.hits = u64::try_from(ties.len()).ok();
    desk.record(row).await?;
    json(
        StatusCode::OK,
        &Listing {
            items: views(desk, &person, ties).await?,
            next: None,
        },
    )
}

async fn views(desk: &Desk<'_>, person: &Person, ties: Vec<Tie>) -> Result<Vec<TieView>, Refusal> {
    let birthdate = person.profile.details.birthdate.as_deref();
    let mut views = Vec::with_capacity(ties.len());
    for tie in ties {
        let of_age = birthdate
            .filter(|_| tie.basis == Some(Basis::Minor))
            .and_then(majority);
        let until = [tie.until_at, of_age].into_iter().flatten().min();
        let number = number_of(&desk.hub.store, desk.realm(), tie.other).await?;
        views.push(TieView {
            number: number.map(|number| number.to_string()),
            relation: tie.relation.as_str(),
            powers: tie.powers.iter().map(Power::as_str).collect(),
            basis: tie.basis.map(Basis::as_str),
            from: tie.from_at.to_rfc3339(),
            until: until.map(Instant::to_rfc3339),
        });
    }
    Ok(views)
}

/// Sets a guardian by law. Both are told; neither of them can end it.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/guardians", tag = "people", request_body = NewGuardian,
    params(("number" = String, Path, description = "The ward's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 201, description = "The ward's ties", body = Listing<TieView>), Refused),
)]
pub(in crate::admin::endpoints) async fn set(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, SET, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(carry_out(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn carry_out(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let body: NewGuardian = desk.body()?;
    let invalid = |id| Refusal::invalid(id, NewGuardian::RULES);
    let basis = Basis::parse(&body.basis).ok_or(invalid("guardian.basis"))?;
    let until = match &body.until {
        Some(text) => {
            let until: jiff::Timestamp = text.parse().map_err(|_| invalid("guardian.until"))?;
            let until = Instant::from_micros(until.as_microsecond());
            if until <= desk.hub.clock.now() {
                return Err(invalid("guardian.until"));
            }
            Some(until)
        }
        None => None,
    };
    let (_, ward) = named(desk, segment).await?;
    let guardian = other(desk, &body.guardian).await?;
    let row = about(desk.permit(), &ward).resource("guardian", [guardian.id.to_string()]);
    desk.record(row).await?;
    let powers = Powers::of([Power::UpdateProfile, Power::Alerts]);
    ties::set_guardian(
        desk.hub,
        &desk.call.realm,
        (&ward, &guardian),
        (basis, powers, until),
        &body.evidence,
    )
    .await?;
    let ties = ties::of(desk.hub, desk.realm(), ward.id).await?;
    json(
        StatusCode::CREATED,
        &Listing {
            items: views(desk, &ward, ties).await?,
            next: None,
        },
    )
}

async fn other(desk: &Desk<'_>, number: &str) -> Result<std::sync::Arc<Person>, Refusal> {
    const UNKNOWN: Refusal = Refusal::invalid(
        "guardian.unknown",
        "guardian is the number of a person of this realm.",
    );
    desk.person_numbered(number).await?.ok_or(UNKNOWN)
}

/// Ends what a guardian by law may do. Both are told.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/guardians/end", tag = "people", request_body = GuardianEnd,
    params(("number" = String, Path, description = "The ward's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 200, description = "The ward's ties", body = Listing<TieView>), Refused),
)]
pub(in crate::admin::endpoints) async fn end(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, END, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(finish(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn finish(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    const NONE: Refusal = Refusal::not_found("guardian.none");
    let body: GuardianEnd = desk.body()?;
    let (_, ward) = named(desk, segment).await?;
    let guardian = other(desk, &body.guardian).await?;
    let tie = ties::between(desk.hub, desk.realm(), guardian.id, ward.id).await?;
    // What rests on the consent of two people is not an administrator's to end.
    let tie = tie.filter(|tie| tie.basis.is_some()).ok_or(NONE)?;
    let row = about(desk.permit(), &ward).resource("guardian", [guardian.id.to_string()]);
    desk.record(row).await?;
    let by = By {
        via: Via::Administrator,
        actor: desk.authority.person,
        client: Some(desk.authority.client.clone()),
        tie: None,
    };
    if !ties::end(desk.hub, &desk.call.realm, &tie, (Who::Administrator, &by)).await? {
        return Err(NONE);
    }
    let ties = ties::of(desk.hub, desk.realm(), ward.id).await?;
    json(
        StatusCode::OK,
        &Listing {
            items: views(desk, &ward, ties).await?,
            next: None,
        },
    )
}

impl From<GuardianError> for Refusal {
    fn from(error: GuardianError) -> Self {
        match error {
            GuardianError::Same => Self::conflict("guardian.same", "Nobody is their own guardian"),
            GuardianError::NotMinor => Self::conflict(
                "guardian.not_minor",
                "The ward is of age, or it is not known when they were born",
            ),
            GuardianError::MinorGuardian => Self::conflict("guardian.minor", "The guardian is a minor"),
            GuardianError::Tied => Self::conflict("guardian.tied", "These two are tied already"),
            GuardianError::People(error) => error.into(),
        }
    }
}
