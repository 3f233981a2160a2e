//! OAuth 2.1 and OpenID Connect: the authorization server (requirements P1, P2 in their first part).
//!
//! | folder | holds |
//! |---|---|
//! | `clients` | who may ask: metadata (RFC 7591 §2), redirect URI matching, authentication at the token endpoint |
//! | `authorization` | the authorization request, what stands between it and a code, codes |
//! | `consents` | what a person lets a client have, remembered by scope |
//! | `families` | refresh tokens: rotation, and what their reuse brings about (RFC 9700 §4.14) |
//! | `tokens` | access tokens (RFC 9068), ID tokens (OpenID Connect Core §2), subjects |
//! | `grants` | one grant type a file |
//! | `endpoints` | one endpoint a file |
//!
//! Invariants: an error reaches a redirect URI only through a value that exists after the URI was verified; every
//! code, token and interaction is bound to realm, client and purpose; what is single-use is taken by one atomic step;
//! nothing is answered before its log row is durable.

pub mod authorization;
pub mod clients;
pub mod consents;
pub mod endpoints;
pub mod error;
pub mod families;
pub mod grants;
mod metadata;
pub mod scope;
pub mod tokens;

pub use clients::Clients;
pub use error::{ErrorCode, OAuthError};
pub use scope::Scope;
pub use tokens::VerifiedTokens;
