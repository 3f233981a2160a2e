//! A [`Store`] and a transaction on it.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _, Value,
};

use migrations::MigratorTrait;

use super::group::{Group, Job, Pending};
use super::{Backend, DatabaseError, DatabaseUrl, Queries};

/// A handle to one database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    group: Option<Group>,
}

/// An open transaction.
pub struct Tx {
    inner: DatabaseTransaction,
    /// A statement was refused, if only by a constraint.
    failed: AtomicBool,
    /// The database itself failed.
    faulted: AtomicBool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Store({:?})", self.backend)
    }
}

impl Store {
    /// Opens the database. It must be called inside a tokio runtime, which then carries the group committer.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, DatabaseError> {
        let backend = url.backend();
        match backend {
            Backend::Sqlite => {
                let writer = url.connect(1).await?;
                let reader = url.connect(4).await?;
                let group = Some(Group::start(writer.clone()));
                Ok(Self {
                    backend,
                    reader,
                    writer,
                    group,
                })
            }
            Backend::Postgres => {
                let pool = url.connect(24).await?;
                Ok(Self {
                    backend,
                    reader: pool.clone(),
                    writer: pool,
                    group: None,
                })
            }
        }
    }

    /// Which database answers.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Applies the migrations of `M` that are missing; the number of those applied.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<usize, DatabaseError> {
        let pending = M::get_pending_migrations(&self.writer).await?.len();
        M::up(&self.writer, None).await?;
        Ok(pending)
    }

    /// The migrations of `M` by name, and whether each is applied.
    pub async fn migration_status<M: MigratorTrait>(&self) -> Result<Vec<(String, bool)>, DatabaseError> {
        let pending: Vec<String> = M::get_pending_migrations(&self.writer)
            .await?
            .iter()
            .map(|one| one.name().to_owned())
            .collect();
        let all = M::migrations();
        Ok(all
            .iter()
            .map(|one| {
                (
                    one.name().to_owned(),
                    !pending.iter().any(|name| name == one.name()),
                )
            })
            .collect())
    }

    /// Runs `job` in a transaction: committed if it is `Ok`, undone if it is `Err`. The answer comes after the commit.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        match &self.group {
            Some(group) => group.submit(job, true).await,
            // A task of its own: a caller that goes away does not leave a transaction to be undone by drop.
            None => tokio::spawn(write_alone(self.writer.clone(), job))
                .await
                .unwrap_or_else(|_| Err(lost().into())),
        }
    }

    /// Runs one statement that is a whole change by itself; the number of rows it changed. Cheaper than [`Self::write`].
    pub async fn change(&self, sql: &'static str, values: Vec<Value>) -> Result<u64, DatabaseError> {
        match &self.group {
            Some(group) => {
                group
                    .submit(
                        move |tx: &Tx| Box::pin(async move { tx.execute(sql, values).await }),
                        false,
                    )
                    .await
            }
            None => self.execute(sql, values).await,
        }
    }

    /// Runs one `… RETURNING` statement that is a whole change by itself: the atomic take of a single-use thing. What was
    /// taken is gone even if its row turns out to be unreadable, and the writes beside it stand.
    pub async fn take<T>(&self, sql: &'static str, values: Vec<Value>) -> Result<Option<T>, DatabaseError>
    where
        T: FromQueryResult + Send + 'static,
    {
        let row = match &self.group {
            Some(group) => {
                group
                    .submit(
                        move |tx: &Tx| Box::pin(async move { tx.fetch_row(sql, values).await }),
                        false,
                    )
                    .await?
            }
            None => fetch_row(&self.writer, sql, values).await?,
        };
        row.as_ref().map(decode).transpose()
    }
}

async fn write_alone<T, E, F>(connection: DatabaseConnection, job: F) -> Result<T, E>
where
    T: Send,
    E: From<DatabaseError> + Send,
    F: for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send,
{
    let tx = Tx::begin(&connection).await?;
    let mut pending = Pending::new(job);
    let kept = pending.run(&tx).await;
    let committed = match tx.verdict() {
        Ok(()) if kept => tx.commit().await,
        verdict => tx.rollback().await.and(verdict),
    };
    pending.settle(committed)
}

/// The job was dropped before it could answer: the runtime is going down.
pub(super) fn lost() -> DatabaseError {
    DatabaseError::Unavailable("the writer has stopped".to_owned())
}

impl Tx {
    fn new(inner: DatabaseTransaction) -> Self {
        Self {
            inner,
            failed: AtomicBool::new(false),
            faulted: AtomicBool::new(false),
        }
    }

    pub(super) async fn begin(connection: &DatabaseConnection) -> Result<Self, DatabaseError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: matches!(connection.get_database_backend(), DbBackend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = connection.begin_with_options(options).await?;
        Ok(Self::new(inner))
    }

    pub(super) async fn savepoint(&self) -> Result<Self, DatabaseError> {
        let inner = self.inner.begin().await?;
        Ok(Self::new(inner))
    }

    pub(super) async fn commit(self) -> Result<(), DatabaseError> {
        Ok(self.inner.commit().await?)
    }

    pub(super) async fn rollback(self) -> Result<(), DatabaseError> {
        Ok(self.inner.rollback().await?)
    }

    /// Whether the database failed inside this transaction. SQLite may then have undone it by itself, so that nothing
    /// more may be run in it.
    pub(super) fn faulted(&self) -> bool {
        self.faulted.load(Ordering::Relaxed)
    }

    /// Whether this transaction may be kept. Not after any statement of it was refused: PostgreSQL has then ended it and
    /// answers a commit with a silent rollback, so a job that overlooked the refusal must not be told that it succeeded.
    pub(super) fn verdict(&self) -> Result<(), DatabaseError> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(DatabaseError::Unavailable(
                "a statement of this write was refused, so none was kept".to_owned(),
            ));
        }
        Ok(())
    }

    async fn fetch_row(&self, sql: &str, values: Vec<Value>) -> Result<Option<QueryResult>, DatabaseError> {
        self.note(fetch_row(&self.inner, sql, values).await)
    }

    fn note<T>(&self, outcome: Result<T, DatabaseError>) -> Result<T, DatabaseError> {
        if outcome.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        if outcome.as_ref().is_err_and(DatabaseError::is_fault) {
            self.faulted.store(true, Ordering::Relaxed);
        }
        outcome
    }
}

fn statement(backend: DbBackend, sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(backend, sql, values)
}

async fn execute<C: ConnectionTrait>(
    connection: &C,
    sql: &str,
    values: Vec<Value>,
) -> Result<u64, DatabaseError> {
    let outcome = connection
        .execute_raw(statement(connection.get_database_backend(), sql, values))
        .await?;
    Ok(outcome.rows_affected())
}

async fn fetch_row<C: ConnectionTrait>(
    connection: &C,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<QueryResult>, DatabaseError> {
    let statement = statement(connection.get_database_backend(), sql, values);
    Ok(connection.query_one_raw(statement).await?)
}

async fn fetch_optional<C: ConnectionTrait, T: FromQueryResult>(
    connection: &C,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<T>, DatabaseError> {
    let row = fetch_row(connection, sql, values).await?;
    row.as_ref().map(decode).transpose()
}

async fn fetch_all<C: ConnectionTrait, T: FromQueryResult>(
    connection: &C,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<T>, DatabaseError> {
    let rows = connection
        .query_all_raw(statement(connection.get_database_backend(), sql, values))
        .await?;
    rows.iter().map(decode).collect()
}

/// The database did its part: a row that is not what the caller takes it for is no fault of it, and fails nobody else.
fn decode<T: FromQueryResult>(row: &QueryResult) -> Result<T, DatabaseError> {
    T::from_query_result(row, "").map_err(|error: DbErr| DatabaseError::Unreadable(error.to_string()))
}

impl Queries for Store {
    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DatabaseError> {
        execute(&self.writer, sql, values).await
    }

    async fn fetch_optional<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<T>, DatabaseError> {
        fetch_optional(&self.reader, sql, values).await
    }

    async fn fetch_all<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, DatabaseError> {
        fetch_all(&self.reader, sql, values).await
    }
}

impl Queries for Tx {
    async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DatabaseError> {
        self.note(execute(&self.inner, sql, values).await)
    }

    async fn fetch_optional<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<T>, DatabaseError> {
        self.note(fetch_optional(&self.inner, sql, values).await)
    }

    async fn fetch_all<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, DatabaseError> {
        self.note(fetch_all(&self.inner, sql, values).await)
    }
}
