//! What can go wrong with the database, free of SQL text and of values.

use sea_orm::{DbErr, SqlErr};

/// A database operation did not succeed; nothing of it was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DatabaseError {
    /// A row with the same key is there already.
    #[error("a row with this key exists already")]
    Conflict,
    /// A row that this one refers to is not there.
    #[error("a row that this one refers to does not exist")]
    MissingReference,
    /// A row is there that this version cannot read. The text is for the operator's log.
    #[error("a row cannot be read: {0}")]
    Unreadable(String),
    /// The database cannot be reached, is full, or refused the statement. The text is for the operator's log.
    #[error("the database did not carry this out: {0}")]
    Unavailable(String),
}

impl From<DbErr> for DatabaseError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Conflict,
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => Self::MissingReference,
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl DatabaseError {
    /// Whether the database itself failed, as opposed to a constraint doing its work or to one row that is amiss.
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
