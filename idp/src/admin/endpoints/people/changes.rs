//! Changing a person, and what was changed before.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::IF_MATCH;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Change;
use super::{PersonView, about, named, outranks, tag, tagged};
use crate::admin::endpoints::answer::{Listing, Paging, Refused, json};
use crate::admin::endpoints::desk::{Desk, Segment};
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::{ChangeId, PersonId};
use crate::log::Action;
use crate::people::{By, Field, Past, Via, change, history, number_of};

const UPDATE: Action = Action::new("person.update");
const HISTORY: Action = Action::new("person.history");

const STALE: Refusal = Refusal::new(
    StatusCode::PRECONDITION_FAILED,
    "person.changed",
    "The person was changed since you read them",
)
.detail("Read them again before you decide.");

/// A change of one field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProfileChange)]
struct ChangeView {
    /// When (RFC 3339).
    at: String,
    /// Which field.
    field: &'static str,
    /// The value before.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// The value after.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// `person`, `family`, `administrator` or `command`.
    via: &'static str,
    /// Number of who changed it, if it was a person who still has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// The client by which it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
}

/// Changes fields of a person, and keeps who changed what. With `If-Match`, only if nobody changed them since they were
/// read. A caller who is a person must have signed in a moment ago (`people.change_max_age_seconds`; RFC 9470).
#[utoipa::path(
    patch, path = "/api/v1/people/{number}", tag = "people", request_body = Change,
    params(
        ("number" = String, Path, description = "The person's number"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the person as they were read"),
    ),
    security(("token" = ["musubi:people.write"])),
    responses(
        (status = 200, description = "The person", body = PersonView),
        (status = 412, description = "Somebody changed them since"),
        Refused,
    ),
)]
pub(in crate::admin::endpoints) async fn update(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, UPDATE, scope::PEOPLE_WRITE).await {
        Ok(desk) => desk.finish(carry_out(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn carry_out(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let patch = desk.merge::<Change>()?.patch();
    let (number, person) = named(desk, segment).await?;
    desk.authority
        .is_fresh(desk.hub, desk.hub.settings.people.change_max_age_seconds)?;
    let seen = match desk.call.header(&IF_MATCH) {
        None if desk.call.has(&IF_MATCH) => return Err(STALE),
        None | Some("*") => None,
        Some(sent) if sent == tag(person.updated_at) => Some(person.updated_at),
        Some(_) => return Err(STALE),
    };
    if patch.contains_key(&Field::Login) || patch.contains_key(&Field::Email) {
        outranks(desk, &person).await?;
    }
    let fields = patch.keys().map(|field| field.name().to_owned());
    desk.record(about(desk.permit().resource("profile", fields), &person))
        .await?;
    let by = By {
        via: Via::Administrator,
        actor: desk.authority.person,
        client: Some(desk.authority.client.clone()),
        tie: None,
    };
    change(desk.hub, &desk.call.realm, &person, (patch, by), seen).await?;
    let found = desk.hub.people.by_id(desk.realm(), person.id).await?;
    let person = found.ok_or(Refusal::not_found("person.unknown"))?;
    let view = PersonView::of(&person, person.state, Some(number));
    tagged(json(StatusCode::OK, &view)?, &person)
}

/// Lists what was changed about a person, newest first.
#[utoipa::path(
    get, path = "/api/v1/people/{number}/history", tag = "people",
    params(("number" = String, Path, description = "The person's number"), Paging),
    security(("token" = ["musubi:people.read"])),
    responses((status = 200, description = "Changes", body = Listing<ChangeView>), Refused),
)]
pub(in crate::admin::endpoints) async fn past(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match Desk::open(&hub, &call, HISTORY, scope::PEOPLE_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    const LIST: &str = "person.history";
    let page = desk.page(LIST)?;
    let (_, person) = named(desk, segment).await?;
    let before = page.after.as_deref().map(cursor::key).transpose()?;
    let before = before.map(ChangeId::from);
    let mut past = history(desk.hub, desk.realm(), &person, before, page.limit + 1).await?;
    let next = desk.cut(LIST, &page, &mut past, |last| last.id.uuid().as_bytes().to_vec())?;
    let mut row = about(desk.permit(), &person);
    row.hits = u64::try_from(past.len()).ok();
    desk.record(row).await?;
    let mut numbers = HashMap::new();
    let mut items = Vec::with_capacity(past.len());
    for one in past {
        let by = numbered(desk, &mut numbers, one.by.actor).await?;
        items.extend(view(one, by));
    }
    json(StatusCode::OK, &Listing { items, next })
}

async fn numbered(
    desk: &Desk<'_>,
    known: &mut HashMap<PersonId, Option<String>>,
    person: Option<PersonId>,
) -> Result<Option<String>, Refusal> {
    let Some(person) = person else { return Ok(None) };
    if let Some(number) = known.get(&person) {
        return Ok(number.clone());
    }
    let number = number_of(&desk.hub.store, desk.realm(), person).await?;
    let number = number.map(|number| number.to_string());
    known.insert(person, number.clone());
    Ok(number)
}

fn view(past: Past, by: Option<String>) -> Option<ChangeView> {
    Some(ChangeView {
        at: past.at.to_rfc3339(),
        field: past.field?.name(),
        before: past.before,
        after: past.after,
        via: past.by.via.as_str(),
        by,
        client_id: past.by.client,
    })
}
