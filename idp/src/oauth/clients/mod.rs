//! Clients: relying parties and services, with the metadata of RFC 7591 §2 and OpenID Connect Registration 1.0 §2.
//!
//! ```text
//! credentials offered ──▶ ClientKnown ──proof──▶ AuthenticatedClient      (token endpoint)
//! client_id ──▶ Client ──exact redirect URI──▶ RedirectVerified           (authorization endpoint)
//! ```

mod authentication;
mod model;
mod redirect;
mod store;
mod token_members;

pub use authentication::{AuthenticatedClient, Credentials, authenticate};
pub use model::{
    ApplicationType, AuthMethod, Client, GrantType, InvalidMetadata, Metadata, ResponseType, SubjectType,
};
pub use redirect::{RedirectVerified, is_registrable, matches};
pub use store::{Clients, ClientsError, Registered};
pub use token_members::TokenMembers;
