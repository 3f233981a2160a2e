//! The tree's tables: `log_tree` holds what growing it needs, `log_run` which leaves are whose rows, `log_node` the whole
//! subtrees of every eighth level.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Store, Tx};
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::merkle::{Frontier, Node};
use crate::ids::WriterId;
use crate::log::model::Hash;
use crate::log::store::{StoredKey, hash};

/// The tree as it was last signed.
#[derive(Debug, Clone)]
pub struct State {
    /// What growing it needs.
    pub frontier: Frontier,
    /// The signed checkpoint.
    pub note: String,
}

/// Consecutive leaves that are consecutive rows of one writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The first leaf.
    pub first: u64,
    /// Whose rows.
    pub writer: WriterId,
    /// The place of the first row in its writer's chain.
    pub seq: i64,
    /// How many.
    pub leaves: u64,
}

/// A writer, and how many of its rows the tree has.
#[derive(Debug, Clone, Copy)]
pub struct Planted {
    /// The writer.
    pub writer: WriterId,
    /// The place of the last row that the tree has.
    pub seq: i64,
}

/// What a step of growth writes, all of it or nothing.
#[derive(Debug, Clone)]
pub struct Growth {
    /// The size that it began with.
    pub from: u64,
    /// What was planted.
    pub runs: Vec<Run>,
    /// The subtrees of kept levels that became whole.
    pub nodes: Vec<(Node, Hash)>,
    /// The tree after it.
    pub state: State,
    /// When.
    pub at: Instant,
}

/// The tree's database.
#[derive(Clone, Debug)]
pub struct TreeStore(pub Store);

#[derive(FromQueryResult)]
struct StateRow {
    size: i64,
    peaks: Vec<u8>,
    note: String,
}

#[derive(FromQueryResult)]
struct RunRow {
    first: i64,
    writer: Uuid,
    seq: i64,
    leaves: i64,
}

#[derive(FromQueryResult)]
struct PlantedRow {
    id: Uuid,
    planted: i64,
}

#[derive(FromQueryResult)]
struct HashRow {
    hash: Vec<u8>,
}

fn broken() -> DatabaseError {
    DatabaseError::Unavailable("the tree over the access log is not what it was left as".to_owned())
}

fn signed(number: u64) -> Result<i64, DatabaseError> {
    i64::try_from(number).map_err(|_| broken())
}

fn unsigned(number: i64) -> Result<u64, DatabaseError> {
    u64::try_from(number).map_err(|_| broken())
}

fn hashes(rows: &[HashRow]) -> Result<Vec<Hash>, DatabaseError> {
    rows.iter().map(|row| hash(&row.hash)).collect()
}

impl RunRow {
    fn run(&self) -> Result<Run, DatabaseError> {
        Ok(Run {
            first: unsigned(self.first)?,
            writer: self.writer.into(),
            seq: self.seq,
            leaves: unsigned(self.leaves)?,
        })
    }
}

impl TreeStore {
    /// The tree; nothing before the first row.
    pub async fn state(&self) -> Result<Option<State>, DatabaseError> {
        let sql = "SELECT size, peaks, note FROM log_tree WHERE id = 1";
        let row: Option<StateRow> = self.0.fetch_optional(sql, vec![]).await?;
        row.map(|row| {
            Ok(State {
                frontier: Frontier::read(unsigned(row.size)?, &row.peaks).ok_or_else(broken)?,
                note: row.note,
            })
        })
        .transpose()
    }

    /// Writers of which the tree may not have all rows.
    pub async fn growing(&self) -> Result<Vec<Planted>, DatabaseError> {
        let sql = "SELECT w.id, w.planted FROM log_writer w
            WHERE w.rooted = 0 AND EXISTS (SELECT 1 FROM log_row r WHERE r.writer = w.id AND r.seq > w.planted) ORDER BY w.id";
        let rows: Vec<PlantedRow> = self.0.fetch_all(sql, vec![]).await?;
        let planted = |row: PlantedRow| Planted {
            writer: row.id.into(),
            seq: row.planted,
        };
        Ok(rows.into_iter().map(planted).collect())
    }

    /// Writers that have ended and have all their rows in the tree are not looked at again.
    pub async fn settle(&self) -> Result<(), DatabaseError> {
        let sql = "UPDATE log_writer SET rooted = 1 WHERE rooted = 0 AND ended_at IS NOT NULL AND NOT EXISTS
            (SELECT 1 FROM log_row r WHERE r.writer = log_writer.id AND r.seq > log_writer.planted)";
        self.0.change(sql, vec![]).await.map(drop)
    }

    /// The hashes of a writer's rows after a place, in their order.
    pub async fn rows(&self, after: Planted, limit: u64) -> Result<Vec<Hash>, DatabaseError> {
        let sql = "SELECT hash FROM log_row WHERE writer = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let rows: Vec<HashRow> = self
            .0
            .fetch_all(sql, values![after.writer.uuid(), after.seq, signed(limit)?])
            .await?;
        hashes(&rows)
    }

    /// Keeps a step of growth; [`DatabaseError::Conflict`] if another node was first.
    pub async fn grow(&self, growth: Growth) -> Result<(), DatabaseError> {
        self.0
            .write(move |tx: &Tx| Box::pin(async move { write(tx, growth).await }))
            .await
    }

    /// Subtrees of one kept level, from the left.
    pub async fn nodes(&self, level: u32, first: u64, count: u64) -> Result<Vec<Hash>, DatabaseError> {
        let sql = "SELECT hash FROM log_node WHERE level = $1 AND place >= $2 AND place < $3 ORDER BY place";
        let values = values![i64::from(level), signed(first)?, signed(first + count)?];
        let rows: Vec<HashRow> = self.0.fetch_all(sql, values).await?;
        hashes(&rows)
    }

    /// The runs that leaves from `first` up to but not including `end` are in, from the left.
    pub async fn runs(&self, first: u64, end: u64) -> Result<Vec<Run>, DatabaseError> {
        let sql = "SELECT first, writer, seq, leaves FROM log_run
            WHERE first >= (SELECT MAX(first) FROM log_run WHERE first <= $1) AND first < $2 ORDER BY first";
        let values = values![signed(first)?, signed(end)?];
        let rows: Vec<RunRow> = self.0.fetch_all(sql, values).await?;
        rows.iter().map(RunRow::run).collect()
    }

    /// The leaf that holds a row.
    pub async fn leaf_of(&self, writer: WriterId, seq: i64) -> Result<Option<u64>, DatabaseError> {
        let sql = "SELECT first, writer, seq, leaves FROM log_run
            WHERE writer = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1";
        let row: Option<RunRow> = self.0.fetch_optional(sql, values![writer.uuid(), seq]).await?;
        let Some(run) = row.map(|row| row.run()).transpose()? else {
            return Ok(None);
        };
        let within = unsigned(seq - run.seq)?;
        Ok((within < run.leaves).then_some(run.first + within))
    }

    /// The hash of one row.
    pub async fn row(&self, writer: WriterId, seq: i64) -> Result<Option<Hash>, DatabaseError> {
        let sql = "SELECT hash FROM log_row WHERE writer = $1 AND seq = $2";
        let row: Option<HashRow> = self.0.fetch_optional(sql, values![writer.uuid(), seq]).await?;
        row.map(|row| hash(&row.hash)).transpose()
    }

    /// The sealed key that signs checkpoints of the tree.
    pub async fn key(&self) -> Result<Option<StoredKey>, DatabaseError> {
        let sql = "SELECT kid, public_jwk, wrapped_key, sealed_private FROM log_tree_key WHERE id = 1";
        self.0.fetch_optional(sql, vec![]).await
    }

    /// Keeps the key; [`DatabaseError::Conflict`] if another process was first.
    pub async fn insert_key(&self, key: StoredKey, now: Instant) -> Result<(), DatabaseError> {
        let sql = "INSERT INTO log_tree_key (id, kid, public_jwk, wrapped_key, sealed_private, created_at)
            VALUES (1, $1, $2, $3, $4, $5)";
        let values = values![
            key.kid,
            key.public_jwk,
            key.wrapped_key,
            key.sealed_private,
            now.as_micros()
        ];
        self.0.change(sql, values).await.map(drop)
    }
}

async fn write(tx: &Tx, growth: Growth) -> Result<(), DatabaseError> {
    let Growth {
        from,
        runs,
        nodes,
        state,
        at,
    } = growth;
    let frontier = &state.frontier;
    let (size, peaks) = (signed(frontier.size())?, frontier.peaks());
    let kept = if from == 0 {
        tx.execute(
            "INSERT INTO log_tree (id, size, peaks, note, at) VALUES (1, $1, $2, $3, $4)",
            values![size, peaks, state.note, at.as_micros()],
        )
        .await?
    } else {
        tx.execute(
            "UPDATE log_tree SET size = $1, peaks = $2, note = $3, at = $4 WHERE id = 1 AND size = $5",
            values![size, peaks, state.note, at.as_micros(), signed(from)?],
        )
        .await?
    };
    if kept == 0 {
        return Err(DatabaseError::Conflict);
    }
    for run in runs {
        plant(tx, run).await?;
    }
    for (node, hash) in nodes {
        let values = values![i64::from(node.level), signed(node.index)?, hash.to_vec()];
        tx.execute(
            "INSERT INTO log_node (level, place, hash) VALUES ($1, $2, $3)",
            values,
        )
        .await?;
    }
    Ok(())
}

/// A run that goes on where the last one of its writer ended, both in the chain and in the tree, is one run with it.
async fn plant(tx: &Tx, run: Run) -> Result<(), DatabaseError> {
    let (first, leaves) = (signed(run.first)?, signed(run.leaves)?);
    let grown = tx
        .execute(
            "UPDATE log_run SET leaves = leaves + $3
             WHERE first = (SELECT MAX(first) FROM log_run) AND writer = $1 AND seq + leaves = $2 AND first + leaves = $4",
            values![run.writer.uuid(), run.seq, leaves, first],
        )
        .await?;
    if grown == 0 {
        tx.execute(
            "INSERT INTO log_run (first, writer, seq, leaves) VALUES ($1, $2, $3, $4)",
            values![first, run.writer.uuid(), run.seq, leaves],
        )
        .await?;
    }
    // What was to be planted was read before the tree was: another node may have planted it in between.
    let planted = tx
        .execute(
            "UPDATE log_writer SET planted = $2 WHERE id = $1 AND planted = $3",
            values![run.writer.uuid(), run.seq + leaves - 1, run.seq - 1],
        )
        .await?;
    if planted == 1 {
        Ok(())
    } else {
        Err(DatabaseError::Conflict)
    }
}
