//! Token exchange: a service that was called with somebody's token gets one of its own to call the next service with
//! (RFC 8693).
//!
//! ```text
//! subject token ──▶ ours, carries now, a person's ──▶ decide(policy of the client, subject, actor, what is asked)
//! actor token ────▶ ours, carries now, the client's own ──┘        │
//!                                                                  ▼
//!                  a token for the client, of the same grant: revoked with it, over no later, with `act`
//! ```
//!
//! Invariants: without a policy that an administrator gave the client there is nothing to exchange; a new token has no
//! scope and no audience that the policy does not name, no scope that the subject token has not, and no longer life; it
//! names everybody through whose hands it went (`act`), at most [`MAX_DEPTH`] of them; only access tokens are taken (an
//! ID token is for its client's eyes, a refresh token for nobody's but its client's) and only those of a person. It is
//! always a delegation, never an impersonation: the log has both names.

mod model;

pub use model::{Asked, Exchange, ExchangePolicy, MAX_DEPTH, Refused, decide};
