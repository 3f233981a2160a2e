//! One tree over the rows of all writers (RFC 6962 §2.1), signed each second: what was said of the log once cannot be
//! unsaid, since anybody who kept a checkpoint can ask for a proof that today's log begins with that of then.
//!
//! ```text
//!  rows on disk ──each second──▶ leaves, in runs of one writer ──▶ peaks, kept subtrees, signed checkpoint
//!                                        one transaction; of several nodes one is first
//! ```
//!
//! - A leaf holds the hash of a row, which holds all that came before it in its writer's chain.
//! - The checkpoint is a C2SP tlog-checkpoint: a signed note (Ed25519) of origin, size and root.
//! - Subtrees of every eighth level are kept; the others are made of these and of the rows when a proof wants them.
//! - `/log/checkpoint`, `/log/tile/…` (C2SP tlog-tiles, without entries: rows are nobody's but those they are about),
//!   `/log/proof`, `/log/consistency` answer everybody: hashes tell nothing.
//!
//! Invariants: the tree only grows, by a statement that names the size it grew from; nothing is published that was not
//! kept first; a row has one leaf.

pub mod api;
mod growth;
mod head;
mod key;
mod merkle;
mod proof;
mod reading;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use platform::clock::Clock;
use platform::database::Store;
use platform::entropy::Entropy;
use platform::keys::kek::KeyEncryptionKey;
use platform::keys::{NoteError, NoteKey, NoteSignature, SigningKey};

pub use growth::GrowthError;
pub use head::{TreeHead, origin};
pub use proof::{Inclusion, ProofError, only_grew, read_path, signed_head};

use self::growth::Gardener;
use self::store::TreeStore;
use super::Fresh;
use super::LogOpenError;

/// The tree; cheap to clone.
#[derive(Clone)]
pub struct Tree {
    store: TreeStore,
    clock: Clock,
    key: Arc<SigningKey>,
    origin: Arc<str>,
}

impl Tree {
    /// The tree in `store`, the log's own, migrated database, under the name `origin`.
    pub async fn open(
        store: Store,
        clock: Clock,
        entropy: &Entropy,
        kek: &KeyEncryptionKey,
        origin: String,
    ) -> Result<Self, LogOpenError> {
        let store = TreeStore(store);
        let key = key::load_or_create(&store, kek, entropy, clock.now()).await?;
        Ok(Self {
            store,
            clock,
            key: Arc::new(key),
            origin: origin.into(),
        })
    }

    /// Grows the tree each second, with the rows of this process as they come, and with those of others.
    pub async fn keep_growing(self, fresh: Fresh) {
        self.gardener(Some(fresh)).run().await;
    }

    /// Takes in every row that is on disk; how many that were.
    pub async fn grow(&self) -> Result<u64, GrowthError> {
        self.gardener(None).grow().await
    }

    fn gardener(&self, fresh: Option<Fresh>) -> Gardener {
        Gardener {
            fresh,
            store: self.store.clone(),
            clock: self.clock.clone(),
            key: self.key.clone(),
            origin: self.origin.clone(),
        }
    }

    /// By what its checkpoints are verified.
    pub fn public_key(&self) -> Result<NoteKey, NoteError> {
        NoteKey::new(&self.origin, NoteSignature::Plain, self.key.public())
    }
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Tree({})", self.origin)
    }
}
