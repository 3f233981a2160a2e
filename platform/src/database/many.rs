//! Many rows in few statements.

use std::fmt::Write as _;

use sea_orm::Value;

use super::{DatabaseError, Queries as _, Tx};

/// Values of one statement. Both databases take far more, but SQLite looks up each name among all before it.
const VALUES: usize = 1_500;

/// Inserts rows of one width. `sql` is an `INSERT` with its columns, up to where `VALUES` would stand; no row, no statement.
pub async fn insert_many(tx: &Tx, sql: &str, rows: Vec<Vec<Value>>) -> Result<(), DatabaseError> {
    let width = rows.first().map_or(1, Vec::len).max(1);
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let mut statement = format!("{sql} VALUES ");
        let mut values = Vec::new();
        for row in rows.by_ref().take((VALUES / width).max(1)) {
            let comma = if values.is_empty() { "" } else { ", " };
            // Writing to a string does not fail.
            let _ = write!(statement, "{comma}(");
            for place in 0..row.len() {
                let comma = if place == 0 { "" } else { ", " };
                let _ = write!(statement, "{comma}${}", values.len() + place + 1);
            }
            statement.push(')');
            values.extend(row);
        }
        tx.execute(&statement, values).await?;
    }
    Ok(())
}
