//! Family: who is whose, and what each may do for the other (requirements H2.2, S6.1, P10; DESIGN §4).
//!
//! ```text
//! by consent:  invited (a code to hand over, or bound to who has a confirmed address) ─accepted, signed in─▶ active
//!                 │ withdrawn, a week over                                                                     │ either ends it
//!                 ▼                                                                                            ▼
//!               gone                                                                                         ended
//! by law:      an administrator, with a reference to the evidence ─▶ active ─ an administrator ends it, or majority ─▶ ended
//! ```
//!
//! A tie runs from a person to another who may do something for them: keep their details, receive alerts about them, help
//! them back into their account (which makes the other one of [`crate::recovery::family`]'s trusted people). Reading
//! health data is not in a tie: that is a consent.
//!
//! Invariants: a tie by consent needs both: who invites is signed in just now, who accepts is, too; an invitation is kept
//! as a keyed hash bound to its realm, works once, by one statement, and, where it was addressed to somebody, for them
//! alone; nobody is tied to themselves; of two people one tie in one direction is active. A tie by law has no code: neither
//! ward nor guardian makes or ends it, a guardian of a minor is none from the moment of majority, by computation from the
//! date of birth at each look and not by a job, and so nobody who has such a guardian changes that date themselves.

mod invitations;
mod majority;
mod model;
mod store;

pub use invitations::{Code, Invitation, Preview, accept, decline, invite, invited, open, sent, withdraw};
pub use majority::{MAJORITY, majority};
pub use model::{Basis, Power, Powers, Relation, Tie, Who};
pub use store::{
    GuardianError, alerted, between, end, has_guardian, holds_in, of, set_guardian, toward, wards,
};
