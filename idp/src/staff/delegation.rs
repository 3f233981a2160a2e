//! A delegation, and the chain that it hangs on: attenuation, and why it carries or not. Pure.

use std::collections::HashMap;

use platform::clock::Instant;

use super::powers::Powers;
use super::term::Term;
use super::tree::Tree;
use crate::ids::{AffiliationId, DelegationId, OrganisationId, PersonId};

/// How often what a realm's administrator gives may be handed on.
pub const DEEPEST_DELEGATION: u8 = 8;

/// Powers over a subtree, given to a member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Its key.
    pub id: DelegationId,
    /// The one from which it was handed on; nothing: the realm's administration gave it.
    pub parent: Option<DelegationId>,
    /// Who gave it; nothing: a service by itself.
    pub giver: Option<PersonId>,
    /// Who holds it.
    pub holder: PersonId,
    /// The affiliation of the holder that it hangs on.
    pub affiliation: AffiliationId,
    /// The organisation with all that is below it at any time.
    pub organisation: OrganisationId,
    /// What it gives.
    pub powers: Powers,
    /// How many times it may be handed on; 0: not at all.
    pub may_delegate: u8,
    /// When it holds.
    pub term: Term,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// An affiliation, as far as delegations hang on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Affiliated {
    /// Whose.
    pub person: PersonId,
    /// Where.
    pub organisation: OrganisationId,
    /// When it holds.
    pub term: Term,
    /// Whether it was ended.
    pub ended: bool,
}

impl Affiliated {
    /// Whether it holds at `now`.
    pub fn is_live(&self, now: Instant) -> bool {
        !self.ended && self.term.holds(now)
    }
}

/// Delegations with what they hang on: as much as a decision needs.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Delegations, with those they were handed on from.
    pub delegations: HashMap<DelegationId, Delegation>,
    /// The affiliations that they name.
    pub affiliations: HashMap<AffiliationId, Affiliated>,
    /// Their organisations.
    pub tree: Tree,
}

/// Why a delegation does not carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Dead {
    /// It, or one that it hangs on, was withdrawn.
    #[error("withdrawn")]
    Withdrawn,
    /// It, or one that it hangs on, has not begun.
    #[error("not begun")]
    NotBegun,
    /// It, or one that it hangs on, is over.
    #[error("over")]
    Over,
    /// The affiliation of a holder does not hold (any more).
    #[error("affiliation")]
    Affiliation,
    /// The organisation ended.
    #[error("organisation")]
    Organisation,
    /// It is wider than the one that it hangs on: an organisation has moved away, or a row was tampered with.
    #[error("beyond its giver")]
    Beyond,
}

/// A delegation that carries, with all that it hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// From the one that the realm gave to the one that is meant.
    pub links: Vec<Delegation>,
    /// The powers that every link gives.
    pub powers: Powers,
    /// From when to when every link holds, and every affiliation that one hangs on.
    term: Term,
}

impl Chain {
    /// The delegation that is meant; a chain is never empty.
    pub fn last(&self) -> Option<&Delegation> {
        self.links.last()
    }

    /// From when to when it carries, if nothing changes.
    pub fn term(&self) -> Term {
        self.term
    }
}

impl Facts {
    /// The chain of a delegation at `now`, or why it does not carry.
    pub fn chain(&self, id: DelegationId, now: Instant) -> Result<Chain, Dead> {
        let chain = self.coming(id, now)?;
        if chain.term.holds(now) {
            Ok(chain)
        } else {
            Err(Dead::NotBegun)
        }
    }

    /// The same of one that carries at `now` or will, if nothing changes.
    pub fn coming(&self, id: DelegationId, now: Instant) -> Result<Chain, Dead> {
        let mut links: Vec<Delegation> = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next {
            let link = self.delegations.get(&id).ok_or(Dead::Withdrawn)?;
            self.stands_alone(link, now)?;
            if let Some(child) = links.last() {
                self.stands_under(child, link)?;
            }
            // Depth falls with every link, so that a ring of rows cannot keep this turning.
            if links.len() > usize::from(DEEPEST_DELEGATION) {
                return Err(Dead::Beyond);
            }
            next = link.parent;
            links.push(link.clone());
        }
        links.reverse();
        let powers = links
            .iter()
            .fold(Powers::all(), |powers, link| powers.intersection(link.powers));
        let terms = || {
            let worked = |link: &Delegation| self.affiliations.get(&link.affiliation).map(|one| one.term);
            let of_link = move |link: &Delegation| [Some(link.term), worked(link)];
            links.iter().flat_map(of_link).flatten()
        };
        let from = terms().map(|term| term.from).max().unwrap_or(now);
        let until = terms().filter_map(|term| term.until).min();
        let term = Term { from, until };
        Ok(Chain { links, powers, term })
    }

    fn stands_alone(&self, link: &Delegation, now: Instant) -> Result<(), Dead> {
        if link.withdrawn {
            return Err(Dead::Withdrawn);
        }
        if link.term.is_over(now) {
            return Err(Dead::Over);
        }
        let affiliation = self.affiliations.get(&link.affiliation);
        let works = |one: &Affiliated| one.person == link.holder && !one.ended && !one.term.is_over(now);
        if !affiliation.is_some_and(works) {
            return Err(Dead::Affiliation);
        }
        if !self.tree.is_active(link.organisation) {
            return Err(Dead::Organisation);
        }
        Ok(())
    }

    /// Attenuation: `child` is within `parent` in every respect, and its holder is staff of `parent`'s subtree.
    fn stands_under(&self, child: &Delegation, parent: &Delegation) -> Result<(), Dead> {
        let staff = self.affiliations.get(&child.affiliation);
        let within = child.giver == Some(parent.holder)
            && parent.powers.covers(child.powers)
            && child.may_delegate < parent.may_delegate
            && child.term.ends_within(parent.term)
            && self.tree.is_within(child.organisation, parent.organisation)
            && staff.is_some_and(|one| self.tree.is_within(one.organisation, parent.organisation));
        if within { Ok(()) } else { Err(Dead::Beyond) }
    }

    /// What a person holds at `now`: every chain that ends with them.
    pub fn held_by(&self, person: PersonId, now: Instant) -> Vec<Chain> {
        let mut mine: Vec<&Delegation> = self
            .delegations
            .values()
            .filter(|delegation| delegation.holder == person)
            .collect();
        mine.sort_by_key(|delegation| delegation.id);
        mine.into_iter()
            .filter_map(|delegation| self.chain(delegation.id, now).ok())
            .collect()
    }
}
