//! `/api/v1/attendance`, `/organisations/{number}/attendance`: when staff came and went, corrections, the sheet of a month.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use http::header::ACCEPT;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::clock::Instant;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use utoipa::{IntoParams, ToSchema};

use super::body::time;
use super::views::Names;
use super::{StaffDesk, UNKNOWN_STAFF, key, over};
use crate::admin::endpoints::answer::{Refused, bytes_of, created, json};
use crate::admin::endpoints::desk::{Rules, Segment};
use crate::admin::endpoints::people::printable;
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::{AffiliationId, AttendanceId, PersonId};
use crate::log::{self, Action};
use crate::staff::ZONE;
use crate::staff::act::allowed;
use crate::staff::attendance::{self, Attendance, Correction, of_organisation};
use crate::staff::powers::Power;
use crate::staff::reach::Basis;

const COME: Action = Action::new("attendance.come");
const GO: Action = Action::new("attendance.go");
const CORRECT: Action = Action::new("attendance.correct");
const SHEET: Action = Action::new("attendance.sheet");

/// Lines of a sheet at the most.
const MOST: u32 = 20_000;
const CSV: &str = "text/csv; charset=utf-8; header=present";

/// By which affiliation.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Presence {
    /// The affiliation of the person behind the token.
    #[garde(length(bytes, min = 1, max = 40))]
    affiliation: String,
}

impl Rules for Presence {
    const RULES: &'static str = "affiliation is there, and nothing else.";
}

/// What the times should be.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTimes {
    /// From when (RFC 3339).
    #[garde(length(bytes, max = 40))]
    came: String,
    /// Until when (RFC 3339).
    #[garde(length(bytes, max = 40))]
    went: String,
    /// Why they change.
    #[garde(length(chars, min = 1, max = 500), custom(printable))]
    reason: String,
}

impl Rules for NewTimes {
    const RULES: &'static str = "came and went are times (RFC 3339) that are over, in this order; reason (1 to 500 characters) is there, and nothing else.";
}

/// A time for which somebody was there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attendance)]
struct AttendanceView {
    /// Its name in this API.
    id: String,
    /// The staff number.
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<String>,
    /// The number of the organisation.
    organisation: String,
    /// From when (RFC 3339).
    came: String,
    /// Until when (RFC 3339); absent: they are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    went: Option<String>,
    /// Whether the times were corrected.
    corrected: bool,
}

/// The sheet of a month.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttendanceSheet)]
struct SheetView {
    /// In the order of time.
    items: Vec<AttendanceView>,
}

/// Which month.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes the query, which desk::Filters reads")]
struct Month {
    /// `YYYY-MM`, in Japanese time.
    month: String,
}

async fn views(desk: &StaffDesk<'_>, found: &[Attendance]) -> Result<(Vec<AttendanceView>, Names), Refusal> {
    let places = found.iter().map(|one| one.organisation).collect();
    let people = found.iter().map(|one| one.person).collect();
    let names = Names::of(desk, places, people).await?;
    let views = found
        .iter()
        .map(|one| AttendanceView {
            id: one.id.to_string(),
            staff: names.staff(one.person),
            organisation: names.organisation(one.organisation).number,
            came: one.came.to_rfc3339(),
            went: one.went.map(Instant::to_rfc3339),
            corrected: one.corrected,
        })
        .collect();
    Ok((views, names))
}

fn about(mut row: log::Entry, one: &Attendance) -> log::Entry {
    row.organisation = Some(one.organisation.uuid());
    row.subject(one.person)
        .resource("attendance", [one.id.to_string()])
}

/// The person behind the token comes to work, now.
#[utoipa::path(
    post, path = "/api/v1/attendance/in", tag = "staff", request_body = Presence,
    security(("token" = ["musubi:staff"])),
    responses((status = 201, description = "They are there", body = AttendanceView), Refused),
)]
pub(in crate::admin::endpoints) async fn come(State(hub): State<Shared>, call: Call) -> Response {
    match StaffDesk::open(&hub, &call, COME, scope::OWN_DELEGATIONS).await {
        Ok(desk) => desk.finish(clock(&desk, true).await).await,
        Err(refused) => refused,
    }
}

/// The person behind the token goes home, now.
#[utoipa::path(
    post, path = "/api/v1/attendance/out", tag = "staff", request_body = Presence,
    security(("token" = ["musubi:staff"])),
    responses((status = 200, description = "They were there", body = AttendanceView), Refused),
)]
pub(in crate::admin::endpoints) async fn go(State(hub): State<Shared>, call: Call) -> Response {
    match StaffDesk::open(&hub, &call, GO, scope::OWN_DELEGATIONS).await {
        Ok(desk) => desk.finish(clock(&desk, false).await).await,
        Err(refused) => refused,
    }
}

async fn clock(desk: &StaffDesk<'_>, comes: bool) -> Result<Response, Refusal> {
    let Presence { affiliation } = desk.desk.body()?;
    let affiliation: AffiliationId = affiliation
        .parse()
        .map_err(|_| Refusal::not_found("affiliation.unknown"))?;
    let person: PersonId = desk.act.caller.person.ok_or(UNKNOWN_STAFF)?;
    let done = desk
        .commit(
            move |tx, act| {
                Box::pin(async move {
                    if comes {
                        attendance::come(tx, act, person, affiliation).await
                    } else {
                        attendance::go(tx, act, person, affiliation).await
                    }
                })
            },
            about,
        )
        .await?;
    let view = views(desk, &[done]).await?.0.pop();
    if comes {
        created(&format!("/api/v1/attendance/{}", done.id), &view)
    } else {
        json(StatusCode::OK, &view)
    }
}

/// Corrects when somebody else came and went. What it was before is kept, with the reason.
#[utoipa::path(
    post, path = "/api/v1/attendance/{id}/correct", tag = "staff", request_body = NewTimes,
    params(("id" = String, Path, description = "The id of the attendance")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "As it is now", body = AttendanceView), Refused),
)]
pub(in crate::admin::endpoints) async fn correct(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, CORRECT, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(change(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn change(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let new: NewTimes = desk.desk.body()?;
    let id: AttendanceId = key(segment, "attendance.unknown")?;
    let wrong = Refusal::invalid("body.time", NewTimes::RULES);
    let correction = Correction {
        came: time(Some(&new.came), NewTimes::RULES)?.ok_or(wrong)?,
        went: time(Some(&new.went), NewTimes::RULES)?.ok_or(wrong)?,
        reason: new.reason,
    };
    let (done, _) = desk
        .commit(
            move |tx, act| Box::pin(attendance::correct(tx, act, id, correction)),
            |row, (done, basis): &(Attendance, Basis)| about(over(row, done.organisation, *basis), done),
        )
        .await?;
    let view = views(desk, &[done]).await?.0.pop();
    json(StatusCode::OK, &view)
}

/// The sheet of a month: who came to an organisation, or to one below it, and when; CSV if `Accept` asks for it.
#[utoipa::path(
    get, path = "/api/v1/organisations/{number}/attendance", tag = "staff",
    params(("number" = String, Path, description = "The organisation's number"), Month),
    security(("token" = ["musubi:staff.read"]), ("token" = ["musubi:staff"])),
    responses(
        (status = 200, description = "The sheet", content((SheetView = "application/json"), (String = "text/csv"))),
        Refused,
    ),
)]
pub(in crate::admin::endpoints) async fn sheet(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, SHEET, scope::STAFF_READ).await {
        Ok(desk) => desk.finish(of_month(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

/// When a month begins and ends.
fn month(text: &str, zone: &TimeZone) -> Option<(Instant, Instant)> {
    let (year, month) = text.split_once('-').filter(|_| text.len() == 7)?;
    let first = Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
    let next = first.checked_add(jiff::Span::new().months(1)).ok()?;
    let begins = |day: Date| {
        let at = day.to_zoned(zone.clone()).ok()?;
        Some(Instant::from_micros(at.timestamp().as_microsecond()))
    };
    Some((begins(first)?, begins(next)?))
}

async fn of_month(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    const MONTH: Refusal = Refusal::new(
        StatusCode::BAD_REQUEST,
        "query.month",
        "The sheet is of one month, YYYY-MM",
    );
    let (_, narrowed) = desk.desk.filtered_page("attendance", &["month"])?;
    let zone = TimeZone::get(ZONE).map_err(|error| Refusal::unavailable(&error))?;
    let span = narrowed
        .text("month")
        .and_then(|text| month(text, &zone))
        .ok_or(MONTH)?;
    let organisation = desk.organisation(segment).await?;
    let (store, realm) = (&desk.desk.hub.store, desk.act.realm.id);
    let (_, basis) = allowed(store, &desk.act, organisation, Power::AttendanceRead).await?;
    let found = of_organisation(store, realm, organisation, span, MOST).await?;
    let mut row = over(desk.desk.permit(), organisation, basis);
    row.hits = u64::try_from(found.len()).ok();
    desk.desk.record(row).await?;
    let (items, names) = views(desk, &found).await?;
    let wants_csv = desk
        .desk
        .call
        .header(&ACCEPT)
        .is_some_and(|accept| accept.contains("text/csv"));
    if !wants_csv {
        return json(StatusCode::OK, &SheetView { items });
    }
    let mut people: HashMap<PersonId, String> = HashMap::new();
    for one in &found {
        if let Entry::Vacant(place) = people.entry(one.person) {
            let known = desk.desk.hub.people.by_id(desk.desk.realm(), one.person).await?;
            let name = known.and_then(|person| person.profile.name.clone());
            place.insert(name.unwrap_or_default());
        }
    }
    let bytes = written(&found, &names, &people, &zone).map_err(|error| Refusal::unavailable(&error))?;
    Ok(bytes_of(CSV, StatusCode::OK, Body::from(bytes)))
}

fn written(
    found: &[Attendance],
    names: &Names,
    people: &HashMap<PersonId, String>,
    zone: &TimeZone,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "staff",
        "name",
        "organisation",
        "date",
        "came",
        "went",
        "minutes",
        "corrected",
    ])?;
    let local = |at: Instant, format: &str| {
        let at = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
        at.to_zoned(zone.clone()).strftime(format).to_string()
    };
    for one in found {
        let minutes = one.went.map(|went| went.since(one.came).as_secs() / 60);
        writer.write_record([
            names.staff(one.person).unwrap_or_default(),
            harmless(people.get(&one.person).map_or("", String::as_str)),
            harmless(&names.organisation(one.organisation).name),
            local(one.came, "%Y-%m-%d"),
            local(one.came, "%H:%M"),
            one.went.map(|went| local(went, "%H:%M")).unwrap_or_default(),
            minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
            if one.corrected { "yes" } else { "" }.to_owned(),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

/// A name that a spreadsheet would take for a formula is marked as text.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_midnight_where_the_people_are() {
        let zone = TimeZone::get(ZONE).unwrap();
        let (from, until) = month("2026-02", &zone).unwrap();
        assert_eq!(from.to_rfc3339(), "2026-01-31T15:00:00.000000Z");
        assert_eq!(until.to_rfc3339(), "2026-02-28T15:00:00.000000Z");
        for bad in ["", "2026", "2026-13", "2026-2", "2026-02-01", "x026-02"] {
            assert_eq!(month(bad, &zone), None, "{bad}");
        }
    }

    #[test]
    fn a_name_is_never_a_formula() {
        assert_eq!(harmless("=1+1"), "'=1+1");
        assert_eq!(harmless("山田"), "山田");
    }
}
