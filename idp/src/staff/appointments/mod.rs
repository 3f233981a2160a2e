//! When staff are expected, where and for whom: appointments with the people whom they are there for (requirement H3.3).
//!
//! ```text
//! made ─┬─▶ time ── moved ──▶ time ── cancelled ──▶ cancelled
//!       ├─▶ time        …
//!       └─▶ time, one for each that the rule gives
//! ```
//!
//! A rule of recurrence (RFC 5545, `RRULE`) is compiled into the times that it gives when the appointment is made, so that
//! what is asked later is asked of rows: who is expected today, who is free. Each time is moved or cancelled by itself, and
//! cancelled ones stay. Who holds `appointments.write` over an organisation makes them for its staff, themselves among them.
//! What is written about an appointment is about the person: it is sealed under their key, and read by them and by the
//! member of staff.

mod recurrence;
mod store;
mod tell;

use std::collections::HashSet;
use std::time::Duration;

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::ids::RealmId;

use super::act::{Act, allowed};
use super::error::StaffError;
use super::powers::Power;
use super::reach::Basis;
use super::words::EncounterKind;
use crate::ids::{AppointmentId, AppointmentTimeId, OrganisationId, PersonId};
use crate::people::Person;
use crate::realms::Realm;

pub use recurrence::{Recurrence, RecurrenceError};
pub use store::{Filter, Window, end_at, times, whose};
pub use tell::letters;

/// One time of an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    /// Its key.
    pub id: AppointmentTimeId,
    /// Of which appointment.
    pub appointment: AppointmentId,
    /// Of which organisation.
    pub organisation: OrganisationId,
    /// Who is expected.
    pub staff: PersonId,
    /// For whom.
    pub subject: PersonId,
    /// How they meet.
    pub kind: EncounterKind,
    /// From when.
    pub starts: Instant,
    /// Until when.
    pub ends: Instant,
    /// How often it was changed (RFC 5545 section 3.8.7.4).
    pub sequence: i32,
    /// When it was made or changed last.
    pub changed: Instant,
    /// Whether it was cancelled.
    pub cancelled: bool,
    pub(crate) sealed_note: Option<Vec<u8>>,
}

/// What is to be made.
#[derive(Clone)]
pub struct Draft {
    /// How they meet.
    pub kind: EncounterKind,
    /// Who is expected.
    pub staff: PersonId,
    /// The first time, and those after it.
    pub recurrence: Recurrence,
    /// How long each takes.
    pub length: Duration,
    /// What is said about it.
    pub note: Option<String>,
}

/// As whom somebody has an appointment.
#[derive(Debug, Clone, Copy)]
enum Role<'a> {
    /// It is for them.
    Subject,
    /// They are expected, at one of these organisations; nothing: at any.
    Staff(Option<&'a [OrganisationId]>),
}

/// What a time should be.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// The time that moves, by its start.
    pub from: Instant,
    /// From when.
    pub starts: Instant,
    /// How long it takes; nothing: as long as before.
    pub length: Option<Duration>,
    /// Who is expected; nothing: who was.
    pub staff: Option<PersonId>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Draft").finish_non_exhaustive()
    }
}

impl Time {
    /// What is said about it, with the key of the person whom it is about; nothing once they are erased.
    pub fn note(&self, realm: &Realm, subject: &Person) -> Option<String> {
        let aad = store::aad(realm, self.subject, self.appointment);
        let plain = subject.key.open(&aad, self.sealed_note.as_ref()?).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }
}

/// Makes an appointment of a member of staff with somebody, with each of its times.
pub async fn make(
    tx: &Tx,
    act: &Act,
    organisation: OrganisationId,
    subject: &Person,
    draft: Draft,
) -> Result<(Vec<Time>, Basis), StaffError> {
    super::organisations::enter(tx, act.realm.id).await?;
    let (_, basis) = allowed(tx, act, organisation, Power::AppointmentsWrite).await?;
    super::organisations::active(tx, act, organisation).await?;
    works(tx, act, organisation, draft.staff).await?;
    if draft.staff == subject.id {
        return Err(StaffError::OwnAppointment);
    }
    let mut times = Vec::new();
    let id = AppointmentId::new(&act.entropy, act.now)?;
    for starts in draft.recurrence.starts() {
        times.push(Time {
            id: AppointmentTimeId::new(&act.entropy, act.now)?,
            appointment: id,
            organisation,
            staff: draft.staff,
            subject: subject.id,
            kind: draft.kind,
            starts: *starts,
            ends: starts.plus(draft.length),
            sequence: 0,
            changed: act.now,
            cancelled: false,
            sealed_note: None,
        });
    }
    free(tx, act, &times).await?;
    store::insert(tx, act, subject, &draft, &mut times).await?;
    Ok((times, basis))
}

/// Moves one time that is not over.
pub async fn postpone(
    tx: &Tx,
    act: &Act,
    id: AppointmentId,
    change: Move,
) -> Result<(Time, Basis), StaffError> {
    let (all, basis) = enter(tx, act, id).await?;
    let live = |other: &Time| !other.cancelled && other.starts == change.starts;
    // A time is named by its beginning: no two of an appointment have the same.
    let taken = change.from != change.starts && all.iter().any(live);
    let mut time = open(all, Some(change.from), act.now)?
        .pop()
        .ok_or(StaffError::AppointmentUnknown)?;
    if taken {
        return Err(StaffError::Taken);
    }
    let before = time.ends.since(time.starts);
    let staff = change.staff.unwrap_or(time.staff);
    works(tx, act, time.organisation, staff).await?;
    if staff == time.subject {
        return Err(StaffError::OwnAppointment);
    }
    time.staff = staff;
    time.starts = change.starts;
    time.ends = change.starts.plus(change.length.unwrap_or(before));
    time.sequence += 1;
    time.changed = act.now;
    free(tx, act, std::slice::from_ref(&time)).await?;
    store::postpone(tx, act, &time).await?;
    Ok((time, basis))
}

/// Cancels one time, or all that are not over.
pub async fn cancel(
    tx: &Tx,
    act: &Act,
    id: AppointmentId,
    at: Option<Instant>,
) -> Result<(Vec<Time>, Basis), StaffError> {
    let (all, basis) = enter(tx, act, id).await?;
    let mut found = open(all, at, act.now)?;
    store::cancel(tx, act, id, at).await?;
    for time in &mut found {
        time.cancelled = true;
        time.sequence += 1;
        time.changed = act.now;
    }
    Ok((found, basis))
}

/// All times of an appointment, for who may change them.
async fn enter(tx: &Tx, act: &Act, id: AppointmentId) -> Result<(Vec<Time>, Basis), StaffError> {
    super::organisations::enter(tx, act.realm.id).await?;
    let found = store::find(tx, act.realm.id, id).await?;
    let organisation = found.first().map(|one| one.organisation);
    let organisation = organisation.ok_or(StaffError::AppointmentUnknown)?;
    let basis = may_change(tx, act, organisation).await?;
    Ok((found, basis))
}

/// What lets the caller change an appointment of an organisation. Of one that they have no power over, they do not learn
/// that it is there.
pub async fn may_change(
    queries: &impl Queries,
    act: &Act,
    organisation: OrganisationId,
) -> Result<Basis, StaffError> {
    let allowed = allowed(queries, act, organisation, Power::AppointmentsWrite).await;
    let (_, basis) = allowed.map_err(|error| match error {
        StaffError::OrganisationUnknown => StaffError::AppointmentUnknown,
        other => other,
    })?;
    Ok(basis)
}

/// Those that can still change, one or all: what is over or cancelled stays as it was.
fn open(mut times: Vec<Time>, at: Option<Instant>, now: Instant) -> Result<Vec<Time>, StaffError> {
    times.retain(|time| at.is_none_or(|at| time.starts == at));
    if times.is_empty() {
        return Err(StaffError::AppointmentUnknown);
    }
    times.retain(|time| !time.cancelled && time.ends > now);
    if times.is_empty() {
        return Err(StaffError::Over);
    }
    Ok(times)
}

/// Where somebody works now, with what is above that: where they may be expected.
pub async fn workplaces(
    queries: &impl Queries,
    realm: RealmId,
    person: PersonId,
    now: Instant,
) -> Result<HashSet<OrganisationId>, StaffError> {
    let standing = super::standing(queries, realm, person, now).await?;
    Ok(standing.into_iter().flat_map(|one| one.above).collect())
}

/// What somebody has that is not over at one time and begins before another: what is for them, and what they are expected
/// to where they work now. In the order of time, `limit` of each at the most.
pub async fn of_person(
    queries: &impl Queries,
    realm: RealmId,
    person: PersonId,
    (window, now): ((Instant, Instant), Instant),
    limit: u32,
) -> Result<Vec<Time>, StaffError> {
    let places = workplaces(queries, realm, person, now).await?;
    let places: Vec<OrganisationId> = places.into_iter().collect();
    let mut found = store::of(queries, realm, (Role::Subject, person), window, limit).await?;
    found.extend(
        store::of(
            queries,
            realm,
            (Role::Staff(Some(&places)), person),
            window,
            limit,
        )
        .await?,
    );
    found.sort_by_key(|time| (time.starts, time.id.uuid()));
    Ok(found)
}

/// All that somebody ever had and was expected to, wherever that was.
pub async fn ever(
    queries: &impl Queries,
    realm: RealmId,
    person: PersonId,
    limit: u32,
) -> Result<Vec<Time>, StaffError> {
    let window = (Instant::from_micros(i64::MIN), Instant::from_micros(i64::MAX));
    let mut found = store::of(queries, realm, (Role::Subject, person), window, limit).await?;
    found.extend(store::of(queries, realm, (Role::Staff(None), person), window, limit).await?);
    Ok(found)
}

/// That somebody works there now.
async fn works(
    queries: &impl Queries,
    act: &Act,
    organisation: OrganisationId,
    staff: PersonId,
) -> Result<(), StaffError> {
    let places = workplaces(queries, act.realm.id, staff, act.now).await?;
    if places.contains(&organisation) {
        Ok(())
    } else {
        Err(StaffError::StaffUnknown)
    }
}

/// That no time is within another one of the same member of staff in the same organisation. What they have elsewhere is
/// not told here.
async fn free(tx: &Tx, act: &Act, times: &[Time]) -> Result<(), StaffError> {
    if !times.is_sorted_by(|one, next| one.ends <= next.starts) {
        return Err(StaffError::Taken);
    }
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Ok(());
    };
    let others = store::between(tx, act.realm.id, first, last.ends).await?;
    let clash = |one: &Time| {
        let overlaps = |(starts, ends): &(Instant, Instant)| *starts < one.ends && *ends > one.starts;
        others.iter().any(overlaps)
    };
    if times.iter().any(clash) {
        return Err(StaffError::Taken);
    }
    Ok(())
}
