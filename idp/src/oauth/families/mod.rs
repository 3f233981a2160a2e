//! Token families: what one authorization gave, and the one refresh token that is its present end (RFC 9700 §4.14.2).
//!
//! ```text
//! begin ──▶ live (generation 1) ──rotate──▶ live (generation n) ──▶ over
//!             └── an earlier refresh token, or its code, comes again ──▶ revoked, with every token of the family
//! ```
//!
//! A refresh token is `FAMILY.SECRET.MAC`. Rotation is one conditional statement, so that of many callers with one token
//! exactly one wins on any number of nodes. A family that does not outlive its session holds the session's `sid`.

mod store;

pub use store::{Begun, Families, Family, FamilyDetails, FamilyError, NewFamily, RefreshToken};
