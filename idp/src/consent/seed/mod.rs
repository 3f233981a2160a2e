//! Consents of people who are nobody, by the million (`musubi dev seed`): what a decision costs among many rules can be seen
//! only among many rules.
//!
//! Invariant: what is written is what [`super::prepare`] and [`super::write_in`] would write, many at a time.

mod model;
mod store;

pub use store::{SeedError, seed_consents};
