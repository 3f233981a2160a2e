//! Delegations: given, handed on, withdrawn.
//!
//! ```text
//! give ──▶ (not begun) ──▶ carries ──▶ over
//!               └────────────┴── withdrawn: by the giver, from above, by the holder; with what it hung on; because the
//!                                affiliation or the organisation ended, or a move took its giver away
//! ```

mod store;

use platform::database::{Queries, Tx};

use super::act::{Act, Known};
use super::affiliations;
use super::delegation::{Chain, Delegation, Facts};
use super::error::StaffError;
use super::organisations::{self, enter};
use super::powers::{Power, Powers};
use super::reach::{Basis, Wanted};
use super::term::Term;
use crate::ids::{AffiliationId, DelegationId, OrganisationId, PersonId};

pub use store::{count, facts, is_administered, list};

/// Which delegations a decision needs; with each comes all that it hangs on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seeds<'a> {
    /// Those of this person.
    pub holder: Option<PersonId>,
    /// Those over exactly one of these organisations.
    pub over: &'a [OrganisationId],
    /// This one.
    pub one: Option<DelegationId>,
}

/// Which delegations a list has.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// Those over organisations at or below one of these; nothing: all.
    pub visible: Option<Vec<OrganisationId>>,
    /// Those over organisations at or below this one.
    pub within: Option<OrganisationId>,
    /// Those of this person.
    pub holder: Option<PersonId>,
    /// Withdrawn ones too.
    pub past: bool,
}

/// A delegation that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The affiliation of who shall hold it.
    pub affiliation: AffiliationId,
    /// Over which subtree.
    pub organisation: OrganisationId,
    /// What.
    pub powers: Powers,
    /// How many times it may be handed on.
    pub may_delegate: u8,
    /// When.
    pub term: Term,
}

/// Gives powers: never more than the giver holds at this moment, in this transaction.
pub async fn give(tx: &Tx, act: &Act, asked: Asked) -> Result<(Delegation, Basis), StaffError> {
    enter(tx, act.realm.id).await?;
    give_entered(tx, act, asked).await
}

/// The same for a transaction that has entered already.
pub(super) async fn give_entered(
    tx: &Tx,
    act: &Act,
    asked: Asked,
) -> Result<(Delegation, Basis), StaffError> {
    let affiliation = affiliations::find(tx, act.realm.id, asked.affiliation)
        .await?
        .ok_or(StaffError::AffiliationUnknown)?;
    let places = [asked.organisation, affiliation.organisation];
    let known = Known::load(tx, act, &[], places).await?;
    if known.powers_over(asked.organisation).is_empty() {
        return Err(StaffError::OrganisationUnknown);
    }
    if known.powers_over(affiliation.organisation).is_empty() {
        return Err(StaffError::AffiliationUnknown);
    }
    let wanted = Wanted {
        holder: affiliation.person,
        affiliation: affiliation.affiliated(),
        organisation: asked.organisation,
        powers: asked.powers,
        may_delegate: asked.may_delegate,
        term: asked.term,
    };
    let basis = known.reach.give(&known.facts.tree, &wanted, act.now)?;
    let given = Delegation {
        id: DelegationId::new(&act.entropy, act.now)?,
        parent: match basis {
            Basis::Realm => None,
            Basis::Delegation(parent) => Some(parent),
        },
        giver: act.caller.person,
        holder: affiliation.person,
        affiliation: asked.affiliation,
        organisation: asked.organisation,
        powers: asked.powers,
        may_delegate: asked.may_delegate,
        term: asked.term,
        withdrawn: false,
    };
    store::insert(tx, act.realm.id, &given, act.now).await?;
    Ok((given, basis))
}

/// What a withdrawal did.
#[derive(Debug, Clone)]
pub struct Withdrawn {
    /// The delegation.
    pub delegation: Delegation,
    /// How many went, itself and all that hung on it.
    pub count: u64,
}

/// Withdraws a delegation and all that hangs on it.
pub async fn withdraw(tx: &Tx, act: &Act, id: DelegationId) -> Result<Withdrawn, StaffError> {
    enter(tx, act.realm.id).await?;
    let seeds = Seeds {
        one: Some(id),
        ..Seeds::default()
    };
    let facts = facts(tx, act.realm.id, seeds, []).await?;
    let delegation = facts
        .delegations
        .get(&id)
        .cloned()
        .ok_or(StaffError::DelegationUnknown)?;
    let known = Known::load(tx, act, &[], [delegation.organisation]).await?;
    if !known.reach.may_withdraw(&links(&facts, id)) {
        let seen = known
            .reach
            .basis(&known.facts.tree, delegation.organisation, Power::StaffRead);
        return Err(if seen.is_some() {
            StaffError::Forbidden
        } else {
            StaffError::DelegationUnknown
        });
    }
    let root = "delegation.id = $4";
    let count = store::withdraw(tx, act.realm.id, act.caller.person, act.now, root, id.uuid()).await?;
    Ok(Withdrawn { delegation, count })
}

/// The rows that a delegation hangs on, from the root to itself, whether they carry or not.
fn links(facts: &Facts, id: DelegationId) -> Vec<Delegation> {
    let mut links: Vec<Delegation> = Vec::new();
    let mut next = Some(id);
    while let Some(link) = next.and_then(|id| facts.delegations.get(&id)) {
        if links.iter().any(|known| known.id == link.id) {
            break;
        }
        next = link.parent;
        links.push(link.clone());
    }
    links.reverse();
    links
}

/// Withdraws what hangs on an affiliation that ends.
pub(super) async fn withdraw_with(tx: &Tx, act: &Act, affiliation: AffiliationId) -> Result<u64, StaffError> {
    let root = "delegation.affiliation_id = $4";
    let key = affiliation.uuid();
    store::withdraw(tx, act.realm.id, act.caller.person, act.now, root, key).await
}

/// Withdraws what is over an organisation that ends.
pub(super) async fn withdraw_over(tx: &Tx, act: &Act, id: OrganisationId) -> Result<u64, StaffError> {
    let root = "delegation.organisation_id = $4";
    store::withdraw(tx, act.realm.id, act.caller.person, act.now, root, id.uuid()).await
}

/// Withdraws what a move has left without a giver ([`super::moving::orphans`], as a statement): only delegations over the
/// subtree that moved, or to its staff, can have lost theirs.
pub(super) async fn withdraw_orphans(tx: &Tx, act: &Act, moved: OrganisationId) -> Result<u64, StaffError> {
    let root = "delegation.parent_id IS NOT NULL AND EXISTS (SELECT 1 FROM delegation AS parent, affiliation AS staff
             WHERE parent.id = delegation.parent_id AND staff.id = delegation.affiliation_id
             AND (EXISTS (SELECT 1 FROM organisation_above AS moved WHERE moved.ancestor_id = $4
                     AND moved.organisation_id IN (delegation.organisation_id, staff.organisation_id)))
             AND (NOT EXISTS (SELECT 1 FROM organisation_above AS up
                     WHERE up.ancestor_id = parent.organisation_id AND up.organisation_id = delegation.organisation_id)
                 OR NOT EXISTS (SELECT 1 FROM organisation_above AS up
                     WHERE up.ancestor_id = parent.organisation_id AND up.organisation_id = staff.organisation_id)))";
    store::withdraw(tx, act.realm.id, act.caller.person, act.now, root, moved.uuid()).await
}

/// What a person holds, and why: the chains that carry now.
pub async fn held(
    queries: &impl Queries,
    act: &Act,
    person: PersonId,
) -> Result<(Vec<Chain>, Facts), StaffError> {
    let seeds = Seeds {
        holder: Some(person),
        ..Seeds::default()
    };
    let facts = facts(queries, act.realm.id, seeds, []).await?;
    Ok((facts.held_by(person, act.now), facts))
}

/// One delegation, if the caller may see it.
pub async fn seen(queries: &impl Queries, act: &Act, id: DelegationId) -> Result<Delegation, StaffError> {
    let seeds = Seeds {
        one: Some(id),
        ..Seeds::default()
    };
    let facts = facts(queries, act.realm.id, seeds, []).await?;
    let found = facts.delegations.get(&id).cloned();
    let found = found.ok_or(StaffError::DelegationUnknown)?;
    let known = Known::load(queries, act, &[], [found.organisation]).await?;
    known
        .basis(found.organisation, Power::StaffRead)
        .map_err(|_| StaffError::DelegationUnknown)?;
    Ok(found)
}

/// Gives the first administrator of an organisation all powers over it that the caller can hand on. The transaction has
/// entered already.
pub async fn appoint(
    tx: &Tx,
    act: &Act,
    organisation: OrganisationId,
    affiliation: AffiliationId,
) -> Result<(Delegation, Basis), StaffError> {
    if is_administered(tx, act.realm.id, organisation, act.now).await? {
        return Err(StaffError::Administered);
    }
    organisations::active(tx, act, organisation).await?;
    // Who appoints by delegation gives all that they can.
    let known = Known::load(tx, act, &[], [organisation]).await?;
    let (powers, may_delegate, term) = known.most_to_give(organisation, act.now);
    let asked = Asked {
        affiliation,
        organisation,
        powers,
        may_delegate,
        term,
    };
    give_entered(tx, act, asked).await
}
