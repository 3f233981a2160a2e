//! Pushed authorization requests (RFC 9126): kept under 256 random bits, for the client that pushed them, good for one
//! answer.

use std::sync::Arc;
use std::time::Duration;

use platform::encoding::base64url;
use platform::entropy::Entropy;
use platform::ephemeral::{Ephemeral, Slot};

use super::model::AuthorizationRequest;
use crate::oauth::OAuthError;
use crate::realms::Realm;

/// How long a use is remembered: until no page that was opened by the request can be answered any more.
const USED_FOR: Duration = Duration::from_mins(35);
/// What every `request_uri` of ours begins with (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// How long a client may take to send the person here.
pub const LIFE: Duration = Duration::from_secs(90);

/// The pushed requests of a realm.
pub struct PushedRequests<'h> {
    ephemeral: &'h Arc<dyn Ephemeral>,
    realm: &'h Realm,
}

impl<'h> PushedRequests<'h> {
    /// The pushed requests of `realm`.
    pub fn new(ephemeral: &'h Arc<dyn Ephemeral>, realm: &'h Realm) -> Self {
        Self { ephemeral, realm }
    }

    /// Whether a `request_uri` is one that this hub makes.
    pub fn is_ours(request_uri: &str) -> bool {
        request_uri.starts_with(PREFIX)
    }

    /// Keeps a request; its `request_uri`.
    pub async fn keep(
        &self,
        entropy: &Entropy,
        request: &AuthorizationRequest,
    ) -> Result<String, OAuthError> {
        let reference = entropy.token()?;
        let bytes = serde_json::to_vec(request)?;
        self.ephemeral.put(&self.slot(&reference), bytes, LIFE).await?;
        Ok(format!("{PREFIX}{reference}"))
    }

    /// The request behind a `request_uri`, for the client that pushed it; whoever else offers it gets nothing. It may be
    /// opened again until it is used: a person may load the page once more (RFC 9126 §4, §7.3).
    pub async fn find(
        &self,
        request_uri: &str,
        client_id: &str,
    ) -> Result<Option<AuthorizationRequest>, OAuthError> {
        let Some(reference) = request_uri.strip_prefix(PREFIX) else {
            return Ok(None);
        };
        if self.ephemeral.get(&self.used(reference)).await?.is_some() {
            return Ok(None);
        }
        let kept = self.ephemeral.get(&self.slot(reference)).await?;
        let request = kept.and_then(|bytes| serde_json::from_slice::<AuthorizationRequest>(&bytes).ok());
        Ok(request
            .filter(|request| request.client_id == client_id)
            .map(|request| AuthorizationRequest {
                pushed: Some(reference.to_owned()),
                ..request
            }))
    }

    /// Uses a pushed request up; whether nobody did before. Of several pages that were opened by it, one is answered.
    pub async fn use_up(&self, reference: &str) -> Result<bool, OAuthError> {
        let first = self
            .ephemeral
            .put_new(&self.used(reference), Vec::new(), USED_FOR)
            .await?;
        Ok(first)
    }

    fn used(&self, reference: &str) -> Slot {
        Slot::new(
            self.realm.id,
            "pushed-request-used",
            &base64url(self.realm.token_hash("pushed-request", reference)),
        )
    }

    fn slot(&self, reference: &str) -> Slot {
        Slot::new(
            self.realm.id,
            "pushed-request",
            &base64url(self.realm.token_hash("pushed-request", reference)),
        )
    }
}
