//! The database fails: nobody is told that a row stands which does not, and the chain goes on unbroken.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use platform::clock::Clock;
use platform::database::testing::{BACKENDS, TestDatabase};
use platform::database::{Backend, DatabaseError, Store, Tx};
use platform::entropy::Entropy;
use platform::keys::sealing::DataKey;
use platform::keys::signer::SigningKey;
use tokio::sync::{mpsc, oneshot, watch};

use super::super::LogUnavailable;
use super::super::canonical::{Head, content, row_hash};
use super::super::checkpoint::ALGORITHM;
use super::super::fresh::Fresh;
use super::super::model::Receipt;
use super::super::store::{Batch, LogStore, Prepared};
use super::super::writer::{Waiting, Writer};
use super::{House, open};

const RENAME: [&str; 2] = [
    "ALTER TABLE log_row RENAME TO elsewhere",
    "ALTER TABLE elsewhere RENAME TO log_row",
];

async fn append_until_it_works(house: &House) -> Receipt {
    loop {
        if let Ok(receipt) = house.log.append(house.entry(1)).await {
            return receipt;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_database_that_refuses_is_an_error_and_the_chain_goes_on_when_it_is_back() {
    for backend in BACKENDS {
        let house = House::on(backend).await;
        house.log.append(house.entry(1)).await.unwrap();
        house.run(RENAME[0], vec![]).await;
        for number in 0..3 {
            assert_eq!(house.log.append(house.entry(number)).await, Err(LogUnavailable));
        }
        assert!(!house.log.ready());
        house.run(RENAME[1], vec![]).await;
        let receipt = append_until_it_works(&house).await;
        assert_eq!(receipt.seq, 2, "refused rows have no place");
        assert!(house.log.ready());
        let (_, report) = house.export().await;
        assert!(report.is_intact(), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_in_the_middle_of_load_lose_no_row_that_was_answered() {
    let house = House::on(Backend::Postgres).await;
    let admin = Store::open(house.database.url()).await.unwrap();
    let callers: Vec<_> = (0..32)
        .map(|caller| {
            let (log, entries) = (
                house.log.clone(),
                (0..40)
                    .map(|row| house.entry(caller * 100 + row))
                    .collect::<Vec<_>>(),
            );
            tokio::spawn(async move {
                let mut receipts = Vec::new();
                for entry in entries {
                    receipts.extend(log.append(entry).await.ok());
                }
                receipts
            })
        })
        .collect();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        // The cut may hit the connection that asks for the next one.
        let _ = platform::database::Queries::execute(&admin, cut, vec![]).await;
    }
    let mut receipts = vec![];
    for caller in callers {
        receipts.extend(caller.await.unwrap());
    }
    receipts.push(append_until_it_works(&house).await);
    let rows = loop {
        // Connections that died in the pool are replaced on use.
        if let Ok(rows) =
            super::read::rows(house.database.store(), house.writer(), (0, i64::MAX), 10_000).await
        {
            break rows;
        }
    };
    for receipt in &receipts {
        let row = rows[usize::try_from(receipt.seq - 1).unwrap()].as_ref().unwrap();
        assert_eq!((row.seq, row.hash), (receipt.seq, receipt.hash));
    }
    let (_, report) = house.export().await;
    assert!(report.is_intact(), "{report:?}");
}

#[tokio::test]
async fn a_file_that_somebody_else_holds_is_an_error_and_then_no_more() {
    let database = TestDatabase::log(Backend::Sqlite).await;
    let impatient = database
        .url()
        .clone()
        .with_busy_timeout(Duration::from_millis(50));
    let log = open(Store::open(&impatient).await.unwrap()).await;
    let house = House {
        database,
        log,
        key: Arc::new(DataKey::generate(&Entropy::system()).unwrap()),
    };
    house.log.append(house.entry(1)).await.unwrap();
    let (held, is_held) = oneshot::channel();
    let (release, released) = oneshot::channel::<()>();
    let store = house.database.store().clone();
    let holder = tokio::spawn(async move {
        store
            .write(move |_: &Tx| {
                Box::pin(async move {
                    held.send(()).unwrap();
                    released.await.unwrap();
                    Ok::<(), DatabaseError>(())
                })
            })
            .await
    });
    is_held.await.unwrap();
    assert_eq!(house.log.append(house.entry(2)).await, Err(LogUnavailable));
    release.send(()).unwrap();
    holder.await.unwrap().unwrap();
    append_until_it_works(&house).await;
    let (_, report) = house.export().await;
    assert!(report.is_intact(), "{report:?}");
}

/// A writer by itself, at the moment after a commit whose outcome it was not told.
struct InDoubt {
    house: House,
    writer: Writer,
    told_nothing_about: Head,
    batch: Batch,
}

async fn in_doubt(backend: Backend) -> InDoubt {
    let house = House::on(backend).await;
    let first = house.log.append(house.entry(1)).await.unwrap();
    let confirmed = Head {
        writer: first.writer,
        seq: first.seq,
        hash: first.hash,
    };
    let row = house
        .entry(2)
        .into_row(&Clock::system().reading(), &Entropy::system())
        .unwrap();
    let head = Head {
        seq: 2,
        hash: row_hash(first.writer, 2, &first.hash, &content(&row)),
        ..confirmed
    };
    let mut batch = Batch::with_capacity(1);
    batch.push(head, Prepared::new(row));
    let writer = Writer {
        store: LogStore(house.database.store().clone()),
        fresh: Fresh::new(confirmed.writer),
        clock: Clock::system(),
        key: Arc::new(SigningKey::generate(ALGORITHM).unwrap()),
        genesis: Head { seq: 0, ..confirmed },
        confirmed,
        doubtful: vec![head],
        signed: 1,
        healthy: Arc::new(AtomicBool::new(false)),
    };
    InDoubt {
        house,
        writer,
        told_nothing_about: head,
        batch,
    }
}

/// What one more append comes to.
async fn next(writer: Writer, house: &House) -> Result<Receipt, LogUnavailable> {
    let row = house
        .entry(3)
        .into_row(&Clock::system().reading(), &Entropy::system())
        .unwrap();
    let (queue, waiting) = mpsc::channel(1);
    let (reply, answer) = oneshot::channel();
    let (_stop, stopped) = watch::channel(false);
    queue
        .send(Waiting {
            content: content(&row),
            row: Prepared::new(row),
            reply,
        })
        .await
        .ok()
        .unwrap();
    drop(queue);
    writer.run(waiting, stopped).await;
    answer.await.unwrap()
}

#[tokio::test]
async fn a_commit_that_succeeded_unheard_is_built_on_and_not_repeated() {
    for backend in BACKENDS {
        let InDoubt {
            house,
            writer,
            told_nothing_about,
            batch,
        } = in_doubt(backend).await;
        writer.store.insert(batch).await.unwrap();
        let receipt = next(writer, &house).await.unwrap();
        assert_eq!(receipt.seq, told_nothing_about.seq + 1);
        let rows = house.rows().await;
        assert_eq!(
            rows[2].hash,
            row_hash(
                receipt.writer,
                3,
                &told_nothing_about.hash,
                &content(&rows[2].row)
            )
        );
    }
}

#[tokio::test]
async fn a_commit_that_failed_gives_its_place_to_the_next() {
    for backend in BACKENDS {
        let InDoubt {
            house,
            writer,
            told_nothing_about,
            ..
        } = in_doubt(backend).await;
        assert_eq!(next(writer, &house).await.unwrap().seq, told_nothing_about.seq);
    }
}

#[tokio::test]
async fn a_chain_that_somebody_cut_while_the_writer_runs_is_not_built_on() {
    for backend in BACKENDS {
        let InDoubt { house, writer, .. } = in_doubt(backend).await;
        house.run("DELETE FROM log_row WHERE seq = 1", vec![]).await;
        assert_eq!(next(writer, &house).await, Err(LogUnavailable));
    }
}
