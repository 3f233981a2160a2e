//! Clients: relying parties and services, with the metadata of RFC 7591 §2 and OpenID Connect Registration 1.0 §2.
//!
//! ```text
//! credentials offered ──▶ ClientKnown ──proof──▶ AuthenticatedClient      (token endpoint)
//! client_id ──▶ Client ──exact redirect URI──▶ RedirectVerified           (authorization endpoint)
//! ```

mod authentication;
mod described;
pub mod initial;
mod initiation;
pub mod keys;
pub mod metadata;
mod model;
mod redirect;
pub mod secrets;
pub mod sector;
mod standing;
mod store;
#[cfg(test)]
mod tests;

pub use authentication::{AuthenticatedClient, Credentials, authenticate};
pub use described::{NotDescribed, described};
pub use initial::InitialToken;
pub use initiation::initiation;
pub use metadata::{
    ApplicationType, AuthMethod, GrantType, InvalidMetadata, Metadata, ObjectMembers, ObjectSigning,
    SecurityProfile, SubjectType,
};
pub use model::Client;
pub use redirect::{RedirectVerified, is_registrable, matches};
pub use standing::{ByReference, ConsentRule, Standing};
pub use store::{Clients, ClientsError, Registered, Registration};
