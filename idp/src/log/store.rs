//! The log's tables: appending rows, and what surrounds a writer's life. Reading is in [`read`](super::read).

use std::sync::LazyLock;

use platform::clock::Instant;
use platform::database::{Backend, DatabaseError, Queries as _, Store, Tx, Value};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::canonical::{FORMAT, Head};
use super::model::{Hash, Row};
use crate::ids::WriterId;

/// The columns of `log_row`, in the order of [`Prepared`].
pub(super) const COLUMNS: [&str; 28] = [
    "writer",
    "seq",
    "hash",
    "realm_id",
    "at",
    "clock_offset",
    "clock_error_bound",
    "clock_stratum",
    "clock_source",
    "clock_state",
    "actor",
    "on_behalf_of",
    "subject",
    "organisation",
    "occupation",
    "session",
    "client",
    "service",
    "action",
    "resource_kind",
    "resource_ids",
    "hits",
    "decision",
    "reason",
    "granted_by",
    "purpose",
    "request",
    "detail",
];

/// Rows a statement may carry. Few sizes, so that each is parsed once and stays prepared; a batch is made up of them.
const CHUNKS: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// One table of statements for each kind of database. SQLite looks the name of every bound parameter up in a list, which
/// for `$1 … $1792` costs more than the insert; parameters without a name are not in the list.
static SQLITE_INSERTS: LazyLock<[String; CHUNKS.len()]> =
    LazyLock::new(|| CHUNKS.map(|rows| insert_statement(rows, |_| "?".to_owned())));
static POSTGRES_INSERTS: LazyLock<[String; CHUNKS.len()]> =
    LazyLock::new(|| CHUNKS.map(|rows| insert_statement(rows, |number| format!("${number}"))));

fn inserts(backend: Backend) -> &'static [String; CHUNKS.len()] {
    match backend {
        Backend::Sqlite => &SQLITE_INSERTS,
        Backend::Postgres => &POSTGRES_INSERTS,
    }
}

fn insert_statement(rows: usize, placeholder: impl Fn(usize) -> String) -> String {
    let placeholders = |row: usize| {
        let first = row * COLUMNS.len() + 1;
        let numbers: Vec<_> = (first..first + COLUMNS.len()).map(&placeholder).collect();
        format!("({})", numbers.join(","))
    };
    let all: Vec<_> = (0..rows).map(placeholders).collect();
    format!(
        "INSERT INTO log_row ({}) VALUES {}",
        COLUMNS.join(","),
        all.join(",")
    )
}

/// The values of a row that has no place yet.
#[derive(Debug)]
pub(super) struct Prepared(Vec<Value>);

impl Prepared {
    pub(super) fn new(row: Row) -> Self {
        Self(values![
            row.realm.uuid(),
            row.at.as_micros(),
            row.clock_offset,
            row.clock_error_bound,
            row.clock_stratum,
            row.clock_source.into_owned(),
            row.clock_state.into_owned(),
            row.actor.map(crate::ids::PersonId::uuid),
            row.on_behalf_of.map(crate::ids::PersonId::uuid),
            row.subject.map(crate::ids::PersonId::uuid),
            row.organisation,
            row.occupation.map(std::borrow::Cow::into_owned),
            row.session.map(crate::ids::SessionId::uuid),
            row.client.map(std::borrow::Cow::into_owned),
            row.service.into_owned(),
            row.action.into_owned(),
            row.resource_kind.map(std::borrow::Cow::into_owned),
            row.resource_ids.map(std::borrow::Cow::into_owned),
            row.hits,
            row.decision.name(),
            row.reason.map(std::borrow::Cow::into_owned),
            row.granted_by.map(std::borrow::Cow::into_owned),
            row.purpose.map(std::borrow::Cow::into_owned),
            row.request,
            row.detail,
        ])
    }
}

/// Rows that are to be committed together, in the order of their places.
#[derive(Debug, Default)]
pub(super) struct Batch {
    rows: usize,
    values: Vec<Value>,
}

impl Batch {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            rows: 0,
            values: Vec::with_capacity(rows * COLUMNS.len()),
        }
    }

    pub(super) fn push(&mut self, place: Head, row: Prepared) {
        self.rows += 1;
        self.values
            .extend(values![place.writer.uuid(), place.seq, place.hash.to_vec()]);
        self.values.extend(row.0);
    }

    /// The statements that write the batch.
    fn statements(self, backend: Backend) -> Vec<(&'static str, Vec<Value>)> {
        let (mut left, mut values, mut statements) = (self.rows, self.values, Vec::new());
        for (size, sql) in CHUNKS.iter().zip(inserts(backend)) {
            while left >= *size {
                let rest = values.split_off(size * COLUMNS.len());
                statements.push((sql.as_str(), std::mem::replace(&mut values, rest)));
                left -= size;
            }
        }
        statements
    }
}

/// The log's database, for writing.
#[derive(Clone, Debug)]
pub(super) struct LogStore(pub(super) Store);

/// The sealed signing key of the log.
#[derive(FromQueryResult)]
pub(super) struct StoredKey {
    pub(super) kid: String,
    pub(super) public_jwk: String,
    pub(super) wrapped_key: Vec<u8>,
    pub(super) sealed_private: Vec<u8>,
}

/// An earlier writer's head, and whether it is its last.
#[derive(Debug)]
pub(super) struct FoundHead {
    pub(super) head: Head,
    pub(super) ended: bool,
    pub(super) committed: bool,
}

#[derive(FromQueryResult)]
struct HeadRow {
    id: Uuid,
    seq: i64,
    hash: Vec<u8>,
    ended_at: Option<i64>,
    committed: i64,
}

/// A writer that begins.
#[derive(Debug, Clone)]
pub(super) struct NewWriter {
    pub(super) id: WriterId,
    pub(super) kid: String,
    pub(super) started_at: Instant,
    pub(super) genesis: Hash,
    /// The heads that the genesis commits to.
    pub(super) heads: Vec<Head>,
    /// Writers that have ended and whose last head some genesis commits to.
    pub(super) settled: Vec<WriterId>,
}

/// A signed checkpoint and what it says.
#[derive(Debug, Clone)]
pub(super) struct NewCheckpoint {
    pub(super) head: Head,
    pub(super) at: Instant,
    pub(super) signed: String,
}

const INSERT_CHECKPOINT: &str =
    "INSERT INTO log_checkpoint (writer, seq, hash, at, signed) VALUES ($1, $2, $3, $4, $5)";

fn checkpoint_values(checkpoint: NewCheckpoint) -> Vec<Value> {
    let NewCheckpoint { head, at, signed } = checkpoint;
    values![
        head.writer.uuid(),
        head.seq,
        head.hash.to_vec(),
        at.as_micros(),
        signed
    ]
}

impl LogStore {
    /// Writes all rows of a batch or none. After an error it is not known which, until the head is read again.
    pub(super) async fn insert(&self, batch: Batch) -> Result<(), DatabaseError> {
        let mut statements = batch.statements(self.0.backend());
        if statements.len() == 1
            && let Some((sql, values)) = statements.pop()
        {
            return self.0.change(sql, values).await.map(drop);
        }
        self.0
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    for (sql, values) in statements {
                        tx.execute(sql, values).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// The last row of a writer as the database has it.
    pub(super) async fn head(&self, writer: WriterId) -> Result<Option<Head>, DatabaseError> {
        #[derive(FromQueryResult)]
        struct Last {
            seq: i64,
            hash: Vec<u8>,
        }
        let sql = "SELECT seq, hash FROM log_row WHERE writer = $1 ORDER BY seq DESC LIMIT 1";
        let last: Option<Last> = self.0.fetch_optional(sql, values![writer.uuid()]).await?;
        last.map(|last| {
            Ok(Head {
                writer,
                seq: last.seq,
                hash: hash(&last.hash)?,
            })
        })
        .transpose()
    }

    /// The heads of the writers whose chain may have grown since a genesis committed to it, by key.
    pub(super) async fn heads(&self) -> Result<Vec<FoundHead>, DatabaseError> {
        let sql = "SELECT w.id, COALESCE(r.seq, 0) AS seq, COALESCE(r.hash, w.genesis) AS hash, w.ended_at,
                COALESCE((SELECT MAX(c.seq) FROM log_commitment c WHERE c.earlier = w.id), -1) AS committed
            FROM log_writer w
            LEFT JOIN log_row r ON r.writer = w.id AND r.seq = (SELECT MAX(l.seq) FROM log_row l WHERE l.writer = w.id)
            WHERE w.settled = 0 ORDER BY w.id";
        let rows: Vec<HeadRow> = self.0.fetch_all(sql, vec![]).await?;
        rows.into_iter()
            .map(|row| {
                let head = Head {
                    writer: row.id.into(),
                    seq: row.seq,
                    hash: hash(&row.hash)?,
                };
                Ok(FoundHead {
                    head,
                    ended: row.ended_at.is_some(),
                    committed: row.committed >= row.seq,
                })
            })
            .collect()
    }

    /// Puts a writer, what its genesis commits to and its first checkpoint on record, together.
    pub(super) async fn begin(
        &self,
        writer: NewWriter,
        checkpoint: NewCheckpoint,
    ) -> Result<(), DatabaseError> {
        self.0
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let id = writer.id.uuid();
                    tx.execute(
                        "INSERT INTO log_writer (id, format, kid, genesis, started_at, settled)
                         VALUES ($1, $2, $3, $4, $5, 0)",
                        values![
                            id,
                            FORMAT,
                            writer.kid,
                            writer.genesis.to_vec(),
                            writer.started_at.as_micros()
                        ],
                    )
                    .await?;
                    for head in writer.heads {
                        tx.execute(
                            "INSERT INTO log_commitment (writer, earlier, seq, hash) VALUES ($1, $2, $3, $4)",
                            values![id, head.writer.uuid(), head.seq, head.hash.to_vec()],
                        )
                        .await?;
                    }
                    for settled in writer.settled {
                        tx.execute(
                            "UPDATE log_writer SET settled = 1 WHERE id = $1",
                            values![settled.uuid()],
                        )
                        .await?;
                    }
                    tx.execute(INSERT_CHECKPOINT, checkpoint_values(checkpoint))
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// Keeps a checkpoint.
    pub(super) async fn checkpoint(&self, checkpoint: NewCheckpoint) -> Result<(), DatabaseError> {
        self.0
            .change(INSERT_CHECKPOINT, checkpoint_values(checkpoint))
            .await
            .map(drop)
    }

    /// Keeps a writer's last checkpoint and says that it has ended.
    pub(super) async fn end(&self, checkpoint: NewCheckpoint) -> Result<(), DatabaseError> {
        self.0
            .write(move |tx: &Tx| {
                Box::pin(async move {
                    let ended = values![checkpoint.head.writer.uuid(), checkpoint.at.as_micros()];
                    tx.execute(INSERT_CHECKPOINT, checkpoint_values(checkpoint))
                        .await?;
                    tx.execute("UPDATE log_writer SET ended_at = $2 WHERE id = $1", ended)
                        .await
                        .map(drop)
                })
            })
            .await
    }

    /// The key that new writers sign with.
    pub(super) async fn current_key(&self) -> Result<Option<StoredKey>, DatabaseError> {
        let sql = "SELECT kid, public_jwk, wrapped_key, sealed_private FROM log_key WHERE state = 'current'";
        self.0.fetch_optional(sql, vec![]).await
    }

    /// Keeps a first key; [`DatabaseError::Conflict`] if another process was first.
    pub(super) async fn insert_key(&self, key: StoredKey, now: Instant) -> Result<(), DatabaseError> {
        let values = values![
            key.kid,
            key.public_jwk,
            key.wrapped_key,
            key.sealed_private,
            now.as_micros()
        ];
        let sql = "INSERT INTO log_key (kid, state, public_jwk, wrapped_key, sealed_private, created_at)
            VALUES ($1, 'current', $2, $3, $4, $5)";
        self.0.change(sql, values).await.map(drop)
    }
}

/// Thirty-two bytes, or the row is not one of ours.
pub(super) fn hash(bytes: &[u8]) -> Result<Hash, DatabaseError> {
    bytes
        .try_into()
        .map_err(|_| DatabaseError::Unavailable("a hash in the access log has a wrong length".to_owned()))
}
