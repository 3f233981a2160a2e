//! The signing keys of a realm through time, as pure decisions.
//!
//! ```text
//!           published                signs, published              published
//!   next ──────────────▶ current ───────────────────▶ retired ──────────────▶ (gone)
//!   created_at      activates_at                 retires_at             expires_at
//! ```
//!
//! A key's phase follows from its dates alone, so that all nodes agree without talking: the next key activates at the
//! very moment at which the current one retires. Two distances make every turn invisible to relying parties:
//! `publish_lead` is longer than anybody may cache the JWK Set, and a retired key stays published until the last token
//! it signed has expired.

use std::time::Duration;

use super::algorithm::SigningAlgorithm;
use crate::clock::Instant;

/// How far behind the database a node's knowledge of the ring may be, and room for clocks that differ.
const SLACK: Duration = Duration::from_mins(1);

/// How a ring turns.
#[derive(Debug, Clone)]
pub struct RingPolicy {
    /// The algorithms that a realm has keys for.
    pub algorithms: Vec<SigningAlgorithm>,
    /// How long a key signs before the next one takes over by itself.
    pub active_for: Duration,
    /// How long a key is published before it signs.
    pub publish_lead: Duration,
    /// How long a key stays published after it signed last.
    pub keep_retired: Duration,
}

impl RingPolicy {
    /// A policy for relying parties that cache the JWK Set for at most `jwks_max_age` and tokens that live for at most
    /// `longest_token`: keys of every algorithm, turning each 90 days.
    pub fn new(jwks_max_age: Duration, longest_token: Duration) -> Self {
        Self {
            algorithms: SigningAlgorithm::ALL.to_vec(),
            active_for: Duration::from_hours(90 * 24),
            publish_lead: jwks_max_age.saturating_add(SLACK),
            keep_retired: longest_token.saturating_add(SLACK),
        }
    }
}

/// A key's dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingEntry {
    /// The key's identifier.
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// When it was made and published.
    pub created_at: Instant,
    /// When it begins to sign.
    pub activates_at: Instant,
    /// When its successor takes over; absent while there is none.
    pub retires_at: Option<Instant>,
    /// When it is no longer published; present exactly if `retires_at` is.
    pub expires_at: Option<Instant>,
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Published, not signing yet.
    Next,
    /// Signing.
    Current,
    /// Published for the tokens it signed.
    Retired,
    /// Gone.
    Expired,
}

impl RingEntry {
    /// The phase at `now`.
    pub fn phase(&self, now: Instant) -> Phase {
        if self.expires_at.is_some_and(|expires| expires <= now) {
            Phase::Expired
        } else if self.retires_at.is_some_and(|retires| retires <= now) {
            Phase::Retired
        } else if self.activates_at <= now {
            Phase::Current
        } else {
            Phase::Next
        }
    }
}

/// What is to be done about one algorithm of a ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Nothing: a key signs and it is not time yet, or its successor is published already.
    Rest,
    /// There is no key: make one that signs at once, as nobody can have cached anything.
    First(RingDates),
    /// The key signed long enough: publish a successor.
    Succeed(Succession),
}

/// The dates of a first key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingDates {
    /// When the key was made.
    pub created_at: Instant,
    /// When it begins to sign.
    pub activates_at: Instant,
}

/// One key taking over from another: to be written in one transaction, on the condition that the predecessor has no
/// successor yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Succession {
    /// The key that retires.
    pub predecessor: String,
    /// The successor's dates; its activation is the predecessor's retirement.
    pub successor: RingDates,
    /// When the predecessor is no longer published.
    pub predecessor_expires_at: Instant,
}

/// The keys of one realm.
#[derive(Debug, Clone, Default)]
pub struct Ring {
    entries: Vec<RingEntry>,
}

impl Ring {
    /// A ring of these keys.
    pub fn new(entries: Vec<RingEntry>) -> Self {
        Self { entries }
    }

    /// The key that signs with `algorithm` at `now`.
    pub fn signer(&self, algorithm: SigningAlgorithm, now: Instant) -> Option<&RingEntry> {
        self.entries
            .iter()
            .find(|entry| entry.algorithm == algorithm && entry.phase(now) == Phase::Current)
    }

    /// The keys that are published at `now`.
    pub fn published(&self, now: Instant) -> impl Iterator<Item = &RingEntry> {
        self.entries
            .iter()
            .filter(move |entry| entry.phase(now) != Phase::Expired)
    }

    /// The key that will take over `algorithm`, if it is published already.
    pub fn next(&self, algorithm: SigningAlgorithm, now: Instant) -> Option<&RingEntry> {
        self.entries
            .iter()
            .find(|entry| entry.algorithm == algorithm && entry.phase(now) == Phase::Next)
    }

    /// What is to be done about `algorithm` at `now` without anybody asking.
    pub fn due(&self, algorithm: SigningAlgorithm, now: Instant, policy: &RingPolicy) -> Turn {
        match self.signer(algorithm, now) {
            Some(signer) if now.plus(policy.publish_lead) < signer.activates_at.plus(policy.active_for) => {
                Turn::Rest
            }
            _ => self.succeed(algorithm, now, policy),
        }
    }

    /// What is to be done about `algorithm` at `now` when somebody asks for a new key.
    pub fn succeed(&self, algorithm: SigningAlgorithm, now: Instant, policy: &RingPolicy) -> Turn {
        let Some(signer) = self.signer(algorithm, now) else {
            return Turn::First(RingDates {
                created_at: now,
                activates_at: now,
            });
        };
        if signer.retires_at.is_some() {
            return Turn::Rest;
        }
        let activates_at = now.plus(policy.publish_lead);
        Turn::Succeed(Succession {
            predecessor: signer.kid.clone(),
            successor: RingDates {
                created_at: now,
                activates_at,
            },
            predecessor_expires_at: activates_at.plus(policy.keep_retired),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
}
