//! A client as the hub knows it.

use std::sync::Arc;

use platform::keys::KeySet;

use super::metadata::{AuthMethod, GrantType, Metadata, SecurityProfile};
use super::secrets::Secrets;
use super::standing::Standing;
use crate::oauth::Scope;

/// A registered client.
#[derive(Debug, Clone)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// Its metadata.
    pub metadata: Metadata,
    /// The scopes that it may ask for.
    pub scope: Scope,
    /// Its own keys, if it gave them by value, parsed once.
    pub(super) keys: Option<Arc<KeySet>>,
    /// Its secrets, as keyed hashes.
    pub secrets: Secrets,
    /// What an administrator says of it.
    pub standing: Standing,
    /// The policy that it registered under.
    pub policy: Option<String>,
    /// The software statement that vouches for it.
    pub statement: Option<String>,
    /// It registered by itself, and nobody here has looked at it.
    pub self_registered: bool,
}

#[cfg(test)]
impl Client {
    /// A client without keys and secret.
    pub(crate) fn for_tests(id: &str, metadata: Metadata, scope: Scope) -> Self {
        Self {
            id: id.to_owned(),
            metadata,
            scope,
            keys: None,
            secrets: Secrets::default(),
            standing: Standing::default(),
            policy: None,
            statement: None,
            self_registered: false,
        }
    }
}

impl Client {
    /// What people who read `language` (a tag such as `ja`) call it.
    pub fn name_in(&self, language: &str) -> &str {
        self.metadata.about.name_in(language).unwrap_or(&self.id)
    }

    /// Whether the rules of FAPI 2.0 hold for it.
    pub fn is_fapi(&self) -> bool {
        self.metadata.musubi_security_profile == SecurityProfile::Fapi2
    }

    /// Whether it has nothing to prove who it is with.
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == AuthMethod::None
    }

    /// Whether it may use a grant.
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.metadata.grant_types.contains(&grant)
    }
}
