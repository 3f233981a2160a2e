//! The secrets of a client, and the change from one to the next.
//!
//! ```text
//! ──▶ current ──changed──▶ former ──its own end, or the end of the overlap, or the next change──▶ nothing
//! ```
//!
//! Invariants: at most two secrets are good at a time; a former one ends by itself, and no later than it would have ended
//! anyway; of two changes at once one takes effect; a secret is kept as a keyed hash and shown once.

mod model;
mod store;

pub use model::{Secret, Secrets};
pub use store::Changed;
pub(super) use store::{REGISTRATION, secret_hash};
