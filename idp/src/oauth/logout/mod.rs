//! Telling clients that a session has ended (OpenID Connect RP-Initiated Logout 1.0, Front-Channel Logout 1.0,
//! Back-Channel Logout 1.0, Session Management 1.0).
//!
//! A client that registered a place where it wants to be told takes part in a session from its first token of that
//! session on: one row of `session_client`, written in the transaction that gives the token. The transaction that ends
//! the session, however it ends, makes the rows due. So what is due survives a crash, and is neither lost nor invented.
//!
//! ```text
//! takes part ──session ends──▶ due ──claimed for a while──▶ told: the row goes
//!     │                         ▲            │
//!     │                         └── failed ──┤ a longer pause each time
//!     └─ session over by time: the row goes  └── too often or too long ago: given up, on record; the row goes
//! ```
//!
//! Invariants: only clients that took part are told, each under the `sub` and `sid` that it knows; of several nodes one
//! claims a row, and a claim of a node that died ends by itself; a client that does not answer holds up nobody else.
//!
//! A session that is over by time alone (idle, absolute limit) tells nobody: a person may be at work in a client's own
//! session, and has not asked anybody to end it. Sign-out, by the person here or elsewhere, by a relying party, by an
//! administrator, and a change of credentials are such a wish.

mod back;
mod browser_state;
mod front;
mod hint;
mod model;
mod store;

pub use back::tell;
pub use browser_state::watched;
pub use front::{Frames, frames};
pub use hint::Hint;
pub use model::{Then, after};
pub(crate) use store::{person_ended, session_ended};
pub use store::{take_part, take_part_in};
