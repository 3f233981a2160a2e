//! Initial access tokens in the database, by their keyed hashes.

use platform::clock::Instant;
use platform::database::Queries as _;
use platform::entropy::Entropy;
use platform::values;
use sea_orm::FromQueryResult;

use crate::oauth::clients::{Clients, ClientsError};
use crate::realms::Realm;

const KIND: &str = "client.initial";

/// What an initial access token is to be good for.
#[derive(Debug, Clone, Copy)]
pub struct InitialToken<'p> {
    /// How many registrations.
    pub uses: u32,
    /// Until when.
    pub expires_at: Instant,
    /// The policy that these are held to; `None`: the one for everybody.
    pub policy: Option<&'p str>,
}

#[derive(FromQueryResult)]
struct Held {
    policy: Option<String>,
}

#[derive(FromQueryResult)]
struct Left {
    uses_left: i32,
}

impl Clients {
    /// Makes an initial access token within the policy for everybody.
    pub async fn create_initial_token(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        expires_at: Instant,
        uses: u32,
    ) -> Result<String, ClientsError> {
        let token = InitialToken {
            uses,
            expires_at,
            policy: None,
        };
        self.make_initial_token(realm, entropy, now, token).await
    }

    /// Makes an initial access token.
    pub async fn make_initial_token(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        wanted: InitialToken<'_>,
    ) -> Result<String, ClientsError> {
        let token = entropy.token()?;
        self.store
            .change(
                "INSERT INTO initial_access_token (hash, realm_id, uses_left, created_at, expires_at, policy)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                values![
                    realm.token_hash(KIND, &token).to_vec(),
                    realm.id.uuid(),
                    i32::try_from(wanted.uses).unwrap_or(i32::MAX),
                    now.as_micros(),
                    wanted.expires_at.as_micros(),
                    wanted.policy.map(str::to_owned)
                ],
            )
            .await?;
        Ok(token)
    }

    /// The name of the policy of an initial access token that could be used now; using it is another matter. `None`: no
    /// such token.
    pub async fn initial_token_policy(
        &self,
        realm: &Realm,
        now: Instant,
        token: &str,
    ) -> Result<Option<Option<String>>, ClientsError> {
        let held: Option<Held> = self
            .store
            .fetch_optional(
                "SELECT policy FROM initial_access_token
                 WHERE hash = $1 AND realm_id = $2 AND uses_left > 0 AND expires_at > $3",
                values![
                    realm.token_hash(KIND, token).to_vec(),
                    realm.id.uuid(),
                    now.as_micros()
                ],
            )
            .await?;
        Ok(held.map(|held| held.policy))
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
                    realm.token_hash(KIND, token).to_vec(),
                    realm.id.uuid(),
                    now.as_micros()
                ],
            )
            .await?;
        Ok(left.is_some_and(|left| left.uses_left >= 0))
    }
}
