//! Changes of profiles, and their history: which field, when, by whom, from what to what (requirements H2.1, H2.2).
//!
//! ```text
//! patch ─▶ pure: each value fits its field, all fit each other ─▶ in one transaction:
//!          the profile as it is now, not as it was read · the names that point to the person · the history · the search
//!          index · what peers have to hear
//! ```
//!
//! Invariants: there is one way to change a profile, so that no change is without its history; whoever saw another state
//! than the present one changes nothing; old and new value are sealed under the person's key; a history is never edited,
//! and goes with the key.

mod model;
mod store;

pub use model::{By, Via};
pub(in crate::people) use store::rewrite;
pub use store::{Changed, Past, change, history};
