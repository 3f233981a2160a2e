//! Organisations and staff have numbers (requirement H1.1): it is how people and our own API name them. A staff number
//! lasts as long as somebody is staff anywhere in the realm; who comes back gets another.

mod store;

use std::collections::HashMap;

use platform::database::{Queries, Tx};
use uuid::Uuid;

use super::act::Act;
use super::error::StaffError;
use crate::ids::{OrganisationId, PersonId};
use crate::numbers::{
    Change, Claim, Code, Holder, HolderKind, Issue, Number, NumbersError, Permutation, Place, assign, change,
    held_by, issue, latest, namespace, namespaces,
};
use crate::people::number_key;
use crate::realms::Realm;

/// Issues a number and gives it to `holder`.
async fn give(tx: &Tx, act: &Act, code: Code, holder: Holder) -> Result<Number, StaffError> {
    let spaces = namespaces(tx, act.realm.id).await?;
    let space = spaces.into_iter().find(|space| space.code == code);
    let space = space.ok_or(NumbersError::NotFound)?;
    let wanted = Issue {
        count: 1,
        issued_to: None,
    };
    let block = issue(tx, act.realm.id, space.id, wanted, act.now, &act.entropy).await?;
    let place = Place {
        namespace: space.id,
        counter: block.first_counter,
    };
    let claim = Claim { holder, by: None };
    assign(tx, act.realm.id, place, claim, act.now, &act.entropy).await?;
    let permutation = Permutation::new(&number_key(&act.realm), &space).map_err(NumbersError::from)?;
    Ok(permutation.number(place.counter).map_err(NumbersError::from)?)
}

/// Takes the numbers that a holder has; they rest or are buried as their namespace says.
async fn take(tx: &Tx, act: &Act, holder: Holder) -> Result<(), StaffError> {
    let held = held_by(tx, act.realm.id, holder, 1000).await?;
    for assignment in held.iter().filter(|one| one.state.is_held()) {
        change(tx, act.realm.id, assignment.id, Change::Cancel, act.now).await?;
        change(tx, act.realm.id, assignment.id, Change::Cool, act.now).await?;
    }
    Ok(())
}

/// Gives an organisation its number.
pub(super) async fn give_organisation(tx: &Tx, act: &Act, id: OrganisationId) -> Result<Number, StaffError> {
    give(tx, act, Code::OPERATOR, Holder::organisation(id)).await
}

/// Takes the number of an organisation that ended.
pub(super) async fn take_organisation(tx: &Tx, act: &Act, id: OrganisationId) -> Result<(), StaffError> {
    take(tx, act, Holder::organisation(id)).await
}

/// The staff number of a person; a new one, if they have none.
pub(super) async fn give_staff(tx: &Tx, act: &Act, person: PersonId) -> Result<Number, StaffError> {
    let held = held_by(tx, act.realm.id, Holder::staff(person), 1000).await?;
    if let Some(current) = held.iter().find(|one| one.state.is_held()) {
        let space = namespace(tx, act.realm.id, current.place.namespace).await?;
        let permutation = Permutation::new(&number_key(&act.realm), &space).map_err(NumbersError::from)?;
        return Ok(permutation
            .number(current.place.counter)
            .map_err(NumbersError::from)?);
    }
    give(tx, act, Code::STAFF, Holder::staff(person)).await
}

/// Takes the staff number of somebody who is staff nowhere any more.
pub(super) async fn take_staff(tx: &Tx, act: &Act, person: PersonId) -> Result<(), StaffError> {
    take(tx, act, Holder::staff(person)).await
}

async fn holder(
    queries: &impl Queries,
    realm: &Realm,
    number: Number,
    kind: HolderKind,
) -> Result<Option<Uuid>, StaffError> {
    let found = latest(queries, realm.id, &number_key(realm), number).await?;
    let named = found.filter(|one| one.holder.kind == kind);
    Ok(named.map(|one| one.holder.id))
}

/// The organisation that a number names, or named last.
pub async fn organisation_by_number(
    queries: &impl Queries,
    realm: &Realm,
    number: Number,
) -> Result<Option<OrganisationId>, StaffError> {
    let named = holder(queries, realm, number, HolderKind::Operator).await?;
    Ok(named.map(OrganisationId::from))
}

/// The member of staff whom a number names, or named last.
pub async fn staff_by_number(
    queries: &impl Queries,
    realm: &Realm,
    number: Number,
) -> Result<Option<PersonId>, StaffError> {
    let named = holder(queries, realm, number, HolderKind::Staff).await?;
    Ok(named.map(PersonId::from))
}

/// The numbers of several holders.
async fn numbers(
    queries: &impl Queries,
    realm: &Realm,
    kind: HolderKind,
    holders: &[Uuid],
) -> Result<HashMap<Uuid, Number>, StaffError> {
    if holders.is_empty() {
        return Ok(HashMap::new());
    }
    let places = store::places(queries, realm.id, kind, holders).await?;
    let mut spaces = HashMap::new();
    for space in namespaces(queries, realm.id).await? {
        let permutation = Permutation::new(&number_key(realm), &space).map_err(NumbersError::from)?;
        spaces.insert(space.id, permutation);
    }
    let mut numbers = HashMap::with_capacity(places.len());
    for (holder, (space, counter)) in places {
        let permutation = spaces.get(&space).ok_or(NumbersError::NotFound)?;
        let number = permutation.number(counter).map_err(NumbersError::from)?;
        numbers.insert(holder, number);
    }
    Ok(numbers)
}

/// The numbers of organisations.
pub async fn of_organisations(
    queries: &impl Queries,
    realm: &Realm,
    ids: impl IntoIterator<Item = OrganisationId>,
) -> Result<HashMap<OrganisationId, Number>, StaffError> {
    let ids: Vec<Uuid> = ids.into_iter().map(OrganisationId::uuid).collect();
    let numbers = numbers(queries, realm, HolderKind::Operator, &ids).await?;
    Ok(numbers
        .into_iter()
        .map(|(id, number)| (id.into(), number))
        .collect())
}

/// The staff numbers of people.
pub async fn of_staff(
    queries: &impl Queries,
    realm: &Realm,
    ids: impl IntoIterator<Item = PersonId>,
) -> Result<HashMap<PersonId, Number>, StaffError> {
    let ids: Vec<Uuid> = ids.into_iter().map(PersonId::uuid).collect();
    let numbers = numbers(queries, realm, HolderKind::Staff, &ids).await?;
    Ok(numbers
        .into_iter()
        .map(|(id, number)| (id.into(), number))
        .collect())
}
