//! Changes of what is known about a person: an address that they have shown to be theirs, the language they read.
//!
//! An address that a person gives up cools down before it can be anybody else's (H1.4); they themselves can take it back.

mod store;

pub use store::{keep_locale, take_address};
