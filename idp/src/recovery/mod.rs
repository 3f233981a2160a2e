//! Ways back into an account (requirement P10): by a link that is mailed to an address which the person has confirmed
//! ([`link`]), or with the help of two people whom the person named beforehand ([`family`]).
//!
//! ```text
//! /recover: a name and a way ─▶ counted, logged, kept ─▶ one answer for everybody
//!                                     │ a task, later: whose name is it? nobody's: nothing
//!              by mail ◀──────────────┴──────────────▶ by people of trust
//!   link mailed, notice                                 person told, trusted people asked  (see `family`)
//!   link opened ─▶ new password, and a second           two confirm ─▶ delay, in which it can be stopped
//!   factor from who has one ─▶ done: sessions and       ─▶ new password, second factors gone ─▶ done: the same
//!   tokens end, every channel is told
//! ```
//!
//! Invariants: what is asked for is written down the same way whoever the name belongs to, and looked up only after the
//! answer: neither wording nor status, cookies, length or time tell whether there is such an account. A link is kept as a
//! keyed hash, works once and shortly, for one person of one realm, and is built from the realm's issuer, whatever host a
//! request names. A link replaces a password and never a second factor. Nobody is signed in by any of this: whoever has a
//! new password signs in with it.
//!
//! The link is not bound to the browser that asked: people ask on one device and read their mail on another, whoever can
//! read the mail can also ask, and a link that somebody else asked for only lets its reader choose a password of their
//! own.

mod asks;
pub mod endpoints;
pub mod family;
pub mod link;
mod second;
#[cfg(test)]
mod tests;

pub use asks::run;
