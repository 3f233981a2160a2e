//! Short-lived state in this process: sharded maps, each kind with an explicit bound.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};

use super::{Ephemeral, EphemeralError, Slot};
use crate::clock::{Clock, Instant};

const SHARDS: usize = 16;
/// What an entry may take on average, in bytes; the bound on bytes follows from it and the bound on entries.
const AVERAGE_BYTES: usize = 1024;
/// However few the entries, one that is as large as a request can make it has room.
const LEAST_BYTES: usize = 64 * 1024;
/// A shard that was found full is looked through for ended entries at most this often.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

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
    bytes: usize,
    sweep_at: usize,
    swept_at: Option<Instant>,
}

type Shards = Arc<Vec<Mutex<Shard>>>;

/// Entries in memory. Each kind has a bound of its own on entries and on bytes, so that no kind takes another's room:
/// whoever fills the interactions has stopped neither codes nor counters.
pub struct Memory {
    clock: Clock,
    began: Instant,
    hasher: RandomState,
    kinds: RwLock<HashMap<&'static str, Shards>>,
    entries_per_shard: usize,
    bytes_per_shard: usize,
}

impl Memory {
    /// An empty store for at most `capacity` entries of each kind, which take 1 KiB on average. When a kind is full of
    /// live entries, new ones of it are refused.
    pub fn new(clock: Clock, capacity: usize) -> Self {
        let entries_per_shard = capacity.div_ceil(SHARDS).max(1);
        Self {
            began: clock.now(),
            clock,
            hasher: RandomState::new(),
            kinds: RwLock::default(),
            entries_per_shard,
            bytes_per_shard: entries_per_shard.saturating_mul(AVERAGE_BYTES).max(LEAST_BYTES),
        }
    }

    fn shards(&self, kind: &'static str) -> Shards {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(shards) = kinds.get(kind) {
            return shards.clone();
        }
        drop(kinds);
        let fresh = || Arc::new((0..SHARDS).map(|_| Mutex::default()).collect());
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        kinds.entry(kind).or_insert_with(fresh).clone()
    }

    fn with<T>(&self, slot: &Slot, act: impl FnOnce(&mut Shard, Instant) -> T) -> BoxFuture<'_, T>
    where
        T: Send + 'static,
    {
        let now = self.clock.now();
        let index = usize::try_from(self.hasher.hash_one(slot) % SHARDS as u64).unwrap_or(0);
        let shards = self.shards(slot.kind());
        let outcome = shards.get(index).map(|shard| act(&mut lock(shard), now));
        match outcome {
            Some(outcome) => Box::pin(ready(outcome)),
            None => Box::pin(std::future::pending()),
        }
    }

    /// Stores an entry in place of any that was there.
    fn insert(
        &self,
        shard: &mut Shard,
        slot: &Slot,
        content: Content,
        now: Instant,
        ttl: Duration,
    ) -> Result<(), EphemeralError> {
        let entry = Entry {
            content,
            expires_at: now.plus(ttl),
        };
        let size = size(slot, &entry);
        let fits = |shard: &Shard| {
            let (before, places) = match shard.entries.get(slot) {
                Some(old) => (self::size(slot, old), 0),
                None => (0, 1),
            };
            shard.entries.len() + places <= self.entries_per_shard
                && shard.bytes - before + size <= self.bytes_per_shard
        };
        let rested = |swept: Instant| now.since(swept) >= SWEEP_PAUSE;
        if shard.entries.len() >= shard.sweep_at.max(64)
            || (!fits(shard) && shard.swept_at.is_none_or(rested))
        {
            shard.sweep(now);
        }
        if !fits(shard) {
            return Err(EphemeralError::Full);
        }
        shard.remove(slot);
        shard.bytes += size;
        shard.entries.insert(slot.clone(), entry);
        Ok(())
    }
}

/// What an entry takes, nearly: its name, its value, and what the map keeps for it.
fn size(slot: &Slot, entry: &Entry) -> usize {
    let value = match &entry.content {
        Content::Bytes(bytes) => bytes.len(),
        Content::Counter(_) => 0,
    };
    size_of::<(Slot, Entry)>() + slot.as_str().len() + value
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn live(&mut self, slot: &Slot, now: Instant) -> Option<&mut Entry> {
        self.entries.get_mut(slot).filter(|entry| entry.expires_at > now)
    }

    fn remove(&mut self, slot: &Slot) -> Option<Entry> {
        let entry = self.entries.remove(slot)?;
        self.bytes -= size(slot, &entry);
        Some(entry)
    }

    fn sweep(&mut self, now: Instant) {
        self.entries.retain(|_, entry| entry.expires_at > now);
        self.bytes = self.entries.iter().map(|(slot, entry)| size(slot, entry)).sum();
        self.sweep_at = self.entries.len() * 2;
        self.swept_at = Some(now);
    }
}

impl Ephemeral for Memory {
    fn put<'a>(
        &'a self,
        slot: &'a Slot,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), EphemeralError>> {
        self.with(slot, |shard, now| {
            self.insert(shard, slot, Content::Bytes(value), now, ttl)
        })
    }

    fn put_new<'a>(
        &'a self,
        slot: &'a Slot,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, EphemeralError>> {
        self.with(slot, |shard, now| {
            if shard.live(slot, now).is_some() {
                return Ok(false);
            }
            self.insert(shard, slot, Content::Bytes(value), now, ttl)?;
            Ok(true)
        })
    }

    fn get<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<Option<Vec<u8>>, EphemeralError>> {
        self.with(slot, |shard, now| {
            Ok(shard.live(slot, now).and_then(|entry| match &entry.content {
                Content::Bytes(bytes) => Some(bytes.clone()),
                Content::Counter(_) => None,
            }))
        })
    }

    fn take<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<Option<Vec<u8>>, EphemeralError>> {
        self.with(slot, |shard, now| {
            let entry = shard.remove(slot).filter(|entry| entry.expires_at > now);
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
            }) = shard.live(slot, now)
            {
                *count = count.saturating_add(1);
                return Ok(*count);
            }
            self.insert(shard, slot, Content::Counter(1), now, ttl)?;
            Ok(1)
        })
    }

    fn decrement<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<u64, EphemeralError>> {
        self.with(slot, |shard, now| {
            if let Some(Entry {
                content: Content::Counter(count),
                ..
            }) = shard.live(slot, now)
                && *count > 1
            {
                *count -= 1;
                return Ok(*count);
            }
            shard.remove(slot);
            Ok(0)
        })
    }

    fn count<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<u64, EphemeralError>> {
        self.with(slot, |shard, now| {
            Ok(shard.live(slot, now).map_or(0, |entry| match entry.content {
                Content::Counter(count) => count,
                Content::Bytes(_) => 0,
            }))
        })
    }

    fn remove<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<(), EphemeralError>> {
        self.with(slot, |shard, _| {
            shard.remove(slot);
            Ok(())
        })
    }

    fn remembers_since(&self) -> BoxFuture<'_, Result<Instant, EphemeralError>> {
        Box::pin(ready(Ok(self.began)))
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), EphemeralError>> {
        Box::pin(ready(Ok(())))
    }
}
