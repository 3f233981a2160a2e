//! Consents to clients in the database.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store, Tx};
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

/// The consents in a store.
pub struct ClientConsents<'h>(pub &'h Store);

#[derive(FromQueryResult)]
struct Row {
    client_id: String,
    scope: String,
    granted_at: i64,
}

impl ClientConsents<'_> {
    /// What a person lets a client have; nothing if they were never asked.
    pub async fn scope(
        &self,
        realm: &Realm,
        person: PersonId,
        client_id: &str,
    ) -> Result<Scope, DatabaseError> {
        let row: Option<Row> = self
            .0
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
            .0
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
        let all = self.scope(realm, person, client_id).await?.union(scope);
        self.0
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
            .await
            .map(drop)
    }

    /// Withdraws all that a client has from a person, its tokens included; whether there was anything.
    pub async fn withdraw(
        &self,
        realm: &Realm,
        person: PersonId,
        client_id: &str,
        now: Instant,
    ) -> Result<bool, DatabaseError> {
        let (realm, person, client_id) = (realm.id.uuid(), person.uuid(), client_id.to_owned());
        self.0
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let removed = tx
                        .execute(
                            "DELETE FROM client_consent WHERE realm_id = $1 AND person_id = $2 AND client_id = $3",
                            values![realm, person, client_id.clone()],
                        )
                        .await?;
                    let revoked = tx
                        .execute(
                            "UPDATE token_family SET revoked_at = $4, revoked_because = 'consent withdrawn'
                             WHERE realm_id = $1 AND person_id = $2 AND client_id = $3 AND revoked_at IS NULL",
                            values![realm, person, client_id, now.as_micros()],
                        )
                        .await?;
                    Ok::<_, DatabaseError>(removed + revoked > 0)
                })
            })
            .await
    }
}
