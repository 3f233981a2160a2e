//! One suite for both databases: "works on SQLite" and "works on PostgreSQL" mean the same.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, FromQueryResult};

use super::testing::{BACKENDS, TestDatabase};
use super::{Backend, BoxFuture, DatabaseError, Queries as _, Store, Tx, insert_many};
use crate::values;

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

async fn with_table(backend: Backend) -> TestDatabase {
    let database = TestDatabase::empty(backend).await;
    add_table(database.store()).await;
    database
}

async fn add_table(store: &Store) {
    store
        .execute("CREATE TABLE owner (id bigint PRIMARY KEY)", vec![])
        .await
        .unwrap();
    let thing = "CREATE TABLE thing (id bigint PRIMARY KEY, taken bigint, payload text, owner bigint REFERENCES owner (id))";
    store.execute(thing, vec![]).await.unwrap();
}

const ADD: &str = "INSERT INTO thing (id) VALUES ($1)";

async fn add(tx: &Tx, id: i64) -> Result<(), DatabaseError> {
    tx.execute(ADD, values![id]).await.map(drop)
}

/// Writes `ids` in one transaction.
async fn write(store: &Store, ids: Vec<i64>) -> Result<(), DatabaseError> {
    store
        .write(move |tx: &Tx| -> BoxFuture<'_, Result<(), DatabaseError>> {
            Box::pin(async move {
                for id in ids {
                    add(tx, id).await?;
                }
                Ok(())
            })
        })
        .await
}

async fn things(store: &Store) -> i64 {
    let count: Option<Count> = store
        .fetch_optional("SELECT count(*) AS count FROM thing", vec![])
        .await
        .unwrap();
    count.unwrap().count
}

async fn is_there(store: &Store, id: i64) -> bool {
    let sql = "SELECT count(*) AS count FROM thing WHERE id = $1";
    store
        .fetch_optional::<Count>(sql, values![id])
        .await
        .unwrap()
        .unwrap()
        .count
        == 1
}

#[tokio::test]
async fn what_is_committed_is_read_and_what_failed_is_not() {
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        write(store, vec![1, 2]).await.unwrap();
        assert_eq!(things(store).await, 2);
        let failed: Result<(), DatabaseError> = store
            .write(|tx: &Tx| {
                Box::pin(async move {
                    add(tx, 3).await?;
                    Err(DatabaseError::Conflict)
                })
            })
            .await;
        assert!(matches!(failed, Err(DatabaseError::Conflict)));
        assert_eq!(things(store).await, 2, "{backend:?}");
    }
}

#[tokio::test]
async fn many_rows_are_all_there_however_many_statements_they_take_and_none_if_one_is_refused() {
    const THINGS: &str = "INSERT INTO thing (id, payload)";
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        let insert = async |ids: Vec<i64>| {
            let rows = ids.into_iter().map(|id| values![id, format!("payload {id}")]);
            let rows: Vec<_> = rows.collect();
            store
                .write(move |tx: &Tx| -> BoxFuture<'_, Result<(), DatabaseError>> {
                    Box::pin(insert_many(tx, THINGS, rows))
                })
                .await
        };
        insert(Vec::new()).await.unwrap();
        assert_eq!(things(store).await, 0, "{backend:?}");
        insert((1..=2_000).collect()).await.unwrap();
        assert_eq!(things(store).await, 2_000, "{backend:?}");
        let same = "SELECT count(*) AS count FROM thing WHERE payload = 'payload ' || id";
        let same: Option<Count> = store.fetch_optional(same, vec![]).await.unwrap();
        assert_eq!(same.unwrap().count, 2_000, "each value is in its own row");
        let refused = insert((2_001..=4_000).chain([1]).collect()).await;
        assert!(matches!(refused, Err(DatabaseError::Conflict)), "{refused:?}");
        assert_eq!(things(store).await, 2_000, "{backend:?}");
    }
}

#[tokio::test]
async fn a_violated_constraint_is_named_and_undoes_its_own_transaction() {
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        write(store, vec![1]).await.unwrap();
        assert!(
            matches!(write(store, vec![2, 1]).await, Err(DatabaseError::Conflict)),
            "{backend:?}"
        );
        assert!(matches!(
            store.change(ADD, values![1_i64]).await,
            Err(DatabaseError::Conflict)
        ));
        let orphan = store
            .change(
                "INSERT INTO thing (id, owner) VALUES ($1, $2)",
                values![3_i64, 9_i64],
            )
            .await;
        assert!(
            matches!(orphan, Err(DatabaseError::MissingReference)),
            "{backend:?}: {orphan:?}"
        );
        assert_eq!(things(store).await, 1);
    }
}

#[tokio::test]
async fn a_job_that_overlooks_a_refused_statement_is_not_told_that_it_succeeded() {
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        write(store, vec![1]).await.unwrap();
        let overlooked: Result<(), DatabaseError> = store
            .write(|tx: &Tx| {
                Box::pin(async move {
                    add(tx, 2).await?;
                    let _ = add(tx, 1).await;
                    Ok(())
                })
            })
            .await;
        assert!(overlooked.is_err(), "{backend:?}");
        assert_eq!(things(store).await, 1);
    }
}

#[tokio::test]
async fn a_job_that_fails_leaves_the_others_of_its_group_as_they_are() {
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        // On SQLite the first holds the writer while the others queue up behind it and form one group.
        let jobs = (0..60).map(|job| {
            let store = store.clone();
            tokio::spawn(async move {
                let ids = if job % 3 == 1 {
                    vec![job * 10, job * 10]
                } else {
                    vec![job * 10, job * 10 + 1]
                };
                write(&store, ids).await.is_ok()
            })
        });
        let mut kept = 0;
        for (job, handle) in jobs.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(handle.await.unwrap(), job % 3 != 1, "{backend:?}: job {job}");
            kept += 2 * i64::from(job % 3 != 1);
        }
        assert_eq!(things(store).await, kept);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_fails_the_job_that_reads_it_and_no_other() {
    #[derive(Debug, FromQueryResult)]
    struct Taken {
        #[expect(dead_code, reason = "it is there to be refused: the column is null")]
        taken: i64,
    }
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        write(store, (1..=2).collect()).await.unwrap();
        let good = (10..40).map(|id| write(store, vec![id]));
        let read = store.write(|tx: &Tx| {
            Box::pin(async move {
                add(tx, 50).await?;
                tx.fetch_optional::<Taken>("SELECT taken FROM thing WHERE id = 1", vec![])
                    .await
            })
        });
        let take = store.take::<Taken>("DELETE FROM thing WHERE id = 2 RETURNING taken", vec![]);
        let (good, read, take) = tokio::join!(futures_util::future::join_all(good), read, take);
        assert!(good.iter().all(Result::is_ok), "{backend:?}: {good:?}");
        for refused in [read, take] {
            assert!(
                matches!(refused, Err(DatabaseError::Unreadable(_))),
                "{refused:?}"
            );
        }
        assert_eq!(things(store).await, 31, "{backend:?}");
        assert!(
            !is_there(store, 50).await,
            "{backend:?}: what failed left nothing"
        );
    }
}

#[tokio::test]
async fn five_hundred_writes_at_once_are_all_there() {
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        let jobs = (0..500).map(|id| {
            let store = store.clone();
            tokio::spawn(async move {
                if id % 2 == 0 {
                    write(&store, vec![id]).await.unwrap();
                } else {
                    assert_eq!(store.change(ADD, values![id]).await.unwrap(), 1);
                }
                assert!(is_there(&store, id).await, "answered before the commit");
            })
        });
        for job in jobs.collect::<Vec<_>>() {
            job.await.unwrap();
        }
        assert_eq!(things(store).await, 500, "{backend:?}");
    }
}

#[tokio::test]
async fn of_fifty_takers_exactly_one_takes() {
    #[derive(FromQueryResult)]
    struct Taken {
        id: i64,
    }
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        write(store, vec![7]).await.unwrap();
        let takers = (0..50).map(|taker: i64| {
            let store = store.clone();
            let sql = "UPDATE thing SET taken = $2 WHERE id = $1 AND taken IS NULL RETURNING id";
            tokio::spawn(async move { store.take::<Taken>(sql, values![7_i64, taker]).await.unwrap() })
        });
        let mut winners = 0;
        for taker in takers.collect::<Vec<_>>() {
            winners += usize::from(taker.await.unwrap().is_some_and(|taken| taken.id == 7));
        }
        assert_eq!(winners, 1, "{backend:?}");
    }
}

#[tokio::test]
async fn a_job_that_panics_fails_alone_and_the_writer_goes_on() {
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        let before = write(store, vec![1]);
        let panics = store.write(|tx: &Tx| -> BoxFuture<'_, Result<(), DatabaseError>> {
            Box::pin(async move {
                add(tx, 2).await?;
                panic!("this test panics on purpose")
            })
        });
        let after = write(store, vec![3]);
        let (before, panicked, after) = tokio::join!(before, panics, after);
        assert!(before.is_ok() && after.is_ok(), "{backend:?}");
        assert!(
            matches!(panicked, Err(DatabaseError::Unavailable(_))),
            "{backend:?}"
        );
        assert!(!is_there(store, 2).await);
        assert_eq!(things(store).await, 2);
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_nobody_and_leaves_no_half() {
    for backend in BACKENDS {
        let database = with_table(backend).await;
        let store = database.store();
        for round in 0..20 {
            let caller = tokio::spawn({
                let store = store.clone();
                async move { write(&store, vec![round * 10, round * 10 + 1]).await }
            });
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            caller.abort();
            let _ = caller.await;
            write(store, vec![round * 10 + 2]).await.unwrap();
        }
        // A write whose caller left may still be on its way on PostgreSQL: the next ones wait for its row locks only.
        for round in 0..20 {
            assert!(is_there(store, round * 10 + 2).await);
            let sql = "SELECT count(*) AS count FROM thing WHERE id IN ($1, $2)";
            let pair = store
                .fetch_optional::<Count>(sql, values![round * 10, round * 10 + 1])
                .await
                .unwrap();
            assert_ne!(pair.unwrap().count, 1, "{backend:?}: half a transaction");
        }
    }
}

#[tokio::test]
async fn sqlite_locked_by_another_process_is_unavailable_for_writes_and_then_recovers() {
    let quickly = |url: super::DatabaseUrl| url.with_busy_timeout(Duration::from_millis(50));
    let database = TestDatabase::empty_with(Backend::Sqlite, quickly).await;
    let store = database.store();
    add_table(store).await;
    let other = database.url().connect(1).await.unwrap();
    other.execute_unprepared("BEGIN EXCLUSIVE").await.unwrap();
    assert!(matches!(
        write(store, vec![1]).await,
        Err(DatabaseError::Unavailable(_))
    ));
    assert!(matches!(
        store.change(ADD, values![2_i64]).await,
        Err(DatabaseError::Unavailable(_))
    ));
    assert_eq!(things(store).await, 0, "reading goes on");
    other.execute_unprepared("ROLLBACK").await.unwrap();
    write(store, vec![1]).await.unwrap();
    assert_eq!(things(store).await, 1);
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_half_written_and_writing_recovers() {
    let database = with_table(Backend::Sqlite).await;
    let store = database.store();
    write(store, vec![1]).await.unwrap();
    // The bound is the connection's own, and after a failure the writer goes on with a fresh one.
    let bound = async || store.execute("PRAGMA max_page_count = 64", vec![]).await.unwrap();
    bound().await;
    let large = "x".repeat(1_000_000);
    let sql = "UPDATE thing SET payload = $2 WHERE id = $1";
    let full: Result<(), DatabaseError> = store
        .write({
            let large = large.clone();
            move |tx: &Tx| {
                Box::pin(async move {
                    add(tx, 2).await?;
                    tx.execute(sql, values![2_i64, large]).await.map(drop)
                })
            }
        })
        .await;
    assert!(matches!(full, Err(DatabaseError::Unavailable(_))), "{full:?}");
    bound().await;
    let alone = store
        .execute(sql, values![1_i64, large.clone()])
        .await
        .unwrap_err();
    assert!(alone.to_string().contains("full"), "{alone}");
    bound().await;
    assert!(matches!(
        store.change(sql, values![1_i64, large.clone()]).await,
        Err(DatabaseError::Unavailable(_))
    ));
    assert!(!is_there(store, 2).await);
    let bytes = "SELECT count(payload) AS count FROM thing";
    assert_eq!(
        store
            .fetch_optional::<Count>(bytes, vec![])
            .await
            .unwrap()
            .unwrap()
            .count,
        0
    );
    store
        .execute("PRAGMA max_page_count = 1000000", vec![])
        .await
        .unwrap();
    write(store, vec![2]).await.unwrap();
    assert_eq!(store.change(sql, values![2_i64, large]).await.unwrap(), 1);
    let sound: Option<Sound> = store
        .fetch_optional("PRAGMA integrity_check", vec![])
        .await
        .unwrap();
    assert_eq!(sound.unwrap().integrity_check, "ok");
}

#[derive(FromQueryResult)]
struct Sound {
    integrity_check: String,
}

#[tokio::test]
async fn postgres_connections_that_are_cut_cost_errors_at_most_and_then_all_is_well() {
    let database = with_table(Backend::Postgres).await;
    let store = database.store();
    let fill = (0..24).map(|id| {
        let store = store.clone();
        tokio::spawn(async move { write(&store, vec![id]).await })
    });
    for job in fill.collect::<Vec<_>>() {
        job.await.unwrap().unwrap();
    }
    let other = database.url().connect(1).await.unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    other.execute_unprepared(cut).await.unwrap();
    // Each connection of the pool may fail once, then it is replaced.
    let mut failures = 0;
    for id in 100..200 {
        match write(store, vec![id]).await {
            Ok(()) => assert!(is_there_again(store, id).await),
            Err(error) => {
                assert!(error.is_fault(), "{error}");
                failures += 1;
            }
        }
    }
    assert!(failures <= 24, "{failures} failures");
    write(store, vec![1000]).await.unwrap();
    assert!(is_there(store, 1000).await);
}

/// A read may meet a cut connection as well; it is replaced after that.
async fn is_there_again(store: &Store, id: i64) -> bool {
    let sql = "SELECT count(*) AS count FROM thing WHERE id = $1";
    for _ in 0..25 {
        if let Ok(row) = store.fetch_optional::<Count>(sql, values![id]).await {
            return row.unwrap().count == 1;
        }
    }
    false
}
