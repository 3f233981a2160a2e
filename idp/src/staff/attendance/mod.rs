//! When staff came and went (requirement H3.3).
//!
//! ```text
//! come ──▶ there ── go ──▶ over ── corrected, by somebody else, with a reason ──▶ over
//!            └── corrected likewise, if going was forgotten ─────────────────────▶ over
//! ```
//!
//! Whoever works says so themselves, at the time that it is: nobody comes or goes for another, or earlier. What is wrong is
//! corrected by who holds `attendance.write` there and is not the one whom it is about; what it was before stays, with
//! who changed it and why.

mod store;

use platform::clock::Instant;
use platform::database::Tx;

use super::act::{Act, allowed};
use super::error::StaffError;
use super::powers::Power;
use super::reach::Basis;
use crate::ids::{AffiliationId, AttendanceId, OrganisationId, PersonId};

pub use store::{of_organisation, of_person};

/// A time for which somebody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    /// Its key.
    pub id: AttendanceId,
    /// Who.
    pub person: PersonId,
    /// Where.
    pub organisation: OrganisationId,
    /// From when.
    pub came: Instant,
    /// Until when; nothing: they are there.
    pub went: Option<Instant>,
    /// Whether the times were corrected.
    pub corrected: bool,
}

/// What the times should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// From when.
    pub came: Instant,
    /// Until when.
    pub went: Instant,
    /// Why.
    pub reason: String,
}

/// The person behind the call comes.
pub async fn come(
    tx: &Tx,
    act: &Act,
    person: PersonId,
    affiliation: AffiliationId,
) -> Result<Attendance, StaffError> {
    let id = AttendanceId::new(&act.entropy, act.now)?;
    let came = store::come(tx, act.realm.id, (id, affiliation, person), act.now).await?;
    if let Some(came) = came {
        return Ok(came);
    }
    let theirs = super::affiliations::find(tx, act.realm.id, affiliation).await?;
    let works = theirs.is_some_and(|one| one.person == person && one.is_live(act.now));
    Err(if works {
        StaffError::There
    } else {
        StaffError::AffiliationUnknown
    })
}

/// The person behind the call goes.
pub async fn go(
    tx: &Tx,
    act: &Act,
    person: PersonId,
    affiliation: AffiliationId,
) -> Result<Attendance, StaffError> {
    let went = store::go(tx, act.realm.id, affiliation, person, act.now).await?;
    went.ok_or(StaffError::NotThere)
}

/// Corrects the times of somebody else.
pub async fn correct(
    tx: &Tx,
    act: &Act,
    id: AttendanceId,
    correction: Correction,
) -> Result<(Attendance, Basis), StaffError> {
    super::organisations::enter(tx, act.realm.id).await?;
    let before = store::find(tx, act.realm.id, id).await?;
    let before = before.ok_or(StaffError::AttendanceUnknown)?;
    let allowed = allowed(tx, act, before.organisation, Power::AttendanceWrite).await;
    let (known, basis) = allowed.map_err(|error| match error {
        StaffError::OrganisationUnknown => StaffError::AttendanceUnknown,
        other => other,
    })?;
    if known.reach.is_own(before.person) {
        return Err(StaffError::Own);
    }
    if correction.went <= correction.came || correction.went > act.now {
        return Err(StaffError::Term);
    }
    let key = act.entropy.uuid(act.now)?;
    let by = (key, act.caller.person, act.now);
    store::correct(tx, act.realm.id, &correction, &before, by).await?;
    let after = Attendance {
        came: correction.came,
        went: Some(correction.went),
        corrected: true,
        ..before
    };
    Ok((after, basis))
}
