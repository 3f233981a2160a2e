//! One thing that somebody asks to be done with organisations and staff: who, in which realm, when; and what they may.

use std::sync::Arc;

use platform::clock::Instant;
use platform::database::Queries;
use platform::entropy::Entropy;

use super::delegation::{DEEPEST_DELEGATION, Facts};
use super::delegations::{self, Seeds};
use super::error::StaffError;
use super::powers::{Power, Powers};
use super::reach::{Basis, Caller, Reach};
use super::term::Term;
use crate::ids::OrganisationId;
use crate::realms::Realm;

/// Who asks, where and when.
#[derive(Clone)]
pub struct Act {
    /// The realm.
    pub realm: Arc<Realm>,
    /// Who calls.
    pub caller: Caller,
    /// When.
    pub now: Instant,
    /// Keys of what is made.
    pub entropy: Entropy,
}

/// What the caller may do, with the rows that it rests on. Read inside the transaction that uses it, after
/// [`super::organisations::enter`], it stands until that transaction commits: a withdrawal comes before or after, never
/// between.
#[derive(Debug, Clone)]
pub struct Known {
    /// What the caller may do.
    pub reach: Reach,
    /// Delegations, affiliations and organisations.
    pub facts: Facts,
}

impl Known {
    /// What the caller may do with `targets`; with what anybody holds over one of `over` itself.
    pub async fn load(
        queries: &impl Queries,
        act: &Act,
        over: &[OrganisationId],
        targets: impl IntoIterator<Item = OrganisationId> + Send,
    ) -> Result<Self, StaffError> {
        let person = act.caller.person.filter(|_| act.caller.by_delegation);
        let seeds = Seeds {
            holder: person,
            over,
            one: None,
        };
        let facts = delegations::facts(queries, act.realm.id, seeds, targets).await?;
        let chains = person.map_or_else(Vec::new, |person| facts.held_by(person, act.now));
        let reach = Reach {
            caller: act.caller,
            chains,
        };
        Ok(Self { reach, facts })
    }

    /// All powers of the caller over an organisation.
    pub fn powers_over(&self, organisation: OrganisationId) -> Powers {
        self.reach.powers_over(&self.facts.tree, organisation)
    }

    /// What allows `power` over an organisation. Of what the caller has no power at all over, they do not learn that it
    /// is there.
    pub fn basis(&self, organisation: OrganisationId, power: Power) -> Result<Basis, StaffError> {
        match self.reach.basis(&self.facts.tree, organisation, power) {
            Some(basis) => Ok(basis),
            None if self.powers_over(organisation).is_empty() => Err(StaffError::OrganisationUnknown),
            None => Err(StaffError::Forbidden),
        }
    }
}

impl Known {
    /// The most that the caller can hand on over an organisation at once.
    pub fn most_to_give(&self, organisation: OrganisationId, now: Instant) -> (Powers, u8, Term) {
        let unlimited = Term {
            from: now,
            until: None,
        };
        if self.reach.caller.realm.has(Power::StaffWrite) {
            return (self.reach.caller.realm, DEEPEST_DELEGATION - 1, unlimited);
        }
        let usable = self.reach.chains.iter().filter_map(|chain| {
            let last = chain.last()?;
            let over = self.facts.tree.is_within(organisation, last.organisation);
            (over && last.may_delegate > 0).then_some((chain, last))
        });
        usable
            .max_by_key(|(chain, last)| (chain.powers.words().count(), last.may_delegate))
            .map_or((Powers::NONE, 0, unlimited), |(chain, last)| {
                let term = Term {
                    from: now,
                    until: chain.term().until,
                };
                (chain.powers, last.may_delegate - 1, term)
            })
    }
}

/// What the caller may do, and what allows `power` over `organisation`.
pub async fn allowed(
    queries: &impl Queries,
    act: &Act,
    organisation: OrganisationId,
    power: Power,
) -> Result<(Known, Basis), StaffError> {
    let known = Known::load(queries, act, &[], [organisation]).await?;
    let basis = known.basis(organisation, power)?;
    Ok((known, basis))
}
