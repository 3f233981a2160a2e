//! Refresh tokens as they are written.

use std::fmt;

use platform::encoding::base64url;
use platform::entropy::{Entropy, EntropyFailed};
use platform::keys::constant_time_eq;
use uuid::Uuid;

use crate::ids::FamilyId;
use crate::realms::Realm;

/// A refresh token as it was offered. It prints its family, and not what opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its family.
    pub family: FamilyId,
    secret: String,
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RefreshToken({})", self.family)
    }
}

impl RefreshToken {
    /// Reads a token; anything that this realm did not make is `None`. Only a token of ours can be a replay: a family's
    /// key alone, which access tokens carry, must not be enough to end it.
    pub fn parse(realm: &Realm, text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (family, secret, mac) = (parts.next()?, parts.next()?, parts.next()?);
        let shape = family.len() == 32 && secret.len() == 43 && parts.next().is_none();
        let family = Uuid::try_parse(family).ok()?.into();
        let token = Self {
            family,
            secret: secret.to_owned(),
        };
        (shape && constant_time_eq(token.mac(realm).as_bytes(), mac.as_bytes())).then_some(token)
    }

    fn mac(&self, realm: &Realm) -> String {
        base64url(realm.token_hash("refresh.mac", &format!("{}.{}", self.family, self.secret)))
    }

    pub(super) fn hash(&self, realm: &Realm) -> Vec<u8> {
        realm
            .token_hash("refresh", &format!("{}.{}", self.family, self.secret))
            .to_vec()
    }

    pub(super) fn fresh(family: FamilyId, entropy: &Entropy) -> Result<Self, EntropyFailed> {
        Ok(Self {
            family,
            secret: entropy.token()?,
        })
    }

    /// The token on the wire.
    pub fn expose(&self, realm: &Realm) -> String {
        format!(
            "{}.{}.{}",
            self.family.uuid().simple(),
            self.secret,
            self.mac(realm)
        )
    }
}
