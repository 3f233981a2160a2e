//! The statements of those changes, each part of somebody's transaction.

use std::time::Duration;

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries, Store, Tx};
use platform::entropy::Entropy;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::events::{Event, Kind};
use crate::people::changes::{By, rewrite};
use crate::people::model::{IdentifierKind, normalise};
use crate::people::store::{PeopleError, Person, aad, identifier_hash};
use crate::realms::Realm;

/// How long a name that was given up is nobody else's: the least that a number cools down, too.
pub const COOLDOWN: Duration = Duration::from_hours(365 * 24);

#[derive(FromQueryResult)]
struct Holder {
    person_id: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct Given {
    sealed_value: Option<Vec<u8>>,
}

/// A name that points to a person, or did.
#[derive(Debug, Clone)]
pub struct Name {
    /// `login`, `email` or `telephone`.
    pub kind: String,
    /// The name; `None` if it is not kept any more.
    pub value: Option<String>,
    /// `active` or `cooling`.
    pub state: String,
    /// Since when, in microseconds.
    pub created_at: i64,
    /// When the person showed that it is theirs.
    pub verified_at: Option<i64>,
    /// Until when it is nobody else's.
    pub cooling_until: Option<i64>,
}

#[derive(FromQueryResult)]
struct NameRow {
    kind: String,
    sealed_value: Option<Vec<u8>>,
    state: String,
    created_at: i64,
    verified_at: Option<i64>,
    cooling_until: Option<i64>,
}

/// The names of a person, those that cool down included.
pub async fn identifiers(
    queries: &impl Queries,
    realm: &Realm,
    person: &Person,
) -> Result<Vec<Name>, PeopleError> {
    let sql = "SELECT kind, sealed_value, state, created_at, verified_at, cooling_until FROM identifier
        WHERE realm_id = $1 AND person_id = $2 ORDER BY created_at, kind LIMIT 1000";
    let rows: Vec<NameRow> = queries
        .fetch_all(sql, values![realm.id.uuid(), person.id.uuid()])
        .await?;
    let mut names = Vec::with_capacity(rows.len());
    for row in rows {
        let kinds = [
            IdentifierKind::Login,
            IdentifierKind::Email,
            IdentifierKind::Telephone,
        ];
        let kind = kinds.into_iter().find(|kind| kind.as_str() == row.kind);
        let value = match (kind, &row.sealed_value) {
            (Some(kind), Some(sealed)) => {
                let plain = person.key.open(&aad(realm, person.id, kind.as_str()), sealed)?;
                Some(String::from_utf8_lossy(&plain).into_owned())
            }
            _ => None,
        };
        names.push(Name {
            kind: row.kind,
            value,
            state: row.state,
            created_at: row.created_at,
            verified_at: row.verified_at,
            cooling_until: row.cooling_until,
        });
    }
    Ok(names)
}

/// Makes an address that a person has shown to be theirs their only one; the one before cools down. `Taken` if it is
/// somebody else's, or was until too recently. The cache of people still has to be told.
pub async fn take_address(
    tx: &Tx,
    (realm, person): (&Realm, &Person),
    address: &str,
    (entropy, now): (&Entropy, Instant),
) -> Result<(), PeopleError> {
    let by = By::person(person.id);
    rewrite(tx, (realm, person), (entropy, now), (&by, None), |before| {
        let mut after = before.clone();
        after.email = Some(address.to_owned());
        after.email_verified = true;
        Ok(after)
    })
    .await
    .map(drop)
}

/// The same for a telephone number, in E.164, if the person says that it is theirs; whether they do.
pub async fn take_telephone(
    tx: &Tx,
    (realm, person): (&Realm, &Person),
    number: &str,
    (entropy, now): (&Entropy, Instant),
) -> Result<bool, PeopleError> {
    let by = By::person(person.id);
    let changed = rewrite(tx, (realm, person), (entropy, now), (&by, None), |before| {
        let mut after = before.clone();
        let theirs = before.details.phone_number.as_deref() == Some(number);
        after.details.phone_number_verified |= theirs;
        Ok(after)
    })
    .await?;
    Ok(changed.profile.details.phone_number.as_deref() == Some(number))
}

/// Makes a name the only one of its kind that points to a person, or has none point to them; the one before cools down.
/// `Taken` if it is somebody else's, or was until too recently.
pub(in crate::people) async fn hold(
    tx: &Tx,
    (realm, person): (&Realm, &Person),
    (kind, value, verified): (IdentifierKind, Option<&str>, bool),
    (entropy, now): (&Entropy, Instant),
) -> Result<(), PeopleError> {
    let (realm_id, id, at) = (realm.id.uuid(), person.id.uuid(), now.as_micros());
    let hash = match value {
        Some(value) => identifier_hash(realm, kind, &normalise(kind, value)?).to_vec(),
        None => Vec::new(),
    };
    if let Some(value) = value {
        let sealed = person
            .key
            .seal(entropy, &aad(realm, person.id, kind.as_str()), value.as_bytes())?;
        let before: Option<Holder> = tx
            .fetch_optional(
                "SELECT person_id FROM identifier WHERE realm_id = $1 AND kind = $2 AND hash = $3",
                values![realm_id, kind.as_str(), hash.clone()],
            )
            .await?;
        let taken = tx
            .execute(
                "INSERT INTO identifier (realm_id, kind, hash, person_id, sealed_value, state, verified_at, created_at)
                 VALUES ($1, $2, $3, $4, $5, 'active', $6, $7)
                 ON CONFLICT (realm_id, kind, hash) DO UPDATE SET person_id = excluded.person_id,
                 sealed_value = excluded.sealed_value, state = 'active', verified_at = excluded.verified_at,
                 cooling_until = NULL
                 WHERE identifier.person_id = excluded.person_id
                 OR (identifier.state = 'cooling' AND identifier.cooling_until <= excluded.created_at)",
                values![
                    realm_id,
                    kind.as_str(),
                    hash.clone(),
                    id,
                    sealed,
                    verified.then_some(at),
                    at
                ],
            )
            .await?;
        if taken == 0 {
            return Err(PeopleError::Taken);
        }
        if let Some(former) = before
            .and_then(|row| row.person_id)
            .filter(|former| *former != id)
        {
            let event = Event::about(former.into(), Kind::IdentifierRecycled).naming(kind, value);
            event.write(tx, realm, (entropy, now)).await?;
        }
    }
    let given_up: Vec<Given> = tx
        .fetch_all(
            "UPDATE identifier SET state = 'cooling', cooling_until = $5
             WHERE realm_id = $1 AND kind = $2 AND person_id = $3 AND hash <> $4 AND state = 'active'
             RETURNING sealed_value",
            values![realm_id, kind.as_str(), id, hash, now.plus(COOLDOWN).as_micros()],
        )
        .await?;
    for sealed in given_up.into_iter().filter_map(|row| row.sealed_value) {
        let old = person.key.open(&aad(realm, person.id, kind.as_str()), &sealed)?;
        let old = String::from_utf8_lossy(&old).into_owned();
        let event = Event::about(person.id, Kind::IdentifierChanged).naming(kind, &old);
        let event = match value {
            Some(value) => event.new_value(value),
            None => event,
        };
        event.write(tx, realm, (entropy, now)).await?;
    }
    Ok(())
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
