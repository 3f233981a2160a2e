//! What a person lets a client have, remembered by scope until it is withdrawn.

pub mod implicit;
mod store;

pub use store::{ClientConsent, ClientConsents, Recipient};
