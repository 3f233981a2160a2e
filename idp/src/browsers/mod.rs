//! Browsers in which a person has signed in before, so that they hear of a sign-in in another one (requirement P10).
//!
//! ```text
//! signed in ─▶ the browser shows a value that is known for this person ─▶ nothing
//!           └▶ it does not ─▶ known from now on ─▶ the first of all: nothing │ not the first: the person is told
//! password changed, account recovered ─▶ every other browser is forgotten, and told of when it is used again
//! ```
//!
//! Invariants: the value in the cookie is 256 random bits, kept as a hash that is keyed by the realm; it opens nothing, it
//! only keeps a notice from being sent. The person is told in the transaction that makes the browser known, before the
//! answer that signs anybody in leaves. A mail goes to each of their addresses, five in an hour at the most; the line on
//! the account page stands each time. That somebody has signed in before is not forgotten.

mod store;
#[cfg(test)]
mod tests;

pub use store::{KNOWN_FOR, Known, forget_others_in, list, meet};
