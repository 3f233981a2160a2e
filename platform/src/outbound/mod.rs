//! The one way in which the hub calls addresses that somebody outside named: keys by URI, sector identifiers, logout
//! and grant notices (OpenID Connect Registration 1.0 §5, RFC 7591 §5, RFC 9700 §4.14 on what a server may be made to call).
//!
//! ```text
//! URL ──▶ scheme, no user name ──▶ a place at the table ──▶ resolved here ──▶ every address checked
//!                                                                                   │
//!        whole body, or none ◀── read up to the limit ◀── no redirect ◀── connected to one of just these
//! ```
//!
//! Invariants:
//! - Only `https`, certificates verified; `http` only to loopback, and only for a realm that is on loopback itself.
//! - The connection goes to an address that was checked: a name is resolved once, here, and answers with one address
//!   inside are refused whole. Names that change their answer between check and connection gain nothing by it.
//! - Addresses that are not of the public internet ([`address`]) are refused, unless `outbound.allow` names their network.
//! - Redirects are never followed. Cookies, proxies of the environment and compressed bodies do not exist here.
//! - Everything is bounded: the time with all waiting, the size, the calls at once, of these the calls to one host.

mod address;
mod client;
mod names;
#[cfg(test)]
mod tests;

pub use client::{Fetched, Limits, Message, Outbound, OutboundError, OutboundSetupError, Reach};
