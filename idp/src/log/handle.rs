//! The handle by which everybody appends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use platform::clock::Clock;
use platform::database::{DatabaseError, Store};
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::keys::kek::KeyEncryptionKey;
use platform::keys::sealing::SealError;
use platform::keys::signer::{SigningKey, SigningKeyError};
use tokio::io::AsyncWrite;
use tokio::sync::{mpsc, oneshot, watch};

use super::canonical::{self, Head, genesis_hash};
use super::checkpoint::{ALGORITHM, Checkpoint, Occasion};
use super::export::{self, ExportError};
use super::fresh::Fresh;
use super::key;
use super::model::{Chained, Entry, Hash, Receipt};
use super::read;
use super::report::Report;
use super::store::{LogStore, NewCheckpoint, NewWriter, Prepared};
use super::writer::{Waiting, Writer};
use crate::ids::{PersonId, WriterId};

/// Rows that may wait before callers are held back.
const QUEUE: usize = 4096;

/// The row is not, or not certainly, on disk: nothing may be answered or changed. The reason is in the operator's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the access log is not available")]
pub struct LogUnavailable;

/// The log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum LogOpenError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The log's key does not open: the key-encryption key is not the one that sealed it.
    #[error("the access log's signing key cannot be opened: {0}")]
    Seal(#[from] SealError),
    /// The log's key is not usable.
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
}

/// The access log; cheap to clone.
#[derive(Clone)]
pub struct Log {
    store: LogStore,
    clock: Clock,
    entropy: Entropy,
    key: Arc<SigningKey>,
    writer: WriterId,
    fresh: Fresh,
    queue: mpsc::Sender<Waiting>,
    healthy: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<Option<bool>>,
}

impl Log {
    /// Begins a new writer on `store`, the log's own, migrated database. It must be called inside a tokio runtime, which
    /// then carries the writer's task.
    pub async fn open(
        store: Store,
        clock: Clock,
        entropy: Entropy,
        kek: &KeyEncryptionKey,
    ) -> Result<Self, LogOpenError> {
        let store = LogStore(store);
        let key = Arc::new(key::load_or_create(&store, kek, &entropy, clock.now()).await?);
        let genesis = begin(&store, &clock, &entropy, &key).await?;
        let healthy = Arc::new(AtomicBool::new(true));
        let fresh = Fresh::new(genesis.writer);
        let writer = Writer {
            store: store.clone(),
            fresh: fresh.clone(),
            clock: clock.clone(),
            key: key.clone(),
            genesis,
            confirmed: genesis,
            doubtful: Vec::new(),
            signed: 0,
            healthy: healthy.clone(),
        };
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (stop, stopped) = watch::channel(false);
        let (done, ended) = watch::channel(None);
        tokio::spawn(async move {
            let well = writer.run(waiting, stopped).await;
            done.send_replace(Some(well));
        });
        Ok(Self {
            store,
            clock,
            entropy,
            key,
            writer: genesis.writer,
            fresh,
            queue,
            healthy,
            stop,
            ended,
        })
    }

    /// Appends a row. The answer comes when it is durable; without it nothing may be answered and no change committed.
    /// Dropping the future does not take the row back.
    pub async fn append(&self, entry: Entry) -> Result<Receipt, LogUnavailable> {
        let row = entry
            .into_row(&self.clock.reading(), &self.entropy)
            .map_err(|error| {
                tracing::error!(%error, "a row of the access log could not be sealed");
                LogUnavailable
            })?;
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting {
            content: canonical::content(&row),
            row: Prepared::new(row),
            reply,
        };
        self.queue.send(waiting).await.map_err(|_| LogUnavailable)?;
        answer.await.unwrap_or(Err(LogUnavailable))
    }

    /// Whether the last thing that was asked of the database succeeded. It recovers within a second by itself.
    pub fn ready(&self) -> bool {
        self.healthy.load(Ordering::Relaxed) && !self.queue.is_closed()
    }

    /// Takes no more rows, writes those that wait, and signs the end of the chain. Any clone may call it, any number of
    /// times.
    pub async fn close(&self) -> Result<(), LogUnavailable> {
        self.stop.send_replace(true);
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await.map(|well| *well) {
            Ok(Some(true)) => Ok(()),
            _ => Err(LogUnavailable),
        }
    }

    /// The hashes of this process's newest rows, for the tree.
    pub fn fresh(&self) -> Fresh {
        self.fresh.clone()
    }

    /// This process's writer.
    pub fn writer(&self) -> WriterId {
        self.writer
    }

    /// The public key of this writer's checkpoints as a JWK. Whoever keeps it outside the hub can verify exports without
    /// believing the hub.
    pub fn public_jwk(&self) -> String {
        self.key.public().to_jwk(self.key.kid(), ALGORITHM)
    }

    /// The newest rows about a person's data, newest first.
    pub async fn recent_for_subject(
        &self,
        realm: RealmId,
        person: PersonId,
        limit: u32,
    ) -> Result<Vec<Chained>, DatabaseError> {
        read::recent_for_subject(&self.store.0, realm, person, limit).await
    }

    /// The rows about a person's data that are older than the one at this time with this hash, newest first; the newest of
    /// all without one. Rows of one moment are in the order of their hashes.
    pub async fn page_for_subject(
        &self,
        realm: RealmId,
        person: PersonId,
        before: Option<(i64, Hash)>,
        limit: u32,
    ) -> Result<Vec<Chained>, DatabaseError> {
        let place = before.unwrap_or((i64::MAX, Hash::default()));
        read::page_for_subject(&self.store.0, realm, person, place, limit).await
    }
}

impl Log {
    /// Writes the whole log as NDJSON to `out`, verifying it on the way; batch by batch, whatever its size. Each chain
    /// that is in order gets a checkpoint signed now, by which a later export can be held to this one. Reading the log is
    /// logged: append a row for it first.
    pub async fn export(&self, out: &mut (impl AsyncWrite + Unpin + Send)) -> Result<Report, ExportError> {
        export::export(&self.store.0, &self.key, &self.clock, out).await
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Log({})", self.writer)
    }
}

/// Puts a new writer on record, chained to every earlier one whose head no genesis holds yet.
async fn begin(
    store: &LogStore,
    clock: &Clock,
    entropy: &Entropy,
    key: &SigningKey,
) -> Result<Head, LogOpenError> {
    let started_at = clock.now();
    let id = WriterId::new(entropy, started_at)?;
    let found = store.heads().await?;
    let settled = found
        .iter()
        .filter(|one| one.ended)
        .map(|one| one.head.writer)
        .collect();
    let heads: Vec<Head> = found
        .iter()
        .filter(|one| !one.committed)
        .map(|one| one.head)
        .collect();
    let genesis = genesis_hash(id, started_at.as_micros(), key.kid(), &heads);
    let head = Head {
        writer: id,
        seq: 0,
        hash: genesis,
    };
    let signed = Checkpoint::new(head, started_at.as_micros(), Occasion::Start).sign(key)?;
    let writer = NewWriter {
        id,
        kid: key.kid().to_owned(),
        started_at,
        genesis,
        heads,
        settled,
    };
    store
        .begin(
            writer,
            NewCheckpoint {
                head,
                at: started_at,
                signed,
            },
        )
        .await?;
    Ok(head)
}
