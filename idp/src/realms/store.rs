//! Realms in the database, and a bounded cache of them.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::clock::Clock;
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::keys::{Aad, DataKey, KeyEncryptionKey, SealError};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::numbers::{NumbersError, create_default_namespaces};

use super::model::{Documents, InvalidIssuer, Realm, RealmKeys, parse_issuer};

/// A realm cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum RealmError {
    /// The issuer cannot be one.
    #[error(transparent)]
    Issuer(#[from] InvalidIssuer),
    /// Another realm has this issuer or host.
    #[error("another realm has this issuer or host already")]
    Taken,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The realm's key does not open: the key-encryption key is not the one that sealed it.
    #[error("the realm's key does not open with this key-encryption key")]
    Sealed(#[from] SealError),
    /// The realm's number namespaces could not be made.
    #[error(transparent)]
    Numbers(#[from] NumbersError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
}

/// The realms of this hub. Cached by host for a few seconds, at most 10,000 of them.
#[derive(Clone)]
pub struct Realms {
    store: Store,
    key: Arc<KeyEncryptionKey>,
    by_host: Cache<String, Option<Arc<Realm>>>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    name: String,
    issuer: String,
    sealed_key: Vec<u8>,
}

const INSERT: &str =
    "INSERT INTO realm (id, name, issuer, host, sealed_key, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const COLUMNS: &str = "SELECT id, name, issuer, sealed_key FROM realm";

impl Realms {
    /// The realms in `store`, whose keys `key` seals.
    pub fn new(store: Store, key: Arc<KeyEncryptionKey>) -> Self {
        let by_host = Cache::builder()
            .max_capacity(10_000)
            .time_to_live(Duration::from_secs(5))
            .build();
        Self { store, key, by_host }
    }

    /// The realm that a host belongs to.
    pub async fn by_host(&self, host: &str) -> Result<Option<Arc<Realm>>, Arc<RealmError>> {
        if let Some(known) = self.by_host.get(host).await {
            return Ok(known);
        }
        self.by_host
            .try_get_with(host.to_owned(), async {
                let sql = format!("{COLUMNS} WHERE host = $1");
                let row: Option<Row> = self.store.fetch_optional(&sql, values![host]).await?;
                row.map(|row| self.open(row).map(Arc::new)).transpose()
            })
            .await
    }

    /// All realms, in the order in which they were made; at most `limit`, after `after`.
    pub async fn list(&self, after: Option<RealmId>, limit: u32) -> Result<Vec<Arc<Realm>>, RealmError> {
        let sql = format!("{COLUMNS} WHERE id > $1 ORDER BY id LIMIT $2");
        let after = after.map_or(Uuid::nil(), RealmId::uuid);
        let rows: Vec<Row> = self
            .store
            .fetch_all(&sql, values![after, i64::from(limit)])
            .await?;
        rows.into_iter().map(|row| self.open(row).map(Arc::new)).collect()
    }

    /// Makes a realm with a key and number namespaces of its own.
    pub async fn create(
        &self,
        clock: &Clock,
        entropy: &Entropy,
        name: &str,
        issuer: &str,
    ) -> Result<Arc<Realm>, RealmError> {
        let (host, _) = parse_issuer(issuer)?;
        let now = clock.now();
        let id = RealmId::new(entropy, now)?;
        let sealed = self.key.wrap(entropy, &DataKey::generate(entropy)?, &aad(id))?;
        let values = values![
            id.uuid(),
            name,
            issuer,
            host.clone(),
            sealed.clone(),
            now.as_micros()
        ];
        let entropy = entropy.clone();
        let made = self.store.write(move |tx: &Tx| {
            Box::pin(async move {
                tx.execute(INSERT, values).await?;
                create_default_namespaces(tx, id, now, &entropy).await.map(drop)
            })
        });
        match made.await {
            Err(NumbersError::Database(DatabaseError::Conflict)) => return Err(RealmError::Taken),
            outcome => outcome?,
        }
        self.by_host.invalidate(&host).await;
        let row = Row {
            id: id.uuid(),
            name: name.to_owned(),
            issuer: issuer.to_owned(),
            sealed_key: sealed,
        };
        self.open(row).map(Arc::new)
    }

    fn open(&self, row: Row) -> Result<Realm, RealmError> {
        let (host, secure) = parse_issuer(&row.issuer)?;
        let id = RealmId::from(row.id);
        let keys = RealmKeys::derive(id, self.key.unwrap(&row.sealed_key, &aad(id))?)?;
        Ok(Realm {
            id,
            name: row.name,
            issuer: row.issuer,
            host,
            secure,
            keys,
            documents: Documents::default(),
        })
    }
}

fn aad(realm: RealmId) -> Aad {
    Aad::new(realm.uuid(), "realm.key", realm.uuid().as_bytes(), b"")
}
