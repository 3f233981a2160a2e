//! Changes of what points to a person, and of the language they read.
//!
//! A login name, an address or a telephone number that a person gives up cools down before it can be anybody else's
//! (H1.4); they themselves can take it back. What changes hands, or is shown to peers as a name of the person, is an
//! event for them ([`crate::events`]).

mod store;

pub(in crate::people) use store::hold;
pub use store::{COOLDOWN, Name, identifiers, keep_locale, take_address, take_telephone};
