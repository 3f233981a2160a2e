//! Requests that wait for a person.

use std::sync::Arc;
use std::time::Duration;

use platform::encoding::base64url;
use platform::entropy::Entropy;
use platform::ephemeral::{Ephemeral, Slot};
use platform::keys::constant_time_eq;
use serde::{Deserialize, Serialize};

use super::model::AuthorizationRequest;
use crate::ids::PersonId;
use crate::oauth::OAuthError;
use crate::realms::Realm;

/// How long a person may take.
const LIFE: Duration = Duration::from_mins(30);

/// A request that waits for a person to sign in or to answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Interaction {
    /// The request.
    pub request: AuthorizationRequest,
    /// Who has said yes in this interaction.
    pub asked_now: Option<PersonId>,
    /// Hash of the browser's own value: no other browser can go on with it.
    browser: String,
}

/// Interactions by their random ids.
pub struct Interactions<'h> {
    ephemeral: &'h Arc<dyn Ephemeral>,
    realm: &'h Realm,
}

impl<'h> Interactions<'h> {
    /// The interactions of a realm.
    pub fn new(ephemeral: &'h Arc<dyn Ephemeral>, realm: &'h Realm) -> Self {
        Self { ephemeral, realm }
    }

    /// Keeps a request for the browser that made it; the id under which it goes on.
    pub async fn begin(
        &self,
        entropy: &Entropy,
        browser: &str,
        request: AuthorizationRequest,
    ) -> Result<String, OAuthError> {
        let id = entropy.token()?;
        let interaction = Interaction {
            request,
            asked_now: None,
            browser: self.browser_hash(browser),
        };
        self.keep(&id, &interaction).await?;
        Ok(id)
    }

    /// Reads an interaction that this browser began.
    pub async fn find(&self, id: &str, browser: Option<&str>) -> Result<Option<Interaction>, OAuthError> {
        let found = self.ephemeral.get(&self.slot(id)).await?;
        Ok(found.and_then(|bytes| self.of_browser(&bytes, browser)))
    }

    /// Notes who said yes; whether the interaction was still there. It is taken first, so that one that has ended does
    /// not come back.
    pub async fn note_consent(&self, id: &str, browser: &str, person: PersonId) -> Result<bool, OAuthError> {
        let Some(interaction) = self.take(id, Some(browser)).await? else {
            return Ok(false);
        };
        self.keep(
            id,
            &Interaction {
                asked_now: Some(person),
                ..interaction
            },
        )
        .await?;
        Ok(true)
    }

    /// Takes an interaction that this browser began, so that it ends here; another's is left as it was.
    pub async fn take(&self, id: &str, browser: Option<&str>) -> Result<Option<Interaction>, OAuthError> {
        if self.find(id, browser).await?.is_none() {
            return Ok(None);
        }
        let taken = self.ephemeral.take(&self.slot(id)).await?;
        Ok(taken.and_then(|bytes| self.of_browser(&bytes, browser)))
    }

    async fn keep(&self, id: &str, interaction: &Interaction) -> Result<(), OAuthError> {
        let bytes = serde_json::to_vec(interaction)?;
        Ok(self.ephemeral.put(&self.slot(id), bytes, LIFE).await?)
    }

    fn of_browser(&self, bytes: &[u8], browser: Option<&str>) -> Option<Interaction> {
        let interaction: Interaction = serde_json::from_slice(bytes).ok()?;
        let same = constant_time_eq(
            self.browser_hash(browser?).as_bytes(),
            interaction.browser.as_bytes(),
        );
        same.then_some(interaction)
    }

    fn browser_hash(&self, browser: &str) -> String {
        base64url(self.realm.token_hash("browser", browser))
    }

    fn slot(&self, id: &str) -> Slot {
        Slot::new(
            self.realm.id,
            "interaction",
            &base64url(self.realm.token_hash("interaction", id)),
        )
    }
}
