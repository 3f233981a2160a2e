//! Consents to clients in the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::ids::PersonId;
use crate::oauth::Scope;
use crate::realms::Realm;

/// To whom a person says yes: a client at one place that its answers go to. A client that names another place, or
/// comes to have another, is asked about anew.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipient {
    /// The client.
    pub client_id: String,
    /// Host of the redirect URI, or its private scheme: the part that the client cannot make up.
    pub place: String,
}

/// What a person lets one client have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientConsent {
    /// To whom.
    pub recipient: Recipient,
    /// What it may have.
    pub scope: Scope,
    /// Since when.
    pub granted_at: Instant,
}

/// The consents of every realm; each call names the realm. Cached for a second.
#[derive(Clone)]
pub struct ClientConsents {
    store: Store,
    known: Cache<(RealmId, PersonId, Recipient), Arc<Scope>>,
}

#[derive(FromQueryResult)]
struct Row {
    client_id: String,
    place: String,
    scope: String,
    granted_at: i64,
}

#[derive(FromQueryResult)]
struct Granted {
    scope: String,
}

#[derive(FromQueryResult)]
struct Known {
    person_id: Uuid,
}

impl ClientConsents {
    /// The consents in `store`.
    pub fn new(store: Store) -> Self {
        let known = Cache::builder()
            .max_capacity(50_000)
            .time_to_live(Duration::from_secs(1))
            .build();
        Self { store, known }
    }

    /// What a person lets a client have, at most a second old; nothing if they were never asked.
    pub async fn scope(
        &self,
        realm: &Realm,
        person: PersonId,
        recipient: &Recipient,
    ) -> Result<Arc<Scope>, DatabaseError> {
        let key = (realm.id, person, recipient.clone());
        if let Some(known) = self.known.get(&key).await {
            return Ok(known);
        }
        let rows: Vec<Granted> = self
            .store
            .fetch_all(
                "SELECT scope FROM client_consent
                 WHERE realm_id = $1 AND person_id = $2 AND client_id = $3 AND place = $4 LIMIT 100",
                values![
                    realm.id.uuid(),
                    person.uuid(),
                    recipient.client_id.clone(),
                    recipient.place.clone()
                ],
            )
            .await?;
        let scope = Arc::new(rows.into_iter().map(|row| row.scope).collect());
        self.known.insert(key, Arc::clone(&scope)).await;
        Ok(scope)
    }

    /// Everything that a person lets clients have, newest first; at most a hundred.
    pub async fn list(&self, realm: &Realm, person: PersonId) -> Result<Vec<ClientConsent>, DatabaseError> {
        let rows: Vec<Row> = self
            .store
            .fetch_all(
                "SELECT client_id, place, scope, granted_at FROM client_consent
                 WHERE realm_id = $1 AND person_id = $2 ORDER BY granted_at DESC LIMIT 1000",
                values![realm.id.uuid(), person.uuid()],
            )
            .await?;
        let mut order = Vec::new();
        let mut all: BTreeMap<(String, String), (Vec<String>, i64)> = BTreeMap::new();
        for row in rows {
            let key = (row.client_id, row.place);
            let entry = all.entry(key.clone()).or_insert_with(|| {
                order.push(key);
                (Vec::new(), row.granted_at)
            });
            entry.0.push(row.scope);
        }
        let consents = order.into_iter().take(100).filter_map(|key| {
            let (scopes, granted_at) = all.remove(&key)?;
            let (client_id, place) = key;
            Some(ClientConsent {
                recipient: Recipient { client_id, place },
                scope: scopes.into_iter().collect(),
                granted_at: Instant::from_micros(granted_at),
            })
        });
        Ok(consents.collect())
    }

    /// Whom a client knows by a subject, of those who let it have something.
    pub async fn person_of(
        &self,
        realm: &Realm,
        client_id: &str,
        subject: &str,
    ) -> Result<Option<PersonId>, DatabaseError> {
        let row: Option<Known> = self
            .store
            .fetch_optional(
                "SELECT person_id FROM client_consent
                 WHERE realm_id = $1 AND client_id = $2 AND subject = $3 LIMIT 1",
                values![realm.id.uuid(), client_id, subject],
            )
            .await?;
        Ok(row.map(|row| row.person_id.into()))
    }

    /// Adds to what a person, whom the client knows by `subject`, lets it have. Each scope is a row, so that two answers at
    /// once lose nothing.
    pub async fn grant(
        &self,
        realm: &Realm,
        person: PersonId,
        (recipient, subject): (&Recipient, String),
        scope: &Scope,
        now: Instant,
    ) -> Result<(), DatabaseError> {
        let (realm_id, to, scope) = (realm.id.uuid(), recipient.clone(), scope.clone());
        self.store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    for one in scope.iter() {
                        tx.execute(
                            "INSERT INTO client_consent (realm_id, person_id, client_id, place, scope, granted_at,
                             subject) VALUES ($1, $2, $3, $4, $5, $6, $7)
                             ON CONFLICT (realm_id, person_id, client_id, place, scope)
                             DO UPDATE SET subject = excluded.subject",
                            values![
                                realm_id,
                                person.uuid(),
                                to.client_id.clone(),
                                to.place.clone(),
                                one,
                                now.as_micros(),
                                subject.clone()
                            ],
                        )
                        .await?;
                    }
                    Ok::<_, DatabaseError>(())
                })
            })
            .await?;
        self.known
            .invalidate(&(realm.id, person, recipient.clone()))
            .await;
        Ok(())
    }

    /// Withdraws all that a client has from a person, its tokens included; whether there was anything.
    pub async fn withdraw(
        &self,
        realm: &Realm,
        person: PersonId,
        client_id: &str,
        now: Instant,
    ) -> Result<bool, DatabaseError> {
        let (realm_id, person_id, id) = (realm.id.uuid(), person.uuid(), client_id.to_owned());
        let withdrawn = self
            .store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let removed = tx
                        .execute(
                            "DELETE FROM client_consent WHERE realm_id = $1 AND person_id = $2 AND client_id = $3",
                            values![realm_id, person_id, id.clone()],
                        )
                        .await?;
                    let revoked = tx
                        .execute(
                            "UPDATE token_family SET revoked_at = $4, revoked_because = 'consent withdrawn'
                             WHERE realm_id = $1 AND person_id = $2 AND client_id = $3 AND revoked_at IS NULL",
                            values![realm_id, person_id, id, now.as_micros()],
                        )
                        .await?;
                    Ok::<_, DatabaseError>(removed + revoked > 0)
                })
            })
            .await?;
        self.forget_all();
        Ok(withdrawn)
    }

    /// Forgets what is cached, after a change that reached many consents at once.
    pub fn forget_all(&self) {
        self.known.invalidate_all();
    }
}
