//! What a caller may do where, what they may hand on, and what they may take back. Pure.

use platform::clock::Instant;

use super::delegation::{Affiliated, Chain, DEEPEST_DELEGATION, Delegation};
use super::powers::{Power, Powers};
use super::term::Term;
use super::tree::Tree;
use crate::ids::{DelegationId, OrganisationId, PersonId};

/// Who calls: what stands behind the access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The person; nobody: a service by itself.
    pub person: Option<PersonId>,
    /// What the scopes of the realm give over every organisation.
    pub realm: Powers,
    /// Whether what the person holds by delegation counts: the token has the scope `musubi:staff`.
    pub by_delegation: bool,
}

/// What a caller may do at one moment.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Who calls.
    pub caller: Caller,
    /// What they hold by delegation.
    pub chains: Vec<Chain>,
}

/// What allows something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// A scope over the realm.
    Realm,
    /// A delegation.
    Delegation(DelegationId),
}

/// A delegation that somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Who shall hold it.
    pub holder: PersonId,
    /// The affiliation that it shall hang on.
    pub affiliation: Affiliated,
    /// Over which subtree.
    pub organisation: OrganisationId,
    /// What.
    pub powers: Powers,
    /// How many times it may be handed on.
    pub may_delegate: u8,
    /// When.
    pub term: Term,
}

/// Why a delegation is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotGiven {
    /// Nobody gives anything to themselves.
    #[error("nobody gives powers to themselves")]
    Own,
    /// It gives nothing, or is over already.
    #[error("a delegation gives at least one power, and has not ended when it is given")]
    Nothing,
    /// The affiliation is not the holder's, or does not hold.
    #[error("the affiliation is not one that the holder has now")]
    Affiliation,
    /// The organisation ended.
    #[error("the organisation has ended")]
    Organisation,
    /// It may be handed on too often.
    #[error("a delegation may be handed on at most eight times")]
    Depth,
    /// The giver does not hold that much.
    #[error("this would give more than the giver holds")]
    Beyond,
}

impl Reach {
    /// What allows `power` over `organisation`.
    pub fn basis(&self, tree: &Tree, organisation: OrganisationId, power: Power) -> Option<Basis> {
        if self.caller.realm.has(power) {
            return Some(Basis::Realm);
        }
        self.over(tree, organisation)
            .find(|(chain, _)| chain.powers.has(power))
            .map(|(_, last)| Basis::Delegation(last.id))
    }

    /// All powers over `organisation`.
    pub fn powers_over(&self, tree: &Tree, organisation: OrganisationId) -> Powers {
        self.over(tree, organisation)
            .fold(self.caller.realm, |powers, (chain, _)| powers.union(chain.powers))
    }

    fn over<'a>(
        &'a self,
        tree: &'a Tree,
        organisation: OrganisationId,
    ) -> impl Iterator<Item = (&'a Chain, &'a Delegation)> {
        self.chains.iter().filter_map(move |chain| {
            let last = chain.last()?;
            tree.is_within(organisation, last.organisation)
                .then_some((chain, last))
        })
    }

    /// The roots of the subtrees over which the caller holds `power`; `None`: all of the realm.
    pub fn roots(&self, power: Power) -> Option<Vec<OrganisationId>> {
        if self.caller.realm.has(power) {
            return None;
        }
        let held = self.chains.iter().filter(|chain| chain.powers.has(power));
        let mut roots: Vec<_> = held
            .filter_map(|chain| chain.last().map(|last| last.organisation))
            .collect();
        roots.sort_unstable();
        roots.dedup();
        Some(roots)
    }

    /// On what a delegation can be given. It never exceeds what that gives: powers, subtree, end, and how often it may
    /// be handed on.
    pub fn give(&self, tree: &Tree, wanted: &Wanted, now: Instant) -> Result<Basis, NotGiven> {
        if self.caller.person == Some(wanted.holder) {
            return Err(NotGiven::Own);
        }
        if wanted.powers.is_empty() || wanted.term.is_over(now) {
            return Err(NotGiven::Nothing);
        }
        if wanted.affiliation.person != wanted.holder || !wanted.affiliation.is_live(now) {
            return Err(NotGiven::Affiliation);
        }
        if !tree.is_active(wanted.organisation) {
            return Err(NotGiven::Organisation);
        }
        if wanted.may_delegate > DEEPEST_DELEGATION {
            return Err(NotGiven::Depth);
        }
        self.could_give(tree, wanted).ok_or(NotGiven::Beyond)
    }

    /// The same without the conditions on holder and time: whether the caller holds as much, and may hand it on.
    pub fn could_give(&self, tree: &Tree, wanted: &Wanted) -> Option<Basis> {
        if self.caller.realm.covers(wanted.powers) {
            return Some(Basis::Realm);
        }
        self.over(tree, wanted.organisation)
            .find(|(chain, last)| {
                chain.powers.covers(wanted.powers)
                    && wanted.may_delegate < last.may_delegate
                    && wanted.term.ends_within(chain.term())
                    && tree.is_within(wanted.affiliation.organisation, last.organisation)
            })
            .map(|(_, last)| Basis::Delegation(last.id))
    }

    /// Whether the caller holds already what a delegation would give, for as long and to hand on as often.
    pub fn holds(&self, tree: &Tree, wanted: &Wanted) -> bool {
        self.caller.realm.covers(wanted.powers)
            || self.over(tree, wanted.organisation).any(|(chain, last)| {
                chain.powers.covers(wanted.powers)
                    && wanted.may_delegate <= last.may_delegate
                    && wanted.term.ends_within(chain.term())
            })
    }

    /// Whether the caller may withdraw the delegation that `links` lead to, from its root: the realm's administration of
    /// staff, whoever gave it or holds one that it hangs on, and its holder, who may always do with less.
    pub fn may_withdraw(&self, links: &[Delegation]) -> bool {
        self.caller.realm.has(Power::StaffWrite)
            || self.caller.by_delegation
                && self.caller.person.is_some_and(|person| {
                    links.iter().any(|link| link.holder == person)
                        || links.last().is_some_and(|last| last.giver == Some(person))
                })
    }

    /// Whether the caller writes about themselves: nobody changes their own affiliations, occupations or powers.
    pub fn is_own(&self, person: PersonId) -> bool {
        self.caller.person == Some(person)
    }
}
