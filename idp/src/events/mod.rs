//! What peers and relying parties have to hear of a person (requirement H1.6; OpenID RISC Profile 1.0): identifiers that
//! changed or have another holder, accounts that are gone or disabled. Whoever transmits takes them from here.
//!
//! ```text
//! written, in the transaction of what happened ─▶ waiting ─ take ─▶ handed to a transmitter ─ done ─▶ handed on
//!                                                   ▲                     │ the process dies
//!                                                   └─────────────────────┘ told again: each has one id
//! ```
//!
//! Invariants: an event is written in the transaction of what it tells of; what identifies somebody is sealed under the
//! realm's key, because the person's may be destroyed by then; an event names the person by their internal key only, from
//! which a transmitter derives each receiver's `sub`; waiting ones come in the order of their ids, and one that commits
//! late is still found, because what was handed on is marked rather than passed.

mod model;
mod store;

pub use model::{Event, Kind, Subject, Told};
pub use store::{Waiting, done, waiting};
