//! The index in the database.

use std::fmt::Write as _;

use platform::database::{DatabaseError, Queries, Tx, Value};
use platform::ids::RealmId;
use platform::keys::keyed_hash;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{Criteria, Token, of};
use crate::ids::PersonId;
use crate::people::model::Profile;
use crate::realms::Realm;

/// Bytes of a hash that are kept: among a hundred million tokens two different ones are equal once in 10²².
const BYTES: usize = 16;
/// The most people that a search counts.
const COUNTED: i64 = 1000;

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The page, in the order in which the people were made.
    pub people: Vec<PersonId>,
    /// How many there are in all, up to a thousand.
    pub total: u64,
}

#[derive(FromQueryResult)]
struct Row {
    person_id: Uuid,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// The hashes of all that a person is found by.
pub(in crate::people) fn tokens(realm: &Realm, profile: &Profile) -> Vec<Vec<u8>> {
    of(profile).iter().map(|token| hash(realm, token)).collect()
}

fn hash(realm: &Realm, token: &Token) -> Vec<u8> {
    let whole = keyed_hash(&realm.keys.identifiers, token.context, token.text.as_bytes());
    whole.into_iter().take(BYTES).collect()
}

/// Replaces what a person is found by.
pub(in crate::people) async fn index(
    tx: &Tx,
    realm: &Realm,
    person: PersonId,
    profile: &Profile,
) -> Result<(), DatabaseError> {
    tx.execute(
        "DELETE FROM search_token WHERE person_id = $1 AND realm_id = $2",
        values![person.uuid(), realm.id.uuid()],
    )
    .await?;
    insert_tokens(tx, realm.id, person, tokens(realm, profile)).await
}

/// Adds what a new person is found by.
pub(in crate::people) async fn insert_tokens(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    tokens: Vec<Vec<u8>>,
) -> Result<(), DatabaseError> {
    if tokens.is_empty() {
        return Ok(());
    }
    let mut sql = String::from("INSERT INTO search_token (realm_id, person_id, hash) VALUES ");
    let mut values: Vec<Value> = values![realm.uuid(), person.uuid()];
    for (index, token) in tokens.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(sql, "{comma}($1, $2, ${})", index + 3);
        values.push(token.into());
    }
    tx.execute(&sql, values).await.map(drop)
}

impl Criteria {
    /// The one person who is known already, if the rest fits them, too.
    pub async fn narrow(
        &self,
        queries: &impl Queries,
        realm: &Realm,
        person: Option<PersonId>,
    ) -> Result<Found, DatabaseError> {
        let Some(person) = person else {
            return Ok(Found::default());
        };
        let one = Found {
            people: vec![person],
            total: 1,
        };
        if self.is_empty() {
            return Ok(one);
        }
        let mut before = person.uuid().as_u128();
        before = before.saturating_sub(1);
        let found = search(queries, realm, self, Some(Uuid::from_u128(before).into()), 1).await?;
        Ok(if found.people == one.people {
            one
        } else {
            Found::default()
        })
    }
}

/// The people to whom all of `criteria` fit; at most `limit`, after `after`.
pub async fn search(
    queries: &impl Queries,
    realm: &Realm,
    criteria: &Criteria,
    after: Option<PersonId>,
    limit: u32,
) -> Result<Found, DatabaseError> {
    let Some(tokens) = criteria.tokens() else {
        return Ok(Found::default());
    };
    let mut fits = String::from("FROM search_token AS first WHERE first.realm_id = $1 AND first.hash = $2");
    let mut values: Vec<Value> = values![realm.id.uuid()];
    for (index, token) in tokens.iter().enumerate() {
        if index > 0 {
            let _ = write!(
                fits,
                " AND EXISTS (SELECT 1 FROM search_token AS other WHERE other.realm_id = $1
                 AND other.hash = ${} AND other.person_id = first.person_id)",
                index + 2
            );
        }
        values.push(hash(realm, token).into());
    }
    let next = values.len() + 1;
    let counting = format!("SELECT count(*) AS count FROM (SELECT 1 AS one {fits} LIMIT ${next}) AS found");
    let mut counted = values.clone();
    counted.push(COUNTED.into());
    let count: Option<Count> = queries.fetch_optional(&counting, counted).await?;
    let page = format!(
        "SELECT first.person_id AS person_id {fits} AND first.person_id > ${next} ORDER BY first.person_id LIMIT ${}",
        next + 1
    );
    values.push(after.map_or(Uuid::nil(), PersonId::uuid).into());
    values.push(i64::from(limit).into());
    let rows: Vec<Row> = queries.fetch_all(&page, values).await?;
    Ok(Found {
        people: rows.into_iter().map(|row| row.person_id.into()).collect(),
        total: count.map_or(0, |row| row.count.unsigned_abs()),
    })
}
