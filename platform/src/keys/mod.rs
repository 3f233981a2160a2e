//! Keys, signatures and secrets: the one home of josekit.

pub mod algorithm;
pub mod cache;
pub mod claims;
pub mod header;
pub mod jose;
pub mod jwk;
pub mod jws;
pub mod kek;
pub mod public;
pub mod sealing;
pub mod signer;

#[cfg(test)]
mod attacks;
