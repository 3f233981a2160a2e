//! The durable database: SQLite or PostgreSQL behind one face.
//!
//! SQL is written once for both, with `$1` placeholders. A [`Store`] reads; [`Store::write`] runs a closure in a
//! transaction. On SQLite, which has one writer, writes that arrive together share one transaction and one sync to
//! disk (group commit); on PostgreSQL each write has a transaction of its own and the server groups the commits.
//!
//! Invariants: an answer is given only after the commit; a failed write leaves nothing, and a write of which a statement
//! was refused has failed, even if its job overlooked that; a job that panics fails alone; single-use things are taken by
//! one conditional statement ([`Store::take`]), never by read-then-write.
//!
//! ```text
//! write(job) ──▶ queue ──▶ BEGIN IMMEDIATE ─▶ SAVEPOINT job₁ … SAVEPOINT jobₙ ─▶ COMMIT ──▶ answers
//!                              job fails: its savepoint is undone, the others stand
//!                              the database fails: the whole group is undone and told so
//! ```

mod connect;
mod error;
mod group;
mod many;
mod queries;
#[cfg(test)]
mod schema;
mod store;
#[cfg(test)]
mod suite;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use connect::{Backend, DatabaseUrl};
pub use error::DatabaseError;
pub use group::gather;
pub use many::insert_many;
pub use queries::Queries;
pub use store::{Store, Tx};

pub use futures_util::future::BoxFuture;
pub use sea_orm::{FromQueryResult, Value};

/// Collects bind values for a statement: `values![realm.uuid(), login, now.as_micros()]`.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::database::Value::from($value)),*]
    };
}
