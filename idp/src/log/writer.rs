//! The task that gives rows their places: one a process, so that a chain has one author.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use platform::clock::Clock;
use platform::database::{DatabaseError, gather};
use platform::keys::signer::{SigningKey, SigningKeyError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

use super::canonical::{Head, row_hash};
use super::checkpoint::{Checkpoint, Occasion};
use super::fresh::Fresh;
use super::model::{Hash, Receipt};
use super::store::{Batch, LogStore, NewCheckpoint, Prepared};
use super::{LogUnavailable, LogUnavailable as Unavailable};

/// Rows that share one commit at the most: bounds what one failure refuses and how long a commit takes.
const BATCH: usize = 512;
/// How long new rows may stand without a signature.
const CHECKPOINT_PERIOD: Duration = Duration::from_secs(1);

/// A row that waits for its place.
pub(super) struct Waiting {
    pub(super) row: Prepared,
    pub(super) content: Vec<u8>,
    pub(super) reply: oneshot::Sender<Result<Receipt, LogUnavailable>>,
}

/// A checkpoint could not be kept.
#[derive(Debug, thiserror::Error)]
enum CheckpointError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Signature(#[from] SigningKeyError),
    #[error("the last row is not known")]
    Uncertain,
}

/// The head of the chain and what is known about it.
pub(super) struct Writer {
    pub(super) store: LogStore,
    pub(super) fresh: Fresh,
    pub(super) clock: Clock,
    pub(super) key: Arc<SigningKey>,
    pub(super) genesis: Head,
    /// The last head of which the database said that it is durable.
    pub(super) confirmed: Head,
    /// Heads of commits whose outcome is not known: the connection broke, or the commit failed.
    pub(super) doubtful: Vec<Head>,
    /// The place that was last signed.
    pub(super) signed: i64,
    pub(super) healthy: Arc<AtomicBool>,
}

impl Writer {
    /// Serves until `stop` is raised or every handle is gone; then drains what waits and signs a last checkpoint.
    pub(super) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Waiting>,
        mut stop: watch::Receiver<bool>,
    ) -> bool {
        let mut waiting = Vec::with_capacity(BATCH);
        let mut seconds = tokio::time::interval(CHECKPOINT_PERIOD);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        seconds.reset();
        let mut stopping = false;
        loop {
            tokio::select! {
                taken = queue.recv_many(&mut waiting, BATCH) => {
                    if taken == 0 {
                        break;
                    }
                    gather(&mut queue, &mut waiting, BATCH).await;
                    self.commit(&mut waiting).await;
                }
                _ = seconds.tick() => self.each_second().await,
                _ = stop.changed(), if !stopping => {
                    stopping = true;
                    queue.close();
                }
            }
        }
        let ended = self.sign(Occasion::Stop).await;
        if let Err(error) = &ended {
            tracing::error!(%error, "the access log could not sign its last checkpoint");
        }
        ended.is_ok()
    }

    async fn commit(&mut self, waiting: &mut Vec<Waiting>) {
        if !self.find_head().await {
            return refuse(waiting);
        }
        let mut head = self.confirmed;
        let first = head.seq + 1;
        let mut batch = Batch::with_capacity(waiting.len());
        let mut replies = Vec::with_capacity(waiting.len());
        for Waiting { row, content, reply } in waiting.drain(..) {
            let seq = head.seq + 1;
            head = Head {
                seq,
                hash: row_hash(head.writer, seq, &head.hash, &content),
                ..head
            };
            batch.push(head, row);
            replies.push((
                reply,
                Receipt {
                    writer: head.writer,
                    seq,
                    hash: head.hash,
                },
            ));
        }
        metrics::histogram!("musubi_log_batch_rows")
            .record(f64::from(u32::try_from(replies.len()).unwrap_or(0)));
        self.doubtful.push(head);
        let outcome = self.store.insert(batch).await;
        match &outcome {
            Ok(()) => {
                self.confirmed = head;
                self.doubtful.clear();
                let hashes: Vec<Hash> = replies.iter().map(|(_, receipt)| receipt.hash).collect();
                self.fresh.add(first, &hashes);
            }
            Err(error) => tracing::error!(%error, rows = replies.len(), "the access log could not keep rows"),
        }
        self.healthy.store(outcome.is_ok(), Ordering::Relaxed);
        for (reply, receipt) in replies {
            // A caller that went away needs no answer; its row stands.
            let _ = reply.send(outcome.as_ref().map(|()| receipt).map_err(|_| Unavailable));
        }
    }

    /// Makes sure that [`Self::confirmed`] is the head in the database. A commit may have succeeded although we were
    /// told otherwise, even after a later look: whichever of our own heads is there is the one to go on from, and the
    /// primary key keeps two rows from one place. Any other head means that somebody else changed the chain.
    async fn find_head(&mut self) -> bool {
        if self.doubtful.is_empty() {
            return true;
        }
        let found = match self.store.head(self.genesis.writer).await {
            Ok(found) => found.unwrap_or(self.genesis),
            Err(error) => {
                tracing::error!(%error, "the access log cannot read its last row");
                return false;
            }
        };
        if found != self.confirmed && !self.doubtful.contains(&found) {
            tracing::error!(
                seq = found.seq,
                "the last row of the access log is not one that this process wrote"
            );
            return false;
        }
        self.confirmed = found;
        true
    }

    async fn each_second(&mut self) {
        if !self.healthy.load(Ordering::Relaxed) && self.find_head().await {
            self.healthy.store(true, Ordering::Relaxed);
        }
        if self.confirmed.seq > self.signed
            && let Err(error) = self.sign(Occasion::Second).await
        {
            tracing::warn!(%error, "the access log could not keep a checkpoint");
        }
    }

    async fn sign(&mut self, occasion: Occasion) -> Result<(), CheckpointError> {
        if !self.find_head().await {
            return Err(CheckpointError::Uncertain);
        }
        let (head, at) = (self.confirmed, self.clock.now());
        let signed = Checkpoint::new(head, at.as_micros(), occasion).sign(&self.key)?;
        let checkpoint = NewCheckpoint { head, at, signed };
        match occasion {
            Occasion::Stop => self.store.end(checkpoint).await?,
            _ => self.store.checkpoint(checkpoint).await?,
        }
        self.signed = head.seq;
        Ok(())
    }
}

fn refuse(waiting: &mut Vec<Waiting>) {
    for one in waiting.drain(..) {
        let _ = one.reply.send(Err(Unavailable));
    }
}
