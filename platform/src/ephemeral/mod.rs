//! Short-lived state: authorization codes, sign-in interactions, replay guards, failure counters.
//!
//! One trait, two implementations with one shared test suite: memory for a single node, Redis for several. Single use is
//! an atomic take. Every entry is bound to a realm and a kind by its [`Slot`], so that a value of one kind is never found
//! as another.
//!
//! What its loss costs: a code or an interaction, a retry; failure counters, one more window of guesses; the memory of
//! used codes, that a code's second use revokes what the first one got (the code itself is gone too). A guard against
//! replay would let everything in again: whoever relies on one asks [`Ephemeral::remembers_since`] and refuses what may
//! have been used before that.

mod memory;
mod redis;

use std::time::Duration;

use futures_util::future::BoxFuture;

pub use self::memory::Memory;
pub use self::redis::{Redis, RedisUrl};
use crate::clock::Instant;
use crate::ids::RealmId;

/// Where an entry lives: realm, kind and name. Names that come from outside must be hashed or bounded by the caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slot {
    key: String,
    kind: &'static str,
}

impl Slot {
    /// The place of `name` among the entries of `kind` in `realm`.
    pub fn new(realm: RealmId, kind: &'static str, name: &str) -> Self {
        Self {
            key: format!("{realm}:{kind}:{name}"),
            kind,
        }
    }

    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.key
    }

    /// The kind, in whose bound the entry counts.
    pub fn kind(&self) -> &'static str {
        self.kind
    }
}

/// Short-lived state cannot be reached, or is full.
#[derive(Debug, thiserror::Error)]
pub enum EphemeralError {
    /// The store does not answer. The text is for the operator's log.
    #[error("short-lived state is unavailable: {0}")]
    Unavailable(String),
    /// The bound on entries of this kind is reached; nothing was stored.
    #[error("short-lived state is full")]
    Full,
}

/// A store of entries that expire by themselves.
pub trait Ephemeral: Send + Sync {
    /// Stores a value for `ttl`, in place of any that was there.
    fn put<'a>(
        &'a self,
        slot: &'a Slot,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), EphemeralError>>;

    /// Stores a value unless one is there; whether it was stored. The guard against replay.
    fn put_new<'a>(
        &'a self,
        slot: &'a Slot,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, EphemeralError>>;

    /// Reads a value.
    fn get<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<Option<Vec<u8>>, EphemeralError>>;

    /// Reads and removes a value in one step: of many callers exactly one gets it.
    fn take<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<Option<Vec<u8>>, EphemeralError>>;

    /// Adds one to a counter and gives its new value; the counter ends `ttl` after its first increment.
    fn increment<'a>(&'a self, slot: &'a Slot, ttl: Duration) -> BoxFuture<'a, Result<u64, EphemeralError>>;

    /// Takes one back from a counter and gives its new value; never below zero, and a counter at zero is not there.
    fn decrement<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<u64, EphemeralError>>;

    /// Reads a counter; zero if it is not there.
    fn count<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<u64, EphemeralError>>;

    /// Removes a value or counter.
    fn remove<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<(), EphemeralError>>;

    /// Since when nothing that was stored here has been lost: when the store, or what it keeps, began.
    fn remembers_since(&self) -> BoxFuture<'_, Result<Instant, EphemeralError>>;

    /// Whether the store answers.
    fn ready(&self) -> BoxFuture<'_, Result<(), EphemeralError>>;
}

#[cfg(test)]
mod suite;
