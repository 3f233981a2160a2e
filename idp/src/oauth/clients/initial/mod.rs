//! Initial access tokens (RFC 7591 §1.2): each is good for some registrations, until its end, within its policy.
//!
//! Invariant: a token registers no more clients than it was made for, on any number of nodes: using it is one conditional
//! statement.

mod store;

pub use store::InitialToken;
