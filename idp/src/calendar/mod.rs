//! The calendar of a person's appointments, for the program with which they look at their other ones (requirement H3.3,
//! RFC 5545).
//!
//! ```text
//! off ── turned on, by the person, freshly signed in ──▶ on ── turned on again: another address ──▶ on
//!                                                         └── turned off, erased ──▶ off
//! ```
//!
//! The address is the secret: whoever knows it reads, so that any calendar program can. So it is shown once, kept as a keyed
//! hash, and what is read there names how people meet, where and when: no person, no number, and nothing that was written
//! about it. The person is told when it is turned on, and each reading is in their log.

pub mod api;
mod model;
mod store;

pub use store::{is_on, turn_off, turn_on};
