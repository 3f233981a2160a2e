//! Writing them, many at a time.

use std::sync::Arc;

use platform::clock::Clock;
use platform::database::{Queries as _, Store, Tx, Value, insert_many};
use platform::entropy::Entropy;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::rules;
use crate::consent::model::{Draft, Origin};
use crate::consent::store::{ConsentError, GRANTS, first};
use crate::ids::OrganisationId;
use crate::people::{People, PeopleError};
use crate::realms::Realm;

/// People of one transaction.
const BATCH: u64 = 500;

const CONSENTS: &str = "INSERT INTO consent (id, version, realm_id, subject_id, performer_id, origin, status,
     sealed_resource, created_at)";

/// They could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// There is nobody to allow anything to.
    #[error(
        "the realm has no organisations that people could allow anything to; `--organisations N` makes some"
    )]
    NoOrganisations,
    /// A consent could not be kept.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// A person could not be read.
    #[error(transparent)]
    People(#[from] PeopleError),
}

#[derive(FromQueryResult)]
struct Key {
    id: Uuid,
}

/// Lets the first `count` people of the realm who have said nothing yet say what ten rules say; how many that were.
pub async fn seed_consents(
    (store, clock, entropy): (&Store, &Clock, &Entropy),
    realm: &Arc<Realm>,
    count: u64,
) -> Result<u64, SeedError> {
    let people = People::new(store.clone(), clock.clone(), entropy.clone());
    let organisations: Vec<Key> = store
        .fetch_all(
            "SELECT id FROM organisation WHERE realm_id = $1 AND ended_at IS NULL ORDER BY id LIMIT 100000",
            values![realm.id.uuid()],
        )
        .await
        .map_err(ConsentError::from)?;
    let organisations: Vec<OrganisationId> = organisations.into_iter().map(|row| row.id.into()).collect();
    if organisations.is_empty() && count > 0 {
        return Err(SeedError::NoOrganisations);
    }
    let (mut done, mut after) = (0, Uuid::nil());
    while done < count {
        let batch = i64::try_from(BATCH.min(count - done)).unwrap_or(i64::MAX);
        let silent: Vec<Key> = store
            .fetch_all(
                "SELECT person.id FROM person WHERE person.realm_id = $1 AND person.id > $2
                 AND person.sealed_key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM consent
                     WHERE consent.realm_id = $1 AND consent.subject_id = person.id)
                 ORDER BY person.id LIMIT $3",
                values![realm.id.uuid(), after, batch],
            )
            .await
            .map_err(ConsentError::from)?;
        let (mut consents, mut grants): (Vec<Vec<Value>>, Vec<Vec<Value>>) = (Vec::new(), Vec::new());
        for (place, row) in (done..).zip(&silent) {
            let Some(person) = people.by_id(realm, row.id.into()).await? else {
                continue;
            };
            let draft = Draft {
                performer: person.id,
                origin: Origin::Person,
                rules: rules(place, &organisations),
            };
            let (consent, rules) = first((entropy, clock.now()), realm, &person, &draft)?.into_rows();
            consents.push(consent);
            grants.extend(rules);
        }
        let Some(last) = silent.last() else { break };
        after = last.id;
        done += consents.len() as u64;
        store
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    insert_many(tx, CONSENTS, consents).await?;
                    insert_many(tx, GRANTS, grants).await
                })
            })
            .await
            .map_err(ConsentError::from)?;
    }
    Ok(done)
}
