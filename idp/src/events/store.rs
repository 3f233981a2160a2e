//! Events in the database.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries, Tx, Value};
use platform::entropy::Entropy;
use platform::keys::Aad;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{Event, Kind, Told};
use crate::ids::{EventId, PersonId};
use crate::people::PeopleError;
use crate::realms::Realm;

/// An event that waits for a transmitter.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its `jti`.
    pub id: EventId,
    /// About whom.
    pub person: PersonId,
    /// What happened; `None` for a kind that this version does not know.
    pub kind: Option<Kind>,
    /// The rest.
    pub told: Told,
    /// When it happened.
    pub at: Instant,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    person_id: Uuid,
    kind: String,
    sealed: Option<Vec<u8>>,
    at: i64,
}

/// An event that is sealed, and told once [`Prepared::write`] is called.
#[must_use = "an event that is not written is not told"]
#[derive(Debug)]
pub struct Prepared(Option<Vec<Value>>);

impl Event {
    /// Seals it, to be written in the caller's transaction.
    pub fn prepare(
        self,
        realm: &Realm,
        (entropy, now): (&Entropy, Instant),
    ) -> Result<Prepared, PeopleError> {
        if !self.is_told {
            return Ok(Prepared(None));
        }
        let id = EventId::new(entropy, now)?;
        let plain = serde_json::to_vec(&self.told)?;
        let sealed = realm.keys.data.seal(entropy, &place(realm, id), &plain)?;
        Ok(Prepared(Some(values![
            id.uuid(),
            realm.id.uuid(),
            self.person.uuid(),
            self.kind.uri(),
            sealed,
            now.as_micros()
        ])))
    }

    /// Writes it, in the transaction of what it tells of.
    pub async fn write(self, tx: &Tx, realm: &Realm, made: (&Entropy, Instant)) -> Result<(), PeopleError> {
        Ok(self.prepare(realm, made)?.write(tx).await?)
    }
}

impl Prepared {
    /// Writes it, in the transaction of what it tells of.
    pub async fn write(self, tx: &Tx) -> Result<(), DatabaseError> {
        let sql = "INSERT INTO security_event (id, realm_id, person_id, kind, sealed, at)
            VALUES ($1, $2, $3, $4, $5, $6)";
        match self.0 {
            Some(values) => tx.execute(sql, values).await.map(drop),
            None => Ok(()),
        }
    }
}

/// The events of a realm that were not handed on, oldest first; at most `limit`.
pub async fn waiting(queries: &impl Queries, realm: &Realm, limit: u32) -> Result<Vec<Waiting>, PeopleError> {
    let sql = "SELECT id, person_id, kind, sealed, at FROM security_event
        WHERE realm_id = $1 AND handed_on_at IS NULL ORDER BY id LIMIT $2";
    let rows: Vec<Row> = queries
        .fetch_all(sql, values![realm.id.uuid(), i64::from(limit)])
        .await?;
    rows.into_iter()
        .map(|row| {
            let id = EventId::from(row.id);
            let told = match row.sealed {
                Some(sealed) => serde_json::from_slice(&realm.keys.data.open(&place(realm, id), &sealed)?)?,
                None => Told::default(),
            };
            Ok(Waiting {
                id,
                person: row.person_id.into(),
                kind: Kind::parse(&row.kind),
                told,
                at: Instant::from_micros(row.at),
            })
        })
        .collect()
}

/// Marks an event as handed on to every receiver, and forgets whom it named; whether it waited.
pub async fn done(
    queries: &impl Queries,
    realm: &Realm,
    id: EventId,
    now: Instant,
) -> Result<bool, DatabaseError> {
    let sql = "UPDATE security_event SET handed_on_at = $3, sealed = NULL
        WHERE realm_id = $1 AND id = $2 AND handed_on_at IS NULL";
    let marked = queries
        .execute(sql, values![realm.id.uuid(), id.uuid(), now.as_micros()])
        .await?;
    Ok(marked == 1)
}

fn place(realm: &Realm, id: EventId) -> Aad {
    Aad::new(realm.id.uuid(), "security.event", id.uuid().as_bytes(), b"")
}
