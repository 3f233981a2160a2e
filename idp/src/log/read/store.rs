//! Reading the log's tables.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store, Value};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::ids::{PersonId, WriterId};
use crate::log::canonical::Head;
use crate::log::lines::{CheckpointLine, WriterLine};
use crate::log::model::{Chained, Decision, Hash, Row};
use crate::log::store::{COLUMNS, hash};

/// A row as the database has it.
#[derive(FromQueryResult)]
struct Record {
    writer: Uuid,
    seq: i64,
    hash: Vec<u8>,
    realm_id: Uuid,
    at: i64,
    clock_offset: i64,
    clock_error_bound: i64,
    clock_stratum: i32,
    clock_source: String,
    clock_state: String,
    actor: Option<Uuid>,
    on_behalf_of: Option<Uuid>,
    subject: Option<Uuid>,
    organisation: Option<Uuid>,
    occupation: Option<String>,
    session: Option<Uuid>,
    client: Option<String>,
    service: String,
    action: String,
    resource_kind: Option<String>,
    resource_ids: Option<String>,
    hits: Option<i64>,
    decision: String,
    reason: Option<String>,
    granted_by: Option<String>,
    purpose: Option<String>,
    request: Option<Vec<u8>>,
    detail: Option<Vec<u8>>,
}

impl Record {
    fn chained(self) -> Result<Chained, DatabaseError> {
        let unknown =
            || DatabaseError::Unavailable("a row of the access log has an unknown decision".to_owned());
        let row = Row {
            realm: self.realm_id.into(),
            at: Instant::from_micros(self.at),
            clock_offset: self.clock_offset,
            clock_error_bound: self.clock_error_bound,
            clock_stratum: self.clock_stratum,
            clock_source: self.clock_source.into(),
            clock_state: self.clock_state.into(),
            actor: self.actor.map(Into::into),
            on_behalf_of: self.on_behalf_of.map(Into::into),
            subject: self.subject.map(Into::into),
            organisation: self.organisation,
            occupation: self.occupation.map(Into::into),
            session: self.session.map(Into::into),
            client: self.client.map(Into::into),
            service: self.service.into(),
            action: self.action.into(),
            resource_kind: self.resource_kind.map(Into::into),
            resource_ids: self.resource_ids.map(Into::into),
            hits: self.hits,
            decision: Decision::parse(&self.decision).ok_or_else(unknown)?,
            reason: self.reason.map(Into::into),
            granted_by: self.granted_by.map(Into::into),
            purpose: self.purpose.map(Into::into),
            request: self.request,
            detail: self.detail,
        };
        Ok(Chained {
            writer: self.writer.into(),
            seq: self.seq,
            hash: hash(&self.hash)?,
            row,
        })
    }
}

/// The rows that `condition` selects.
async fn select(store: &Store, condition: &str, values: Vec<Value>) -> Result<Vec<Chained>, DatabaseError> {
    let sql = format!("SELECT {} FROM log_row WHERE {condition}", COLUMNS.join(","));
    let records: Vec<Record> = store.fetch_all(&sql, values).await?;
    records.into_iter().map(Record::chained).collect()
}

pub(in crate::log) async fn recent_for_subject(
    store: &Store,
    realm: RealmId,
    person: PersonId,
    limit: u32,
) -> Result<Vec<Chained>, DatabaseError> {
    let condition = "subject = $1 AND realm_id = $2 ORDER BY at DESC LIMIT $3";
    select(
        store,
        condition,
        values![person.uuid(), realm.uuid(), i64::from(limit)],
    )
    .await
}

/// The rows about a person before a place, newest first.
pub(in crate::log) async fn page_for_subject(
    store: &Store,
    realm: RealmId,
    person: PersonId,
    (at, hash): (i64, Hash),
    limit: u32,
) -> Result<Vec<Chained>, DatabaseError> {
    let condition = "subject = $1 AND realm_id = $2 AND at <= $3 AND (at < $3 OR hash < $4)
        ORDER BY at DESC, hash DESC LIMIT $5";
    let place = values![person.uuid(), realm.uuid(), at, hash.to_vec(), i64::from(limit)];
    select(store, condition, place).await
}

/// The public keys of the log as JWKs.
pub(in crate::log) async fn public_jwks(store: &Store) -> Result<Vec<String>, DatabaseError> {
    #[derive(FromQueryResult)]
    struct Key {
        public_jwk: String,
    }
    let keys: Vec<Key> = store
        .fetch_all("SELECT public_jwk FROM log_key ORDER BY created_at, kid", vec![])
        .await?;
    Ok(keys.into_iter().map(|key| key.public_jwk).collect())
}

/// At most `limit` writers after `after`, by key, with what they commit to.
pub(in crate::log) async fn writers(
    store: &Store,
    after: WriterId,
    limit: i64,
) -> Result<Vec<WriterLine>, DatabaseError> {
    #[derive(FromQueryResult)]
    struct Record {
        id: Uuid,
        format: i32,
        kid: String,
        started_at: i64,
        genesis: Vec<u8>,
    }
    let sql =
        "SELECT id, format, kid, started_at, genesis FROM log_writer WHERE id > $1 ORDER BY id LIMIT $2";
    let records: Vec<Record> = store.fetch_all(sql, values![after.uuid(), limit]).await?;
    let mut lines = Vec::with_capacity(records.len());
    for record in records {
        lines.push(WriterLine {
            id: record.id.into(),
            format: record.format,
            kid: record.kid,
            started_at: Instant::from_micros(record.started_at),
            genesis: hash(&record.genesis)?,
            commitments: commitments(store, record.id).await?,
        });
    }
    Ok(lines)
}

async fn commitments(store: &Store, writer: Uuid) -> Result<Vec<Head>, DatabaseError> {
    #[derive(FromQueryResult)]
    struct Record {
        earlier: Uuid,
        seq: i64,
        hash: Vec<u8>,
    }
    let sql = "SELECT earlier, seq, hash FROM log_commitment WHERE writer = $1 ORDER BY earlier";
    let records: Vec<Record> = store.fetch_all(sql, values![writer]).await?;
    records
        .into_iter()
        .map(|record| {
            Ok(Head {
                writer: record.earlier.into(),
                seq: record.seq,
                hash: hash(&record.hash)?,
            })
        })
        .collect()
}

/// The last place of a chain that a row or a checkpoint names.
pub(in crate::log) async fn extent(store: &Store, writer: WriterId) -> Result<i64, DatabaseError> {
    #[derive(FromQueryResult)]
    struct Extent {
        rows: i64,
        checkpoints: i64,
    }
    let sql = "SELECT COALESCE((SELECT MAX(seq) FROM log_row WHERE writer = $1), 0) AS rows,
        COALESCE((SELECT MAX(seq) FROM log_checkpoint WHERE writer = $1), 0) AS checkpoints";
    let extent: Option<Extent> = store.fetch_optional(sql, values![writer.uuid()]).await?;
    Ok(extent.map_or(0, |extent| extent.rows.max(extent.checkpoints)))
}

/// A row, or the place of one that cannot be read.
pub(in crate::log) type Readable = Result<Chained, i64>;

/// At most `limit` rows of a chain, in order, after place `after` and not beyond `until`.
pub(in crate::log) async fn rows(
    store: &Store,
    writer: WriterId,
    (after, until): (i64, i64),
    limit: i64,
) -> Result<Vec<Readable>, DatabaseError> {
    #[derive(FromQueryResult)]
    struct Place {
        seq: i64,
    }
    let range = values![writer.uuid(), after, until, limit];
    let condition = "writer = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4";
    if let Ok(rows) = select(store, condition, range.clone()).await {
        return Ok(rows.into_iter().map(Ok).collect());
    }
    // Either the database is gone, which the next statement says, or somebody put a value of another type or length
    // into one of these rows, which must not hide the others.
    let places: Vec<Place> = store
        .fetch_all(&format!("SELECT seq FROM log_row WHERE {condition}"), range)
        .await?;
    let mut rows = Vec::with_capacity(places.len());
    for Place { seq } in places {
        let row = select(store, "writer = $1 AND seq = $2", values![writer.uuid(), seq]).await;
        rows.push(row.ok().and_then(|mut row| row.pop()).ok_or(seq));
    }
    Ok(rows)
}

/// At most `limit` checkpoints of a chain, in order, after `after` (place and time) and not beyond place `until`.
pub(in crate::log) async fn checkpoints(
    store: &Store,
    writer: WriterId,
    (after, at): (i64, i64),
    until: i64,
    limit: i64,
) -> Result<Vec<CheckpointLine>, DatabaseError> {
    #[derive(FromQueryResult)]
    struct Record {
        seq: i64,
        hash: Vec<u8>,
        at: i64,
        signed: String,
    }
    let sql = "SELECT seq, hash, at, signed FROM log_checkpoint
        WHERE writer = $1 AND (seq > $2 OR (seq = $2 AND at > $3)) AND seq <= $4 ORDER BY seq, at LIMIT $5";
    let records: Vec<Record> = store
        .fetch_all(sql, values![writer.uuid(), after, at, until, limit])
        .await?;
    records
        .into_iter()
        .map(|record| {
            let (seq, at, signed) = (record.seq, Instant::from_micros(record.at), record.signed);
            Ok(CheckpointLine {
                writer,
                seq,
                hash: hash(&record.hash)?,
                at,
                signed,
            })
        })
        .collect()
}
