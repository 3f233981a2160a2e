//! Where a list goes on. A cursor is sealed under the realm's key: it shows nothing, fits one list of one realm, and a
//! caller can only give back one that they were given.

use http::StatusCode;
use platform::clock::Instant;
use platform::encoding::{base64url, from_base64url};
use platform::keys::Aad;

use super::refusal::Refusal;
use crate::hub::Hub;
use crate::realms::Realm;

const INVALID: Refusal = Refusal::new(
    StatusCode::BAD_REQUEST,
    "cursor.invalid",
    "The cursor is not of this list",
)
.detail("Send `next` of the page before as `after`, unchanged.");

/// Longest cursor that is looked at: a client's id, sealed, in base64url.
const LONGEST: usize = 600;

/// The cursor after `position` of `list`.
pub(crate) fn seal(hub: &Hub, realm: &Realm, list: &'static str, position: &[u8]) -> Result<String, Refusal> {
    let sealed = realm.keys.data.seal(&hub.entropy, &aad(realm, list), position);
    sealed
        .map(base64url)
        .map_err(|error| Refusal::unavailable(&error))
}

/// The position that a cursor stands for.
pub(crate) fn open(realm: &Realm, list: &'static str, cursor: &str) -> Result<Vec<u8>, Refusal> {
    let sealed = Some(cursor)
        .filter(|cursor| cursor.len() <= LONGEST)
        .and_then(from_base64url)
        .ok_or(INVALID)?;
    let position = realm
        .keys
        .data
        .open(&aad(realm, list), &sealed)
        .map_err(|_| INVALID)?;
    Ok(position.to_vec())
}

/// The position as a key.
pub(crate) fn key(position: &[u8]) -> Result<uuid::Uuid, Refusal> {
    uuid::Uuid::from_slice(position).map_err(|_| INVALID)
}

/// The position as a time and a key.
pub(crate) fn time_and_key(position: &[u8]) -> Result<(Instant, uuid::Uuid), Refusal> {
    let (at, rest) = position.split_first_chunk::<8>().ok_or(INVALID)?;
    Ok((Instant::from_micros(i64::from_be_bytes(*at)), key(rest)?))
}

/// The position as text.
pub(crate) fn text(position: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(position).map_err(|_| INVALID)
}

fn aad(realm: &Realm, list: &'static str) -> Aad {
    Aad::new(realm.id.uuid(), "api.cursor", list.as_bytes(), b"")
}
