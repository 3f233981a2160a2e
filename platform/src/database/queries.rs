//! Reading and writing by statement; the same face on a [`Store`](super::Store) and inside a transaction.

use std::future::Future;

use sea_orm::{FromQueryResult, Value};

use super::DatabaseError;

/// Statements with `$1` placeholders.
pub trait Queries: Sync {
    /// Runs a statement; the number of rows it changed.
    fn execute(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<u64, DatabaseError>> + Send;

    /// The first row, if there is one.
    fn fetch_optional<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<T>, DatabaseError>> + Send;

    /// All rows. The caller bounds their number in the statement.
    fn fetch_all<T: FromQueryResult + Send>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<T>, DatabaseError>> + Send;
}
