//! Assertions of others about our people (RFC 7523 §2.1).
//!
//! ```text
//! assertion ──▶ issuer that an administrator trusts for this client ──▶ signature, audience, times
//!     ──▶ `sub` is a login name or a confirmed address here ──▶ the person let the client have it ──▶ first use ──▶ token
//! ```
//!
//! Invariants: no issuer is trusted but for the clients that an administrator named it for; a subject is one person or
//! nobody; an assertion gives nothing that the person did not let the client have; it is used once, and the token ends
//! with it.

mod model;

pub use model::{Assertion, AssertionIssuer, SubjectKind};
