//! Realms: whose users they are (DESIGN §2).
//!
//! A realm is found by the host that a request names, checked against the hosts in the database and never echoed. Every
//! look-up in the house takes the realm, so that a row of another realm is as absent as one that does not exist.
//!
//! Each realm has a key of its own, sealed under the hub's key-encryption key. What must not be comparable across
//! realms (token hashes, blind indexes, subjects, numbers) is derived from it, one purpose a key.

mod model;
mod policy;
mod settings;
mod store;

pub use model::{InvalidIssuer, Realm, RealmKeys, is_loopback, parse_issuer};
pub use policy::{Authenticator, InvalidPolicy, SecondFactor, SignInPolicy};
pub use settings::{Chosen, InvalidSettings, RealmSettings};
pub use store::{RealmError, Realms};
