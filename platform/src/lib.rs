//! What every other crate stands on: time, randomness, keys, the database, short-lived state, configuration, the
//! conventions of HTTP, mail, calls to others, and telemetry.
//!
//! Nothing here knows what a person, a client or a token is. Third-party crates that must have one home live here:
//! sea-orm in [`database`], redis in [`ephemeral`], josekit in [`keys`], lettre in [`mail`], reqwest in [`outbound`].

pub mod certificates;
pub mod clock;
pub mod config;
pub mod database;
pub mod encoding;
pub mod entropy;
pub mod ephemeral;
pub mod http;
pub mod ids;
pub mod json;
pub mod keys;
pub mod mail;
pub mod outbound;
pub mod sms;
pub mod telemetry;
