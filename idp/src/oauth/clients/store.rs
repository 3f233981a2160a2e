//! Clients in the database, with a bounded cache that is a second old at the most.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::keys::{KeySet, constant_time_eq};
use platform::values;
use sea_orm::FromQueryResult;

use super::metadata::Metadata;
use super::model::Client;
use super::secrets::{REGISTRATION, Secret, Secrets, secret_hash};
use super::standing::Standing;
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
    pub(super) store: Store,
    known: Cache<(RealmId, String), Option<Arc<Client>>>,
}

/// What is to be registered, or to take the place of what was.
#[derive(Debug, Clone)]
pub struct Registration<'r> {
    /// What the client says about itself.
    pub metadata: &'r Metadata,
    /// What an administrator says of it; `None`: nothing, or what was said before.
    pub standing: Option<Standing>,
    /// It comes by itself: it gets a registration access token.
    pub own: bool,
    /// The policy that it registers under.
    pub policy: Option<&'r str>,
    /// The software statement that vouches for it.
    pub statement: Option<&'r str>,
    /// How long a new secret is good; `None`: until it is changed.
    pub secret_life: Option<Duration>,
}

impl<'r> Registration<'r> {
    /// A registration by an administrator, of nothing but metadata.
    pub fn of(metadata: &'r Metadata) -> Self {
        Self {
            metadata,
            standing: None,
            own: false,
            policy: None,
            statement: None,
            secret_life: None,
        }
    }
}

#[derive(FromQueryResult)]
struct Row {
    client_id: String,
    metadata: String,
    secret_hash: Option<Vec<u8>>,
    secret_ends_at: Option<i64>,
    former_secret_hash: Option<Vec<u8>>,
    former_secret_ends_at: Option<i64>,
    registration_token_hash: Option<Vec<u8>>,
    next_registration_token_hash: Option<Vec<u8>>,
    standing: Option<String>,
    policy: Option<String>,
    software_statement: Option<String>,
}

const COLUMNS: &str = "SELECT client_id, metadata, secret_hash, secret_ends_at, former_secret_hash,
     former_secret_ends_at, registration_token_hash, next_registration_token_hash, standing, policy,
     software_statement FROM client";
const INSERT: &str = "INSERT INTO client
     (realm_id, client_id, metadata, secret_hash, secret_ends_at, registration_token_hash, standing, policy,
      software_statement, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";
const UPDATE: &str =
    "UPDATE client SET metadata = $3, standing = $4, software_statement = $5, updated_at = $6
     WHERE realm_id = $1 AND client_id = $2";
const SECRETS: &str = "UPDATE client SET secret_hash = $3, secret_ends_at = $4, former_secret_hash = NULL,
     former_secret_ends_at = NULL WHERE realm_id = $1 AND client_id = $2";

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

    /// Registers a client with nothing but metadata. `own` gives it a registration access token: it came by itself.
    pub async fn register(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        metadata: &Metadata,
        own: bool,
    ) -> Result<Registered, ClientsError> {
        let registration = Registration {
            own,
            ..Registration::of(metadata)
        };
        self.enter(realm, entropy, now, registration).await
    }

    /// Registers a client.
    pub async fn enter(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        new: Registration<'_>,
    ) -> Result<Registered, ClientsError> {
        let secret = if new.metadata.token_endpoint_auth_method.has_secret() {
            Some(entropy.token()?)
        } else {
            None
        };
        let registration_token = if new.own { Some(entropy.token()?) } else { None };
        let hash_of = |token: &str| realm.token_hash(REGISTRATION, token).to_vec();
        let row = Row {
            client_id: entropy.uuid(now)?.to_string(),
            metadata: json(new.metadata)?,
            secret_hash: secret
                .as_deref()
                .map(|secret| secret_hash(realm, secret).to_vec()),
            secret_ends_at: end_of(secret.as_deref(), now, new.secret_life),
            former_secret_hash: None,
            former_secret_ends_at: None,
            registration_token_hash: registration_token.as_deref().map(hash_of),
            next_registration_token_hash: None,
            standing: new.standing.as_ref().map(json).transpose()?,
            policy: new.policy.map(str::to_owned),
            software_statement: new.statement.map(str::to_owned),
        };
        let client = open(&row)?;
        let values = values![
            realm.id.uuid(),
            row.client_id,
            row.metadata,
            row.secret_hash,
            row.secret_ends_at,
            row.registration_token_hash,
            row.standing,
            row.policy,
            row.software_statement,
            now.as_micros()
        ];
        self.store.change(INSERT, values).await?;
        Ok(Registered {
            client,
            secret,
            registration_token,
        })
    }

    /// The client that a registration access token belongs to; of no other id (RFC 7592 §2). The first use of one that
    /// takes the place of another ends the other.
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
        let is = |hash: &Option<Vec<u8>>| {
            hash.as_deref()
                .is_some_and(|hash| constant_time_eq(hash, &offered))
        };
        let next = is(&row.next_registration_token_hash);
        if !next & !is(&row.registration_token_hash) {
            return Ok(None);
        }
        if next {
            self.settle_registration_token(realm, client_id, &offered).await?;
        }
        open(&row).map(Some)
    }

    /// Replaces a client's metadata. A secret is made if it needs one and has none that is good. What people let it have
    /// ends if it is another party now. `None` if the client was removed meanwhile.
    pub async fn update(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        client: &Client,
        new: Registration<'_>,
    ) -> Result<Option<Registered>, ClientsError> {
        let needs = new.metadata.token_endpoint_auth_method.has_secret();
        let secret = if needs && client.secrets.is_over(now) {
            Some(entropy.token()?)
        } else {
            None
        };
        let ends_at = end_of(secret.as_deref(), now, new.secret_life);
        let mut updated = Client {
            metadata: new.metadata.clone(),
            standing: new.standing.unwrap_or_else(|| client.standing.clone()),
            statement: new
                .statement
                .map(str::to_owned)
                .or_else(|| client.statement.clone()),
            ..client.clone()
        };
        updated.settle()?;
        // Secrets that stay are not written: somebody may be changing them.
        let secrets = (secret.is_some() || !needs).then(|| {
            let hash = secret.as_deref().map(|secret| secret_hash(realm, secret));
            updated.secrets = Secrets {
                current: hash.map(|hash| Secret {
                    hash,
                    ends: ends_at.map(Instant::from_micros),
                }),
                former: None,
            };
            (hash.map(|hash| hash.to_vec()), ends_at)
        });
        let written = (
            json(&updated.metadata)?,
            json(&updated.standing)?,
            updated.statement.clone(),
        );
        let same = client.metadata.is_same_party(new.metadata);
        let (realm_id, id) = (realm.id.uuid(), client.id.clone());
        let found = self
            .store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let (metadata, standing, statement) = written;
                    let values = values![
                        realm_id,
                        id.clone(),
                        metadata,
                        standing,
                        statement,
                        now.as_micros()
                    ];
                    let changed = tx.execute(UPDATE, values).await?;
                    if let Some((hash, ends_at)) = secrets {
                        tx.execute(SECRETS, values![realm_id, id.clone(), hash, ends_at])
                            .await?;
                    }
                    if !same {
                        forget_grants(tx, realm_id, &id, "client changed", now).await?;
                    }
                    Ok::<_, DatabaseError>(changed == 1)
                })
            })
            .await?;
        self.forget(realm, &client.id).await;
        Ok(found.then_some(Registered {
            client: updated,
            secret,
            registration_token: None,
        }))
    }

    /// Lets the next look-up read the client anew.
    pub(super) async fn forget(&self, realm: &Realm, client_id: &str) {
        self.known.invalidate(&(realm.id, client_id.to_owned())).await;
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
        self.forget(realm, client_id).await;
        Ok(removed == 1)
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

/// When a new secret, if there is one, ends.
fn end_of(secret: Option<&str>, now: Instant, life: Option<Duration>) -> Option<i64> {
    secret.and(life).map(|life| now.plus(life).as_micros())
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, ClientsError> {
    serde_json::to_string(value).map_err(|_| ClientsError::Unreadable)
}

fn secret(hash: Option<&[u8]>, ends: Option<i64>) -> Result<Option<Secret>, ClientsError> {
    let hash = hash.map(<[u8; 32]>::try_from).transpose();
    let hash = hash.map_err(|_| ClientsError::Unreadable)?;
    Ok(hash.map(|hash| Secret {
        hash,
        ends: ends.map(Instant::from_micros),
    }))
}

impl Client {
    /// Brings what is derived from the metadata in line with it.
    fn settle(&mut self) -> Result<(), ClientsError> {
        let scope = self
            .metadata
            .scope
            .clone()
            .unwrap_or_else(|| PERSON_SCOPES.join(" "));
        self.scope = Scope::parse(&scope).map_err(|_| ClientsError::Unreadable)?;
        let keys = self
            .metadata
            .jwks
            .as_ref()
            .map(|jwks| KeySet::parse(&jwks.to_string()));
        self.keys = keys
            .transpose()
            .map_err(|_| ClientsError::Unreadable)?
            .map(Arc::new);
        Ok(())
    }
}

fn open(row: &Row) -> Result<Client, ClientsError> {
    let standing = row.standing.as_deref().map(serde_json::from_str).transpose();
    let mut client = Client {
        id: row.client_id.clone(),
        metadata: serde_json::from_str(&row.metadata).map_err(|_| ClientsError::Unreadable)?,
        scope: Scope::default(),
        keys: None,
        secrets: Secrets {
            current: secret(row.secret_hash.as_deref(), row.secret_ends_at)?,
            former: secret(row.former_secret_hash.as_deref(), row.former_secret_ends_at)?,
        },
        standing: standing
            .map_err(|_| ClientsError::Unreadable)?
            .unwrap_or_default(),
        policy: row.policy.clone(),
        statement: row.software_statement.clone(),
        self_registered: row.registration_token_hash.is_some(),
    };
    client.settle()?;
    Ok(client)
}
