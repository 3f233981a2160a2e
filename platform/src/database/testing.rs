//! A fresh database for each test, of either kind, gone when the test is over (feature `testing`).
//!
//! PostgreSQL is the server that `MUSUBI_TEST_POSTGRES_URL` names; without one, the tests that need it fail and say so.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a harness for tests fails loudly"
)]

use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;

use super::{Backend, DatabaseError, DatabaseUrl, Store};
use crate::entropy::Entropy;

/// Both kinds: a test about the database runs on each.
pub const BACKENDS: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

/// A database of its own and a store on it.
#[derive(Debug)]
pub struct TestDatabase {
    store: Store,
    url: DatabaseUrl,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Directory { _directory: TempDir },
    Server { server: DatabaseUrl, name: String },
}

impl TestDatabase {
    /// One without a table.
    pub async fn empty(backend: Backend) -> Self {
        Self::empty_with(backend, |url| url).await
    }

    /// One without a table, at an address that `adjust` has changed.
    pub(super) async fn empty_with(
        backend: Backend,
        adjust: impl FnOnce(DatabaseUrl) -> DatabaseUrl,
    ) -> Self {
        let (url, kept) = match backend {
            Backend::Sqlite => {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let url = DatabaseUrl::sqlite(&directory.path().join("test.db"));
                (
                    url,
                    Kept::Directory {
                        _directory: directory,
                    },
                )
            }
            Backend::Postgres => {
                let server = std::env::var("MUSUBI_TEST_POSTGRES_URL")
                    .expect("MUSUBI_TEST_POSTGRES_URL: run `cargo xtask services`");
                let server: DatabaseUrl = server.parse().expect("a URL of PostgreSQL");
                let name = format!(
                    "musubi_{:x}",
                    u64::from_be_bytes(Entropy::system().array().expect("randomness"))
                );
                on(&server, &format!("CREATE DATABASE {name}"))
                    .await
                    .expect("a new database on the test server");
                (
                    server.with_database(&name).expect("a URL"),
                    Kept::Server { server, name },
                )
            }
        };
        let url = adjust(url);
        let store = Store::open(&url).await.expect("the new database");
        Self { store, url, kept }
    }

    /// One with the hub's schema.
    pub async fn hub(backend: Backend) -> Self {
        let database = Self::empty(backend).await;
        database
            .store
            .migrate::<migrations::hub::Hub>()
            .await
            .expect("the hub's migrations");
        database
    }

    /// One with the access log's schema.
    pub async fn log(backend: Backend) -> Self {
        let database = Self::empty(backend).await;
        let migrated = database.store.migrate::<migrations::log::Log>().await;
        migrated.expect("the log's migrations");
        database
    }

    /// The store on it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Its address, for another store or another process.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Its address as text.
    pub fn address(&self) -> String {
        self.url.as_text().to_owned()
    }
}

async fn on(server: &DatabaseUrl, statement: &str) -> Result<(), DatabaseError> {
    let connection = server.connect(1).await?;
    connection.execute_unprepared(statement).await?;
    Ok(connection.close().await?)
}

impl Drop for TestDatabase {
    /// Also after a panic; on a thread of its own, since the test's runtime may be going down.
    fn drop(&mut self) {
        let Kept::Server { server, name } = &self.kept else {
            return;
        };
        let (server, statement) = (server.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(on(&server, &statement))
        })
        .join();
        if !std::thread::panicking() {
            dropped
                .expect("the thread that drops the database")
                .expect("the database dropped");
        }
    }
}
