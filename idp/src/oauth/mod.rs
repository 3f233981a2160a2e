//! OAuth 2.1 and OpenID Connect: the authorization server (requirements P1, P2 in their first part).
//!
//! | folder | holds |
//! |---|---|
//! | `assertions` | what other issuers say of our people (RFC 7523 §2.1) |
//! | `clients` | who may ask: metadata (RFC 7591 §2), redirect URI matching, authentication at the token endpoint |
//! | `authorization_details` | what a client may do, more exactly than a scope says (RFC 9396) |
//! | `registration` | who may register clients by themselves, and as what (RFC 7591 §3) |
//! | `authorization` | the authorization request, what stands between it and a code, codes |
//! | `backchannel` | a client asks, the person answers on a device of their own (CIBA) |
//! | `consents` | what a person lets a client have, remembered by scope |
//! | `dpop` | proof of possession of a key (RFC 9449) |
//! | `device` | a person allows on one device what another asks for (RFC 8628) |
//! | `exchange` | a token for a token (RFC 8693) |
//! | `families` | refresh tokens: rotation, and what their reuse brings about (RFC 9700 §4.14) |
//! | `logout` | telling clients that a session has ended |
//! | `introspection` | what a token is worth, for those who may ask (RFC 7662, RFC 9701) |
//! | `revocation` | access tokens that ended before their time (RFC 7009) |
//! | `tokens` | access tokens (RFC 9068), ID tokens (OpenID Connect Core §2), subjects |
//! | `grants` | one grant type a file |
//! | `endpoints` | one endpoint a file |
//! | `challenge` | what would mend a refusal of a protected resource |
//! | `telling` | how a client takes what it is told |
//! | `response` | what a request wants back, and how it comes |
//!
//! Invariants: an error reaches a redirect URI only through a value that exists after the URI was verified; every
//! code, token and interaction is bound to realm, client and purpose; what is single-use is taken by one atomic step;
//! nothing is answered before its log row is durable.

pub mod assertions;
mod audience;
pub mod authorization;
pub mod authorization_details;
pub mod backchannel;
mod challenge;
pub mod clients;
pub mod consents;
pub mod device;
pub mod dpop;
pub mod endpoints;
pub mod error;
pub mod exchange;
pub mod families;
pub mod grants;
pub mod introspection;
pub mod logout;
pub(crate) mod metadata;
pub mod polling;
pub mod registration;
pub mod replay;
pub mod resources;
pub mod response;
pub mod revocation;
pub mod scope;
pub mod step_up;
pub mod telling;
pub mod tokens;

pub use audience::Audience;
pub use challenge::Challenge;
pub use clients::Clients;
pub use error::{ErrorCode, OAuthError};
pub use response::{Carrier, ResponseMode, ResponseType};
pub use revocation::RevokedTokens;
pub use scope::Scope;
pub use tokens::VerifiedTokens;
