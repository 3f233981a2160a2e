//! The ring through random histories of two nodes and two relying parties that cache.

use std::time::Duration;

use proptest::prelude::*;

use super::algorithm::SigningAlgorithm;
use super::ring::{Phase, Ring, RingDates, RingEntry, RingPolicy, Turn};
use crate::clock::Instant;

const ALGORITHM: SigningAlgorithm = SigningAlgorithm::Es256;
const JWKS_MAX_AGE: Duration = Duration::from_mins(10);
const LONGEST_TOKEN: Duration = Duration::from_hours(1);

fn policy() -> RingPolicy {
    RingPolicy {
        active_for: Duration::from_hours(3),
        ..RingPolicy::new(JWKS_MAX_AGE, LONGEST_TOKEN)
    }
}

/// The table, changed by nothing but the conditional statements of the store.
#[derive(Default)]
struct Table {
    rows: Vec<RingEntry>,
    made: usize,
}

impl Table {
    fn make(&mut self, dates: RingDates) {
        self.made += 1;
        self.rows.push(RingEntry {
            kid: format!("key-{}", self.made),
            algorithm: ALGORITHM,
            created_at: dates.created_at,
            activates_at: dates.activates_at,
            retires_at: None,
            expires_at: None,
        });
    }

    fn carry_out(&mut self, turn: Turn) {
        match turn {
            Turn::Rest => {}
            Turn::First(dates) => {
                if self.rows.is_empty() {
                    self.make(dates);
                }
            }
            Turn::Succeed(succession) => {
                let open = self
                    .rows
                    .iter_mut()
                    .find(|row| row.kid == succession.predecessor && row.retires_at.is_none());
                let Some(predecessor) = open else { return };
                predecessor.retires_at = Some(succession.successor.activates_at);
                predecessor.expires_at = Some(succession.predecessor_expires_at);
                self.make(succession.successor);
            }
        }
    }
}

struct Node {
    ring: Ring,
}

struct Verifier {
    fetched_at: Instant,
    kids: Vec<String>,
}

struct World {
    now: Instant,
    table: Table,
    nodes: [Node; 2],
    verifiers: [Verifier; 2],
    tokens: Vec<(String, Instant)>,
}

impl World {
    fn new() -> Self {
        let now = Instant::from_micros(1_000_000_000_000);
        let mut table = Table::default();
        table.carry_out(Ring::default().due(ALGORITHM, now, &policy()));
        let ring = || Node {
            ring: Ring::new(table.rows.clone()),
        };
        let kids = || vec![table.rows[0].kid.clone()];
        let nodes = [ring(), ring()];
        let verifiers = [
            Verifier {
                fetched_at: now,
                kids: kids(),
            },
            Verifier {
                fetched_at: now,
                kids: kids(),
            },
        ];
        Self {
            now,
            table,
            nodes,
            verifiers,
            tokens: Vec::new(),
        }
    }

    /// Nodes refresh each second; a step of time leaves one of them up to a second behind.
    fn advance(&mut self, seconds: u64, behind: usize) {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.nodes[behind].ring = Ring::new(self.table.rows.clone());
        let turns: Vec<_> = self
            .nodes
            .iter()
            .map(|node| node.ring.due(ALGORITHM, self.now, &policy()))
            .collect();
        self.nodes[1 - behind].ring = Ring::new(self.table.rows.clone());
        for turn in turns {
            self.table.carry_out(turn);
        }
    }

    fn issue(&mut self, node: usize, lifetime: u64) -> Result<(), TestCaseError> {
        let signer = self.nodes[node].ring.signer(ALGORITHM, self.now);
        let signer = signer.ok_or_else(|| TestCaseError::fail("no key signs"))?;
        self.tokens
            .push((signer.kid.clone(), self.now.plus(Duration::from_secs(lifetime))));
        Ok(())
    }

    fn verify_all(&mut self, from: usize) -> Result<(), TestCaseError> {
        let now = self.now;
        self.tokens.retain(|(_, expires)| *expires > now);
        for verifier in &mut self.verifiers {
            if now.since(verifier.fetched_at) > JWKS_MAX_AGE {
                verifier.fetched_at = now;
                verifier.kids = self.nodes[from]
                    .ring
                    .published(now)
                    .map(|entry| entry.kid.clone())
                    .collect();
            }
            for (kid, _) in &self.tokens {
                prop_assert!(
                    verifier.kids.contains(kid),
                    "{kid} is not among {:?}",
                    verifier.kids
                );
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
enum Step {
    Advance(u64, usize),
    Rotate(usize),
    RotateOnBothAtOnce,
    Issue(usize, u64),
    Refetch(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..1200_u64, 0..2_usize).prop_map(|(seconds, behind)| Step::Advance(seconds, behind)),
        1 => (3600..20_000_u64, 0..2_usize).prop_map(|(seconds, behind)| Step::Advance(seconds, behind)),
        2 => (0..2_usize).prop_map(Step::Rotate),
        1 => Just(Step::RotateOnBothAtOnce),
        5 => (0..2_usize, 1..=3600_u64).prop_map(|(node, lifetime)| Step::Issue(node, lifetime)),
        2 => (0..2_usize).prop_map(Step::Refetch),
    ]
}

proptest! {
        #[test]
        fn no_token_meets_a_verifier_that_lacks_its_key_and_one_key_signs_at_any_time(
            steps in proptest::collection::vec(step(), 1..200),
        ) {
            let mut world = World::new();
            for step in steps {
                match step {
                    Step::Advance(seconds, behind) => world.advance(seconds, behind),
                    Step::Rotate(node) => {
                        let turn = world.nodes[node].ring.succeed(ALGORITHM, world.now, &policy());
                        world.table.carry_out(turn);
                    }
                    Step::RotateOnBothAtOnce => {
                        let turns = [0, 1].map(|node| world.nodes[node].ring.succeed(ALGORITHM, world.now, &policy()));
                        for turn in turns {
 world.table.carry_out(turn);
}
                    }
                    Step::Issue(node, lifetime) => world.issue(node, lifetime)?,
                    Step::Refetch(verifier) => world.verifiers[verifier].fetched_at = Instant::from_micros(0),
                }
                let now = world.now;
                let signing = world.table.rows.iter().filter(|row| row.phase(now) == Phase::Current).count();
                prop_assert_eq!(signing, 1);
                prop_assert!(world.table.rows.iter().filter(|row| row.retires_at.is_none()).count() == 1);
                world.verify_all(0)?;
            }
        }
    }

#[test]
fn a_key_turns_by_itself_once_and_the_successor_is_published_before_it_signs() {
    let policy = policy();
    let start = Instant::from_micros(0);
    let mut table = Table::default();
    table.carry_out(Ring::default().due(ALGORITHM, start, &policy));
    let due = start.plus(policy.active_for).minus(policy.publish_lead);
    let ring = |table: &Table| Ring::new(table.rows.clone());
    assert_eq!(
        ring(&table).due(ALGORITHM, due.minus(Duration::from_micros(1)), &policy),
        Turn::Rest
    );
    table.carry_out(ring(&table).due(ALGORITHM, due, &policy));
    assert_eq!(ring(&table).due(ALGORITHM, due, &policy), Turn::Rest);
    assert_eq!(ring(&table).published(due).count(), 2);
    assert_eq!(ring(&table).signer(ALGORITHM, due).unwrap().kid, "key-1");
    assert_eq!(ring(&table).next(ALGORITHM, due).unwrap().kid, "key-2");
    let turned = due.plus(policy.publish_lead);
    assert_eq!(ring(&table).signer(ALGORITHM, turned).unwrap().kid, "key-2");
    let forgotten = turned.plus(policy.keep_retired);
    assert_eq!(
        ring(&table)
            .published(forgotten.minus(Duration::from_micros(1)))
            .count(),
        2
    );
    assert_eq!(ring(&table).published(forgotten).count(), 1);
}

#[test]
fn algorithms_turn_independently() {
    let now = Instant::from_micros(0);
    let mut table = Table::default();
    table.make(RingDates {
        created_at: now,
        activates_at: now,
    });
    let ring = Ring::new(table.rows);
    assert!(ring.signer(SigningAlgorithm::Rs256, now).is_none());
    assert!(matches!(
        ring.due(SigningAlgorithm::Rs256, now, &policy()),
        Turn::First(_)
    ));
    assert_eq!(ring.due(ALGORITHM, now, &policy()), Turn::Rest);
}
