//! What a token is worth, for those who may ask (RFC 7662, RFC 9701).
//!
//! ```text
//! token ──▶ one of ours, that carries now ──▶ Standing(client that asks, token) ──▶ logged ──▶ its claims
//!             │ no                                  │ Stranger
//!             └──────────────┬──────────────────────┘
//!                            ▼
//!                 logged ──▶ {"active": false}
//! ```
//!
//! Invariants: only a client that proved who it is may ask; what it may not know and what does not exist look the same;
//! no answer says more of a person than the token and the client's own scopes do; a refresh token is nobody's business
//! but its client's, and looking at it neither uses nor ends it.

mod model;

pub use model::{INTROSPECT, Introspection, Standing, standing};
