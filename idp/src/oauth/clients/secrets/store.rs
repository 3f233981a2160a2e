//! Secrets and registration access tokens that take the place of others.

use std::time::Duration;

use platform::clock::Instant;
use platform::entropy::Entropy;
use platform::keys::keyed_hash;
use platform::values;

use super::model::Secret;
use crate::oauth::clients::{Client, Clients, ClientsError};
use crate::realms::Realm;

/// What registration access tokens are hashed as.
pub(in crate::oauth::clients) const REGISTRATION: &str = "client.registration";
const SECRET: &str = "client.secret";

/// A secret that took the place of another, in clear this once.
pub struct Changed {
    /// The new one.
    pub secret: String,
    /// When it ends.
    pub ends: Option<Instant>,
    /// Until when the one before is good.
    pub former_ends: Instant,
}

/// The keyed hash of a secret.
pub(in crate::oauth::clients) fn secret_hash(realm: &Realm, secret: &str) -> [u8; 32] {
    keyed_hash(&realm.keys.client_secrets, SECRET, secret.as_bytes())
}

impl Client {
    /// Whether a secret is one of the client's that are good now.
    pub fn has_secret(&self, realm: &Realm, secret: &str, now: Instant) -> bool {
        self.secrets.accept(&secret_hash(realm, secret), now)
    }
}

impl Clients {
    /// Gives a client a new secret for `life`; the one that it has is good for `overlap` more. `None`: it has no secret, or
    /// somebody else has just changed it.
    pub async fn change_secret(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        now: Instant,
        client: &Client,
        (overlap, life): (Duration, Option<Duration>),
    ) -> Result<Option<Changed>, ClientsError> {
        let Some(Secret { hash, ends }) = &client.secrets.current else {
            return Ok(None);
        };
        let secret = entropy.token()?;
        let overlap = now.plus(overlap);
        let former_ends = ends.map_or(overlap, |ends| ends.min(overlap));
        let ends = life.map(|life| now.plus(life));
        let changed = self
            .store
            .change(
                "UPDATE client SET secret_hash = $3, secret_ends_at = $4, former_secret_hash = $5,
                 former_secret_ends_at = $6, updated_at = $7
                 WHERE realm_id = $1 AND client_id = $2 AND secret_hash = $5",
                values![
                    realm.id.uuid(),
                    client.id.clone(),
                    secret_hash(realm, &secret).to_vec(),
                    ends.map(Instant::as_micros),
                    hash.to_vec(),
                    former_ends.as_micros(),
                    now.as_micros()
                ],
            )
            .await?;
        self.forget(realm, &client.id).await;
        Ok((changed == 1).then_some(Changed {
            secret,
            ends,
            former_ends,
        }))
    }

    /// Gives a client that registered by itself a new registration access token. The one before is good until the new one
    /// is used first, so that an answer that is lost locks nobody out. `None`: it has no such token.
    pub async fn offer_registration_token(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        client_id: &str,
    ) -> Result<Option<String>, ClientsError> {
        let token = entropy.token()?;
        let offered = self
            .store
            .change(
                "UPDATE client SET next_registration_token_hash = $3
                 WHERE realm_id = $1 AND client_id = $2 AND registration_token_hash IS NOT NULL",
                values![
                    realm.id.uuid(),
                    client_id,
                    realm.token_hash(REGISTRATION, &token).to_vec()
                ],
            )
            .await?;
        Ok((offered == 1).then_some(token))
    }

    /// Gives a client that registered by itself a new registration access token, and ends those before.
    pub async fn replace_registration_token(
        &self,
        realm: &Realm,
        entropy: &Entropy,
        client_id: &str,
    ) -> Result<Option<String>, ClientsError> {
        let token = entropy.token()?;
        let replaced = self
            .store
            .change(
                "UPDATE client SET registration_token_hash = $3, next_registration_token_hash = NULL
                 WHERE realm_id = $1 AND client_id = $2 AND registration_token_hash IS NOT NULL",
                values![
                    realm.id.uuid(),
                    client_id,
                    realm.token_hash(REGISTRATION, &token).to_vec()
                ],
            )
            .await?;
        Ok((replaced == 1).then_some(token))
    }

    /// The first use of a new registration access token ends the one before.
    pub(in crate::oauth::clients) async fn settle_registration_token(
        &self,
        realm: &Realm,
        client_id: &str,
        hash: &[u8],
    ) -> Result<(), ClientsError> {
        self.store
            .change(
                "UPDATE client SET registration_token_hash = $3, next_registration_token_hash = NULL
                 WHERE realm_id = $1 AND client_id = $2 AND next_registration_token_hash = $3",
                values![realm.id.uuid(), client_id, hash.to_vec()],
            )
            .await?;
        Ok(())
    }
}
