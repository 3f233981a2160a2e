//! The tree on both databases: what it shows, and what it does not let pass.

use std::collections::BTreeSet;
use std::sync::Arc;

use platform::clock::Clock;
use platform::database::testing::TestDatabase;
use platform::database::{Backend, DatabaseError, Queries as _};
use platform::entropy::Entropy;
use platform::ids::RealmId;
use platform::keys::kek::KeyEncryptionKey;
use platform::keys::sealing::DataKey;
use uuid::Uuid;

use super::{Tree, only_grew, signed_head};
use crate::log::{Action, Entry, Log, Receipt};

const ACTION: Action = Action::new("token.issue.authorization_code");

struct Garden {
    database: TestDatabase,
    kek: KeyEncryptionKey,
    key: Arc<DataKey>,
}

impl Garden {
    async fn on(backend: Backend) -> Self {
        Self {
            database: TestDatabase::log(backend).await,
            kek: KeyEncryptionKey::from_bytes([1; 32]).unwrap(),
            key: Arc::new(DataKey::generate(&Entropy::system()).unwrap()),
        }
    }

    async fn writer(&self) -> Log {
        let store = self.database.store().clone();
        Log::open(store, Clock::system(), Entropy::system(), &self.kek)
            .await
            .unwrap()
    }

    async fn tree(&self) -> Tree {
        let (store, origin) = (self.database.store().clone(), "hub.example/log".to_owned());
        Tree::open(store, Clock::system(), &Entropy::system(), &self.kek, origin)
            .await
            .unwrap()
    }

    async fn append(&self, log: &Log, rows: usize) -> Vec<Receipt> {
        let realm = RealmId::from(Uuid::from_u128(1));
        let entries = (0..rows).map(|_| log.append(Entry::permit(realm, ACTION, self.key.clone())));
        futures_util::future::try_join_all(entries).await.unwrap()
    }
}

async fn shown(tree: &Tree, receipt: &Receipt) -> Option<u64> {
    let proof = tree.inclusion(receipt.writer, receipt.seq).await.unwrap()?;
    proof.verify(&receipt.hash, &tree.public_key().unwrap()).unwrap();
    Some(proof.index)
}

#[tokio::test]
async fn each_row_of_each_writer_has_one_leaf_and_a_proof_of_it() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let garden = Garden::on(backend).await;
        let (one, other, tree) = (garden.writer().await, garden.writer().await, garden.tree().await);
        assert_eq!(tree.checkpoint().await.unwrap(), None);
        let mut receipts = Vec::new();
        for rows in [1, 300, 7, 600] {
            receipts.extend(garden.append(&one, rows).await);
            receipts.extend(garden.append(&other, rows / 2).await);
            tree.grow().await.unwrap();
        }
        let last = garden.append(&one, 1).await;
        assert_eq!(shown(&tree, &last[0]).await, None, "it is not in the tree yet");
        let mut leaves = BTreeSet::new();
        for receipt in receipts.iter().step_by(13) {
            leaves.insert(shown(&tree, receipt).await.unwrap());
        }
        assert_eq!(leaves.len(), receipts.iter().step_by(13).count());
        assert_eq!(tree.grow().await.unwrap(), 1);
        assert_eq!(tree.grow().await.unwrap(), 0);
        assert!(shown(&tree, &last[0]).await.is_some());
    }
}

#[tokio::test]
async fn every_checkpoint_is_shown_to_begin_with_every_older_one() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let garden = Garden::on(backend).await;
        let (log, tree) = (garden.writer().await, garden.tree().await);
        let mut heads = Vec::new();
        for rows in [1, 2, 4, 260, 513] {
            garden.append(&log, rows).await;
            tree.grow().await.unwrap();
            let note = tree.checkpoint().await.unwrap().unwrap();
            heads.push(signed_head(&note, &tree.public_key().unwrap()).unwrap());
        }
        for (place, newer) in heads.iter().enumerate() {
            for older in &heads[..=place] {
                let proof = tree.consistency(older.size, newer.size).await.unwrap().unwrap();
                assert!(only_grew(older, newer, &proof), "{older:?} {newer:?}");
            }
        }
        let most = heads.last().unwrap().size;
        assert_eq!(tree.consistency(1, most + 1).await.unwrap(), None);
        assert_eq!(tree.consistency(0, most).await.unwrap(), None);
        assert_eq!(tree.consistency(2, 1).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_row_that_is_altered_or_dropped_after_it_was_signed_has_no_proof_any_more() {
    for (backend, sql) in [Backend::Sqlite, Backend::Postgres]
        .into_iter()
        .flat_map(|backend| {
            [
                "UPDATE log_row SET hash = (SELECT hash FROM log_row WHERE seq = 1) WHERE seq = 5",
                "DELETE FROM log_row WHERE seq = 5",
            ]
            .map(|sql| (backend, sql))
        })
    {
        let garden = Garden::on(backend).await;
        let (log, tree) = (garden.writer().await, garden.tree().await);
        let receipts = garden.append(&log, 20).await;
        tree.grow().await.unwrap();
        let whole = tree.inclusion(receipts[9].writer, receipts[9].seq).await.unwrap();
        garden.database.store().execute(sql, vec![]).await.unwrap();
        let after = tree.inclusion(receipts[9].writer, receipts[9].seq).await;
        let key = tree.public_key().unwrap();
        assert!(
            whole.unwrap().verify(&receipts[9].hash, &key).is_ok(),
            "proofs that were given stand"
        );
        let refuted = match after {
            Ok(proof) => proof.unwrap().verify(&receipts[9].hash, &key).is_err(),
            Err(error) => matches!(error, DatabaseError::Unavailable(_)),
        };
        assert!(refuted, "{sql}");
    }
}

#[tokio::test]
async fn of_nodes_that_grow_the_tree_at_once_each_takes_in_what_the_others_left_and_nothing_is_planted_twice()
{
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let garden = Garden::on(backend).await;
        let (log, one, other) = (garden.writer().await, garden.tree().await, garden.tree().await);
        let mut planted = 0;
        for round in 1..=16 {
            garden.append(&log, 50).await;
            let grown = futures_util::future::join_all([&one, &other, &one, &other].map(Tree::grow)).await;
            planted += grown.into_iter().map(Result::unwrap).sum::<u64>();
            assert_eq!(planted, 50 * round);
        }
        let note = one.checkpoint().await.unwrap().unwrap();
        let head = signed_head(&note, &other.public_key().unwrap()).unwrap();
        assert_eq!(head.size, 800);
    }
}

#[tokio::test]
async fn tiles_are_what_the_tree_is_made_of() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let garden = Garden::on(backend).await;
        let (log, tree) = (garden.writer().await, garden.tree().await);
        let mut receipts = garden.append(&log, 600).await;
        receipts.sort_by_key(|receipt| receipt.seq);
        tree.grow().await.unwrap();
        let leaves: Vec<_> = receipts
            .iter()
            .map(|receipt| super::merkle::leaf(&receipt.hash))
            .collect();
        let tile = tree.tile(0, 1, 256).await.unwrap().unwrap();
        assert_eq!(tile, leaves[256..512]);
        assert_eq!(tree.tile(0, 2, 88).await.unwrap().unwrap(), leaves[512..]);
        assert_eq!(tree.tile(1, 0, 2).await.unwrap().unwrap().len(), 2);
        for (level, index, width) in [
            (0, 2, 256),
            (0, 2, 89),
            (1, 0, 3),
            (2, 0, 1),
            (0, 3, 1),
            (9, 0, 1),
            (0, u64::MAX, 1),
            (0, 0, 0),
        ] {
            assert_eq!(
                tree.tile(level, index, width).await.unwrap(),
                None,
                "{level} {index} {width}"
            );
        }
    }
}
