//! `sub`: derived from the internal key, never from a number or a login name (OpenID Connect Core 1.0 §8).

use platform::encoding::base64url;
use platform::keys::keyed_hash;

use crate::ids::{PersonId, SessionId};
use crate::oauth::clients::{Client, SubjectType};
use crate::realms::Realm;

/// The session as a client knows it (`sid`): derived as the subject is, so that clients of different sectors cannot join
/// what they know of a person by it.
pub fn session_id(realm: &Realm, session: SessionId, client: &Client) -> String {
    let hash = keyed_hash(
        &realm.keys.subjects,
        &format!("sid {}", context(client)),
        session.uuid().as_bytes(),
    );
    base64url(hash)
}

/// The subject that a client knows a person by: 43 characters, the same for all clients of a sector.
pub fn subject(realm: &Realm, person: PersonId, client: &Client) -> String {
    base64url(keyed_hash(
        &realm.keys.subjects,
        &context(client),
        person.uuid().as_bytes(),
    ))
}

fn context(client: &Client) -> String {
    let sector = match client.metadata.subject_type {
        SubjectType::Public => None,
        SubjectType::Pairwise => client.metadata.sector(),
    };
    sector.map_or_else(|| "public".to_owned(), |sector| format!("pairwise {sector}"))
}
