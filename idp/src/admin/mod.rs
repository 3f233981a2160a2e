//! The hub's own API, version 1 (requirements M3, H1; RFC 6750, RFC 9457): `/api/v1`, described by `/api/openapi.json`.
//!
//! | file | holds |
//! |---|---|
//! | `scope` | what may be reached |
//! | `authority` | who calls, and how far that reaches |
//! | `refusal` | why not, as a problem with a stable id |
//! | `cursor` | where a list goes on |
//! | `references`, `store` | what still names the holder of a number, asked before the number gets another |
//! | `endpoints` | one resource a file |
//!
//! **Names.** No internal key leaves the hub: a realm is named by its host, a person by their number, a client by its
//! `client_id`, a namespace by its code, a position in a list by a sealed cursor. The one exception is a block of numbers,
//! which has no other name; its key says nothing about anybody.
//!
//! **Who.** A call carries an access token of the realm that it is made to (RFC 9068). What it reaches is the token's
//! scope ∩ what the client may have today ∩, where a person stands behind it, the powers of that person today; a person
//! who is suspended has none. Nothing else gives power here: no session cookie, no address.
//!
//! **The hub itself.** Realms and the clock belong to no realm, so their scopes ([`scope::HUB_SCOPES`]) carry only in the
//! realm that the configuration names (`[realm] issuer`): the one that the hub was started with, whose administrators the
//! operator chose. In every other realm they are struck from whatever token claims them, and so cannot be passed on there
//! either. If no realm has that issuer, nobody administers the hub through the API, and the command line remains. The
//! order of the realms' keys decides nothing: it rests on a clock that may have been wrong.
//!
//! **Attenuation.** Nobody passes on what they do not hold: a client gets a `musubi:` scope only from a caller who has it,
//! and only who holds all the powers of a person may let that person in again, by resuming them or by a link that sets
//! their password. To suspend takes power away and is not bound by that.
//!
//! Invariants: a call is on record before it is answered, and a change before it is committed, refusals included; what is
//! not in the OpenAPI document has no route (both come from one registration); a row of another realm is as absent as one
//! that does not exist; nothing that was sent is repeated in an error.

pub mod authority;
pub(crate) mod cursor;
mod endpoints;
mod references;
pub mod refusal;
pub mod scope;
mod staff_refusals;
mod store;
#[cfg(test)]
mod tests;

pub use authority::{Authority, authorise};
pub use endpoints::{document, router};
pub use refusal::{INVALID_TOKEN, NO_TOKEN, Refusal, UNAVAILABLE};
