//! What people prove themselves with besides a password: codes by an app, passkeys, recovery codes (requirement P10).
//!
//! | kind | specification | kept |
//! |---|---|---|
//! | one-time code | RFC 6238 on RFC 4226: SHA-1, six digits, thirty seconds, one step of drift | the secret, sealed under the person's key |
//! | passkey | Web Authentication Level 2 §7 | its public key, sealed; its id as a keyed hash |
//! | recovery code | look-up secrets of NIST SP 800-63B §3.1.2 | keyed hashes |
//!
//! ```text
//! secret shown ──a code of it──▶ kept ──a code──▶ its step is over (one statement) ──▶ shown
//!                                  │                   │ the same step again: refused
//!                                  └── removed: what it opened elsewhere ends with it, in the same transaction
//! ten codes, shown once ──one of them──▶ deleted by the statement that reads it
//! ```
//!
//! Invariants: a guess is counted by person, over all sessions and browsers, before it is looked at, and a step or code is
//! used up by one conditional statement; whoever has closed a person's codes has not closed their passkeys; recovery codes
//! go with the last factor that they stand in for; a factor is added, renamed or removed only by somebody who has just
//! proved all that the account asks for.

mod codes;
pub mod endpoints;
mod enrolment;
mod fresh;
mod model;
pub mod passkeys;
mod proof;
mod store;
#[cfg(test)]
mod tests;
mod totp;

pub use codes::COUNT as RECOVERY_CODES;
pub use enrolment::{Confirmed, confirm, offer, offered};
pub use fresh::{Fresh, fresh};
pub use model::{Factor, Keeping, Kind, reachable};
pub use proof::{Offered, prove_code};
pub use store::{Factors, FactorsError, NewFactor, remove_all};
pub use totp::{Enrolment, picture};
