//! `/api/v1/numbers`: namespaces, blocks and assignments (requirements H1.1 to H1.5).
//!
//! A change is logged inside its transaction: the row is on disk before the change is committed, and names the very
//! assignment or block that changes.

pub(super) mod assignments;
pub(super) mod blocks;
pub(super) mod spaces;

use platform::database::{BoxFuture, DatabaseError, Tx};

use super::desk::Desk;
use crate::admin::Refusal;
use crate::admin::refusal::UNAVAILABLE;
use crate::log::{Entry, Log};
use crate::numbers::NumbersError;

/// Why a logged change was undone.
enum Undone {
    Numbers(NumbersError),
    NoLog,
}

impl From<DatabaseError> for Undone {
    fn from(error: DatabaseError) -> Self {
        Self::Numbers(error.into())
    }
}

impl From<NumbersError> for Undone {
    fn from(error: NumbersError) -> Self {
        Self::Numbers(error)
    }
}

impl From<Undone> for Refusal {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Numbers(error) => error.into(),
            Undone::NoLog => UNAVAILABLE,
        }
    }
}

/// Runs `job` in a transaction and commits it once the row that `told` makes of the outcome is on disk.
async fn commit<T, J>(
    desk: &Desk<'_>,
    job: J,
    told: impl FnOnce(Entry, &T) -> Entry + Send + 'static,
) -> Result<T, Refusal>
where
    T: Send + 'static,
    J: for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, Result<T, NumbersError>> + Send + 'static,
{
    let (log, row): (Log, Entry) = (desk.hub.log.clone(), desk.permit());
    let done = desk.hub.store.write(move |tx: &Tx| {
        Box::pin(async move {
            let outcome = job(tx).await?;
            log.append(told(row, &outcome)).await.map_err(|_| Undone::NoLog)?;
            Ok::<T, Undone>(outcome)
        })
    });
    Ok(done.await?)
}
