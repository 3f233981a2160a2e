//! What a person proves themselves with; in this folder a password (requirement P10), and
//! what a sign-in by it and by other factors is worth ([`Level`]). The other factors are in `factors`.
//!
//! Passwords are hashed with Argon2id (RFC 9106; 19 MiB, two passes, one lane) on threads of their own, which reuse their
//! memory. The queue before them is bounded: who does not fit is told to come again, and nothing else slows down.
//!
//! Which passwords are taken is said in one place ([`judge`]), which every way to set one asks: a link, the account page, a
//! recovery, the command line.

mod assurance;
mod breached;
mod chosen;
mod hasher;
pub mod pages;
mod phc;
mod policy;
mod store;
#[cfg(test)]
mod tests;

pub use assurance::{Asked, Level, Verdict, method, with_methods};
pub use breached::{Breached, BreachedFileError};
pub(crate) use chosen::{Rejected, chosen, chosen_for, rules, rules_for_new};
pub use hasher::{HashingBusy, PasswordHasher};
pub use phc::{PasswordHash, UnreadableHash};
pub use policy::{Hint, MAX_LENGTH, Owner, PolicyUnavailable, Weakness, judge, least};
pub use store::{Change, Passwords, PasswordsError, replace};
