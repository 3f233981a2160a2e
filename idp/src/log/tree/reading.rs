//! Reading the tree: checkpoints, tiles and proofs.

use std::ops::Range;

use platform::database::DatabaseError;

use super::growth::KEPT;
use super::merkle::{Node, covering, for_consistency, for_inclusion, join, leaf};
use super::proof::Inclusion;
use super::store::Planted;
use super::{Tree, merkle};
use crate::ids::WriterId;
use crate::log::model::Hash;

/// Hashes of a whole tile (C2SP tlog-tiles).
pub const TILE: u64 = 256;
/// Tiles above this level are of trees that no database holds.
const HIGHEST_TILE: u32 = 7;

impl Tree {
    /// The newest signed checkpoint; nothing before the first row.
    pub async fn checkpoint(&self) -> Result<Option<String>, DatabaseError> {
        Ok(self.store.state().await?.map(|state| state.note))
    }

    /// The hash of a row that is in the log.
    pub async fn row(&self, writer: WriterId, seq: i64) -> Result<Option<Hash>, DatabaseError> {
        self.store.row(writer, seq).await
    }

    /// Shows that a row is in the tree; nothing if it is not, or not yet.
    pub async fn inclusion(&self, writer: WriterId, seq: i64) -> Result<Option<Inclusion>, DatabaseError> {
        let Some(state) = self.store.state().await? else {
            return Ok(None);
        };
        let Some(index) = self.store.leaf_of(writer, seq).await? else {
            return Ok(None);
        };
        let Some(ranges) = for_inclusion(index, state.frontier.size()) else {
            return Ok(None);
        };
        Ok(Some(Inclusion {
            index,
            path: self.subtrees(ranges).await?,
            note: state.note,
        }))
    }

    /// Shows that the tree of `size` leaves begins with that of `old`; nothing if it never had these sizes.
    pub async fn consistency(&self, old: u64, size: u64) -> Result<Option<Vec<Hash>>, DatabaseError> {
        let now = self.store.state().await?.map_or(0, |state| state.frontier.size());
        match for_consistency(old, size).filter(|_| size <= now) {
            Some(_) if old == size => Ok(Some(Vec::new())),
            Some(ranges) => self.subtrees(ranges).await.map(Some),
            None => Ok(None),
        }
    }

    /// The first `width` hashes of a tile: subtrees of level `8 · level`. Nothing if the tree has not got as many.
    pub async fn tile(&self, level: u32, index: u64, width: u64) -> Result<Option<Vec<Hash>>, DatabaseError> {
        let now = self.store.state().await?.map_or(0, |state| state.frontier.size());
        let first = index.checked_mul(TILE);
        let end = first.and_then(|first| first.checked_add(width));
        let (Some(first), Some(end)) = (first, end) else {
            return Ok(None);
        };
        let there = level <= HIGHEST_TILE && (1..=TILE).contains(&width) && end <= now >> (KEPT * level);
        if !there {
            return Ok(None);
        }
        self.kept(level * KEPT, first..end).await.map(Some)
    }

    async fn subtrees(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Hash>, DatabaseError> {
        let mut hashes = Vec::with_capacity(ranges.len());
        for range in ranges {
            let mut parts = Vec::new();
            for node in covering(&range) {
                parts.push(self.subtree(node).await?);
            }
            hashes.push(join(&parts));
        }
        Ok(hashes)
    }

    /// The hash over a whole subtree, made of those of the kept level below it.
    async fn subtree(&self, node: Node) -> Result<Hash, DatabaseError> {
        let kept = node.level / KEPT * KEPT;
        let height = node.level - kept;
        let first = node.index << height;
        let parts = self.kept(kept, first..first + (1 << height)).await?;
        Ok(join_whole(&parts))
    }

    /// Hashes of a kept level; those of level 0 are the leaves.
    async fn kept(&self, level: u32, places: Range<u64>) -> Result<Vec<Hash>, DatabaseError> {
        let count = places.end - places.start;
        let hashes = match level {
            0 => self.leaves(&places).await?,
            _ => self.store.nodes(level, places.start, count).await?,
        };
        if u64::try_from(hashes.len()) == Ok(count) {
            Ok(hashes)
        } else {
            Err(DatabaseError::Unavailable(
                "rows that the tree over the access log is made of are not there".to_owned(),
            ))
        }
    }

    async fn leaves(&self, places: &Range<u64>) -> Result<Vec<Hash>, DatabaseError> {
        let mut leaves = Vec::new();
        for run in self.store.runs(places.start, places.end).await? {
            let first = places.start.max(run.first);
            let end = places.end.min(run.first + run.leaves);
            let before = run.seq - 1 + i64::try_from(first - run.first).unwrap_or(i64::MAX);
            let after = Planted {
                writer: run.writer,
                seq: before,
            };
            let rows = self.store.rows(after, end.saturating_sub(first)).await?;
            leaves.extend(rows.iter().map(leaf));
        }
        Ok(leaves)
    }
}

/// The hash over as many subtrees of one height as a power of two.
fn join_whole(parts: &[Hash]) -> Hash {
    if parts.len() < 2 {
        return join(parts);
    }
    let (left, right) = parts.split_at(parts.len() / 2);
    merkle::parent(&join_whole(left), &join_whole(right))
}
