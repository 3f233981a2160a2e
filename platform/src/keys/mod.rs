//! Keys, signatures and secrets: the one home of josekit.

pub mod algorithm;
pub mod cache;
pub mod claims;
pub mod header;
pub mod jose;
pub mod jwk;
pub mod jws;
pub mod kek;
pub mod keyring;
pub mod public;
pub mod ring;
pub mod sealing;
pub mod signer;
mod store;

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod keyring_tests;
