//! `GET /api/v1/organisations/{number}/appointments`: who is expected when.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures_util::future::try_join_all;
use http::StatusCode;
use platform::clock::Instant;
use utoipa::IntoParams;
use uuid::Uuid;

use super::super::responses::person;
use super::super::{StaffDesk, listed, over};
use super::{TimeView, subjects, views};
use crate::admin::endpoints::answer::{Listing, Paging, Refused, json};
use crate::admin::endpoints::desk::{Filters, Page, Segment};
use crate::admin::endpoints::people::about as about_person;
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::staff::act::allowed;
use crate::staff::appointments::{Filter, Window, times};
use crate::staff::powers::Power;

const LIST: Action = Action::new("appointment.list");
const READ: Action = Action::new("appointment.read");

const DAY: Duration = Duration::from_hours(24);
const WINDOW: &str = "from and until are times (RFC 3339), from before until, at most 92 days apart; absent: from now on, 31 days.";

/// Which ones.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query, which desk::Filters reads")]
struct Narrowed {
    /// From when (RFC 3339); absent: now.
    from: Option<String>,
    /// Before when (RFC 3339), at most 92 days later; absent: 31 days later.
    until: Option<String>,
    /// The number of the person whom they are for.
    person: Option<String>,
    /// The staff number of who is expected.
    staff: Option<String>,
}

/// What the staff of an organisation, or of one below it, are expected to, in the order of time. What is said about one is
/// told to who is expected.
#[utoipa::path(
    get, path = "/api/v1/organisations/{number}/appointments", tag = "staff",
    params(("number" = String, Path, description = "The organisation's number"), Narrowed, Paging),
    security(("token" = ["musubi:staff.read"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "The times", body = Listing<TimeView>), Refused),
)]
pub(in crate::admin::endpoints) async fn list(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, LIST, scope::STAFF_READ).await {
        Ok(desk) => desk.finish(show(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

fn window(desk: &StaffDesk<'_>, page: &Page, narrowed: &Filters) -> Result<Window, Refusal> {
    let wrong = Refusal::invalid("appointment.window", WINDOW);
    let said = |name| match narrowed.text(name) {
        None => Ok(None),
        Some(text) => Instant::from_rfc3339(text).map(Some).ok_or(wrong),
    };
    let from = said("from")?.unwrap_or(desk.act.now);
    let until = said("until")?.unwrap_or(from.plus(31 * DAY));
    if until <= from || until.since(from) > 92 * DAY {
        return Err(wrong);
    }
    let after = page.after.as_deref().map(cursor::time_and_key).transpose()?;
    let after = after.filter(|(at, _)| *at >= from);
    Ok(Window {
        from,
        until,
        after,
        limit: page.limit + 1,
    })
}

async fn show(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let names = ["from", "until", "person", "staff"];
    let (page, narrowed) = desk.desk.filtered_page("appointments", &names)?;
    let window = window(desk, &page, &narrowed)?;
    let organisation = desk.organisation(segment).await?;
    let (store, realm) = (&desk.desk.hub.store, desk.desk.realm());
    let (_, basis) = allowed(store, &desk.act, organisation, Power::AppointmentsRead).await?;
    let filter = Filter {
        subject: match narrowed.text("person") {
            None => None,
            Some(text) => Some(person(desk, text).await?.id),
        },
        staff: match narrowed.text("staff") {
            None => None,
            Some(text) => Some(desk.staff_text(text).await?),
        },
    };
    let mut found = times(store, realm.id, organisation, filter, window).await?;
    let next = desk.desk.cut("appointments", &page, &mut found, |last| {
        let (at, key): (i64, Uuid) = (last.starts.as_micros(), last.id.uuid());
        [at.to_be_bytes().as_slice(), key.as_bytes()].concat()
    })?;
    let mut row = listed(
        over(desk.desk.permit(), organisation, basis),
        "appointment",
        found.iter().map(|one| one.id.uuid()),
    );
    row.subject = filter.subject;
    desk.desk.record(row).await?;
    let subjects = subjects(desk, &found).await?;
    let seen = subjects.values().filter_map(|about| about.person.as_ref());
    let rows = seen.map(|person| {
        let row = over(desk.desk.permit_as(READ), organisation, basis);
        desk.desk.record(about_person(row, person))
    });
    try_join_all(rows).await?;
    let items = views(desk, &found, &subjects).await?;
    json(StatusCode::OK, &Listing { items, next })
}
