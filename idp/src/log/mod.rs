//! The access log (requirements H4 and H17, DESIGN §5): who did what with whose data, so that nobody can deny it.
//!
//! One call, [`Log::append`], awaited before the answer leaves and before a change commits: no log, no data. Rows that
//! wait share one commit. What could identify somebody is sealed before it is hashed, so that destroying a person's key
//! leaves the chain valid.
//!
//! ```text
//!  append ─▶ seal, encode ─▶ queue ─▶ writer: place, hash ─▶ one transaction ─▶ receipts
//!                                        │ refused or unheard: read the head again, then go on from it
//!                                        └ each second, at start and at stop: signed checkpoint
//! ```
//!
//! Each process start is a *writer* with a chain of its own:
//!
//! - `hash(n) = SHA-256("musubi/log/row/1" ‖ writer (16) ‖ n (8) ‖ hash(n-1) (32) ‖ content)`, `n` from 1;
//! - `hash(0)`, the genesis `= SHA-256("musubi/log/gen/1" ‖ writer ‖ format (4) ‖ start (8) ‖ kid ‖ (writer ‖ place (8) ‖
//!   hash)*)` commits to the heads of all earlier writers whose last head no genesis held yet, in the order of their keys.
//!
//! Numbers are big-endian two's complement. `content` and everything after the name in a genesis are fields: `00` for an
//! absent one, else `01`, the length in bytes (8), the bytes. The fields of `content`: realm, at (8, microseconds since
//! the Unix epoch), clock offset (8), clock error bound (8), clock stratum (4), clock source, clock state, actor,
//! on_behalf_of, subject, organisation, occupation, session, client, service, action, resource kind, resource ids (JSON
//! array), hits (8), decision, reason, granted_by, purpose, request (16), detail (sealed). Keys are their 16 bytes, text
//! is UTF-8.
//!
//! A checkpoint is a JWS (ES256, `typ` `musubi-log-checkpoint+jwt`) that states writer, place and hash; `start` signs the
//! genesis, `second` whatever is new, `stop` the end, `export` what an export found.
//!
//! Invariants: a receipt is given only for a durable row; a place is given once (the primary key holds that even when
//! the outcome of a commit is not known); a refused row has no place; the writer builds on no row that it did not write.
//!
//! Over the rows of all writers stands one [`tree`], whose checkpoints and proofs anybody may have.
//!
//! What is *not* proven, until checkpoints are held elsewhere: who has the database can drop the rows of the last second
//! before a crash, and the newest writer as a whole, or rewind a chain to an earlier checkpoint of it that no later
//! writer has seen. [`Verifier::expect`] takes checkpoints that were kept, and then finds these too. Who has the log's
//! key can write anything.

mod canonical;
mod chain;
mod checkpoint;
mod export;
mod fresh;
mod handle;
mod key;
mod lines;
mod model;
mod read;
mod report;
mod store;
pub mod tree;
mod verify;
mod writer;

pub use export::ExportError;
pub use fresh::Fresh;
pub use handle::{Log, LogOpenError, LogUnavailable};
pub use model::{Action, Chained, Decision, Entry, Hash, Receipt, Row, Text};
pub use report::{Fault, Finding, Report};
pub use verify::{Verifier, verify};

#[cfg(test)]
mod tests;
