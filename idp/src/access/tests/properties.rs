//! What holds in every world.

use platform::clock::Instant;
use proptest::prelude::*;

use super::reference;
use super::worlds::{Asked, NOW, SUBJECT, World, asked, consent, person, world};
use crate::access::{Decision, Depth, Effect, Grantee, Period, decide, deepest};
use crate::consent::{Head, compile, fhir, resource};

/// Every moment at which something can begin or end in a world, and the one before each.
fn moments(world: &World, asked: &Asked) -> Vec<i64> {
    let loaded = world.load(asked);
    let mut all = vec![i64::MIN, NOW, asked.data.0, asked.data.1];
    for grant in &loaded.grants {
        for bound in [grant.rule.data.from, grant.rule.data.until] {
            all.push(bound.as_micros());
        }
    }
    let before: Vec<i64> = all.iter().map(|moment| moment.saturating_sub(1)).collect();
    all.extend(before);
    all.retain(|moment| *moment < i64::MAX);
    all
}

fn answer(world: &World, asked: &Asked) -> Decision {
    let loaded = world.load(asked);
    decide(&loaded.question(asked), &loaded.facts())
}

/// Nothing is permitted by `after` that `before` did not permit.
fn opens_nothing(before: &Decision, after: &Decision, moments: &[i64]) -> Result<(), TestCaseError> {
    for moment in moments {
        let moment = Instant::from_micros(*moment);
        prop_assert!(
            before.permits_data_of(moment) || !after.permits_data_of(moment),
            "{before:?} became {after:?}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_decision_is_what_a_second_reading_of_the_consents_says(world in world(), asked in asked()) {
        let decision = answer(&world, &asked);
        let mut any = false;
        for moment in moments(&world, &asked) {
            let expected = reference::may(&world, &asked, moment);
            any |= expected;
            prop_assert_eq!(
                decision.permits_data_of(Instant::from_micros(moment)), expected,
                "moment {} of {:?}: {:?}", moment, asked, decision
            );
        }
        prop_assert_eq!(decision.permits(), any);
    }

    #[test]
    fn a_consent_that_forbids_opens_nothing(world in world(), asked in asked(), more in consent()) {
        let before = answer(&world, &asked);
        let mut after = world.clone();
        let mut more = more;
        let parts = more["provision"]["provision"].as_array_mut().unwrap();
        parts.retain(|part| part["type"] == "deny");
        if !parts.is_empty() {
            after.consents.push(more);
        }
        opens_nothing(&before, &answer(&after, &asked), &moments(&after, &asked))?;
    }

    #[test]
    fn withdrawing_what_permits_opens_nothing(world in world(), asked in asked(), which in any::<prop::sample::Index>()) {
        let loaded = world.load(&asked);
        let permits: Vec<usize> = loaded.grants.iter().enumerate()
            .filter(|(_, grant)| grant.rule.effect == Effect::Permit)
            .map(|(at, _)| at)
            .collect();
        prop_assume!(!permits.is_empty());
        let before = decide(&loaded.question(&asked), &loaded.facts());
        let mut after = loaded.clone();
        after.grants[*which.get(&permits)].ended_at = Some(Instant::from_micros(NOW));
        let after = decide(&after.question(&asked), &after.facts());
        opens_nothing(&before, &after, &moments(&world, &asked))?;
    }

    #[test]
    fn a_narrower_token_opens_nothing(world in world(), asked in asked(), which in any::<prop::sample::Index>()) {
        let before = answer(&world, &asked);
        let mut narrowed = asked.clone();
        match &mut narrowed.reach {
            None => narrowed.reach = Some(Vec::new()),
            Some(parts) if parts.is_empty() => {}
            Some(parts) => { parts.remove(which.index(parts.len())); }
        }
        opens_nothing(&before, &answer(&world, &narrowed), &moments(&world, &asked))?;
    }

    #[test]
    fn what_is_permitted_deep_is_permitted_less_deep(world in world(), asked in asked()) {
        let deep = answer(&world, &asked);
        for depth in Depth::ALL.iter().filter(|depth| **depth < asked.depth) {
            let shallow = Asked { depth: *depth, ..asked.clone() };
            opens_nothing(&answer(&world, &shallow), &deep, &moments(&world, &asked))?;
        }
        let loaded = world.load(&asked);
        if let Decision::Permit(permit) = deepest(&loaded.question(&asked), &loaded.facts()) {
            prop_assert!(permit.obligations.depth <= asked.depth);
            prop_assert!(!permit.obligations.data.is_empty());
        }
    }

    #[test]
    fn without_consent_tie_emergency_or_ownership_nobody_sees_anything(world in world(), asked in asked()) {
        prop_assume!(asked.person != Some(SUBJECT));
        let bare = World { consents: Vec::new(), emergencies: Vec::new(), ..world };
        prop_assert!(!answer(&bare, &asked).permits());
    }

    #[test]
    fn everything_that_is_permitted_says_what_allows_it(world in world(), asked in asked()) {
        if let Decision::Permit(permit) = answer(&world, &asked) {
            prop_assert!(!permit.because.is_empty());
            prop_assert_eq!(permit.contract.is_some(), asked.operator.is_some());
        }
    }

    #[test]
    fn rules_written_as_a_resource_are_the_same_rules_when_they_are_read(consent in consent()) {
        let read: fhir::Consent = serde_json::from_value(consent).unwrap();
        let mut rules = compile(&read).unwrap();
        // What no moment or no word is left of cannot be written, and says nothing.
        rules.retain(|rule| {
            !rule.valid.is_empty() && !rule.data.is_empty()
                && !rule.kinds.is_empty() && !rule.actions.is_empty() && !rule.purposes.is_empty()
        });
        prop_assume!(!rules.is_empty());
        let head = Head { subject: person(SUBJECT), performer: person(SUBJECT), given_at: Instant::from_micros(NOW) };
        let written = serde_json::to_value(resource(head, &rules)).unwrap();
        let again: fhir::Consent = serde_json::from_value(written).unwrap();
        prop_assert_eq!(compile(&again).unwrap(), rules);
    }
}

#[test]
fn a_rule_for_everyone_is_never_one_that_opens() {
    let everyone = crate::access::Rule {
        effect: Effect::Permit,
        grantee: Grantee::Everyone,
        kinds: crate::access::Kinds::ALL,
        actions: crate::access::Actions::ALL,
        purposes: crate::access::Purposes::ALL,
        depth: Depth::Everything,
        data: Period::ALWAYS,
        valid: Period::ALWAYS,
    };
    let head = Head {
        subject: person(SUBJECT),
        performer: person(SUBJECT),
        given_at: Instant::from_micros(NOW),
    };
    assert!(compile(&resource(head, &[everyone])).is_err());
}
