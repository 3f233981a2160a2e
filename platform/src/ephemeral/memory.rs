//! Short-lived state in this process: sharded maps with an explicit bound.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};

use super::{Ephemeral, EphemeralError, Slot};
use crate::clock::{Clock, Instant};

const SHARDS: usize = 16;

enum Content {
    Bytes(Vec<u8>),
    Counter(u64),
}

struct Entry {
    content: Content,
    expires_at: Instant,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<Slot, Entry>,
    sweep_at: usize,
}

/// Entries in memory, at most a given number of them.
pub struct Memory {
    clock: Clock,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    per_shard: usize,
}

impl Memory {
    /// An empty store for at most `capacity` entries. When it is full of live entries, new ones are refused.
    pub fn new(clock: Clock, capacity: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self {
            clock,
            hasher: RandomState::new(),
            shards,
            per_shard: capacity.div_ceil(SHARDS).max(1),
        }
    }

    fn with<T>(&self, slot: &Slot, act: impl FnOnce(&mut Shard, Instant) -> T) -> BoxFuture<'_, T>
    where
        T: Send + 'static,
    {
        let now = self.clock.now();
        let index = usize::try_from(self.hasher.hash_one(slot) % SHARDS as u64).unwrap_or(0);
        let outcome = self.shards.get(index).map(|shard| act(&mut lock(shard), now));
        match outcome {
            Some(outcome) => Box::pin(ready(outcome)),
            None => Box::pin(std::future::pending()),
        }
    }

    fn make_room(&self, shard: &mut Shard, now: Instant) -> Result<(), EphemeralError> {
        if shard.entries.len() >= shard.sweep_at.max(64) || shard.entries.len() >= self.per_shard {
            shard.entries.retain(|_, entry| entry.expires_at > now);
            shard.sweep_at = shard.entries.len() * 2;
        }
        if shard.entries.len() >= self.per_shard {
            Err(EphemeralError::Full)
        } else {
            Ok(())
        }
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn live<'s>(shard: &'s mut Shard, slot: &Slot, now: Instant) -> Option<&'s mut Entry> {
    shard.entries.get_mut(slot).filter(|entry| entry.expires_at > now)
}

impl Ephemeral for Memory {
    fn put<'a>(
        &'a self,
        slot: &'a Slot,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), EphemeralError>> {
        self.with(slot, |shard, now| {
            if !shard.entries.contains_key(slot) {
                self.make_room(shard, now)?;
            }
            shard.entries.insert(
                slot.clone(),
                Entry {
                    content: Content::Bytes(value),
                    expires_at: now.plus(ttl),
                },
            );
            Ok(())
        })
    }

    fn put_new<'a>(
        &'a self,
        slot: &'a Slot,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, EphemeralError>> {
        self.with(slot, |shard, now| {
            if live(shard, slot, now).is_some() {
                return Ok(false);
            }
            self.make_room(shard, now)?;
            shard.entries.insert(
                slot.clone(),
                Entry {
                    content: Content::Bytes(value),
                    expires_at: now.plus(ttl),
                },
            );
            Ok(true)
        })
    }

    fn get<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<Option<Vec<u8>>, EphemeralError>> {
        self.with(slot, |shard, now| {
            Ok(live(shard, slot, now).and_then(|entry| match &entry.content {
                Content::Bytes(bytes) => Some(bytes.clone()),
                Content::Counter(_) => None,
            }))
        })
    }

    fn take<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<Option<Vec<u8>>, EphemeralError>> {
        self.with(slot, |shard, now| {
            let entry = shard.entries.remove(slot).filter(|entry| entry.expires_at > now);
            Ok(entry.and_then(|entry| match entry.content {
                Content::Bytes(bytes) => Some(bytes),
                Content::Counter(_) => None,
            }))
        })
    }

    fn increment<'a>(&'a self, slot: &'a Slot, ttl: Duration) -> BoxFuture<'a, Result<u64, EphemeralError>> {
        self.with(slot, |shard, now| {
            if let Some(Entry {
                content: Content::Counter(count),
                ..
            }) = live(shard, slot, now)
            {
                *count = count.saturating_add(1);
                return Ok(*count);
            }
            self.make_room(shard, now)?;
            shard.entries.insert(
                slot.clone(),
                Entry {
                    content: Content::Counter(1),
                    expires_at: now.plus(ttl),
                },
            );
            Ok(1)
        })
    }

    fn count<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<u64, EphemeralError>> {
        self.with(slot, |shard, now| {
            Ok(live(shard, slot, now).map_or(0, |entry| match entry.content {
                Content::Counter(count) => count,
                Content::Bytes(_) => 0,
            }))
        })
    }

    fn remove<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<(), EphemeralError>> {
        self.with(slot, |shard, _| {
            shard.entries.remove(slot);
            Ok(())
        })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), EphemeralError>> {
        Box::pin(ready(Ok(())))
    }
}
