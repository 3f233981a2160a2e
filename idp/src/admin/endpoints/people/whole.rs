//! All that is kept about a person: taken away, and erased.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::header::CONTENT_DISPOSITION;
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{about, named, outranks};
use crate::admin::endpoints::answer::{Refused, bytes_of, json};
use crate::admin::endpoints::desk::{Desk, Rules, Segment};
use crate::admin::{Refusal, scope};
use crate::erasure::{KEPT, erase};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::takeout::gather;

const EXPORT: Action = Action::new("person.export");
const ERASE: Action = Action::new("person.erase");
const ERASED: Action = Action::new("person.erased");

/// That a person is to be erased.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Erasure)]
struct Erasure {
    /// The number of the path once more: nobody is erased by a slip.
    #[garde(length(chars, min = 1, max = 40))]
    confirm: String,
}

impl Rules for Erasure {
    const RULES: &'static str = "confirm is there, with the person's number, and nothing else.";
}

/// What stays of somebody who was erased.
#[derive(Debug, Serialize, ToSchema)]
struct Erased {
    /// Always `erased`.
    state: &'static str,
    /// What stays, and why.
    kept: Vec<KeptView>,
}

/// Something that stays.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Kept)]
struct KeptView {
    /// What.
    what: &'static str,
    /// Why.
    why: &'static str,
}

/// Gives all that is kept about a person, their access log included. The caller must hold every power that the person
/// holds, and, if they are a person, must have signed in a moment ago.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/export", tag = "people",
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 200, description = "All that is kept", body = Object), Refused),
)]
pub(in crate::admin::endpoints) async fn export(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, EXPORT, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(give(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn give(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    desk.no_body()?;
    let (_, person) = named(desk, segment).await?;
    desk.authority
        .is_fresh(desk.hub, desk.hub.settings.people.change_max_age_seconds)?;
    outranks(desk, &person).await?;
    desk.record(about(desk.permit(), &person)).await?;
    let all = gather(desk.hub, desk.realm(), &person).await?;
    let bytes = serde_json::to_vec_pretty(&all).map_err(|error| Refusal::unavailable(&error))?;
    let mut response = bytes_of("application/json", StatusCode::OK, Body::from(bytes));
    let name = HeaderValue::from_static("attachment; filename=\"person.json\"");
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

/// Erases a person for good, by destroying the key of all that is theirs, and says what stays. The caller must hold every
/// power that the person holds, and, if they are a person, must have signed in a moment ago.
#[utoipa::path(
    post, path = "/api/v1/people/{number}/erase", tag = "people", request_body = Erasure,
    params(("number" = String, Path, description = "The person's number")),
    security(("token" = ["musubi:people.write"])),
    responses((status = 200, description = "They are erased", body = Erased), Refused),
)]
pub(in crate::admin::endpoints) async fn destroy(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, ERASE, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(carry_out(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn carry_out(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let body: Erasure = desk.body()?;
    let (number, person) = named(desk, segment).await?;
    if super::Number::parse(&body.confirm).ok() != Some(number) {
        return Err(Refusal::invalid("person.erase.confirm", Erasure::RULES));
    }
    desk.authority
        .is_fresh(desk.hub, desk.hub.settings.people.change_max_age_seconds)?;
    outranks(desk, &person).await?;
    desk.record(about(desk.permit(), &person)).await?;
    if !erase(desk.hub, desk.realm(), &person).await? {
        return Err(Refusal::not_found("person.unknown"));
    }
    // Under the realm's key: theirs is gone.
    desk.record(desk.permit_as(ERASED).subject(person.id)).await?;
    let kept = KEPT.iter().map(|kept| KeptView {
        what: kept.what,
        why: kept.why,
    });
    let state = "erased";
    json(
        StatusCode::OK,
        &Erased {
            state,
            kept: kept.collect(),
        },
    )
}
