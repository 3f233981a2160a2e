//! Organisations that are nowhere and staff who are nobody, by the thousand (`musubi dev seed`): hospitals with nine
//! departments each, and the people of the realm in the order in which they were made as their staff.
//!
//! Invariant: what is written is what [`super::organisations::create`] and [`super::affiliations::affiliate`] would write,
//! many at a time.

mod store;

pub use store::{seed_organisations, seed_staff};
