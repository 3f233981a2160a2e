//! Blind indexes for others who keep an address without keeping it readable.

use super::model::{IdentifierKind, normalise};
use super::store::{PeopleError, identifier_hash};
use crate::realms::Realm;

/// The blind index of an e-mail address.
pub fn email_index(realm: &Realm, address: &str) -> Result<Vec<u8>, PeopleError> {
    let normal = normalise(IdentifierKind::Email, address)?;
    Ok(identifier_hash(realm, IdentifierKind::Email, &normal).to_vec())
}
