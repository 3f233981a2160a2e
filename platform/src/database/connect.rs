//! Opening a database by its URL.

use std::path::Path;
use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use super::DatabaseError;

/// Which database answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The embedded default.
    Sqlite,
    /// PostgreSQL, or a database that speaks its protocol.
    Postgres,
}

/// A database's address: `sqlite:PATH` or `postgres://…`. It does not print its password.
#[derive(Clone)]
pub struct DatabaseUrl {
    url: String,
    backend: Backend,
    busy_timeout: Duration,
}

/// How long a write waits for another process that holds SQLite's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The URL names neither SQLite nor PostgreSQL.
#[derive(Debug, thiserror::Error)]
#[error("a database URL starts with sqlite: or postgres:")]
pub struct UnknownDatabase;

impl std::str::FromStr for DatabaseUrl {
    type Err = UnknownDatabase;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let backend = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Backend::Sqlite,
            Some("postgres" | "postgresql") => Backend::Postgres,
            _ => return Err(UnknownDatabase),
        };
        Ok(Self {
            url: url.to_owned(),
            backend,
            busy_timeout: BUSY_TIMEOUT,
        })
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DatabaseUrl({:?})", self.backend)
    }
}

impl DatabaseUrl {
    /// The SQLite file at `path`, made on first use.
    pub fn sqlite(path: &Path) -> Self {
        Self {
            url: format!("sqlite:{}", path.display()),
            backend: Backend::Sqlite,
            busy_timeout: BUSY_TIMEOUT,
        }
    }

    /// Waits `timeout` instead of ten seconds for another process that holds SQLite's lock.
    pub fn with_busy_timeout(self, timeout: Duration) -> Self {
        Self {
            busy_timeout: timeout,
            ..self
        }
    }

    /// Which database this names.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The same server, another database of it.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn with_database(&self, name: &str) -> Result<Self, UnknownDatabase> {
        let mut url = url::Url::parse(&self.url).map_err(|_| UnknownDatabase)?;
        url.set_path(name);
        Ok(Self {
            url: url.into(),
            ..self.clone()
        })
    }

    /// With its password.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn as_text(&self) -> &str {
        &self.url
    }

    /// Opens a pool of at most `connections`. SQLite: write-ahead log, a full sync on every commit, foreign keys on.
    pub(super) async fn connect(&self, connections: u32) -> Result<DatabaseConnection, DatabaseError> {
        let mut options = ConnectOptions::new(self.url.clone());
        options
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .connect_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
            .sqlx_logging(false);
        if self.backend == Backend::Sqlite {
            let busy_timeout = self.busy_timeout;
            options.map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(busy_timeout)
                    // What is deleted is overwritten: a key that was destroyed is gone from the file, too.
                    .pragma("secure_delete", "ON")
                    .statement_cache_capacity(256)
            });
        }
        Ok(Database::connect(options).await?)
    }
}
