//! Looking without having been allowed, when there is no time to ask (break-glass, requirement H5.3).
//!
//! ```text
//! staff of medicine, in an organisation that may ──reason──▶ declared ── four hours, or its end by the declarer ──▶ over
//!                                                            │
//!             the person hears of it, and so does everybody who administers the organisation, in the same transaction
//! ```
//!
//! Invariants: only somebody who stands in an organisation, in an occupation of medicine with a living licence, declares,
//! and only where that organisation, or one above it, has a contract with the person or was allowed emergencies by the
//! realm; there is always a reason, and it is the person's to read: it is sealed under their key; it opens nothing but
//! seeing and finding, for the purpose of an emergency, and only while the declarer stands where they stood; a consent that
//! forbids that purpose forbids it still; nobody declares about themselves; declarations are counted, so that nobody looks
//! through everybody.

mod model;
#[cfg(test)]
mod page_tests;
mod store;
#[cfg(test)]
mod tests;

pub use model::{LIFE, MOST_A_DAY, NotDeclared, Reason, may_declare};
pub use store::{
    Declared, Told, about, administrators, allow, declare, disallow, end, is_allowed, live, reason,
};
