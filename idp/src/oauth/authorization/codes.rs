//! Authorization codes: 256 random bits, kept as a hash, taken once.

use std::sync::Arc;
use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::base64url;
use platform::entropy::Entropy;
use platform::ephemeral::{Ephemeral, Slot};
use serde::{Deserialize, Serialize};

use super::claims::ClaimsRequest;
use super::model::Pkce;
use crate::ids::{FamilyId, PersonId, SessionId};
use crate::oauth::authorization_details::AuthorizationDetails;
use crate::oauth::{OAuthError, Scope};
use crate::realms::Realm;

/// How long the use of a code is remembered, so that its second use is known for what it is (RFC 6749 §4.1.2).
const MEMORY: Duration = Duration::from_mins(15);

/// Ends the memory of a code that came again.
const REPLAYED: &str = "!";

/// What a code stands for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CodeGrant {
    /// For whom it was made.
    pub client_id: String,
    /// Where it was sent.
    pub redirect_uri: String,
    /// Whether the request named that place: the token request must then name it too (RFC 6749 §4.1.3).
    pub redirect_uri_given: bool,
    /// That place as consents know it.
    pub place: String,
    /// Who signed in.
    pub person: PersonId,
    /// In which session.
    pub sid: SessionId,
    /// What was granted.
    pub scope: Scope,
    /// For the ID token.
    pub nonce: Option<String>,
    /// The challenge that a verifier must meet.
    pub pkce: Option<Pkce>,
    /// `auth_time`.
    pub authenticated_at: Instant,
    /// `amr`.
    pub amr: String,
    /// Whether `auth_time` was asked for.
    pub wants_auth_time: bool,
    /// Claims asked for by name.
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    /// The family that tokens from this code belong to.
    pub family: FamilyId,
    /// `acr`.
    #[serde(default)]
    pub acr: Option<String>,
    /// Where access tokens may be used; nothing: at the realm's own resources.
    #[serde(default)]
    pub resources: Vec<String>,
    /// `authorization_details`, as the person allowed them.
    #[serde(default)]
    pub authorization_details: Option<AuthorizationDetails>,
    /// Thumbprint of the key that whoever redeems the code must hold (RFC 9449 §10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
}

/// What came of redeeming a code.
#[derive(Debug)]
pub enum Redeemed {
    /// The grant, for the first and only time.
    Grant(Box<CodeGrant>),
    /// The code was used before, or its time is over; what it gave must be revoked.
    Replayed {
        /// The family of tokens that it gave.
        family: FamilyId,
    },
    /// There is no such code.
    Unknown,
}

/// The codes of a realm.
pub struct Codes<'h> {
    ephemeral: &'h Arc<dyn Ephemeral>,
    realm: &'h Realm,
}

impl<'h> Codes<'h> {
    /// The codes of `realm`.
    pub fn new(ephemeral: &'h Arc<dyn Ephemeral>, realm: &'h Realm) -> Self {
        Self { ephemeral, realm }
    }

    /// Makes a code that lives for `life`.
    pub async fn issue(
        &self,
        entropy: &Entropy,
        grant: &CodeGrant,
        life: Duration,
    ) -> Result<String, OAuthError> {
        let code = entropy.token()?;
        let bytes = serde_json::to_vec(grant)?;
        let (slot, memory) = self.slots(&code);
        // Remembered from the start: between the taking of a code and a memory of it, a second use would go unseen.
        let family = grant.family.to_string().into_bytes();
        self.ephemeral.put(&memory, family, MEMORY).await?;
        self.ephemeral.put(&slot, bytes, life).await?;
        Ok(code)
    }

    /// Takes a code.
    pub async fn redeem(&self, code: &str) -> Result<Redeemed, OAuthError> {
        let (slot, used) = self.slots(code);
        let taken = self.ephemeral.take(&slot).await?;
        let Some(grant) = taken.and_then(|bytes| serde_json::from_slice::<CodeGrant>(&bytes).ok()) else {
            let before = self.ephemeral.get(&used).await?;
            let family = before.and_then(|bytes| String::from_utf8(bytes).ok());
            let family = family.and_then(|text| text.trim_end_matches(REPLAYED).parse::<FamilyId>().ok());
            let Some(family) = family else {
                return Ok(Redeemed::Unknown);
            };
            let mark = format!("{family}{REPLAYED}").into_bytes();
            self.ephemeral.put(&used, mark, MEMORY).await?;
            return Ok(Redeemed::Replayed { family });
        };
        Ok(Redeemed::Grant(Box::new(grant)))
    }

    /// Whether a code that was redeemed has come again since: asked once its family is stored, so that a replay that
    /// came too early to find the family is not lost.
    pub async fn was_replayed(&self, code: &str) -> Result<bool, OAuthError> {
        let (_, used) = self.slots(code);
        let mark = self.ephemeral.get(&used).await?;
        Ok(mark.is_none_or(|mark| mark.ends_with(REPLAYED.as_bytes())))
    }

    fn slots(&self, code: &str) -> (Slot, Slot) {
        let name = base64url(self.realm.token_hash("code", code));
        (
            Slot::new(self.realm.id, "code", &name),
            Slot::new(self.realm.id, "code-used", &name),
        )
    }
}
