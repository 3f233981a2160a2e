//! Back into an account with the help of two people whom its owner named beforehand: the only way by which a lost second
//! factor is replaced.
//!
//! ```text
//!              ┌─ first of them ─┐
//!              ▼                 │
//! begun ──▶ asked ── second ──▶ waiting ── delay over ──▶ open ── new password ──▶ done
//!              │                  │                         │
//!              ├──────────────────┴── stopped ──────────────┴──▶ cancelled
//!              └──────────────────┴── time over ────────────┴──▶ over
//! ```
//!
//! Whoever begins gets a secret into their browser and a code of six digits onto their screen. The person is told by every
//! channel, with a link to stop it; the people whom they trust are told who asks, and to telephone them. Each confirms
//! signed in, just now or with their password, with the code that was read to them: who began it is thereby the one whose
//! voice they heard. After the delay, told again, the browser that began it sets a new password; the second factors go,
//! sessions and tokens end, every channel is told.
//!
//! Invariants: trust is asked for and accepted, both signed in; the list changes only for who signed in just now or shows
//! the password; nobody trusts themselves; one person counts once, however often they confirm; five wrong codes end one
//! person's part; one recovery of a person is open at a time; each step is one conditional statement, so that of stopping
//! and finishing one wins; a name of nobody is answered as any other, to the end.

mod model;
mod store;
#[cfg(test)]
mod tests;
mod trust;

pub use model::{Code, Event, NEEDED, State, next};
pub use store::{
    Asked, Confirmation, Found, begin, cancel, confirm, find, finish, open_of, start, stop_link, to_confirm,
    verify_stop,
};
pub use trust::{
    Invited, MOST, Trusted, accept, decline, distrust_in, invitations, name, remove, trust_in, trusted,
};
