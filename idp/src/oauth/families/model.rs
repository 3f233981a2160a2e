//! A family, before it begins and afterwards.

use std::time::Duration;

use platform::clock::Instant;
use serde::{Deserialize, Serialize};

use super::token::RefreshToken;
use crate::ids::{ConsentId, FamilyId, PersonId, SessionId};
use crate::oauth::Scope;
use crate::oauth::authorization::ClaimsRequest;
use crate::oauth::authorization_details::AuthorizationDetails;
use crate::oauth::tokens::Confirmation;

/// What tokens of a family repeat, about the sign-in and about what was granted beside the scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyDetails {
    /// `auth_time`.
    pub authenticated_at: Instant,
    /// `amr`.
    pub amr: String,
    /// Whether ID tokens of this family say when the person signed in.
    pub wants_auth_time: bool,
    /// The session of the sign-in, which may be over.
    pub signed_in_as: SessionId,
    /// `acr`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Where its access tokens may be used; nothing: at the realm's own resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// `authorization_details`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<AuthorizationDetails>,
    /// Claims asked for by name.
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    /// Whose data its access tokens are about, if it is not that of the person who granted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<PersonId>,
    /// What its refresh tokens are bound to: those of a public client, whose access tokens are bound (RFC 9449 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Confirmation>,
}

impl FamilyDetails {
    /// Of a sign-in, with nothing more than the scope granted.
    pub fn of_sign_in(signed_in_as: SessionId, authenticated_at: Instant, amr: &str) -> Self {
        Self {
            authenticated_at,
            amr: amr.to_owned(),
            wants_auth_time: false,
            signed_in_as,
            acr: None,
            resources: Vec::new(),
            authorization_details: None,
            claims: ClaimsRequest::default(),
            about: None,
            binding: None,
        }
    }
}

/// A family to be begun.
#[derive(Debug, Clone)]
pub struct NewFamily {
    /// Its key, known since the code was made.
    pub id: FamilyId,
    /// Whose it is.
    pub client_id: String,
    /// Where the code went: the consent that the family rests on.
    pub place: String,
    /// Who granted it.
    pub person: PersonId,
    /// The session that it ends with; `None` if it outlives it (`offline_access`).
    pub sid: Option<SessionId>,
    /// What was granted.
    pub scope: Scope,
    /// What tokens repeat.
    pub details: FamilyDetails,
    /// When it is over.
    pub expires_at: Instant,
    /// Whether its client wants to be told when the session ends.
    pub takes_part: bool,
    /// The consents about another person's data that it rests on: it ends with any of them.
    pub rests_on: Vec<ConsentId>,
}

/// A family that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Its first refresh token.
    pub refresh: Option<RefreshToken>,
}

/// A family.
#[derive(Debug, Clone)]
pub struct Family {
    /// Its key.
    pub id: FamilyId,
    /// Whose it is.
    pub client_id: String,
    /// Who granted it.
    pub person: PersonId,
    /// The session that it ends with.
    pub sid: Option<SessionId>,
    /// What was granted.
    pub scope: Scope,
    /// What tokens repeat.
    pub details: FamilyDetails,
    /// When it is over.
    pub expires_at: Instant,
    /// When it began, or its refresh token was used last; `None` if neither was noted: it began before that was kept.
    pub used_at: Option<Instant>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// The hash of its present refresh token.
    pub(super) current_hash: Option<Vec<u8>>,
}

impl Family {
    /// Whether its tokens carry at `now`.
    pub fn is_live(&self, now: Instant) -> bool {
        !self.revoked && now < self.expires_at
    }

    /// Whether its refresh token has lain unused for longer than `idle` at `now` (RFC 9700 §4.14.2).
    pub fn is_idle(&self, now: Instant, idle: Duration) -> bool {
        self.used_at.is_some_and(|used| used < now.minus(idle))
    }
}
