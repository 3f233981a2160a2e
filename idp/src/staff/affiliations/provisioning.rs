//! Joiner and leaver for an organisation's own system ([`crate::scim`]), which keeps to its organisation by itself.

use platform::database::Tx;

use super::{Affiliation, Left, Place, leave, of_person, settle};
use crate::ids::{OrganisationId, PersonId};
use crate::people::{Person, Prepared};
use crate::staff::act::Act;
use crate::staff::error::StaffError;
use crate::staff::organisations::{self, enter};
use crate::staff::reach::Basis;

/// Makes a person and, if they have a place, staff of them. Whether that is allowed was decided before: whoever calls this
/// writes within one organisation only.
pub(crate) async fn join_new(
    tx: &Tx,
    act: &Act,
    prepared: Prepared,
    place: Option<Place>,
) -> Result<Person, StaffError> {
    enter(tx, act.realm.id).await?;
    let person = prepared.person.clone();
    prepared.write(tx).await?;
    if let Some(place) = place {
        settle(tx, act, person.id, place, Basis::Realm).await?;
    }
    Ok(person)
}

/// Gives somebody a place who does not have it; whether they did not. The transaction has entered, and it is allowed.
pub(crate) async fn rejoin(tx: &Tx, act: &Act, person: PersonId, place: Place) -> Result<bool, StaffError> {
    let theirs = of_person(tx, act.realm.id, person).await?;
    let has = |one: &Affiliation| {
        one.organisation == place.organisation && one.ended_at.is_none() && !one.term.is_over(act.now)
    };
    if theirs.iter().any(has) {
        return Ok(false);
    }
    settle(tx, act, person, place, Basis::Realm).await.map(|_| true)
}

/// Ends whatever places somebody has in an organisation and below it. The transaction has entered, and it is allowed.
pub(crate) async fn leave_all(
    tx: &Tx,
    act: &Act,
    person: PersonId,
    within: OrganisationId,
) -> Result<Vec<Left>, StaffError> {
    let theirs = of_person(tx, act.realm.id, person).await?;
    let places: Vec<OrganisationId> = theirs.iter().map(|one| one.organisation).collect();
    let tree = organisations::tree_above(tx, act.realm.id, places).await?;
    let mut left = Vec::new();
    for one in theirs {
        if one.ended_at.is_none() && tree.is_within(one.organisation, within) {
            left.push(leave(tx, act, one).await?);
        }
    }
    Ok(left)
}
