//! Random worlds: a forest of organisations, people who work there, delegations that may or may not be sound.

use platform::clock::Instant;
use proptest::prelude::*;
use uuid::Uuid;

use crate::ids::{AffiliationId, DelegationId, OrganisationId, PersonId};
use crate::staff::delegation::{Affiliated, Delegation, Facts};
use crate::staff::moving::Move;
use crate::staff::powers::{Power, Powers};
use crate::staff::reach::{Caller, Reach};
use crate::staff::term::Term;
use crate::staff::tree::Tree;

pub const ORGANISATIONS: u128 = 7;
pub const PEOPLE: u128 = 5;

pub fn organisation(index: u128) -> OrganisationId {
    Uuid::from_u128(index + 1).into()
}

pub fn person(index: u128) -> PersonId {
    Uuid::from_u128(100 + index).into()
}

pub fn delegation(index: usize) -> DelegationId {
    Uuid::from_u128(1000 + index as u128).into()
}

pub fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

/// A world whose tree is kept as parents, so that the reference can walk it.
#[derive(Debug, Clone)]
pub struct World {
    pub parents: Vec<Option<u128>>,
    pub facts: Facts,
}

impl World {
    /// Whether `below` is `above` or under it, by walking.
    pub fn is_within(&self, below: OrganisationId, above: OrganisationId) -> bool {
        let mut at = Some(below.uuid().as_u128() - 1);
        while let Some(index) = at {
            if organisation(index) == above {
                return true;
            }
            at = self.parents[usize::try_from(index).unwrap()];
        }
        false
    }

    /// Computes the closure anew, as the table keeps it.
    pub fn rebuild(&mut self) {
        let all = || (0..ORGANISATIONS).map(organisation);
        let pairs = all()
            .flat_map(|above| all().map(move |below| (above, below)))
            .filter(|(above, below)| self.is_within(*below, *above))
            .collect::<Vec<_>>();
        self.facts.tree = Tree::new(pairs, []);
    }

    /// The reference: walks up from each delegation of a person and asks every condition at every step.
    pub fn naively_holds(&self, who: PersonId, place: OrganisationId, power: Power, now: Instant) -> bool {
        let mine = self.facts.delegations.values().filter(|one| one.holder == who);
        mine.into_iter()
            .any(|one| self.is_within(place, one.organisation) && self.carries(one, power, now, 0))
    }

    fn carries(&self, one: &Delegation, power: Power, now: Instant, depth: u32) -> bool {
        let Some(staff) = self.facts.affiliations.get(&one.affiliation) else {
            return false;
        };
        let begun = one.term.from <= now && staff.term.from <= now;
        let over = |until: Option<Instant>| until.is_some_and(|until| now >= until);
        let alone = begun
            && !one.withdrawn
            && !over(one.term.until)
            && !over(staff.term.until)
            && !staff.ended
            && staff.person == one.holder
            && one.powers.has(power);
        let under = match one.parent {
            None => true,
            Some(parent) => self.facts.delegations.get(&parent).is_some_and(|parent| {
                let later = match (one.term.until, parent.term.until) {
                    (_, None) => false,
                    (None, Some(_)) => true,
                    (Some(mine), Some(theirs)) => mine > theirs,
                };
                !later
                    && one.giver == Some(parent.holder)
                    && one.may_delegate < parent.may_delegate
                    && one
                        .powers
                        .words()
                        .all(|word| parent.powers.has(Power::parse(word).unwrap()))
                    && self.is_within(one.organisation, parent.organisation)
                    && self.is_within(staff.organisation, parent.organisation)
                    && self.carries(parent, power, now, depth + 1)
            }),
        };
        depth < 20 && alone && under
    }

    /// What a person reaches with delegations alone.
    pub fn reach(&self, who: PersonId, now: Instant) -> Reach {
        Reach {
            caller: Caller {
                person: Some(who),
                realm: Powers::NONE,
                by_delegation: true,
            },
            chains: self.facts.held_by(who, now),
        }
    }

    /// Every power that anybody holds anywhere.
    pub fn everything_held(&self, now: Instant) -> Vec<(PersonId, OrganisationId, Power)> {
        let mut held = Vec::new();
        for who in (0..PEOPLE).map(person) {
            for place in (0..ORGANISATIONS).map(organisation) {
                for power in Power::ALL {
                    if self.naively_holds(who, place, *power, now) {
                        held.push((who, place, *power));
                    }
                }
            }
        }
        held
    }

    /// Moves a subtree as the store does: the tree changes, what lost its giver is withdrawn, and what hangs on that.
    pub fn carry_out(&mut self, planned: Move) {
        let index = usize::try_from(planned.organisation.uuid().as_u128() - 1).unwrap();
        self.parents[index] = planned.to.map(|to| to.uuid().as_u128() - 1);
        self.rebuild();
        for orphan in crate::staff::moving::orphans(&self.facts) {
            self.withdraw(orphan);
        }
    }

    /// Withdraws a delegation and all that hangs on it.
    pub fn withdraw(&mut self, id: DelegationId) {
        let mut gone = vec![id];
        while let Some(id) = gone.pop() {
            let children = self
                .facts
                .delegations
                .values()
                .filter(|one| one.parent == Some(id));
            gone.extend(children.filter(|one| !one.withdrawn).map(|one| one.id));
            if let Some(one) = self.facts.delegations.get_mut(&id) {
                one.withdrawn = true;
            }
        }
    }
}

fn powers() -> impl Strategy<Value = Powers> {
    prop_oneof![
        2 => Just(Powers::all()),
        3 => proptest::collection::vec(0..Power::ALL.len(), 1..5)
            .prop_map(|picked| picked.into_iter().map(|index| Power::ALL[index]).collect()),
    ]
}

pub fn term() -> impl Strategy<Value = Term> {
    let until = prop_oneof![2 => Just(None), 1 => (30_i64..120).prop_map(Some)];
    let from = prop_oneof![4 => Just(0_i64), 1 => 0_i64..60];
    (from, until).prop_map(|(from, until)| Term {
        from: at(from),
        until: until.map(at),
    })
}

/// Delegations are mostly sound, so that long chains carry, and sometimes not, so that bad rows are met.
pub fn world() -> impl Strategy<Value = World> {
    let count = usize::try_from(ORGANISATIONS).unwrap();
    let parents = proptest::collection::vec(0.0_f64..1.0, count);
    let works_at = proptest::collection::vec((0..ORGANISATIONS, term(), proptest::bool::weighted(0.1)), 5);
    let one = (
        proptest::option::weighted(0.7, 0_usize..12),
        0..PEOPLE,
        0..ORGANISATIONS,
        powers(),
        0_u8..5,
        term(),
        proptest::bool::weighted(0.1),
        proptest::bool::weighted(0.8),
    );
    let delegations = proptest::collection::vec(one, 1..12);
    (parents, works_at, delegations).prop_map(|(picked, works_at, given)| {
        let parents = picked.iter().enumerate().map(|(index, pick)| {
            // The first may be a root; each later one hangs on an earlier one, or is a root.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "small numbers"
            )]
            let parent = (pick * (index as f64 + 1.0)) as usize;
            (parent < index).then_some(parent as u128)
        });
        let mut world = World {
            parents: parents.collect(),
            facts: Facts::default(),
        };
        for (index, (place, term, ended)) in works_at.into_iter().enumerate() {
            let id: AffiliationId = Uuid::from_u128(500 + index as u128).into();
            let affiliated = Affiliated {
                person: person(index as u128),
                organisation: organisation(place),
                term,
                ended,
            };
            world.facts.affiliations.insert(id, affiliated);
        }
        for (index, (parent, holder, place, powers, may_delegate, term, withdrawn, sound)) in
            given.into_iter().enumerate()
        {
            let parent = parent
                .filter(|parent| *parent < index)
                .and_then(|parent| world.facts.delegations.get(&delegation(parent)).cloned());
            let mut made = Delegation {
                id: delegation(index),
                parent: parent.as_ref().map(|parent| parent.id),
                giver: parent.as_ref().map(|parent| parent.holder),
                holder: person(holder),
                affiliation: Uuid::from_u128(500 + holder).into(),
                organisation: organisation(place),
                powers,
                may_delegate,
                term,
                withdrawn,
            };
            if let Some(parent) = parent.filter(|_| sound) {
                made.powers = parent.powers.intersection(powers);
                made.may_delegate = parent.may_delegate.saturating_sub(1);
                made.term.until = parent.term.until.or(term.until);
                made.organisation = parent.organisation;
            }
            world.facts.delegations.insert(made.id, made);
        }
        world.rebuild();
        world
    })
}
