//! `/api/v1/organisations/{number}/appointments`, `/api/v1/appointments/{id}/…`: when staff are expected where, for whom.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures_util::future::try_join_all;
use garde::Validate;
use http::StatusCode;
use platform::clock::Instant;
use platform::database::Tx;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::body::time;
use super::responses::{lines, person};
use super::views::{Names, OrganisationName};
use super::{StaffDesk, key, listed, over};
use crate::admin::endpoints::answer::{Listing, Paging, Refused, created, json};
use crate::admin::endpoints::desk::{Filters, Page, Rules, Segment};
use crate::admin::endpoints::people::about as about_person;
use crate::admin::{Refusal, cursor, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::{AppointmentId, OrganisationId, PersonId};
use crate::log::{Action, Entry};
use crate::mail::Queued;
use crate::pages::AppointmentChange;
use crate::people::{Person, number_of};
use crate::staff::StaffError;
use crate::staff::act::allowed;
use crate::staff::appointments::{self, Draft, Filter, Move, Recurrence, RecurrenceError, Time, Window};
use crate::staff::powers::Power;
use crate::staff::reach::Basis;
use crate::staff::words::EncounterKind;

const LIST: Action = Action::new("appointment.list");
const READ: Action = Action::new("appointment.read");
const MAKE: Action = Action::new("appointment.make");
const MOVE: Action = Action::new("appointment.move");
const CANCEL: Action = Action::new("appointment.cancel");

const UNKNOWN: Refusal = Refusal::not_found("appointment.unknown");
const DAY: Duration = Duration::from_hours(24);
/// How far ahead the first time of an appointment may be.
const AHEAD: Duration = Duration::from_hours(24 * 731);
const WINDOW: &str = "from and until are times (RFC 3339), from before until, at most 92 days apart; absent: from now on, 31 days.";

/// An appointment to be made.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAppointment {
    /// The number of the person whom it is for.
    #[garde(length(bytes, min = 1, max = 40))]
    person: String,
    /// The staff number of who is expected.
    #[garde(length(bytes, min = 1, max = 40))]
    staff: String,
    /// `visit`, `telephone`, `guidance`, …
    #[garde(length(bytes, min = 1, max = 40))]
    kind: String,
    /// When it begins, the first time (RFC 3339).
    #[garde(length(bytes, max = 40))]
    at: String,
    /// How many minutes it takes.
    #[garde(range(min = 1, max = 1440))]
    minutes: u64,
    /// When it comes again (RFC 5545, `RRULE` without its name), days being those of Japan; absent: it does not.
    #[garde(length(bytes, min = 1, max = 200))]
    recurrence: Option<String>,
    /// What the person and the member of staff should know.
    #[garde(inner(length(chars, min = 1, max = 1000), custom(lines)))]
    note: Option<String>,
}

impl Rules for NewAppointment {
    const RULES: &'static str = "person and staff are numbers, kind one of visit, telephone, video, message, reception, \
        guidance, care, emergency, referral and other, at a time (RFC 3339) on a whole minute, not over and within two \
        years, minutes 1 to 1,440, recurrence a rule (RFC 5545) that ends, note 1 to 1,000 characters; nothing else.";
}

/// Which time is cancelled.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Cancellation {
    /// The time, by its beginning (RFC 3339); absent: all that are to come.
    #[garde(length(bytes, max = 40))]
    at: Option<String>,
}

impl Rules for Cancellation {
    const RULES: &'static str =
        "at is the beginning of one time (RFC 3339), or absent for all that are to come; nothing else.";
}

/// Where a time moves.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTime {
    /// The time that moves, by its beginning (RFC 3339).
    #[garde(length(bytes, max = 40))]
    at: String,
    /// When it begins then (RFC 3339).
    #[garde(length(bytes, max = 40))]
    to: String,
    /// How many minutes it takes; absent: as many as before.
    #[garde(inner(range(min = 1, max = 1440)))]
    minutes: Option<u64>,
    /// The staff number of who is expected; absent: who was.
    #[garde(length(bytes, min = 1, max = 40))]
    staff: Option<String>,
}

impl Rules for NewTime {
    const RULES: &'static str = "at and to are times (RFC 3339), to on a whole minute, not over and within two years; \
        minutes (1 to 1,440) and staff (a number) may be there, and nothing else.";
}

/// One time of an appointment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AppointmentTime)]
struct TimeView {
    /// The appointment's name in this API; all its times have it.
    id: String,
    /// Where.
    organisation: OrganisationName,
    /// The staff number of who is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<String>,
    /// The number of the person whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    /// How they meet.
    kind: &'static str,
    /// When it begins (RFC 3339).
    at: String,
    /// When it ends (RFC 3339).
    until: String,
    /// How often it was changed.
    sequence: i32,
    /// Whether it was cancelled.
    cancelled: bool,
    /// What is said about it, for who is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// An appointment with its times.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Appointment)]
struct AppointmentView {
    /// Its name in this API.
    id: String,
    /// Its times that were made or changed, in their order.
    times: Vec<TimeView>,
}

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

/// A person whom appointments are for.
struct Subject {
    person: Option<Arc<Person>>,
    number: Option<String>,
}

async fn subjects(desk: &StaffDesk<'_>, found: &[Time]) -> Result<HashMap<PersonId, Subject>, Refusal> {
    let (hub, realm) = (desk.desk.hub, desk.desk.realm());
    let ids: HashSet<PersonId> = found.iter().map(|one| one.subject).collect();
    let mut subjects = HashMap::with_capacity(ids.len());
    for id in ids {
        let number = number_of(&hub.store, realm, id).await?;
        let subject = Subject {
            person: hub.people.by_id(realm, id).await?,
            number: number.map(|number| number.to_string()),
        };
        subjects.insert(id, subject);
    }
    Ok(subjects)
}

/// As the reader sees them: what is said about one, if they are the one who is expected.
async fn views(
    desk: &StaffDesk<'_>,
    found: &[Time],
    subjects: &HashMap<PersonId, Subject>,
) -> Result<Vec<TimeView>, Refusal> {
    let (reader, realm) = (desk.act.caller.person, desk.desk.realm());
    let places = found.iter().map(|one| one.organisation).collect();
    let staff = found.iter().map(|one| one.staff).collect();
    let names = Names::of(desk, places, staff).await?;
    let view = |one: &Time| {
        let about = subjects.get(&one.subject);
        let known = about.and_then(|about| about.person.as_ref());
        let known = known.filter(|_| reader == Some(one.staff));
        TimeView {
            id: one.appointment.to_string(),
            organisation: names.organisation(one.organisation),
            staff: names.staff(one.staff),
            person: about.and_then(|about| about.number.clone()),
            kind: one.kind.word(),
            at: one.starts.to_rfc3339(),
            until: one.ends.to_rfc3339(),
            sequence: one.sequence,
            cancelled: one.cancelled,
            note: known.and_then(|person| one.note(realm, person)),
        }
    };
    Ok(found.iter().map(view).collect())
}

fn told(row: Entry, (times, basis): &(Vec<Time>, Basis)) -> Entry {
    let Some(first) = times.first() else { return row };
    over(row, first.organisation, *basis)
        .subject(first.subject)
        .resource("appointment", [first.appointment.to_string()])
}

async fn answer(desk: &StaffDesk<'_>, times: &[Time]) -> Result<AppointmentView, Refusal> {
    let subjects = subjects(desk, times).await?;
    let id = times.first().map(|one| one.appointment.to_string());
    Ok(AppointmentView {
        id: id.unwrap_or_default(),
        times: views(desk, times, &subjects).await?,
    })
}

/// A beginning that is to come, on a whole minute.
fn beginning(desk: &StaffDesk<'_>, text: &str, rules: &'static str) -> Result<Instant, Refusal> {
    let wrong = Refusal::invalid("body.rule", rules);
    let at = time(Some(text), rules)?.ok_or(wrong)?;
    let whole = at.as_micros() % 60_000_000 == 0;
    if !whole || at < desk.act.now || at > desk.act.now.plus(AHEAD) {
        return Err(wrong);
    }
    Ok(at)
}

async fn letters(
    desk: &StaffDesk<'_>,
    subject: &Person,
    about: (OrganisationId, AppointmentChange),
) -> Result<Vec<Queued>, Refusal> {
    let (hub, realm) = (desk.desk.hub, desk.desk.realm());
    Ok(appointments::letters(hub, realm, subject, about).await?)
}

/// Whoever may not write there learns nothing of whom numbers name. It is asked again in the transaction.
async fn may_write(desk: &StaffDesk<'_>, organisation: OrganisationId) -> Result<(), Refusal> {
    let store = &desk.desk.hub.store;
    allowed(store, &desk.act, organisation, Power::AppointmentsWrite).await?;
    Ok(())
}

/// The letters about an appointment, for who may change it; none of somebody who is erased.
async fn letters_about(
    desk: &StaffDesk<'_>,
    id: AppointmentId,
    change: AppointmentChange,
) -> Result<Vec<Queued>, Refusal> {
    let (hub, realm) = (desk.desk.hub, desk.desk.realm());
    let found = appointments::whose(&hub.store, realm.id, id).await?;
    let (subject, organisation) = found.ok_or(UNKNOWN)?;
    if let Err(refused) = allowed(&hub.store, &desk.act, organisation, Power::AppointmentsWrite).await {
        return Err(match refused {
            StaffError::OrganisationUnknown => UNKNOWN,
            other => other.into(),
        });
    }
    match hub.people.by_id(realm, subject).await? {
        Some(subject) => letters(desk, &subject, (organisation, change)).await,
        None => Ok(Vec::new()),
    }
}

async fn send(tx: &Tx, letters: Vec<Queued>) -> Result<(), StaffError> {
    for letter in letters {
        letter.write(tx).await?;
    }
    Ok(())
}

impl From<RecurrenceError> for Refusal {
    fn from(error: RecurrenceError) -> Self {
        let why = match error {
            RecurrenceError::NoRule => {
                "recurrence is a rule such as FREQ=WEEKLY;BYDAY=MO;COUNT=10 or FREQ=DAILY;UNTIL=20270101T000000Z."
            }
            RecurrenceError::TimesOfDay => {
                "recurrence says DAILY, WEEKLY, MONTHLY or YEARLY, and no BYHOUR, BYMINUTE or BYSECOND."
            }
            RecurrenceError::Endless => "recurrence ends: it has COUNT, or UNTIL as a time of UTC.",
            RecurrenceError::TooLong => "recurrence gives at most 400 times, within two years.",
            RecurrenceError::FirstElsewhere => "at is a time that recurrence gives, in Japan.",
        };
        Self::invalid("appointment.recurrence", why)
    }
}

/// Makes an appointment of a member of staff with somebody, once or again and again.
#[utoipa::path(
    post, path = "/api/v1/organisations/{number}/appointments", tag = "staff", request_body = NewAppointment,
    params(("number" = String, Path, description = "The organisation's number")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 201, description = "It is made", body = AppointmentView), Refused),
)]
pub(in crate::admin::endpoints) async fn make(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, MAKE, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(begin(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn begin(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let new: NewAppointment = desk.desk.body()?;
    let rules = NewAppointment::RULES;
    let organisation = desk.organisation(segment).await?;
    may_write(desk, organisation).await?;
    let first = beginning(desk, &new.at, rules)?;
    let recurrence = match &new.recurrence {
        None => Recurrence::once(first),
        Some(rule) => Recurrence::new(first, rule)?,
    };
    let draft = Draft {
        kind: EncounterKind::parse(&new.kind).ok_or(Refusal::invalid("body.rule", rules))?,
        staff: desk.staff_text(&new.staff).await?,
        recurrence,
        length: Duration::from_mins(new.minutes),
        note: new.note,
    };
    let subject = person(desk, &new.person).await?;
    let letters = letters(desk, &subject, (organisation, AppointmentChange::Made)).await?;
    let (times, _) = desk
        .commit(
            move |tx, act| {
                Box::pin(async move {
                    let done = appointments::make(tx, act, organisation, &subject, draft).await?;
                    send(tx, letters).await?;
                    Ok(done)
                })
            },
            told,
        )
        .await?;
    let view = answer(desk, &times).await?;
    created(&format!("/api/v1/appointments/{}", view.id), &view)
}

/// Moves one time of an appointment, or gives it to another member of staff.
#[utoipa::path(
    post, path = "/api/v1/appointments/{id}/move", tag = "staff", request_body = NewTime,
    params(("id" = String, Path, description = "The appointment's id")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "As it is now", body = AppointmentView), Refused),
)]
pub(in crate::admin::endpoints) async fn postpone(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, MOVE, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(shift(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn shift(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let new: NewTime = desk.desk.body()?;
    let id: AppointmentId = key(segment, "appointment.unknown")?;
    let letters = letters_about(desk, id, AppointmentChange::Moved).await?;
    let change = Move {
        from: time(Some(&new.at), NewTime::RULES)?.ok_or(UNKNOWN)?,
        starts: beginning(desk, &new.to, NewTime::RULES)?,
        length: new.minutes.map(Duration::from_mins),
        staff: match &new.staff {
            None => None,
            Some(text) => Some(desk.staff_text(text).await?),
        },
    };
    let (times, _) = desk
        .commit(
            move |tx, act| {
                Box::pin(async move {
                    let (time, basis) = appointments::postpone(tx, act, id, change).await?;
                    send(tx, letters).await?;
                    Ok((vec![time], basis))
                })
            },
            told,
        )
        .await?;
    json(StatusCode::OK, &answer(desk, &times).await?)
}

/// Cancels one time of an appointment, or all that are to come.
#[utoipa::path(
    post, path = "/api/v1/appointments/{id}/cancel", tag = "staff", request_body = Cancellation,
    params(("id" = String, Path, description = "The appointment's id")),
    security(("token" = ["musubi:staff.write"]), ("token" = ["musubi:staff"])),
    responses((status = 200, description = "What was cancelled", body = AppointmentView), Refused),
)]
pub(in crate::admin::endpoints) async fn cancel(
    State(hub): State<Shared>,
    segment: Segment,
    call: Call,
) -> Response {
    match StaffDesk::open(&hub, &call, CANCEL, scope::STAFF_WRITE).await {
        Ok(desk) => desk.finish(call_off(&desk, &segment).await).await,
        Err(refused) => refused,
    }
}

async fn call_off(desk: &StaffDesk<'_>, segment: &Segment) -> Result<Response, Refusal> {
    let which: Cancellation = desk.desk.body()?;
    let id: AppointmentId = key(segment, "appointment.unknown")?;
    let at = time(which.at.as_deref(), Cancellation::RULES)?;
    let letters = letters_about(desk, id, AppointmentChange::Cancelled).await?;
    let (times, _) = desk
        .commit(
            move |tx, act| {
                Box::pin(async move {
                    let done = appointments::cancel(tx, act, id, at).await?;
                    send(tx, letters).await?;
                    Ok(done)
                })
            },
            told,
        )
        .await?;
    json(StatusCode::OK, &answer(desk, &times).await?)
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
    let mut found = appointments::times(store, realm.id, organisation, filter, window).await?;
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
