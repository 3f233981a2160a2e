//! Token families: what one authorization gave, and the one refresh token that is its present end (RFC 9700 §4.14.2).
//!
//! ```text
//! begin ──▶ live (generation 1) ──rotate──▶ live (generation n) ──▶ over
//!             └── an earlier refresh token, or its code, comes again ──▶ revoked, with every token of the family
//! ```
//!
//! A refresh token is `FAMILY.SECRET.MAC`. Rotation is one conditional statement, so that of many callers with one token
//! exactly one wins on any number of nodes. Where each use needs a proof of the client anyway, the token may stay as it is
//! (FAPI 2.0 Security Profile §5.3.2.1: a lost answer must not cost the client its grant). A family that does not outlive its session holds the session's `sid`.

mod model;
mod store;
#[cfg(test)]
mod tests;
mod token;

pub use model::{Begun, Family, FamilyDetails, NewFamily};
pub use store::{Families, FamilyError, revoke_person_in};
pub use token::RefreshToken;
