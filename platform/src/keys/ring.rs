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
//! it signed has expired. After that this house alone goes on to know it for `keep_readable`: an ID token that comes back as
//! a hint (OpenID Connect Core 1.0 §3.1.2.1) may be older than anything that carries.

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
    /// How long after that its signature is still known here, on hints only.
    pub keep_readable: Duration,
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
            keep_readable: Duration::ZERO,
        }
    }

    /// The same, with signatures on hints known for so long after their key was published last.
    #[must_use]
    pub fn readable_for(self, keep_readable: Duration) -> Self {
        Self {
            keep_readable,
            ..self
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

    /// Whether the key is no longer published at `now`, and still known for hints.
    pub fn is_only_readable(&self, now: Instant, policy: &RingPolicy) -> bool {
        self.phase(now) == Phase::Expired
            && self
                .expires_at
                .is_some_and(|expires| now < expires.plus(policy.keep_readable))
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

    /// The keys that are no longer published at `now` and still known for hints.
    pub fn readable(&self, now: Instant, policy: &RingPolicy) -> impl Iterator<Item = &RingEntry> {
        self.entries
            .iter()
            .filter(move |entry| entry.is_only_readable(now, policy))
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
