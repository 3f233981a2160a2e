//! Letters to people, and the outbox that sends them (requirement P10).
//!
//! A letter is written, in the person's language, in the transaction of what causes it, and sealed under the person's key:
//! it holds an address, and perhaps a link. One to an address that is nobody's yet is sealed under the realm's. A task sends what is due; several nodes do so side by side.
//!
//! ```text
//! queue ─▶ waiting ─claim─▶ leased ─▶ taken by the server: deleted
//!             ▲               │ not now: a longer pause each time ─┐
//!             └───────────────┴────────────────────────────────────┘
//!                             │ refused for good, tried too often, over: deleted, counted, and a row of the log says so
//! ```
//!
//! Invariants: a mail is claimed by one conditional statement, for as long as the lease lasts, and counted before it is
//! tried; what happens to it afterwards happens only if the claim is still the same. A process that dies in between sends
//! a mail twice, with one message id, and never not at all. Without `[smtp]` nothing is queued.

mod letter;
mod limit;
mod model;
mod outbox;
mod store;
#[cfg(test)]
mod tests;

pub use letter::{MailError, Queued, is_configured, queue, queue_for_nobody};
pub use limit::{Sent, WINDOW, may_send};
pub use outbox::run;
