//! A type per kind of identifier, so that a person's key cannot be passed where a realm's is asked for.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Instant;
use crate::entropy::{Entropy, EntropyFailed};

/// Declares identifier types over UUIDv7.
#[macro_export]
macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $crate::ids::Key);

        impl $name {
            /// A new identifier made at `now`.
            pub fn new(entropy: &$crate::entropy::Entropy, now: $crate::clock::Instant)
                -> Result<Self, $crate::entropy::EntropyFailed> {
                Ok(Self($crate::ids::Key::new(entropy, now)?))
            }

            /// The UUID itself, as the database keeps it.
            pub fn uuid(self) -> uuid::Uuid {
                self.0.0
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(uuid: uuid::Uuid) -> Self {
                Self($crate::ids::Key(uuid))
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse::<uuid::Uuid>().map(Self::from)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0.0, formatter)
            }
        }
    )+};
}

/// What all identifiers are made of: a UUIDv7, unique across nodes and sorted by creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub Uuid);

impl Key {
    /// A new key made at `now`.
    pub fn new(entropy: &Entropy, now: Instant) -> Result<Self, EntropyFailed> {
        entropy.uuid(now).map(Self)
    }
}

identifiers! {
    /// A user base: an issuer with its own keys, people, clients and log (DESIGN: realms).
    RealmId,
}
