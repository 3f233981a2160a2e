//! The statements of those changes, each part of somebody's transaction.

use std::time::Duration;

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::entropy::Entropy;
use platform::values;
use sea_orm::FromQueryResult;

use crate::people::model::{IdentifierKind, Profile, normalise};
use crate::people::store::{PeopleError, Person, aad, identifier_hash};
use crate::realms::Realm;

/// How long an address that was given up is nobody else's: the least that a number cools down, too.
const COOLDOWN: Duration = Duration::from_hours(365 * 24);

#[derive(FromQueryResult)]
struct Sealed {
    sealed_profile: Option<Vec<u8>>,
    updated_at: i64,
}

/// Makes an address that a person has shown to be theirs their only one; the one before cools down. `Taken` if it is
/// somebody else's, or was until too recently. The cache of people still has to be told.
pub async fn take_address(
    tx: &Tx,
    (realm, person): (&Realm, &Person),
    address: &str,
    (entropy, now): (&Entropy, Instant),
) -> Result<(), PeopleError> {
    let kind = IdentifierKind::Email;
    let hash = identifier_hash(realm, kind, &normalise(kind, address)?).to_vec();
    let sealed = person
        .key
        .seal(entropy, &aad(realm, person.id, kind.as_str()), address.as_bytes())?;
    let (realm_id, id, at) = (realm.id.uuid(), person.id.uuid(), now.as_micros());
    let taken = tx
        .execute(
            "INSERT INTO identifier (realm_id, kind, hash, person_id, sealed_value, state, verified_at, created_at)
             VALUES ($1, $2, $3, $4, $5, 'active', $6, $6)
             ON CONFLICT (realm_id, kind, hash) DO UPDATE SET person_id = excluded.person_id,
             sealed_value = excluded.sealed_value, state = 'active', verified_at = excluded.verified_at,
             cooling_until = NULL
             WHERE identifier.person_id = excluded.person_id
             OR (identifier.state = 'cooling' AND identifier.cooling_until <= excluded.verified_at)",
            values![realm_id, kind.as_str(), hash.clone(), id, sealed, at],
        )
        .await?;
    if taken == 0 {
        return Err(PeopleError::Taken);
    }
    tx.execute(
        "UPDATE identifier SET state = 'cooling', cooling_until = $5
         WHERE realm_id = $1 AND kind = $2 AND person_id = $3 AND hash <> $4 AND state = 'active'",
        values![realm_id, kind.as_str(), id, hash, now.plus(COOLDOWN).as_micros()],
    )
    .await?;
    change_profile(tx, (realm, person), (entropy, now), |profile| {
        profile.email = Some(address.to_owned());
        profile.email_verified = true;
    })
    .await
}

/// Changes a profile as it is now, not as it was when it was read.
async fn change_profile(
    tx: &Tx,
    (realm, person): (&Realm, &Person),
    (entropy, now): (&Entropy, Instant),
    change: impl FnOnce(&mut Profile) + Send,
) -> Result<(), PeopleError> {
    let (realm_id, id) = (realm.id.uuid(), person.id.uuid());
    let place = aad(realm, person.id, "person.profile");
    let row: Option<Sealed> = tx
        .fetch_optional(
            "SELECT sealed_profile, updated_at FROM person WHERE realm_id = $1 AND id = $2",
            values![realm_id, id],
        )
        .await?;
    let row = row.ok_or(DatabaseError::MissingReference)?;
    let sealed = row.sealed_profile.ok_or(DatabaseError::MissingReference)?;
    let mut profile: Profile = serde_json::from_slice(&person.key.open(&place, &sealed)?)?;
    change(&mut profile);
    let sealed = person.key.seal(entropy, &place, &serde_json::to_vec(&profile)?)?;
    let changed = tx
        .execute(
            "UPDATE person SET sealed_profile = $3, updated_at = $4
             WHERE realm_id = $1 AND id = $2 AND updated_at = $5",
            values![realm_id, id, sealed, now.as_micros(), row.updated_at],
        )
        .await?;
    if changed == 1 {
        Ok(())
    } else {
        // Somebody else changed it in between: nothing is overwritten unseen.
        Err(DatabaseError::Conflict.into())
    }
}

/// Keeps the language in which a person reads.
pub async fn keep_locale(
    store: &Store,
    realm: &Realm,
    person: &Person,
    locale: &'static str,
    now: Instant,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE person SET locale = $3, updated_at = $4 WHERE realm_id = $1 AND id = $2";
    let values = values![realm.id.uuid(), person.id.uuid(), locale, now.as_micros()];
    store.change(sql, values).await.map(drop)
}
