//! A person shows that a telephone number is theirs (requirement H2.1): a code is sent to it by short message, and they
//! enter it where they are signed in.
//!
//! ```text
//! number in the profile ─▶ code sent (signed in just now, counted) ─right─▶ the number is theirs, and a name of theirs
//!        ▲                            │ wrong: counted
//!        └── another try: the code before ends ── five wrong, or half an hour over: nothing
//! ```
//!
//! Invariants: those of [`crate::email`], word by word: a code is for one person, one number and one realm, is counted
//! before it is looked at, and works once. Messages cost money: they are counted by number and by person, so that nobody
//! has them sent to strangers by the hundred. A code sent to a number that was changed since confirms nothing.

mod store;
#[cfg(test)]
mod tests;

pub use store::{Asked, Outcome, ask, confirm, is_asked};
