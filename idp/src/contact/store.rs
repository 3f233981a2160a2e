//! What people said, in the database.

use std::collections::BTreeMap;

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries, Tx};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{Channel, Permit, Topic};
use crate::hub::Hub;
use crate::ids::{ChangeId, PersonId};
use crate::people::{By, PeopleError, Via};
use crate::realms::Realm;

/// A change of mind, as its reader gets it.
#[derive(Debug, Clone)]
pub struct Change {
    /// Where a list goes on.
    pub id: ChangeId,
    /// When.
    pub at: Instant,
    /// By which channel.
    pub channel: Channel,
    /// About what.
    pub topic: Topic,
    /// Whether it is allowed from then on.
    pub allowed: bool,
    /// Who said so.
    pub by: By,
}

#[derive(FromQueryResult)]
struct Row {
    channel: String,
    topic: String,
    allowed: bool,
}

#[derive(FromQueryResult)]
struct Past {
    id: Uuid,
    channel: String,
    topic: String,
    allowed: bool,
    via: String,
    actor_id: Option<Uuid>,
    client_id: Option<String>,
    at: i64,
}

/// Whether a person may be reached about something by a channel: the permit to do so.
pub async fn may_contact(
    queries: &impl Queries,
    realm: &Realm,
    person: PersonId,
    channel: Channel,
    topic: Topic,
) -> Result<Option<Permit>, DatabaseError> {
    let sql = "SELECT channel, topic, allowed FROM contact_preference
        WHERE realm_id = $1 AND person_id = $2 AND channel = $3 AND topic = $4";
    let values = values![realm.id.uuid(), person.uuid(), channel.as_str(), topic.as_str()];
    let row: Option<Row> = queries.fetch_optional(sql, values).await?;
    let allowed = row.map_or(topic.by_default(), |row| row.allowed);
    Ok(allowed.then(|| Permit::wanted(topic)))
}

/// What a person wants, for every channel and topic.
pub async fn preferences(
    queries: &impl Queries,
    realm: &Realm,
    person: PersonId,
) -> Result<BTreeMap<(Topic, Channel), bool>, DatabaseError> {
    let sql = "SELECT channel, topic, allowed FROM contact_preference WHERE realm_id = $1 AND person_id = $2";
    let rows: Vec<Row> = queries
        .fetch_all(sql, values![realm.id.uuid(), person.uuid()])
        .await?;
    let mut all: BTreeMap<(Topic, Channel), bool> = Topic::ALL
        .into_iter()
        .flat_map(|topic| Channel::ALL.map(|channel| ((topic, channel), topic.by_default())))
        .collect();
    for row in rows {
        if let (Some(channel), Some(topic)) = (Channel::parse(&row.channel), Topic::parse(&row.topic)) {
            all.insert((topic, channel), row.allowed);
        }
    }
    Ok(all)
}

/// Keeps what a person wants, and who said so; how much of it is new.
pub async fn set(
    hub: &Hub,
    realm: &Realm,
    person: PersonId,
    wanted: BTreeMap<(Topic, Channel), bool>,
    by: By,
) -> Result<usize, PeopleError> {
    let before = preferences(&hub.store, realm, person).await?;
    let now = hub.clock.now();
    let changes: Vec<((Topic, Channel), bool)> = wanted
        .into_iter()
        .filter(|(place, allowed)| before.get(place) != Some(allowed))
        .collect();
    let count = changes.len();
    let mut statements = Vec::with_capacity(2 * count);
    for ((topic, channel), allowed) in changes {
        let id = ChangeId::new(&hub.entropy, now)?;
        statements.push((
            "INSERT INTO contact_preference (realm_id, person_id, channel, topic, allowed, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (realm_id, person_id, channel, topic) DO UPDATE SET allowed = excluded.allowed,
             changed_at = excluded.changed_at",
            values![
                realm.id.uuid(),
                person.uuid(),
                channel.as_str(),
                topic.as_str(),
                allowed,
                now.as_micros()
            ],
        ));
        statements.push((
            "INSERT INTO contact_preference_change (id, realm_id, person_id, channel, topic, allowed, via,
             actor_id, client_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            values![
                id.uuid(),
                realm.id.uuid(),
                person.uuid(),
                channel.as_str(),
                topic.as_str(),
                allowed,
                by.via.as_str(),
                by.actor.map(PersonId::uuid),
                by.client.clone(),
                now.as_micros()
            ],
        ));
    }
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                for (sql, values) in statements {
                    tx.execute(sql, values).await?;
                }
                Ok::<(), DatabaseError>(())
            })
        })
        .await?;
    Ok(count)
}

/// What a person said over time, newest first; at most `limit`, before `before`.
pub async fn history(
    queries: &impl Queries,
    realm: &Realm,
    person: PersonId,
    before: Option<ChangeId>,
    limit: u32,
) -> Result<Vec<Change>, DatabaseError> {
    let sql =
        "SELECT id, channel, topic, allowed, via, actor_id, client_id, at FROM contact_preference_change
        WHERE realm_id = $1 AND person_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
    let values = values![
        realm.id.uuid(),
        person.uuid(),
        before.map_or(Uuid::max(), ChangeId::uuid),
        i64::from(limit)
    ];
    let rows: Vec<Past> = queries.fetch_all(sql, values).await?;
    let known = rows.into_iter().filter_map(|row| {
        Some(Change {
            id: row.id.into(),
            at: Instant::from_micros(row.at),
            channel: Channel::parse(&row.channel)?,
            topic: Topic::parse(&row.topic)?,
            allowed: row.allowed,
            by: By {
                via: Via::parse(&row.via),
                actor: row.actor_id.map(PersonId::from),
                client: row.client_id,
                tie: None,
            },
        })
    });
    Ok(known.collect())
}
