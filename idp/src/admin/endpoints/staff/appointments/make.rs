//! `POST /api/v1/organisations/{number}/appointments`: an appointment, once or by a rule.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::StaffDesk;
use super::super::responses::{lines, person};
use super::{AppointmentView, answer, beginning, letters, send, told};
use crate::admin::endpoints::answer::{Refused, created};
use crate::admin::endpoints::desk::{Rules, Segment};
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::OrganisationId;
use crate::log::Action;
use crate::pages::AppointmentChange;
use crate::staff::act::allowed;
use crate::staff::appointments::{self, Draft, Recurrence, RecurrenceError};
use crate::staff::powers::Power;
use crate::staff::words::EncounterKind;

const MAKE: Action = Action::new("appointment.make");

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

/// Whoever may not write there learns nothing of whom numbers name. It is asked again in the transaction.
async fn may_write(desk: &StaffDesk<'_>, organisation: OrganisationId) -> Result<(), Refusal> {
    let store = &desk.desk.hub.store;
    allowed(store, &desk.act, organisation, Power::AppointmentsWrite).await?;
    Ok(())
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
