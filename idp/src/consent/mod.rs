//! What people allow and forbid with their data (requirements H5.2, S6.2; HL7 FHIR R4, Consent).
//!
//! ```text
//! FHIR Consent ──parse──▶ Consent ──compile──▶ rules ──same transaction──▶ consent + consent_grant
//!                 └── anything that is not understood: refused
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `fhir` | the part of FHIR R4 Consent that is understood, to the letter |
//! | `compile` | a consent as rules that [`crate::access`] decides by |
//! | `levels` | the three levels of the family notebook |
//! | `seed` | many consents of people who are nobody |
//! | `inside`, `outside` | the resource as it comes from outside and goes there: names in the place of our keys |
//! | `whom` | organisations and their staff by their numbers |
//! | `store` | versions, never changed, sealed under the person's key; `write_in` for others' transactions |
//!
//! The truth is the Consent resource that the person made; rules are made from it and never by themselves. What the
//! resource says and the rules do not, or the other way round, would be a consent that nobody gave: a test reads random
//! consents in both ways. A provision that opens says in so many words to whom, what, which kinds, how deep and what for;
//! one that closes may leave any of them out and then closes all.

mod compile;
pub mod fhir;
mod inside;
mod levels;
mod model;
mod outside;
mod seed;
mod store;
#[cfg(test)]
mod tests;
pub mod whom;

pub use compile::{Head, InvalidConsent, MOST_RULES, compile, resource};
pub use inside::{Inside, inside};
pub use levels::Level;
pub use model::{Draft, Kept, Origin, Summary};
pub use outside::{Reader, outside, outside_for};
pub use seed::{SeedError, seed_consents};
pub use store::{
    ConsentError, Prepared, end_all_in, find, history, list, page, prepare, prepare_change,
    prepare_withdrawal, rest_in, summaries, write, write_for, write_in,
};
