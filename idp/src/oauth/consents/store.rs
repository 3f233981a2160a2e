//! Consents to clients in the database.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;

use crate::ids::PersonId;
use crate::oauth::Scope;
use crate::realms::Realm;

/// What a person lets one client have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientConsent {
    /// The client.
    pub client_id: String,
    /// What it may have.
    pub scope: Scope,
    /// Since when.
    pub granted_at: Instant,
}

/// The consents of every realm; each call names the realm. Cached for a second.
#[derive(Clone)]
pub struct ClientConsents {
    store: Store,
    known: Cache<(RealmId, PersonId, String), Arc<Scope>>,
}

#[derive(FromQueryResult)]
struct Row {
    client_id: String,
    scope: String,
    granted_at: i64,
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
        client_id: &str,
    ) -> Result<Arc<Scope>, DatabaseError> {
        let key = (realm.id, person, client_id.to_owned());
        if let Some(known) = self.known.get(&key).await {
            return Ok(known);
        }
        let scope = Arc::new(self.read(realm, person, client_id).await?);
        self.known.insert(key, scope.clone()).await;
        Ok(scope)
    }

    async fn read(&self, realm: &Realm, person: PersonId, client_id: &str) -> Result<Scope, DatabaseError> {
        let row: Option<Row> = self
            .store
            .fetch_optional(
                "SELECT client_id, scope, granted_at FROM client_consent
                 WHERE realm_id = $1 AND person_id = $2 AND client_id = $3",
                values![realm.id.uuid(), person.uuid(), client_id],
            )
            .await?;
        Ok(row
            .map(|row| Scope::parse(&row.scope).unwrap_or_default())
            .unwrap_or_default())
    }

    /// Everything that a person lets clients have; at most a hundred.
    pub async fn list(&self, realm: &Realm, person: PersonId) -> Result<Vec<ClientConsent>, DatabaseError> {
        let rows: Vec<Row> = self
            .store
            .fetch_all(
                "SELECT client_id, scope, granted_at FROM client_consent
                 WHERE realm_id = $1 AND person_id = $2 ORDER BY granted_at DESC LIMIT 100",
                values![realm.id.uuid(), person.uuid()],
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| ClientConsent {
                client_id: row.client_id,
                scope: Scope::parse(&row.scope).unwrap_or_default(),
                granted_at: Instant::from_micros(row.granted_at),
            })
            .collect())
    }

    /// Adds to what a person lets a client have.
    pub async fn grant(
        &self,
        realm: &Realm,
        person: PersonId,
        client_id: &str,
        scope: &Scope,
        now: Instant,
    ) -> Result<(), DatabaseError> {
        let all = self.read(realm, person, client_id).await?.union(scope);
        self.store
            .change(
                "INSERT INTO client_consent (realm_id, person_id, client_id, scope, granted_at)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (realm_id, person_id, client_id)
                 DO UPDATE SET scope = excluded.scope, granted_at = excluded.granted_at",
                values![
                    realm.id.uuid(),
                    person.uuid(),
                    client_id,
                    all.to_string(),
                    now.as_micros()
                ],
            )
            .await?;
        self.forget(realm, person, client_id).await;
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
        let withdrawn = self.store.write(move |tx: &Tx| {
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
        self.forget(realm, person, client_id).await;
        Ok(withdrawn)
    }

    async fn forget(&self, realm: &Realm, person: PersonId, client_id: &str) {
        self.known
            .invalidate(&(realm.id, person, client_id.to_owned()))
            .await;
    }
}
