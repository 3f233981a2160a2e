//! The schema of Musubi's two databases, forward only: [`hub`] holds what the hub knows, [`log`] what was done.
//!
//! The same statements run on SQLite and PostgreSQL: UUID keys, `bigint` microseconds since the Unix epoch, JSON as
//! text, secrets as `bytea`. A migration that has landed is never edited; a change is expanded by one migration and
//! contracted by a later one, so that the binary before it can still serve. No key or lock is PostgreSQL's own.

pub mod hub;
pub mod log;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::{ConnectionTrait as _, DbErr, SchemaManager};

/// Runs statements one by one in the migration's transaction.
async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
