//! What a person proves themselves with; in this folder a password (requirement P10), and
//! what a sign-in by it and by other factors is worth ([`Level`]). The other factors are in `factors`.
//!
//! Passwords are hashed with Argon2id (RFC 9106; 19 MiB, two passes, one lane) on threads of their own, which reuse their
//! memory. The queue before them is bounded: who does not fit is told to come again, and nothing else slows down.

mod assurance;
mod hasher;
pub mod pages;
mod phc;
mod policy;
mod store;
#[cfg(test)]
mod tests;

pub use assurance::{Asked, Level, Verdict, method, with_methods};
pub use hasher::{HashingBusy, PasswordHasher};
pub use phc::{PasswordHash, UnreadableHash};
pub use policy::{MAX_LENGTH, MIN_LENGTH, Weakness, weaknesses};
pub use store::{Passwords, PasswordsError};
