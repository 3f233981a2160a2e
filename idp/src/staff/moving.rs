//! What moving a subtree does to powers, decided before it moves. Pure.
//!
//! A delegation over an organisation reaches whatever is below that organisation at the time. So a move takes a subtree
//! out of the reach of some and brings it into the reach of others:
//!
//! - **Nobody gains by a move what the mover could not have given them.** For every delegation that reaches the subtree
//!   only after the move, now or once it has begun, the mover must hold as much over the subtree before it, and be allowed to hand that on; what the
//!   mover themselves would gain, they must hold already. Hence nobody moves a subtree under themselves.
//! - **What the move leaves without a giver is withdrawn with it**, and what hangs on that: a delegation over the subtree,
//!   or to its staff, whose giver does not reach it any more. Moving back brings nothing back.

use platform::clock::Instant;

use super::delegation::{Affiliated, Facts};
use super::powers::Power;
use super::reach::{Basis, Reach, Wanted};
use super::tree::Tree;
use crate::ids::{DelegationId, OrganisationId};

/// A subtree and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// The root of what moves.
    pub organisation: OrganisationId,
    /// What it is below now.
    pub from: Option<OrganisationId>,
    /// What it shall be below.
    pub to: Option<OrganisationId>,
}

/// Why a subtree does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMoved {
    /// It would be below itself.
    #[error("an organisation cannot be below itself")]
    Ring,
    /// The mover does not administer both places.
    #[error("who moves an organisation administers what it leaves and where it goes")]
    Places,
    /// Somebody would gain what the mover could not give them.
    #[error("somebody would gain powers by this that the mover cannot give")]
    Gain,
}

/// Whether the caller may move a subtree. `tree` and `facts` are as they are before it; `facts` has every delegation over
/// `to` and what is above it.
pub fn may_move(reach: &Reach, facts: &Facts, planned: Move, now: Instant) -> Result<Basis, NotMoved> {
    let tree = &facts.tree;
    if planned
        .to
        .is_some_and(|to| tree.is_within(to, planned.organisation))
    {
        return Err(NotMoved::Ring);
    }
    let administers = |place: Option<OrganisationId>| match place {
        Some(place) => reach.basis(tree, place, Power::OrganisationsWrite),
        None => reach
            .caller
            .realm
            .has(Power::OrganisationsWrite)
            .then_some(Basis::Realm),
    };
    let basis = administers(planned.from).ok_or(NotMoved::Places)?;
    administers(planned.to).ok_or(NotMoved::Places)?;
    for chain in facts
        .delegations
        .keys()
        .filter_map(|id| facts.coming(*id, now).ok())
    {
        let Some(last) = chain.last() else { continue };
        if !gains(tree, planned, last.organisation) {
            continue;
        }
        let affiliation = facts.affiliations.get(&last.affiliation);
        let wanted = Wanted {
            holder: last.holder,
            // Where the holder works is as it was: what counts here is the subtree that they gain.
            affiliation: Affiliated {
                organisation: planned.organisation,
                ..*affiliation.ok_or(NotMoved::Gain)?
            },
            organisation: planned.organisation,
            powers: chain.powers,
            may_delegate: last.may_delegate,
            term: chain.term(),
        };
        let holds_already = reach.is_own(last.holder) && reach.holds(tree, &wanted);
        if !holds_already && reach.could_give(tree, &wanted).is_none() {
            return Err(NotMoved::Gain);
        }
    }
    Ok(basis)
}

/// Whether a delegation over `root` reaches the subtree only after the move.
fn gains(tree: &Tree, planned: Move, root: OrganisationId) -> bool {
    planned.to.is_some_and(|to| tree.is_within(to, root)) && !tree.is_within(planned.organisation, root)
}

/// The delegations that a move has left without a giver: those of `facts`, whose tree is as it is after the move, that
/// are not within the one that they were handed on from. What hangs on them goes with them.
pub fn orphans(facts: &Facts) -> Vec<DelegationId> {
    let standing = facts.delegations.values().filter(|one| !one.withdrawn);
    let lost = standing.filter(|child| {
        let Some(parent) = child.parent.and_then(|id| facts.delegations.get(&id)) else {
            return false;
        };
        let staff = facts.affiliations.get(&child.affiliation);
        !facts.tree.is_within(child.organisation, parent.organisation)
            || !staff.is_some_and(|one| facts.tree.is_within(one.organisation, parent.organisation))
    });
    lost.map(|one| one.id).collect()
}
