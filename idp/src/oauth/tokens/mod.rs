//! Tokens: access tokens (RFC 9068), ID tokens (OpenID Connect Core 1.0 §2), and subjects (§8).

mod access;
mod binding;
mod id;
mod issue;
mod protect;
mod subject;
mod verify;

pub use access::{AccessClaims, Actor, Confirmation, GrantReference};
pub use binding::{BOUND_TO_KEY, binding};
pub use id::{IdClaims, read_hint};
pub use issue::{
    AccessToken, Beside, Granted, Issue, Pushed, TokenResponse, access_token, id_token, issue, person_claims,
};
pub use protect::{Protection, encrypt, protect};
pub use subject::{session_id, subject};
pub use verify::{ActiveToken, VerifiedTokens, inspect, verify_access, verify_presented};
