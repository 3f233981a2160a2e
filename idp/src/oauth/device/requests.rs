//! Requests of devices in short-lived state.

use std::sync::Arc;
use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::base64url;
use platform::entropy::Entropy;
use platform::ephemeral::{Ephemeral, Slot};
use serde::{Deserialize, Serialize};

use super::model::Answer;
use super::user_code::UserCode;
use crate::oauth::polling::{self, Waiting};
use crate::oauth::{ErrorCode, OAuthError, Scope};
use crate::realms::Realm;

/// How long a request that is over is known for what it was (RFC 8628 §3.5, `expired_token`).
const MEMORY: Duration = Duration::from_mins(5);
/// The entries that say how often a device asks.
const WAITING: Waiting = Waiting {
    asked: "device-poll",
    early: "device-early",
};

/// What a device asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// The client on the device.
    pub client_id: String,
    /// What it wants.
    pub scope: Scope,
    /// Where the tokens are to be used (RFC 8707).
    pub resources: Vec<String>,
    /// The address that it asked from, for the person to compare.
    pub address: String,
    /// When its time is over.
    pub expires_at: Instant,
}

/// A request that was found by its user code.
pub struct Standing {
    /// The request.
    pub request: DeviceRequest,
    name: String,
}

/// The requests of a realm.
pub struct DeviceRequests<'h> {
    ephemeral: &'h Arc<dyn Ephemeral>,
    realm: &'h Realm,
}

impl<'h> DeviceRequests<'h> {
    /// The requests of `realm`.
    pub fn new(ephemeral: &'h Arc<dyn Ephemeral>, realm: &'h Realm) -> Self {
        Self { ephemeral, realm }
    }

    /// Keeps a request for `life`; the device code and the user code.
    pub async fn begin(
        &self,
        entropy: &Entropy,
        request: &DeviceRequest,
        life: Duration,
    ) -> Result<(String, UserCode), OAuthError> {
        let code = entropy.token()?;
        let name = self.name(&code);
        for _ in 0..5 {
            let user_code = UserCode::generate(entropy)?;
            let pointer = self.slot("device-user", &user_code.name(self.realm));
            // Two devices with one code: a person would answer for the wrong one.
            if self
                .ephemeral
                .put_new(&pointer, name.clone().into_bytes(), life)
                .await?
            {
                let bytes = serde_json::to_vec(request)?;
                let slot = self.slot("device", &name);
                self.ephemeral.put(&slot, bytes, life + MEMORY).await?;
                return Ok((code, user_code));
            }
        }
        Err(OAuthError::new(
            ErrorCode::TemporarilyUnavailable,
            "device.user_code.collision",
            "no code could be made; try again",
        ))
    }

    /// The request that a device code stands for, also shortly after its time.
    pub async fn by_device_code(&self, code: &str) -> Result<Option<DeviceRequest>, OAuthError> {
        self.read(&self.name(code)).await
    }

    /// The live request that a user code stands for and that nobody has answered.
    pub async fn by_user_code(&self, code: &UserCode, now: Instant) -> Result<Option<Standing>, OAuthError> {
        let pointer = self.slot("device-user", &code.name(self.realm));
        let name = self.ephemeral.get(&pointer).await?;
        let Some(name) = name.and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return Ok(None);
        };
        let found = self.read(&name).await?;
        let request = found.filter(|request| now < request.expires_at);
        Ok(request.map(|request| Standing { request, name }))
    }

    /// Keeps what the person answered, and takes the user code; `false` if it was answered before.
    pub async fn answer(
        &self,
        code: &UserCode,
        standing: &Standing,
        answer: Answer,
        now: Instant,
    ) -> Result<bool, OAuthError> {
        let left = standing.request.expires_at.since(now);
        let slot = self.slot("device-answer", &standing.name);
        let bytes = serde_json::to_vec(&answer)?;
        let pointer = self.slot("device-user", &code.name(self.realm));
        // Whoever takes the pointer answers: a second answer, at the same time or later, finds none.
        if self.ephemeral.take(&pointer).await?.is_none() {
            return Ok(false);
        }
        Ok(self.ephemeral.put_new(&slot, bytes, left).await?)
    }

    /// Notes a poll; whether it came too soon. `interval` is the pause that the device was told.
    pub async fn is_early(&self, code: &str, interval: Duration) -> Result<bool, OAuthError> {
        polling::is_early(self.ephemeral, self.realm, WAITING, &self.name(code), interval).await
    }

    /// Takes the answer: of many polls at once, one gets it.
    pub async fn take_answer(&self, code: &str) -> Result<Option<Answer>, OAuthError> {
        let name = self.name(code);
        let taken = self.ephemeral.take(&self.slot("device-answer", &name)).await?;
        let Some(answer) = taken.and_then(|bytes| serde_json::from_slice(&bytes).ok()) else {
            return Ok(None);
        };
        let spent = self.slot("device-spent", &name);
        self.ephemeral.put(&spent, Vec::new(), MEMORY * 4).await?;
        Ok(Some(answer))
    }

    /// Whether the answer was taken before.
    pub async fn is_spent(&self, code: &str) -> Result<bool, OAuthError> {
        let spent = self.slot("device-spent", &self.name(code));
        Ok(self.ephemeral.get(&spent).await?.is_some())
    }

    async fn read(&self, name: &str) -> Result<Option<DeviceRequest>, OAuthError> {
        let found = self.ephemeral.get(&self.slot("device", name)).await?;
        Ok(found.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    fn name(&self, code: &str) -> String {
        base64url(self.realm.token_hash("device", code))
    }

    fn slot(&self, kind: &'static str, name: &str) -> Slot {
        Slot::new(self.realm.id, kind, name)
    }
}
