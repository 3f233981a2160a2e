//! Short-lived state in Redis, shared by all nodes.

use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands as _, ExistenceCheck, Script, SetExpiry, SetOptions};

use super::{Ephemeral, EphemeralError, Slot};
use crate::clock::{Clock, Instant};

/// Where Redis is, with its password; it does not print.
#[derive(Clone)]
pub struct RedisUrl(String);

impl RedisUrl {
    /// From a `redis://` URL.
    pub fn new(url: String) -> Self {
        Self(url)
    }
}

impl std::fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RedisUrl")
    }
}

/// Entries in Redis under a prefix. A lost connection comes back by itself.
pub struct Redis {
    connection: ConnectionManager,
    prefix: String,
    increment: Script,
    decrement: Script,
    clock: Clock,
}

impl From<redis::RedisError> for EphemeralError {
    fn from(error: redis::RedisError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl Redis {
    /// Connects to `url`; every key starts with `prefix`.
    pub async fn connect(url: &RedisUrl, prefix: &str, clock: Clock) -> Result<Self, EphemeralError> {
        let client = redis::Client::open(url.0.as_str())?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(Some(Duration::from_secs(2)))
            .set_number_of_retries(2);
        let store = Self {
            connection: ConnectionManager::new_with_config(client, config).await?,
            prefix: prefix.to_owned(),
            increment: Script::new(
                "local n = redis.call('INCR', KEYS[1]) if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end return n",
            ),
            decrement: Script::new(
                "local n = tonumber(redis.call('GET', KEYS[1]) or '0') if n > 1 then return redis.call('DECR', KEYS[1]) end redis.call('DEL', KEYS[1]) return 0",
            ),
            clock,
        };
        store.remembers_since().await?;
        Ok(store)
    }

    fn key(&self, slot: &Slot) -> String {
        format!("{}{}", self.prefix, slot.as_str())
    }
}

fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl Ephemeral for Redis {
    fn put<'a>(
        &'a self,
        slot: &'a Slot,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), EphemeralError>> {
        Box::pin(async move {
            let () = self
                .connection
                .clone()
                .pset_ex(self.key(slot), value, millis(ttl))
                .await?;
            Ok(())
        })
    }

    fn put_new<'a>(
        &'a self,
        slot: &'a Slot,
        value: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, EphemeralError>> {
        Box::pin(async move {
            let options = SetOptions::default()
                .conditional_set(ExistenceCheck::NX)
                .with_expiration(SetExpiry::PX(millis(ttl)));
            let stored: Option<String> = self
                .connection
                .clone()
                .set_options(self.key(slot), value, options)
                .await?;
            Ok(stored.is_some())
        })
    }

    fn get<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<Option<Vec<u8>>, EphemeralError>> {
        Box::pin(async move { Ok(self.connection.clone().get(self.key(slot)).await?) })
    }

    fn take<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<Option<Vec<u8>>, EphemeralError>> {
        Box::pin(async move { Ok(self.connection.clone().get_del(self.key(slot)).await?) })
    }

    fn increment<'a>(&'a self, slot: &'a Slot, ttl: Duration) -> BoxFuture<'a, Result<u64, EphemeralError>> {
        Box::pin(async move {
            let mut connection = self.connection.clone();
            Ok(self
                .increment
                .key(self.key(slot))
                .arg(millis(ttl))
                .invoke_async(&mut connection)
                .await?)
        })
    }

    fn decrement<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<u64, EphemeralError>> {
        Box::pin(async move {
            let mut connection = self.connection.clone();
            Ok(self
                .decrement
                .key(self.key(slot))
                .invoke_async(&mut connection)
                .await?)
        })
    }

    fn count<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<u64, EphemeralError>> {
        Box::pin(async move {
            let count: Option<u64> = self.connection.clone().get(self.key(slot)).await?;
            Ok(count.unwrap_or(0))
        })
    }

    fn remove<'a>(&'a self, slot: &'a Slot) -> BoxFuture<'a, Result<(), EphemeralError>> {
        Box::pin(async move {
            let () = self.connection.clone().del(self.key(slot)).await?;
            Ok(())
        })
    }

    /// A mark without an end, which goes when Redis loses what it held, and is then set anew.
    fn remembers_since(&self) -> BoxFuture<'_, Result<Instant, EphemeralError>> {
        Box::pin(async move {
            let key = format!("{}began", self.prefix);
            let mut connection = self.connection.clone();
            let options = SetOptions::default().conditional_set(ExistenceCheck::NX);
            let now = self.clock.now().as_micros();
            let _: Option<String> = connection.set_options(&key, now, options).await?;
            let began: Option<i64> = connection.get(&key).await?;
            Ok(Instant::from_micros(began.unwrap_or(now)))
        })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), EphemeralError>> {
        Box::pin(async move {
            let () = redis::cmd("PING")
                .query_async(&mut self.connection.clone())
                .await?;
            Ok(())
        })
    }
}
