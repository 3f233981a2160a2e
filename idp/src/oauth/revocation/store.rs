//! Revoked access tokens in the database.

use std::time::Duration;

use moka::future::Cache;
use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;

use crate::realms::Realm;

/// The revoked access tokens of every realm; each call names the realm. What is known of a token is at most a second old.
#[derive(Clone)]
pub struct RevokedTokens {
    store: Store,
    known: Cache<(RealmId, [u8; 32]), bool>,
}

#[derive(FromQueryResult)]
struct Row {
    expires_at: i64,
}

impl RevokedTokens {
    /// The revoked tokens in `store`.
    pub fn new(store: Store) -> Self {
        let known = Cache::builder()
            .max_capacity(100_000)
            .time_to_live(Duration::from_secs(1))
            .build();
        Self { store, known }
    }

    /// Whether the token with this `jti` was revoked.
    pub async fn contains(&self, realm: &Realm, jti: &str, now: Instant) -> Result<bool, DatabaseError> {
        let key = key(realm, jti);
        if let Some(known) = self.known.get(&key).await {
            return Ok(known);
        }
        let row: Option<Row> = self
            .store
            .fetch_optional(
                "SELECT expires_at FROM revoked_token WHERE realm_id = $1 AND hash = $2",
                values![realm.id.uuid(), key.1.to_vec()],
            )
            .await?;
        let revoked = row.is_some_and(|row| row.expires_at > now.as_micros());
        self.known.insert(key, revoked).await;
        Ok(revoked)
    }

    /// Revokes a token until `expires_at`, when it would be over by itself.
    pub async fn add(&self, realm: &Realm, jti: &str, expires_at: Instant) -> Result<(), DatabaseError> {
        let key = key(realm, jti);
        self.store
            .change(
                "INSERT INTO revoked_token (realm_id, hash, expires_at) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
                values![realm.id.uuid(), key.1.to_vec(), expires_at.as_micros()],
            )
            .await?;
        self.known.insert(key, true).await;
        Ok(())
    }
}

fn key(realm: &Realm, jti: &str) -> (RealmId, [u8; 32]) {
    (realm.id, realm.token_hash("access.jti", jti))
}
