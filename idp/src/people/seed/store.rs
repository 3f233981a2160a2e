//! Writing them, many at a time.

use std::sync::Arc;

use platform::clock::Clock;
use platform::database::{DatabaseError, Store, Tx, insert_many};
use platform::entropy::Entropy;
use platform::keys::DataKey;
use platform::values;

use super::model::somebody;
use crate::ids::{AssignmentId, PersonId};
use crate::numbers::{Code, Issue, NumbersError, issue, namespaces};
use crate::people::model::{IdentifierKind, normalise};
use crate::people::search::tokens;
use crate::people::store::{PeopleError, aad, identifier_hash};
use crate::realms::Realm;

/// People of one transaction.
const BATCH: u64 = 500;

/// What is written, in this order.
const TABLES: [&str; 4] = [
    "INSERT INTO person (id, realm_id, state, sealed_key, sealed_profile, locale, created_at, updated_at)",
    "INSERT INTO identifier (realm_id, kind, hash, person_id, sealed_value, state, created_at)",
    "INSERT INTO number_assignment (id, realm_id, namespace_id, counter, generation, state, holder_kind,
     holder_id, sole, assigned_at, changed_at)",
    "INSERT INTO search_token (realm_id, hash, person_id)",
];

/// Writes the people at `count` places from `first` on. Whoever is there already is in the way: `Taken`.
pub async fn seed(
    (store, clock, entropy): (&Store, &Clock, &Entropy),
    realm: &Arc<Realm>,
    (first, count): (u64, u64),
) -> Result<(), PeopleError> {
    let mut done = 0;
    while done < count {
        let batch = BATCH.min(count - done);
        let from = first + done;
        let (shared, clock, entropy) = (realm.clone(), clock.clone(), entropy.clone());
        let written = store.write(move |tx: &Tx| {
            Box::pin(async move { write(tx, (&clock, &entropy), &shared, (from, batch)).await })
        });
        match written.await {
            Err(PeopleError::Database(DatabaseError::Conflict)) => return Err(PeopleError::Taken),
            written => written?,
        }
        done += batch;
    }
    Ok(())
}

async fn write(
    tx: &Tx,
    (clock, entropy): (&Clock, &Entropy),
    realm: &Realm,
    (first, count): (u64, u64),
) -> Result<(), PeopleError> {
    let now = clock.now();
    let at = now.as_micros();
    let spaces = namespaces(tx, realm.id).await?;
    let space = spaces.into_iter().find(|space| space.code == Code::PERSON);
    let space = space.ok_or(NumbersError::NotFound)?;
    let wanted = Issue {
        count,
        issued_to: None,
    };
    let block = issue(tx, realm.id, space.id, wanted, now, entropy).await?;
    let (mut people, mut names, mut numbers, mut hashes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for index in 0..count {
        let profile = somebody(first + index);
        let id = PersonId::new(entropy, now)?;
        let key = DataKey::generate(entropy)?;
        let sealed_key = realm
            .keys
            .root
            .wrap(entropy, &key, &aad(realm, id, "person.key"))?;
        let plain = serde_json::to_vec(&profile)?;
        let sealed = key.seal(entropy, &aad(realm, id, "person.profile"), &plain)?;
        people.push(values![
            id.uuid(),
            realm.id.uuid(),
            "active",
            sealed_key,
            sealed,
            "ja",
            at,
            at
        ]);
        let email = profile.email.as_deref().unwrap_or_default();
        for (kind, name) in [
            (IdentifierKind::Login, profile.login.as_str()),
            (IdentifierKind::Email, email),
        ] {
            let hash = identifier_hash(realm, kind, &normalise(kind, name)?).to_vec();
            let sealed = key.seal(entropy, &aad(realm, id, kind.as_str()), name.as_bytes())?;
            names.push(values![
                realm.id.uuid(),
                kind.as_str(),
                hash,
                id.uuid(),
                sealed,
                "active",
                at
            ]);
        }
        let counter = i64::try_from(block.first_counter + index).unwrap_or(i64::MAX);
        numbers.push(values![
            AssignmentId::new(entropy, now)?.uuid(),
            realm.id.uuid(),
            space.id.uuid(),
            counter,
            1,
            "active",
            "person",
            id.uuid(),
            space.sole,
            at,
            at
        ]);
        for hash in tokens(realm, &profile) {
            hashes.push(values![realm.id.uuid(), hash, id.uuid()]);
        }
    }
    let tables = TABLES.into_iter().zip([people, names, numbers, hashes]);
    for (sql, rows) in tables {
        insert_many(tx, sql, rows).await?;
    }
    Ok(())
}
