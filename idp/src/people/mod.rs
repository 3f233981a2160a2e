//! People: an internal key that never leaves the hub, the names they sign in with, and a profile sealed under a key of
//! their own (DESIGN §3, §8; requirement H2 in its first part).
//!
//! Invariants: a login name, e-mail address or telephone number is found by its keyed hash and kept sealed; it belongs to
//! one person at a time and cools down before it can belong to another (H1.4). Destroying a person's key destroys the
//! profile.

mod contact;
mod details;
mod index;
mod model;
mod numbering;
mod store;

pub use contact::{keep_locale, take_address};
pub use details::{Address, CLAIMS, Details, InvalidDetails};
pub use index::email_index;
pub use model::{IdentifierKind, InvalidIdentifier, NewPerson, PersonState, Profile, normalise};
pub use numbering::{number_key, number_of, person_by_number};
pub use store::{People, PeopleError, Person, Prepared};
