//! Access tokens that ended before their time (RFC 7009).
//!
//! A refresh token is revoked with its family, and so is an access token whose family is its client's own: what one
//! authorization gave ends together (RFC 7009 §2.1). An access token without such a family (a service's own, one that
//! was exchanged) is written down here until it would have expired anyway.
//!
//! ```text
//! token of a family ──▶ family revoked           (families: a row of the hub's database, cached for a second)
//! any other token ────▶ hash of its jti kept     (here: a row of the hub's database, cached for a second)
//! ```
//!
//! Both are rows of the hub's database and not short-lived state: a Redis that forgets brings no token back.

mod store;

pub use store::RevokedTokens;
