//! How people want to be reached, and the one gate through which everything goes that is sent to them (requirement H2.3).
//!
//! ```text
//! wish to send ─▶ a duty (security, what the person just asked for) ──────────────▶ Permit ─▶ mail::queue, Messenger::send
//!              └▶ a topic ─▶ may_contact: the person's word for channel × topic ─yes─▶  ▲
//!                                                                              └─no─▶ nothing is written
//! mail that waits ─▶ asked again when it is sent: whoever said no in between gets nothing
//! ```
//!
//! Invariants: a sender takes a [`Permit`], which nothing else makes; what cannot be refused has no topic, so that no form
//! and no call can refuse it; a topic that the person has said nothing about has the default of its kind, and what is not
//! for the person's own care defaults to no; each change is kept with who made it, and never edited.

mod messenger;
mod model;
mod store;

pub use messenger::Messenger;
pub use model::{Channel, Duty, Permit, Topic};
pub use store::{Change, history, may_contact, preferences, set};
