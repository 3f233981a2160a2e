//! What a person agreed with an operator: which of its services they use, from when to when, and what these work with
//! (requirement H5.1).
//!
//! ```text
//! agreed ──from──▶ applies ──until, or ended──▶ over
//! ```
//!
//! Invariants: a contract opens nothing by itself: it bounds what a service of the operator, or of what is below it, may do
//! with the person's data, their own use included; the decision reads it ([`crate::access`]). What is over stays, for what
//! was done under it. Whoever administers contracts can narrow what people do by way of a service, and never widen it.

mod model;
mod store;
#[cfg(test)]
mod tests;

pub use model::{InvalidContract, NewContract, Services};
pub use store::{Agreed, ContractError, agree, end, holder, list};
