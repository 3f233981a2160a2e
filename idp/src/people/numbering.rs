//! Every person has a number from the start (requirement H1.1): it is how people and our own API name them.

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::entropy::Entropy;
use platform::ids::RealmId;

use crate::ids::PersonId;
use crate::numbers::{
    Claim, Code, Holder, Issue, Number, NumberKey, NumbersError, Permutation, State, assign, held_by, issue,
    latest, namespace, namespaces,
};
use crate::realms::Realm;

/// The key of a realm's numbers.
pub fn number_key(realm: &Realm) -> NumberKey {
    NumberKey::new(*realm.keys.numbers.expose())
}

/// Issues a number and assigns it to a person, in the transaction that makes them.
pub(super) async fn give(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    now: Instant,
    entropy: &Entropy,
) -> Result<(), NumbersError> {
    let space = namespaces(tx, realm)
        .await?
        .into_iter()
        .find(|space| space.code == Code::PERSON);
    let space = space.ok_or(NumbersError::NotFound)?;
    let block = issue(
        tx,
        realm,
        space.id,
        Issue {
            count: 1,
            issued_to: None,
        },
        now,
        entropy,
    )
    .await?;
    let place = crate::numbers::Place {
        namespace: space.id,
        counter: block.first_counter,
    };
    assign(
        tx,
        realm,
        place,
        Claim {
            holder: Holder::person(person),
            by: None,
        },
        now,
        entropy,
    )
    .await
    .map(drop)
}

/// The number that names a person now.
pub async fn number_of(
    queries: &impl Queries,
    realm: &Realm,
    person: PersonId,
) -> Result<Option<Number>, NumbersError> {
    let held = held_by(queries, realm.id, Holder::person(person), 50).await?;
    let Some(current) = held
        .into_iter()
        .rev()
        .find(|one| matches!(one.state, State::Active | State::Suspended))
    else {
        return Ok(None);
    };
    let space = namespace(queries, realm.id, current.place.namespace).await?;
    Ok(Some(
        Permutation::new(&number_key(realm), &space)?.number(current.place.counter)?,
    ))
}

/// The person whom a number names now.
pub async fn person_by_number(
    queries: &impl Queries,
    realm: &Realm,
    number: Number,
) -> Result<Option<PersonId>, NumbersError> {
    let found = latest(queries, realm.id, &number_key(realm), number).await?;
    let current = found.filter(|one| matches!(one.state, State::Active | State::Suspended));
    let person = current.filter(|one| one.holder.kind == crate::numbers::HolderKind::Person);
    Ok(person.map(|one| PersonId::from(one.holder.id)))
}
