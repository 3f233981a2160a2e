//! `POST /api/v1/appointments/{id}/move`, `/cancel`: what was made becomes something else.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use garde::Validate;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::body::time;
use super::super::{StaffDesk, key};
use super::{AppointmentView, answer, beginning, letters, send, told};
use crate::admin::endpoints::answer::{Refused, json};
use crate::admin::endpoints::desk::{Rules, Segment};
use crate::admin::{Refusal, scope};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::AppointmentId;
use crate::log::Action;
use crate::mail::Queued;
use crate::pages::AppointmentChange;
use crate::staff::appointments::{self, Move};

const MOVE: Action = Action::new("appointment.move");
const CANCEL: Action = Action::new("appointment.cancel");

const UNKNOWN: Refusal = Refusal::not_found("appointment.unknown");

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

/// The letters about an appointment, for who may change it; none of somebody who is erased. It is asked again in the
/// transaction.
async fn letters_about(
    desk: &StaffDesk<'_>,
    id: AppointmentId,
    change: AppointmentChange,
) -> Result<Vec<Queued>, Refusal> {
    let (hub, realm) = (desk.desk.hub, desk.desk.realm());
    let found = appointments::whose(&hub.store, realm.id, id).await?;
    let (subject, organisation) = found.ok_or(UNKNOWN)?;
    appointments::may_change(&hub.store, &desk.act, organisation).await?;
    match hub.people.by_id(realm, subject).await? {
        Some(subject) => letters(desk, &subject, (organisation, change)).await,
        None => Ok(Vec::new()),
    }
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
