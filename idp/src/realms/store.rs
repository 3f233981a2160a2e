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
use super::policy::{InvalidPolicy, SignInPolicy};
use super::settings::{Chosen, RealmSettings};

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
    /// What the realm asks at sign-in cannot be held.
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
    /// A row is not what this version writes.
    #[error("the realm cannot be read")]
    Unreadable,
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
}

/// The longest host with its port: 253 characters of a name (RFC 1035 §2.3.4), a colon, five digits, rounded up.
const LONGEST_HOST: usize = 261;

/// Why a look-up gave no realm.
#[derive(Debug)]
enum Miss {
    Unknown,
    Failed(Arc<RealmError>),
}

/// The realms of this hub. Cached by host for a few seconds, at most 10,000 of them; hosts of nobody are not kept, since
/// anybody can name any number of them.
#[derive(Clone)]
pub struct Realms {
    store: Store,
    key: Arc<KeyEncryptionKey>,
    defaults: RealmSettings,
    by_host: Cache<String, Arc<Realm>>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    name: String,
    issuer: String,
    sealed_key: Vec<u8>,
    sign_in_policy: Option<String>,
    settings: Option<String>,
}

const INSERT: &str =
    "INSERT INTO realm (id, name, issuer, host, sealed_key, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const COLUMNS: &str = "SELECT id, name, issuer, sealed_key, sign_in_policy, settings FROM realm";

impl Realms {
    /// The realms in `store`, whose keys `key` seals; `defaults` hold where nothing was set.
    pub fn new(store: Store, key: Arc<KeyEncryptionKey>, defaults: RealmSettings) -> Self {
        let by_host = Cache::builder()
            .max_capacity(10_000)
            .time_to_live(Duration::from_secs(5))
            .build();
        Self {
            store,
            key,
            defaults,
            by_host,
        }
    }

    /// The realm that a host belongs to. What cannot be a host is not looked up.
    pub async fn by_host(&self, host: &str) -> Result<Option<Arc<Realm>>, Arc<RealmError>> {
        if !may_be_host(host) {
            return Ok(None);
        }
        if let Some(known) = self.by_host.get(host).await {
            return Ok(Some(known));
        }
        let found = self.by_host.try_get_with_by_ref(host, self.look_up(host)).await;
        found.map(Some).or_else(|miss| match &*miss {
            Miss::Unknown => Ok(None),
            Miss::Failed(error) => Err(error.clone()),
        })
    }

    /// The realm of this key, for work that no request asked for.
    pub async fn by_id(&self, id: RealmId) -> Result<Option<Arc<Realm>>, RealmError> {
        let sql = format!("{COLUMNS} WHERE id = $1");
        let row: Option<Row> = self.store.fetch_optional(&sql, values![id.uuid()]).await?;
        row.map(|row| self.open(row).map(Arc::new)).transpose()
    }

    async fn look_up(&self, host: &str) -> Result<Arc<Realm>, Miss> {
        let failed = |error: RealmError| Miss::Failed(Arc::new(error));
        let sql = format!("{COLUMNS} WHERE host = $1");
        let row: Result<Option<Row>, _> = self.store.fetch_optional(&sql, values![host]).await;
        let row = row.map_err(|error| failed(error.into()))?.ok_or(Miss::Unknown)?;
        self.open(row).map(Arc::new).map_err(failed)
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
            sign_in_policy: None,
            settings: None,
        };
        self.open(row).map(Arc::new)
    }

    /// Sets what a realm asks of its people when they sign in. Other nodes know within five seconds.
    pub async fn set_sign_in(&self, realm: &Realm, policy: &SignInPolicy) -> Result<(), RealmError> {
        policy.check()?;
        let text = serde_json::to_string(policy).map_err(|_| RealmError::Unreadable)?;
        self.store
            .change(
                "UPDATE realm SET sign_in_policy = $2 WHERE id = $1",
                values![realm.id.uuid(), text],
            )
            .await?;
        self.by_host.invalidate(&realm.host).await;
        Ok(())
    }

    /// Sets what holds in a realm. Other nodes know within five seconds.
    pub async fn set_settings(&self, realm: &Realm, chosen: &Chosen) -> Result<(), RealmError> {
        let text = serde_json::to_string(chosen).map_err(|_| RealmError::Unreadable)?;
        self.store
            .change(
                "UPDATE realm SET settings = $2 WHERE id = $1",
                values![realm.id.uuid(), text],
            )
            .await?;
        self.by_host.invalidate(&realm.host).await;
        Ok(())
    }

    fn open(&self, row: Row) -> Result<Realm, RealmError> {
        let (host, secure) = parse_issuer(&row.issuer)?;
        let id = RealmId::from(row.id);
        let sign_in = match &row.sign_in_policy {
            None => SignInPolicy::default(),
            Some(text) => serde_json::from_str(text).map_err(|_| RealmError::Unreadable)?,
        };
        let chosen: Chosen = match &row.settings {
            None => Chosen::default(),
            Some(text) => serde_json::from_str(text).map_err(|_| RealmError::Unreadable)?,
        };
        let keys = RealmKeys::derive(id, self.key.unwrap(&row.sealed_key, &aad(id))?)?;
        Ok(Realm {
            id,
            name: row.name,
            issuer: row.issuer,
            host,
            secure,
            keys,
            sign_in,
            settings: self.defaults.with(&chosen),
            chosen,
            documents: Documents::default(),
        })
    }
}

fn may_be_host(host: &str) -> bool {
    let known = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'.' | b':' | b'[' | b']' | b'-' | b'_')
    };
    host.len() <= LONGEST_HOST && host.bytes().all(known)
}

fn aad(realm: RealmId) -> Aad {
    Aad::new(realm.uuid(), "realm.key", realm.uuid().as_bytes(), b"")
}

#[cfg(test)]
mod tests {
    use platform::database::Backend;
    use platform::database::testing::TestDatabase;

    use super::*;

    fn realms(database: &TestDatabase) -> Realms {
        let key = KeyEncryptionKey::from_bytes([7; 32]).unwrap();
        let defaults = RealmSettings::of_hub(&platform::config::Settings::default());
        Realms::new(database.store().clone(), Arc::new(key), defaults)
    }

    #[tokio::test]
    async fn hosts_of_nobody_are_not_kept_however_many_are_named() {
        let database = TestDatabase::hub(Backend::Sqlite).await;
        let realms = realms(&database);
        let (clock, entropy) = (Clock::system(), Entropy::system());
        realms
            .create(&clock, &entropy, "Ours", "https://id.example.jp")
            .await
            .unwrap();
        for number in 0..200 {
            let host = format!("{number}.example");
            assert!(realms.by_host(&host).await.unwrap().is_none());
        }
        assert!(realms.by_host("id.example.jp").await.unwrap().is_some());
        realms.by_host.run_pending_tasks().await;
        assert_eq!(realms.by_host.entry_count(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_a_host_is_not_even_looked_up() {
        // Without a table every look-up fails, and thereby shows itself.
        let database = TestDatabase::empty(Backend::Sqlite).await;
        let realms = realms(&database);
        assert!(realms.by_host("id.example.jp").await.is_err());
        for host in [
            "a".repeat(262),
            "a/b".to_owned(),
            "h\u{e9}".to_owned(),
            "a b".to_owned(),
        ] {
            assert!(realms.by_host(&host).await.unwrap().is_none(), "{host}");
        }
    }
}
