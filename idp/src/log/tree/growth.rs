//! Growing the tree: what the writers have on disk and the tree has not yet becomes leaves, and the tree is signed anew.

use std::sync::Arc;
use std::time::Duration;

use platform::clock::Clock;
use platform::database::DatabaseError;
use platform::keys::{SigningKey, SigningKeyError, sign_note};
use tokio::time::MissedTickBehavior;

use super::head::TreeHead;
use super::merkle::{Frontier, Node, leaf};
use super::store::{Growth, Planted, Run, State, TreeStore};
use crate::log::Fresh;
use crate::log::model::Hash;

/// How long a row may stand outside the tree.
const PERIOD: Duration = Duration::from_secs(1);
/// Most leaves of one step: bounds its memory and its transaction.
const STEP: u64 = 16_384;
/// How often others may be first before it is said that the tree does not grow.
const ATTEMPTS: u32 = 32;
/// Only the subtrees of every eighth level are kept: the others are quickly made of these, and of the rows.
pub(super) const KEPT: u32 = 8;

/// The tree did not grow.
#[derive(Debug, thiserror::Error)]
pub enum GrowthError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The checkpoint could not be signed.
    #[error(transparent)]
    Signature(#[from] SigningKeyError),
}

/// Grows the tree; one of several nodes is first, the others find its work done.
pub(super) struct Gardener {
    pub(super) fresh: Option<Fresh>,
    pub(super) store: TreeStore,
    pub(super) clock: Clock,
    pub(super) key: Arc<SigningKey>,
    pub(super) origin: Arc<str>,
}

impl Gardener {
    /// Grows each second.
    pub(super) async fn run(self) {
        let mut seconds = tokio::time::interval(PERIOD);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            seconds.tick().await;
            if let Err(error) = self.grow().await {
                tracing::warn!(%error, "the tree over the access log did not grow");
            }
        }
    }

    /// Takes in everything that the tree has not yet; how many leaves that were. Whoever finds that others grew it in
    /// between looks again for what they left.
    pub(super) async fn grow(&self) -> Result<u64, GrowthError> {
        let (mut grown, mut lost) = (0, 0);
        while let Some(growth) = self.step().await? {
            let leaves = growth.state.frontier.size() - growth.from;
            match self.store.grow(growth).await {
                Ok(()) => grown += leaves,
                Err(DatabaseError::Conflict) if lost < ATTEMPTS => lost += 1,
                Err(error) => return Err(error.into()),
            }
        }
        if grown > 0 {
            self.store.settle().await?;
        }
        Ok(grown)
    }

    /// A writer's rows that the tree has not yet: as they were written, if they were written here, or from the database.
    async fn rows(&self, after: Planted, limit: u64) -> Result<Vec<Hash>, GrowthError> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let fresh = self.fresh.as_ref();
        match fresh.and_then(|fresh| fresh.after(after.writer, after.seq, most)) {
            Some(rows) => Ok(rows),
            None => Ok(self.store.rows(after, limit).await?),
        }
    }

    async fn step(&self) -> Result<Option<Growth>, GrowthError> {
        let growing = self.store.growing().await?;
        if growing.is_empty() {
            return Ok(None);
        }
        let frontier = self.store.state().await?.map(|state| state.frontier);
        let mut planting = Planting::new(frontier.unwrap_or_default());
        for writer in growing {
            let room = STEP.saturating_sub(planting.planted());
            if room == 0 {
                break;
            }
            let rows = self.rows(writer, room).await?;
            planting.plant(writer, &rows);
        }
        let head = TreeHead {
            origin: self.origin.to_string(),
            size: planting.frontier.size(),
            root: planting.frontier.root(),
        };
        let text = head.to_text();
        let note = format!("{text}\n{}", sign_note(&self.key, &self.origin, &text)?);
        Ok(Some(planting.finish(note, self.clock.now())))
    }
}

/// A step in the making. Pure.
struct Planting {
    from: u64,
    frontier: Frontier,
    runs: Vec<Run>,
    nodes: Vec<(Node, Hash)>,
}

impl Planting {
    fn new(frontier: Frontier) -> Self {
        Self {
            from: frontier.size(),
            frontier,
            runs: Vec::new(),
            nodes: Vec::new(),
        }
    }

    fn planted(&self) -> u64 {
        self.frontier.size() - self.from
    }

    fn plant(&mut self, after: Planted, rows: &[Hash]) {
        if rows.is_empty() {
            return;
        }
        let first = self.frontier.size();
        for row in rows {
            self.frontier.push(leaf(row), |node, hash| {
                if node.level > 0 && node.level % KEPT == 0 {
                    self.nodes.push((node, hash));
                }
            });
        }
        self.runs.push(Run {
            first,
            writer: after.writer,
            seq: after.seq + 1,
            leaves: self.frontier.size() - first,
        });
    }

    fn finish(self, note: String, at: platform::clock::Instant) -> Growth {
        Growth {
            from: self.from,
            runs: self.runs,
            nodes: self.nodes,
            state: State {
                frontier: self.frontier,
                note,
            },
            at,
        }
    }
}
