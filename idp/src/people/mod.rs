//! People: an internal key that never leaves the hub, the names they sign in with, and a profile sealed under a key of
//! their own (DESIGN §3, §8; requirement H2).
//!
//! | folder | holds |
//! |---|---|
//! | `fields`, `folding`, `telephone`, `prefectures` | what a profile has, and the one form in which it is kept |
//! | `changes` | the one way to change it, and the history |
//! | `contact` | the names that point to a person |
//! | `seed` | people who are nobody |
//! | `search` | finding people without opening anything |
//!
//! Invariants: a login name, e-mail address or telephone number is found by its keyed hash and kept sealed; it belongs to
//! one person at a time and cools down before it can belong to another (H1.4). Destroying a person's key destroys the
//! profile.

mod changes;
mod contact;
mod details;
mod fields;
mod folding;
mod index;
mod model;
mod numbering;
mod prefectures;
mod search;
mod seed;
mod store;
mod telephone;

pub use changes::{By, Changed, Past, Via, change, history};
pub use contact::{COOLDOWN, Name, identifiers, keep_locale, take_address, take_telephone};
pub use details::{Address, CLAIMS, Details, InvalidDetails};
pub use fields::{Field, InvalidField, Patch, apply};
pub(crate) use folding::{fold_width, searched};
pub use index::email_index;
pub use model::{IdentifierKind, InvalidIdentifier, NewPerson, PersonState, Profile, normalise};
pub use numbering::{number_key, number_of, person_by_number};
pub use prefectures::PREFECTURES;
pub use search::{Criteria, Found, search};
pub use seed::seed;
pub use store::{People, PeopleError, Person, Prepared, login_hash};
pub use telephone::Telephone;
