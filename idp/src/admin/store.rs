//! Reads across capabilities that only the API needs.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::ids::{BlockId, NamespaceId, PersonId};
use crate::numbers::{Block, OperatorId};

#[derive(FromQueryResult)]
struct Count {
    live: i64,
}

/// How many live sessions, token families and links a person has; at least one if there is anything.
pub(super) async fn count_live(
    queries: &impl Queries,
    realm: RealmId,
    person: PersonId,
    now: Instant,
) -> Result<u64, DatabaseError> {
    let row: Option<Count> = queries
        .fetch_optional(
            "SELECT (SELECT COUNT(*) FROM session
                     WHERE realm_id = $1 AND person_id = $2 AND ended_at IS NULL AND expires_at > $3)
                  + (SELECT COUNT(*) FROM token_family
                     WHERE realm_id = $1 AND person_id = $2 AND revoked_at IS NULL AND expires_at > $3)
                  + (SELECT COUNT(*) FROM one_time_link
                     WHERE realm_id = $1 AND person_id = $2 AND expires_at > $3) AS live",
            values![realm.uuid(), person.uuid(), now.as_micros()],
        )
        .await?;
    Ok(row.map_or(0, |row| row.live.unsigned_abs()))
}

#[derive(FromQueryResult)]
struct BlockRow {
    namespace_id: Uuid,
    first_counter: i64,
    size: i64,
    issued_to: Option<Uuid>,
    issued_at: i64,
}

/// A block by its key.
pub(super) async fn block(
    queries: &impl Queries,
    realm: RealmId,
    id: BlockId,
) -> Result<Option<Block>, DatabaseError> {
    let row: Option<BlockRow> = queries
        .fetch_optional(
            "SELECT namespace_id, first_counter, size, issued_to, issued_at FROM number_block
             WHERE realm_id = $1 AND id = $2",
            values![realm.uuid(), id.uuid()],
        )
        .await?;
    Ok(row.map(|row| Block {
        id,
        namespace: NamespaceId::from(row.namespace_id),
        first_counter: row.first_counter.unsigned_abs(),
        size: row.size.unsigned_abs(),
        issued_to: row.issued_to.map(OperatorId::from),
        issued_at: Instant::from_micros(row.issued_at),
    }))
}
