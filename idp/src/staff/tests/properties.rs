//! Delegation against a naive reference, over random trees and delegations.

use proptest::prelude::*;

use super::world::{ORGANISATIONS, PEOPLE, World, at, delegation, organisation, person, term, world};
use crate::ids::OrganisationId;
use crate::staff::moving::{Move, may_move};
use crate::staff::powers::{Power, Powers};
use crate::staff::reach::{Basis, Wanted};

fn planned(world: &World, moved: u128, to: Option<u128>) -> Move {
    Move {
        organisation: organisation(moved),
        from: world.parents[usize::try_from(moved).unwrap()].map(organisation),
        to: to.map(organisation),
    }
}

fn holds(world: &World, who: u128, place: OrganisationId, power: Power, now: i64) -> bool {
    let reach = world.reach(person(who), at(now));
    reach.powers_over(&world.facts.tree, place).has(power)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nobody_holds_what_no_live_chain_gives_and_everybody_what_one_does(world in world(), now in 0_i64..150) {
        for who in 0..PEOPLE {
            for place in (0..ORGANISATIONS).map(organisation) {
                for power in Power::ALL {
                    let slow = world.naively_holds(person(who), place, *power, at(now));
                    prop_assert_eq!(holds(&world, who, place, *power, now), slow);
                }
            }
        }
    }

    #[test]
    fn every_chain_says_why_from_the_realm_to_the_holder(world in world(), now in 0_i64..150) {
        for who in 0..PEOPLE {
            for chain in world.facts.held_by(person(who), at(now)) {
                prop_assert!(chain.links[0].parent.is_none());
                prop_assert_eq!(chain.last().unwrap().holder, person(who));
                for pair in chain.links.windows(2) {
                    prop_assert_eq!(pair[1].parent, Some(pair[0].id));
                    prop_assert_eq!(pair[1].giver, Some(pair[0].holder));
                    prop_assert!(pair[0].powers.covers(pair[1].powers));
                }
            }
        }
    }

    #[test]
    fn withdrawing_never_adds_and_takes_all_that_hangs_on_it(
        world in world(), gone in 0_usize..12, now in 0_i64..150,
    ) {
        let before = world.everything_held(at(now));
        let mut after = world.clone();
        after.withdraw(delegation(gone));
        for held in after.everything_held(at(now)) {
            prop_assert!(before.contains(&held), "{held:?} was added");
        }
        for who in 0..PEOPLE {
            for chain in after.facts.held_by(person(who), at(now)) {
                prop_assert!(chain.links.iter().all(|link| link.id != delegation(gone)));
            }
        }
    }

    #[test]
    fn what_is_given_is_held_by_the_giver_and_never_given_to_oneself(
        world in world(), giver in 0..PEOPLE, holder in 0..PEOPLE, place in 0..ORGANISATIONS,
        picked in proptest::collection::vec(0..Power::ALL.len(), 1..4), may_delegate in 0_u8..5, term in term(),
        now in 0_i64..150, later in 0_i64..150,
    ) {
        let powers: Powers = picked.into_iter().map(|index| Power::ALL[index]).collect();
        let affiliation = uuid::Uuid::from_u128(500 + holder).into();
        let wanted = Wanted {
            holder: person(holder),
            affiliation: world.facts.affiliations[&affiliation],
            organisation: organisation(place),
            powers, may_delegate, term,
        };
        let reach = world.reach(person(giver), at(now));
        let Ok(basis) = reach.give(&world.facts.tree, &wanted, at(now)) else { return Ok(()) };
        prop_assert_ne!(giver, holder);
        let Basis::Delegation(parent) = basis else { panic!("nobody here has the realm's powers") };
        let mut after = world.clone();
        let made = crate::staff::delegation::Delegation {
            id: delegation(99), parent: Some(parent), giver: Some(person(giver)), holder: person(holder), affiliation,
            organisation: organisation(place), powers, may_delegate, term, withdrawn: false,
        };
        after.facts.delegations.insert(made.id, made);
        for now in [now, now.max(later)] {
            let before = world.everything_held(at(now));
            for (who, place, power) in after.everything_held(at(now)) {
                prop_assert!(
                    before.contains(&(who, place, power)) || before.contains(&(person(giver), place, power)),
                    "{who} gained {power:?} over {place}"
                );
            }
        }
    }

    #[test]
    fn a_move_gives_nobody_what_the_mover_could_not_give_and_the_mover_nothing(
        world in world(), mover in 0..PEOPLE, moved in 0..ORGANISATIONS,
        to in proptest::option::weighted(0.9, 0..ORGANISATIONS), now in 0_i64..150, later in 0_i64..150,
    ) {
        let planned = planned(&world, moved, to);
        let reach = world.reach(person(mover), at(now));
        if may_move(&reach, &world.facts, planned, at(now)).is_err() {
            return Ok(());
        }
        let mut after = world.clone();
        after.carry_out(planned);
        let movers = world.everything_held(at(now));
        for time in [now, now.max(later)] {
            let before = world.everything_held(at(time));
            for (who, place, power) in after.everything_held(at(time)) {
                let given = who != person(mover)
                    && movers.contains(&(person(mover), place, power))
                    && world.is_within(place, planned.organisation);
                prop_assert!(
                    before.contains(&(who, place, power)) || given,
                    "{who} gained {power:?} over {place} at {time}"
                );
            }
        }
    }

    #[test]
    fn after_a_move_nothing_stands_whose_giver_does_not_reach_it_and_moving_back_brings_nothing_back(
        world in world(), moved in 0..ORGANISATIONS, to in proptest::option::weighted(0.9, 0..ORGANISATIONS),
        now in 0_i64..150,
    ) {
        let there = planned(&world, moved, to);
        if to.is_some_and(|to| world.is_within(organisation(to), organisation(moved))) {
            return Ok(());
        }
        let mut after = world.clone();
        after.carry_out(there);
        prop_assert!(crate::staff::moving::orphans(&after.facts).is_empty());
        let held = after.everything_held(at(now));
        let mut back = after.clone();
        back.carry_out(Move { from: there.to, to: there.from, ..there });
        let was = world.everything_held(at(now));
        for held_again in back.everything_held(at(now)) {
            prop_assert!(was.contains(&held_again) || held.contains(&held_again));
        }
    }
}
