//! What somebody who is nobody allows: ten rules, as a person does who is looked after by family and several institutions.

use crate::access::{Action, Actions, Depth, Effect, Grantee, Kind, Kinds, Period, Purpose, Purposes, Rule};
use crate::ids::OrganisationId;

/// The rules of one person. Two are for family, and one of the others forbids.
const RULES: usize = 10;

const FAMILY: [&str; 2] = ["child", "spouse"];
const OCCUPATIONS: [Option<&str>; 4] = [None, Some("clerk"), Some("trainer"), Some("other")];

/// What the person at a place says, among these organisations.
pub(super) fn rules(place: u64, organisations: &[OrganisationId]) -> Vec<Rule> {
    let family = FAMILY.map(|word| Rule {
        grantee: Grantee::Relation(word.to_owned()),
        purposes: Purposes::of(&[Purpose::Family]),
        ..base(Depth::Daily)
    });
    let mut rules = family.to_vec();
    for turn in 0..RULES - FAMILY.len() {
        let index = usize::try_from(place).unwrap_or(0) * (RULES - FAMILY.len()) + turn;
        let Some(organisation) = organisations.get(index % organisations.len().max(1)) else {
            continue;
        };
        let occupation = OCCUPATIONS.get(turn % OCCUPATIONS.len()).copied().flatten();
        rules.push(Rule {
            effect: if turn == RULES - FAMILY.len() - 1 {
                Effect::Deny
            } else {
                Effect::Permit
            },
            grantee: Grantee::Organisation {
                organisation: *organisation,
                below: turn % 2 == 0,
                occupation: occupation.map(str::to_owned),
            },
            purposes: Purposes::of(&[Purpose::Care]),
            ..base(Depth::Values)
        });
    }
    rules
}

fn base(depth: Depth) -> Rule {
    Rule {
        effect: Effect::Permit,
        grantee: Grantee::Everyone,
        kinds: Kinds::of(&[Kind::Vitals, Kind::Exercise, Kind::Meals]),
        actions: Actions::of(&[Action::Read, Action::Search]),
        purposes: Purposes::ALL,
        depth,
        data: Period::ALWAYS,
        valid: Period::ALWAYS,
    }
}
