//! Prints what a decision costs on rows that are loaded, on one thread, by the number of rules that a person has:
//! `cargo run --release -p idp --example decision_speed`.

use idp::access::{
    Action, Actions, Asker, Depth, Effect, Facts, Grant, Grantee, Kind, Kinds, Period, Purpose, Purposes,
    Question, Rule, Standing, decide,
};
use idp::ids::{OrganisationId, PersonId};
use platform::clock::Clock;
use uuid::Uuid;

const ROUNDS: u32 = 20_000;

fn organisation(number: u128) -> OrganisationId {
    Uuid::from_u128(0x200 + number).into()
}

fn person(number: u128) -> PersonId {
    Uuid::from_u128(0x100 + number).into()
}

/// A rule of each sort in turn; the last of them is the one that opens.
fn grant(number: u128, last: bool) -> Grant {
    let grantee = match (last, number % 4) {
        (true, _) => Grantee::Organisation {
            organisation: organisation(0),
            below: true,
            occupation: Some("physician".to_owned()),
        },
        (false, 0) => Grantee::Person(person(1_000 + number)),
        (false, 1) => Grantee::Relation("child".to_owned()),
        (false, 2) => Grantee::Client("diary".to_owned()),
        (false, _) => Grantee::Staff {
            person: person(1_000 + number),
            organisation: organisation(1),
        },
    };
    let effect = if number % 5 == 4 && !last {
        Effect::Deny
    } else {
        Effect::Permit
    };
    Grant {
        id: Uuid::from_u128(number).into(),
        consent: Uuid::from_u128(number / 4).into(),
        rule: Rule {
            effect,
            grantee,
            kinds: Kinds::ALL,
            actions: Actions::ALL,
            purposes: Purposes::ALL,
            depth: Depth::Values,
            data: Period::ALWAYS,
            valid: Period::ALWAYS,
        },
        ended_at: None,
    }
}

fn main() {
    let clock = Clock::system();
    let standings = [Standing {
        organisation: organisation(3),
        above: (0..4).rev().map(organisation).collect(),
        occupation: Some("physician".to_owned()),
    }];
    println!("{:>6} {:>12}", "rules", "decision µs");
    for count in [1_u128, 5, 10, 20, 50, 100, 1_000] {
        let grants: Vec<Grant> = (0..count)
            .map(|number| grant(number, number + 1 == count))
            .collect();
        let facts = Facts {
            grants: &grants,
            standings: &standings,
            ..Facts::default()
        };
        let question = Question {
            asker: Asker {
                person: Some(person(1)),
                client: Some("clinic"),
                ..Asker::default()
            },
            subject: person(0),
            action: Action::Read,
            kind: Kind::Vitals,
            depth: Depth::Daily,
            purpose: Purpose::Care,
            data: Period::ALWAYS,
            at: clock.now(),
        };
        let start = clock.now();
        for _ in 0..ROUNDS {
            assert!(
                decide(&question, &facts).permits(),
                "the measured decision is a permit"
            );
        }
        let each = clock.now().since(start).as_secs_f64() * 1e6 / f64::from(ROUNDS);
        println!("{count:>6} {each:>12.2}");
    }
}
