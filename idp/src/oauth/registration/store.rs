//! The registration policies of realms, with a cache that is a second old at the most.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use platform::clock::Instant;
use platform::database::{Queries as _, Store};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;

use super::model::Policy;
use crate::oauth::clients::ClientsError;
use crate::realms::Realm;

/// The policies of every realm; each call names the realm.
#[derive(Clone)]
pub struct Policies {
    store: Store,
    known: Cache<(RealmId, String), Option<Arc<Policy>>>,
}

#[derive(FromQueryResult)]
struct Row {
    name: String,
    rules: String,
}

impl Policies {
    /// The policies in `store`.
    pub fn new(store: Store) -> Self {
        let known = Cache::builder()
            .max_capacity(20_000)
            .time_to_live(Duration::from_secs(1))
            .build();
        Self { store, known }
    }

    /// A policy by its name.
    pub async fn find(&self, realm: &Realm, name: &str) -> Result<Option<Arc<Policy>>, ClientsError> {
        let key = (realm.id, name.to_owned());
        if let Some(known) = self.known.get(&key).await {
            return Ok(known);
        }
        let row: Option<Row> = self
            .store
            .fetch_optional(
                "SELECT name, rules FROM registration_policy WHERE realm_id = $1 AND name = $2",
                values![realm.id.uuid(), name],
            )
            .await?;
        let found = row
            .map(|row| open(&row).map(|(_, policy)| Arc::new(policy)))
            .transpose()?;
        self.known.insert(key, found.clone()).await;
        Ok(found)
    }

    /// The policies after `after`, in the order of their names; at most `limit`.
    pub async fn list(
        &self,
        realm: &Realm,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, Policy)>, ClientsError> {
        let rows: Vec<Row> = self
            .store
            .fetch_all(
                "SELECT name, rules FROM registration_policy
                 WHERE realm_id = $1 AND name > $2 ORDER BY name LIMIT $3",
                values![realm.id.uuid(), after, i64::from(limit)],
            )
            .await?;
        rows.iter().map(open).collect()
    }

    /// Makes a policy, or puts it in place of the one of that name.
    pub async fn put(
        &self,
        realm: &Realm,
        name: &str,
        policy: &Policy,
        now: Instant,
    ) -> Result<(), ClientsError> {
        let rules = serde_json::to_string(policy).map_err(|_| ClientsError::Unreadable)?;
        self.store
            .change(
                "INSERT INTO registration_policy (realm_id, name, rules, updated_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (realm_id, name) DO UPDATE SET rules = $3, updated_at = $4",
                values![realm.id.uuid(), name, rules, now.as_micros()],
            )
            .await?;
        self.known.invalidate(&(realm.id, name.to_owned())).await;
        Ok(())
    }

    /// Removes a policy; whether there was one. Initial access tokens that name it register nothing any more.
    pub async fn remove(&self, realm: &Realm, name: &str) -> Result<bool, ClientsError> {
        let removed = self
            .store
            .change(
                "DELETE FROM registration_policy WHERE realm_id = $1 AND name = $2",
                values![realm.id.uuid(), name],
            )
            .await?;
        self.known.invalidate(&(realm.id, name.to_owned())).await;
        Ok(removed == 1)
    }
}

fn open(row: &Row) -> Result<(String, Policy), ClientsError> {
    let policy = serde_json::from_str(&row.rules).map_err(|_| ClientsError::Unreadable)?;
    Ok((row.name.clone(), policy))
}
