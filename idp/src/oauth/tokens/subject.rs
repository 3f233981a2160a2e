//! `sub`: derived from the internal key, never from a number or a login name (OpenID Connect Core 1.0 §8).

use platform::encoding::base64url;
use platform::keys::keyed_hash;

use crate::ids::PersonId;
use crate::oauth::clients::{Client, SubjectType};
use crate::realms::Realm;

/// The subject that a client knows a person by: 43 characters, the same for all clients of a sector.
pub fn subject(realm: &Realm, person: PersonId, client: &Client) -> String {
    let sector = match client.metadata.subject_type {
        SubjectType::Public => None,
        SubjectType::Pairwise => client.metadata.sector(),
    };
    let context = sector.map_or_else(|| "public".to_owned(), |sector| format!("pairwise {sector}"));
    base64url(keyed_hash(
        &realm.keys.subjects,
        &context,
        person.uuid().as_bytes(),
    ))
}
