//! `/api/v1/people/{number}/consents`: that there are consents, how many, how they stand. What they say and to whom is the
//! person's alone: an administrator learns neither, and gives, changes and withdraws none.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Listing, Paging, Refused, json};
use super::desk::{Desk, Segment};
use super::people::{about, named};
use crate::admin::{Refusal, cursor, scope};
use crate::consent::{self, Summary};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;

const LIST: Action = Action::new("consent.list");

/// A consent, as much of it as an administrator sees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConsentSummary)]
struct View {
    /// The number on its receipt.
    id: String,
    /// The version, from 1.
    version: i32,
    /// `active` or `inactive`.
    status: String,
    /// `person`, `level`, `tie` or `service`: where it came from.
    origin: &'static str,
    /// Whether somebody else gave it for the person.
    by_another: bool,
    /// When this version was given (RFC 3339).
    given_at: String,
}

impl View {
    fn of(summary: &Summary) -> Self {
        Self {
            id: summary.id.to_string(),
            version: summary.version,
            status: summary.status.clone(),
            origin: summary.origin.as_str(),
            by_another: summary.by_another,
            given_at: summary.at.to_rfc3339(),
        }
    }
}

/// Lists the consents of a person, without what they say.
#[utoipa::path(
    get, path = "/api/v1/people/{number}/consents", tag = "people",
    params(("number" = String, Path, description = "The person's number"), Paging),
    security(("token" = ["musubi:consents.read"])),
    responses((status = 200, description = "Consents", body = Listing<View>), Refused),
)]
pub(super) async fn list(State(hub): State<Shared>, segment: Segment, call: Call) -> Response {
    match Desk::open(&hub, &call, LIST, scope::CONSENTS_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn show(desk: &Desk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let page = desk.page("consents")?;
    let (_, person) = named(desk, segment).await?;
    let after = page.after.as_deref().map(cursor::key).transpose()?;
    let mut found = consent::summaries(desk.hub, desk.realm(), person.id, (after, page.limit + 1))
        .await
        .map_err(|error| Refusal::unavailable(&error))?;
    let next = desk.cut("consents", &page, &mut found, |last| {
        last.id.uuid().as_bytes().to_vec()
    })?;
    let mut row =
        about(desk.permit(), &person).resource("consent", found.iter().map(|one| one.id.to_string()));
    row.hits = u64::try_from(found.len()).ok();
    desk.record(row).await?;
    let items: Vec<View> = found.iter().map(View::of).collect();
    json(StatusCode::OK, &Listing { items, next })
}
