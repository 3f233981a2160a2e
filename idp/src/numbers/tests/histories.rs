//! Random histories, through the store on a real SQLite and beside it in a naive reference: both must agree on every
//! answer, and after every step on who holds what (H1.3, H1.4).

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::*;

const DAY: Duration = Duration::from_hours(24);
const COUNTERS: u64 = 3;
const HOLDERS: u128 = 3;

#[derive(Debug, Clone)]
enum Step {
    Issue(u64),
    Assign {
        counter: u64,
        holder: u128,
    },
    /// Of the current assignment of a number.
    Change {
        counter: u64,
        change: Change,
    },
    /// Of any assignment there ever was.
    ChangeAny {
        assignment: usize,
        change: Change,
    },
    Pass {
        days: u32,
    },
    Reissue {
        counter: u64,
        holder: u128,
        references: References,
    },
    Policy {
        years: u32,
    },
}

/// Weighted so that numbers live whole lives: most are cancelled, cooled and reissued within one history.
fn step() -> impl Strategy<Value = Step> {
    let counter = || 0..COUNTERS;
    let change = || {
        prop_oneof![
            2 => Just(Change::Suspend), 1 => Just(Change::Resume), 4 => Just(Change::Cancel), 5 => Just(Change::Cool)
        ]
    };
    let references = prop_oneof![
        8 => Just(References::Counted(0)), 1 => Just(References::Counted(2)), 1 => Just(References::Unknown)
    ];
    prop_oneof![
        2 => (1..3_u64).prop_map(Step::Issue),
        4 => (counter(), 1..=HOLDERS).prop_map(|(counter, holder)| Step::Assign { counter, holder }),
        12 => (counter(), change()).prop_map(|(counter, change)| Step::Change { counter, change }),
        2 => (0..9_usize, change()).prop_map(|(assignment, change)| Step::ChangeAny { assignment, change }),
        2 => (1..364_u32).prop_map(|days| Step::Pass { days }),
        2 => (365..1200_u32).prop_map(|days| Step::Pass { days }),
        9 => (counter(), 1..=HOLDERS, references)
            .prop_map(|(counter, holder, references)| Step::Reissue { counter, holder, references }),
        1 => years().prop_map(|years| Step::Policy { years }),
    ]
}

/// A policy: seldom never, for that ends the lives of numbers.
fn years() -> impl Strategy<Value = u32> {
    prop_oneof![1 => Just(0_u32), 4 => Just(1_u32), 2 => 2..4_u32]
}

/// One assignment, as the reference remembers it.
struct Known {
    id: AssignmentId,
    counter: u64,
    holder: u128,
    state: &'static str,
    cancelled_day: Option<u32>,
    /// The day on which its rest began, and the years it was promised.
    rest: Option<(u32, u32)>,
}

/// The naive reference: a list, searched from the front for each question. Years are of 365 days.
struct Reference {
    issued: u64,
    sole: bool,
    /// 0: never.
    years: u32,
    day: u32,
    known: Vec<Known>,
}

impl Reference {
    fn is_held(&self, counter: u64) -> bool {
        self.known
            .iter()
            .any(|one| one.counter == counter && matches!(one.state, "active" | "suspended"))
    }

    fn holds_one(&self, holder: u128) -> bool {
        self.known
            .iter()
            .any(|one| one.holder == holder && matches!(one.state, "active" | "suspended"))
    }

    fn may_assign(&self, counter: u64, holder: u128) -> bool {
        counter < self.issued
            && !self.known.iter().any(|one| one.counter == counter)
            && !(self.sole && self.holds_one(holder))
    }

    fn may_reissue(&self, counter: u64, holder: u128, references: References) -> Option<usize> {
        let last = self.known.iter().rposition(|one| one.counter == counter)?;
        let (began, promised) = self.known[last].rest?;
        let rested = self.day - began >= 365 * promised && self.day - began >= 365 * self.years;
        let free = self.known[last].state == "cooling" && self.years > 0 && rested;
        let admitted = references == References::Counted(0) && !(self.sole && self.holds_one(holder));
        (free && admitted).then_some(last)
    }

    fn change(&mut self, index: usize, change: Change) -> bool {
        let (day, years) = (self.day, self.years);
        let one = &mut self.known[index];
        let next = match (change, one.state) {
            (Change::Suspend, "active") => "suspended",
            (Change::Resume, "suspended") => "active",
            (Change::Cancel, "active" | "suspended") => "cancelled",
            (Change::Cool, "cancelled") if years == 0 => "tombstone",
            (Change::Cool, "cancelled") => "cooling",
            _ => return false,
        };
        one.state = next;
        match next {
            "cancelled" => one.cancelled_day = Some(day),
            "cooling" => one.rest = Some((day, years)),
            _ => {}
        }
        true
    }

    fn remember(&mut self, assignment: &Assignment, holder: u128) {
        let Assignment { id, place, .. } = assignment;
        let known = Known {
            id: *id,
            counter: place.counter,
            holder,
            state: "active",
            cancelled_day: None,
            rest: None,
        };
        self.known.push(known);
    }
}

fn policy(years: u32) -> Reissue {
    match years {
        0 => Reissue::Never,
        years => Reissue::AfterCooldown(Cooldown::new(COOLDOWN_FLOOR * years).unwrap()),
    }
}

async fn take(desk: &Desk, reference: &mut Reference, step: &Step) -> Result<(), TestCaseError> {
    let now = START.plus(DAY * reference.day);
    match *step {
        Step::Issue(count) => {
            let block = desk.issue(count).await.unwrap();
            prop_assert_eq!(block.first_counter, reference.issued);
            reference.issued += count;
        }
        Step::Assign { counter, holder } => {
            let outcome = desk.assign(counter, person(holder), now).await;
            prop_assert_eq!(
                outcome.is_ok(),
                reference.may_assign(counter, holder),
                "{:?}",
                outcome
            );
            if let Ok(assignment) = outcome {
                prop_assert_eq!(assignment.generation, 1);
                reference.remember(&assignment, holder);
            }
        }
        Step::Change { counter, change } => {
            if let Some(index) = reference.known.iter().rposition(|one| one.counter == counter) {
                alter(desk, reference, index, change).await?;
            }
        }
        Step::ChangeAny { assignment, change } if assignment < reference.known.len() => {
            alter(desk, reference, assignment, change).await?;
        }
        Step::ChangeAny { .. } => {}
        Step::Pass { days } => reference.day += days,
        Step::Reissue {
            counter,
            holder,
            references,
        } => {
            let outcome = match desk.reissuable(counter, references, now).await {
                Ok(proof) => desk.reissue(proof, person(holder), now).await,
                Err(error) => Err(error),
            };
            let expected = reference.may_reissue(counter, holder, references);
            prop_assert_eq!(outcome.is_ok(), expected.is_some(), "{:?}", outcome);
            if let (Ok(assignment), Some(old)) = (outcome, expected) {
                let cancelled = reference.known[old].cancelled_day.unwrap();
                prop_assert!(reference.day - cancelled >= 365, "back before its time");
                let earlier = reference
                    .known
                    .iter()
                    .filter(|one| one.counter == counter)
                    .count();
                prop_assert_eq!(assignment.generation as usize, earlier + 1);
                prop_assert!(reference.known.iter().all(|one| one.id != assignment.id));
                reference.known[old].state = "superseded";
                reference.remember(&assignment, holder);
            }
        }
        Step::Policy { years } => {
            desk.set_reissue(policy(years)).await;
            reference.years = years;
        }
    }
    Ok(())
}

async fn alter(
    desk: &Desk,
    reference: &mut Reference,
    index: usize,
    change: Change,
) -> Result<(), TestCaseError> {
    let now = START.plus(DAY * reference.day);
    let outcome = desk.change(reference.known[index].id, change, now).await;
    prop_assert_eq!(outcome.is_ok(), reference.change(index, change), "{:?}", outcome);
    Ok(())
}

/// The store says of every number and of every holder what the reference says, and nothing else.
async fn agree(desk: &Desk, reference: &Reference) -> Result<(), TestCaseError> {
    for counter in 0..COUNTERS {
        let current = desk.current(counter).await;
        let last = reference.known.iter().rfind(|one| one.counter == counter);
        let told = current
            .as_ref()
            .map(|one| (one.id, one.holder, one.state.as_str()));
        prop_assert_eq!(told, last.map(|one| (one.id, person(one.holder), one.state)));
        prop_assert_eq!(
            current.is_some_and(|one| one.state.is_held()),
            reference.is_held(counter)
        );
    }
    for holder in 1..=HOLDERS {
        // A new holder of an old number sees its own assignments: by key, none of the old holder's.
        let seen: Vec<_> = held_by(&desk.store, desk.realm, person(holder), 1000)
            .await
            .unwrap()
            .into_iter()
            .map(|one| (one.id, one.state.as_str()))
            .collect();
        let mut own: Vec<_> = reference
            .known
            .iter()
            .filter(|one| one.holder == holder)
            .map(|one| (one.id, one.state))
            .collect();
        own.sort_unstable_by_key(|one| one.0);
        prop_assert_eq!(seen, own);
    }
    Ok(())
}

#[test]
fn in_no_history_has_a_number_two_holders_or_returns_early_or_hands_anything_down() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let database = runtime.block_on(hub(Backend::Sqlite));
    let strategy = (any::<bool>(), years(), prop::collection::vec(step(), 40..120));
    let reissues = std::cell::Cell::new(0_u32);
    let mut runner = TestRunner::new(Config {
        cases: 48,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&strategy, |(sole, years, steps)| {
        runtime.block_on(async {
            let desk = Desk::open(database.store(), small("a", 40, sole, policy(years))).await;
            let mut reference = Reference {
                issued: 0,
                sole,
                years,
                day: 0,
                known: Vec::new(),
            };
            for step in &steps {
                take(&desk, &mut reference, step).await?;
                agree(&desk, &reference).await?;
            }
            let again = reference
                .known
                .iter()
                .filter(|one| one.state == "superseded")
                .count();
            reissues.set(reissues.get() + u32::try_from(again).unwrap());
            Ok(())
        })
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    println!("{} reissues", reissues.get());
    // Histories in which nothing ever comes back would prove nothing.
    assert!(reissues.get() > 0, "no history reached a reissue");
}
