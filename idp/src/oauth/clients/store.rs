//! Clients in the database, with a bounded cache that is a second old at the most.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::keys::{KeySet, constant_time_eq, keyed_hash};
use platform::values;
use sea_orm::FromQueryResult;

use super::metadata::Metadata;
use super::model::Client;
use crate::oauth::Scope;
use crate::oauth::scope::PERSON_SCOPES;
use crate::realms::Realm;

/// Clients could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ClientsError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// Stored metadata is not what this version writes.
    #[error("the metadata of a client cannot be read")]
    Unreadable,
}

/// What a registration gives, in clear this once.
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Its secret, if its way of proving itself needs one.
    pub secret: Option<String>,
    /// With which it can read and change its registration (RFC 7592).
    pub registration_token: Option<String>,
}

/// The clients of every realm; each call names the realm.
#[derive(Clone)]
pub struct Clients {
    store: Store,
    known: Cache<(RealmId, String), Option<Arc<Client>>>,
}

#[derive(FromQueryResult)]
struct Row {
    client_id: String,
    metadata: String,
    secret_hash: Option<Vec<u8>>,
    registration_token_hash: Option<Vec<u8>>,
}

#[derive(FromQueryResult)]
struct Left {
    uses_left: i32,
}

const COLUMNS: &str = "SELECT client_id, metadata, secret_hash, registration_token_hash FROM client";
const INSERT: &str = "INSERT INTO client
     (realm_id, client_id, metadata, secret_hash, registration_token_hash, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $6)";
const UPDATE: &str = "UPDATE client SET metadata = $3, secret_hash = $4, updated_at = $5
     WHERE realm_id = $1 AND client_id = $2";
const SECRET: &str = "client.secret";
const REGISTRATION: &str = "client.registration";
const INITIAL: &str = "client.initial";

impl Clients {
    /// The clients in `store`.
    pub fn new(store: Store) -> Self {
        let known = Cache::builder()
            .max_capacity(50_000)
            .time_to_live(Duration::from_secs(1))
            .build();
        Self { store, known }
    }

    /// A client by its id.
    pub async fn find(&self, realm: &Realm, client_id: &str) -> Result<Option<Arc<Client>>, ClientsError> {
        if client_id.len() > 200 {
            // It must not become a key of the cache either.
            return Ok(None);
        }
        let key = (realm.id, client_id.to_owned());
        if let Some(known) = self.known.get(&key).await {
            return Ok(known);
        }
        let found = self
            .row(realm, client_id)
            .await?
            .map(|row| open(&row).map(Arc::new))
            .transpose()?;
        self.known.insert(key, found.clone()).await;
        Ok(found)
    }

    async fn row(&self, realm: &Realm, client_id: &str) -> Result<Option<Row>, ClientsError> {
        if client_id.len() > 200 || client_id.chars().any(char::is_control) {
            return Ok(None);
        }
        let sql = format!("{COLUMNS} WHERE realm_id = $1 AND client_id = $2");
        Ok(self
            .store
            .fetch_optional(&sql, values![realm.id.uuid(), client_id])
            .await?)
    }

    /// The clients after `after`, in the order of their ids; at most `limit`.
    pub async fn list(&self, realm: &Realm, after: &str, limit: u32) -> Result<Vec<Client>, ClientsError> {
        let sql = format!("{COLUMNS} WHERE realm_id = $1 AND client_id > $2 ORDER BY client_id LIMIT $3");
        let rows: Vec<Row> = self
            .store
            .fetch_all(&sql, values![realm.id.uuid(), after, i64::from(limit)])
            .await?;
        rows.iter().map(open).collect()
    }

    /// Registers a client. `own` gives it a registration access token: it came by itself.
    pub async fn register(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        metadata: &Metadata,
        own: bool,
    ) -> Result<Registered, ClientsError> {
        let id = entropy.uuid(now)?.to_string();
        let secret = if metadata.token_endpoint_auth_method.has_secret() {
            Some(entropy.token()?)
        } else {
            None
        };
        let registration_token = if own { Some(entropy.token()?) } else { None };
        let row = Row {
            client_id: id,
            metadata: serde_json::to_string(metadata).map_err(|_| ClientsError::Unreadable)?,
            secret_hash: secret
                .as_deref()
                .map(|secret| secret_hash(realm, secret).to_vec()),
            registration_token_hash: registration_token
                .as_deref()
                .map(|token| realm.token_hash(REGISTRATION, token).to_vec()),
        };
        let client = open(&row)?;
        let values = values![
            realm.id.uuid(),
            row.client_id,
            row.metadata,
            row.secret_hash,
            row.registration_token_hash,
            now.as_micros()
        ];
        self.store.change(INSERT, values).await?;
        Ok(Registered {
            client,
            secret,
            registration_token,
        })
    }

    /// The client that a registration access token belongs to; of no other id (RFC 7592 §2).
    pub async fn by_registration_token(
        &self,
        realm: &Realm,
        client_id: &str,
        token: &str,
    ) -> Result<Option<Client>, ClientsError> {
        let Some(row) = self.row(realm, client_id).await? else {
            return Ok(None);
        };
        let offered = realm.token_hash(REGISTRATION, token);
        let right = row
            .registration_token_hash
            .as_deref()
            .is_some_and(|hash| constant_time_eq(hash, &offered));
        if right { open(&row).map(Some) } else { Ok(None) }
    }

    /// Replaces a client's metadata. A secret is made if it needs one and has none. What people let it have ends if it
    /// is another party now. `None` if the client was removed meanwhile.
    pub async fn update(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        client: &Client,
        metadata: &Metadata,
    ) -> Result<Option<Registered>, ClientsError> {
        let needs = metadata.token_endpoint_auth_method.has_secret();
        let secret = if needs && client.secret_hash.is_none() {
            Some(entropy.token()?)
        } else {
            None
        };
        let hash = match (&secret, needs) {
            (Some(secret), _) => Some(secret_hash(realm, secret).to_vec()),
            (None, true) => client.secret_hash.map(|hash| hash.to_vec()),
            (None, false) => None,
        };
        let text = serde_json::to_string(metadata).map_err(|_| ClientsError::Unreadable)?;
        let same = client.metadata.is_same_party(metadata);
        let (realm_id, id, stored) = (realm.id.uuid(), client.id.clone(), (text.clone(), hash.clone()));
        let found = self
            .store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let (text, hash) = stored;
                    let changed = tx
                        .execute(UPDATE, values![realm_id, id.clone(), text, hash, now.as_micros()])
                        .await?;
                    if !same {
                        forget_grants(tx, realm_id, &id, "client changed", now).await?;
                    }
                    Ok::<_, DatabaseError>(changed == 1)
                })
            })
            .await?;
        self.known.invalidate(&(realm.id, client.id.clone())).await;
        if !found {
            return Ok(None);
        }
        let own = client.self_registered.then(Vec::new);
        let row = Row {
            client_id: client.id.clone(),
            metadata: text,
            secret_hash: hash,
            registration_token_hash: own,
        };
        Ok(Some(Registered {
            client: open(&row)?,
            secret,
            registration_token: None,
        }))
    }

    /// Removes a client with everything that people let it have; whether there was one.
    pub async fn remove(&self, realm: &Realm, client_id: &str, now: Instant) -> Result<bool, ClientsError> {
        let (realm_id, id) = (realm.id.uuid(), client_id.to_owned());
        let removed = self
            .store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    forget_grants(tx, realm_id, &id, "client removed", now).await?;
                    tx.execute(
                        "DELETE FROM client WHERE realm_id = $1 AND client_id = $2",
                        values![realm_id, id],
                    )
                    .await
                })
            })
            .await
            .map_err(|error: DatabaseError| error)?;
        self.known.invalidate(&(realm.id, client_id.to_owned())).await;
        Ok(removed == 1)
    }

    /// Makes an initial access token (RFC 7591 §1.2) for `uses` registrations until `expires_at`.
    pub async fn create_initial_token(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        expires_at: Instant,
        uses: u32,
    ) -> Result<String, ClientsError> {
        let token = entropy.token()?;
        self.store
            .change(
                "INSERT INTO initial_access_token (hash, realm_id, uses_left, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5)",
                values![
                    realm.token_hash(INITIAL, &token).to_vec(),
                    realm.id.uuid(),
                    i32::try_from(uses).unwrap_or(i32::MAX),
                    now.as_micros(),
                    expires_at.as_micros()
                ],
            )
            .await?;
        Ok(token)
    }

    /// Whether an initial access token could be used now; using it is another matter.
    pub async fn is_initial_token(
        &self,
        realm: &Realm,
        now: Instant,
        token: &str,
    ) -> Result<bool, ClientsError> {
        let left: Option<Left> = self
            .store
            .fetch_optional(
                "SELECT uses_left FROM initial_access_token
                 WHERE hash = $1 AND realm_id = $2 AND uses_left > 0 AND expires_at > $3",
                values![
                    realm.token_hash(INITIAL, token).to_vec(),
                    realm.id.uuid(),
                    now.as_micros()
                ],
            )
            .await?;
        Ok(left.is_some())
    }

    /// Uses an initial access token once; whether it was good for that.
    pub async fn use_initial_token(
        &self,
        realm: &Realm,
        now: Instant,
        token: &str,
    ) -> Result<bool, ClientsError> {
        let left: Option<Left> = self
            .store
            .take(
                "UPDATE initial_access_token SET uses_left = uses_left - 1
                 WHERE hash = $1 AND realm_id = $2 AND uses_left > 0 AND expires_at > $3 RETURNING uses_left",
                values![
                    realm.token_hash(INITIAL, token).to_vec(),
                    realm.id.uuid(),
                    now.as_micros()
                ],
            )
            .await?;
        Ok(left.is_some_and(|left| left.uses_left >= 0))
    }
}

/// Ends everything that people let a client have.
async fn forget_grants(
    tx: &Tx,
    realm: uuid::Uuid,
    client_id: &str,
    because: &'static str,
    now: Instant,
) -> Result<(), DatabaseError> {
    tx.execute(
        "UPDATE token_family SET revoked_at = $3, revoked_because = $4
         WHERE realm_id = $1 AND client_id = $2 AND revoked_at IS NULL",
        values![realm, client_id, now.as_micros(), because],
    )
    .await?;
    tx.execute(
        "DELETE FROM client_consent WHERE realm_id = $1 AND client_id = $2",
        values![realm, client_id],
    )
    .await
    .map(drop)
}

impl Client {
    /// Whether a secret is the client's.
    pub fn has_secret(&self, realm: &Realm, secret: &str) -> bool {
        // A client without a secret costs as much as one with the wrong secret.
        let known = self.secret_hash.unwrap_or_default();
        constant_time_eq(&known, &secret_hash(realm, secret)) && self.secret_hash.is_some()
    }
}

fn secret_hash(realm: &Realm, secret: &str) -> [u8; 32] {
    keyed_hash(&realm.keys.client_secrets, SECRET, secret.as_bytes())
}

fn open(row: &Row) -> Result<Client, ClientsError> {
    let metadata: Metadata = serde_json::from_str(&row.metadata).map_err(|_| ClientsError::Unreadable)?;
    let scope = match &metadata.scope {
        Some(scope) => Scope::parse(scope).map_err(|_| ClientsError::Unreadable)?,
        None => Scope::parse(&PERSON_SCOPES.join(" ")).map_err(|_| ClientsError::Unreadable)?,
    };
    let keys = match &metadata.jwks {
        Some(jwks) => Some(Arc::new(
            KeySet::parse(&jwks.to_string()).map_err(|_| ClientsError::Unreadable)?,
        )),
        None => None,
    };
    let secret_hash = row.secret_hash.as_deref().map(<[u8; 32]>::try_from).transpose();
    Ok(Client {
        id: row.client_id.clone(),
        metadata,
        scope,
        keys,
        secret_hash: secret_hash.map_err(|_| ClientsError::Unreadable)?,
        self_registered: row.registration_token_hash.is_some(),
    })
}
