//! Assignments in the database. What changes takes a transaction, so that a caller can make it part of its own.
//!
//! What is read before a change are facts that never change (a block, a kind of holder) or what the change then compares
//! in its own statement; the unique indexes of the schema decide every race.

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::entropy::Entropy;
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::error::NumbersError;
use super::issuing::{locate, namespace, owner_of};
use super::model::{Assignment, Change, Holder, HolderKind, OperatorId, Place, Reissuable, State};
use super::number::Number;
use super::permutation::NumberKey;
use super::references::LiveReferences;
use crate::ids::AssignmentId;

/// Who shall hold a number, and who says so.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    /// The holder.
    pub holder: Holder,
    /// The operator that assigns; nobody: the realm itself. Only numbers issued to it can be assigned by it.
    pub by: Option<OperatorId>,
}

/// An issued number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its place.
    pub place: Place,
    /// Whether the realm itself or an operator assigns it.
    pub issued_to: Option<OperatorId>,
    /// Its latest assignment; nothing: reserved. It names its holder only while [`State::Active`].
    pub current: Option<Assignment>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    namespace_id: Uuid,
    counter: i64,
    generation: i32,
    state: String,
    holder_kind: String,
    holder_id: Uuid,
    assigned_at: i64,
    changed_at: i64,
    cancelled_at: Option<i64>,
    cooling_until: Option<i64>,
}

const ASSIGNMENT: &str =
    "SELECT id, namespace_id, counter, generation, state, holder_kind, holder_id, assigned_at,
    changed_at, cancelled_at, cooling_until FROM number_assignment";

impl TryFrom<Row> for Assignment {
    type Error = NumbersError;

    fn try_from(row: Row) -> Result<Self, NumbersError> {
        let unreadable = || NumbersError::Unreadable("number_assignment");
        let counter = u64::try_from(row.counter).map_err(|_| unreadable())?;
        let kind = HolderKind::parse(&row.holder_kind).ok_or_else(unreadable)?;
        Ok(Self {
            id: row.id.into(),
            place: Place {
                namespace: row.namespace_id.into(),
                counter,
            },
            generation: u32::try_from(row.generation).map_err(|_| unreadable())?,
            state: State::parse(&row.state).ok_or_else(unreadable)?,
            holder: Holder {
                kind,
                id: row.holder_id,
            },
            assigned_at: Instant::from_micros(row.assigned_at),
            changed_at: Instant::from_micros(row.changed_at),
            cancelled_at: row.cancelled_at.map(Instant::from_micros),
            cooling_until: row.cooling_until.map(Instant::from_micros),
        })
    }
}

/// The latest assignment of a number, and nothing else of it: what a name in a request is looked up by. Nothing if it is
/// no number of this realm, or was never assigned.
pub async fn latest(
    queries: &impl Queries,
    realm: RealmId,
    key: &NumberKey,
    number: Number,
) -> Result<Option<Assignment>, NumbersError> {
    match locate(queries, realm, key, number).await {
        Ok(place) => latest_at(queries, realm, place).await,
        Err(NumbersError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn latest_at(
    queries: &impl Queries,
    realm: RealmId,
    place: Place,
) -> Result<Option<Assignment>, NumbersError> {
    let sql = format!(
        "{ASSIGNMENT} WHERE realm_id = $1 AND namespace_id = $2 AND counter = $3 AND state <> 'superseded'"
    );
    let values = values![realm.uuid(), place.namespace.uuid(), bigint(place.counter)];
    let row: Option<Row> = queries.fetch_optional(&sql, values).await?;
    row.map(Assignment::try_from).transpose()
}

/// An issued number and its latest assignment.
pub async fn look_up(
    queries: &impl Queries,
    realm: RealmId,
    key: &NumberKey,
    number: Number,
) -> Result<Found, NumbersError> {
    let place = locate(queries, realm, key, number).await?;
    find(queries, realm, place).await
}

/// The same by its place.
pub async fn find(queries: &impl Queries, realm: RealmId, place: Place) -> Result<Found, NumbersError> {
    Ok(Found {
        place,
        issued_to: owner_of(queries, realm, place).await?,
        current: latest_at(queries, realm, place).await?,
    })
}

/// The assignments of a holder, past ones included, oldest first: the holder's own and nobody else's.
pub async fn held_by(
    queries: &impl Queries,
    realm: RealmId,
    holder: Holder,
    limit: u32,
) -> Result<Vec<Assignment>, NumbersError> {
    let sql = format!(
        "{ASSIGNMENT} WHERE realm_id = $1 AND holder_id = $2 AND holder_kind = $3 ORDER BY id LIMIT $4"
    );
    let values = values![realm.uuid(), holder.id, holder.kind.as_str(), i64::from(limit)];
    let rows: Vec<Row> = queries.fetch_all(&sql, values).await?;
    rows.into_iter().map(Assignment::try_from).collect()
}

/// Gives a reserved number its first holder.
pub async fn assign(
    tx: &Tx,
    realm: RealmId,
    place: Place,
    claim: Claim,
    now: Instant,
    entropy: &Entropy,
) -> Result<Assignment, NumbersError> {
    let found = claimable(tx, realm, place, claim).await?;
    if let Some(current) = found.current {
        return Err(NumbersError::Assigned(current.state));
    }
    insert(tx, realm, begin(place, claim.holder, 1, now, entropy)?).await
}

/// Changes an assignment: by its key, so that a late request about an old holder cannot hit a new one.
pub async fn change(
    tx: &Tx,
    realm: RealmId,
    id: AssignmentId,
    change: Change,
    now: Instant,
) -> Result<Assignment, NumbersError> {
    let sql = format!("{ASSIGNMENT} WHERE realm_id = $1 AND id = $2");
    let row: Option<Row> = tx.fetch_optional(&sql, values![realm.uuid(), id.uuid()]).await?;
    let before: Assignment = row
        .map(Assignment::try_from)
        .transpose()?
        .ok_or(NumbersError::NotFound)?;
    let policy = namespace(tx, realm, before.place.namespace).await?.reissue;
    let after = before.after(change, policy, now)?;
    let changed = tx
        .execute(
            "UPDATE number_assignment SET state = $4, changed_at = $5, cancelled_at = $6, cooling_until = $7
             WHERE realm_id = $1 AND id = $2 AND state = $3",
            values![
                realm.uuid(),
                id.uuid(),
                before.state.as_str(),
                after.state.as_str(),
                after.changed_at.as_micros(),
                after.cancelled_at.map(Instant::as_micros),
                after.cooling_until.map(Instant::as_micros)
            ],
        )
        .await?;
    if changed == 0 {
        Err(NumbersError::Raced)
    } else {
        Ok(after)
    }
}

/// Whether a number may get a new holder: it has rested, its namespace allows it, and nothing alive names its old
/// assignment. `now` should be the earliest time it can be ([`platform::clock::Reading::earliest`]).
pub async fn reissuable(
    queries: &impl Queries,
    realm: RealmId,
    place: Place,
    references: &dyn LiveReferences,
    now: Instant,
) -> Result<Reissuable, NumbersError> {
    let old = find(queries, realm, place)
        .await?
        .current
        .ok_or(NumbersError::NotFound)?;
    let policy = namespace(queries, realm, place.namespace).await?.reissue;
    let references = references.count(realm, &old).await;
    Ok(old.reissuable(policy, references, now)?)
}

/// Gives a number that may be reissued its next holder, in an assignment of its own. The statement compares again what
/// may have changed since the check: that the number rests, that its rest is over, that its namespace still reissues.
/// An error leaves the old assignment superseded inside the transaction: undo it.
pub async fn reissue(
    tx: &Tx,
    realm: RealmId,
    number: Reissuable,
    claim: Claim,
    now: Instant,
    entropy: &Entropy,
) -> Result<Assignment, NumbersError> {
    let place = number.place;
    claimable(tx, realm, place, claim).await?;
    let superseded = tx
        .execute(
            "UPDATE number_assignment SET state = 'superseded', changed_at = $3
             WHERE realm_id = $1 AND id = $2 AND state = 'cooling' AND cooling_until <= $3
                 AND EXISTS (SELECT 1 FROM number_namespace AS space
                     WHERE space.id = number_assignment.namespace_id
                         AND space.cooldown <= $3 - number_assignment.changed_at)",
            values![realm.uuid(), number.old.uuid(), now.as_micros()],
        )
        .await?;
    if superseded == 0 {
        return Err(NumbersError::Raced);
    }
    insert(
        tx,
        realm,
        begin(place, claim.holder, number.generation + 1, now, entropy)?,
    )
    .await
}

/// The number, if `claim` is one that its namespace and its block admit.
async fn claimable(tx: &Tx, realm: RealmId, place: Place, claim: Claim) -> Result<Found, NumbersError> {
    let found = find(tx, realm, place).await?;
    if found.issued_to != claim.by {
        return Err(NumbersError::NotFound);
    }
    let kind = namespace(tx, realm, place.namespace).await?.holder_kind;
    if kind == claim.holder.kind {
        Ok(found)
    } else {
        Err(NumbersError::WrongKind(kind))
    }
}

fn begin(
    place: Place,
    holder: Holder,
    generation: u32,
    now: Instant,
    entropy: &Entropy,
) -> Result<Assignment, NumbersError> {
    Ok(Assignment {
        id: AssignmentId::new(entropy, now)?,
        place,
        generation,
        state: State::Active,
        holder,
        assigned_at: now,
        changed_at: now,
        cancelled_at: None,
        cooling_until: None,
    })
}

/// Writes a new assignment unless the number has a current one or its holder another number. `DO NOTHING`, because on
/// PostgreSQL a violated index would end the caller's transaction before it can be told what was in the way.
async fn insert(tx: &Tx, realm: RealmId, new: Assignment) -> Result<Assignment, NumbersError> {
    let made = tx
        .execute(
            "INSERT INTO number_assignment (id, realm_id, namespace_id, counter, generation, state, holder_kind,
                 holder_id, sole, assigned_at, changed_at)
             SELECT $3, space.realm_id, space.id, $4, $5, 'active', space.holder_kind, $6, space.sole, $7, $7
             FROM number_namespace AS space WHERE space.realm_id = $1 AND space.id = $2
             ON CONFLICT DO NOTHING",
            values![
                realm.uuid(),
                new.place.namespace.uuid(),
                new.id.uuid(),
                bigint(new.place.counter),
                i32::try_from(new.generation).unwrap_or(i32::MAX),
                new.holder.id,
                new.assigned_at.as_micros()
            ],
        )
        .await?;
    if made == 1 {
        return Ok(new);
    }
    match find(tx, realm, new.place).await?.current {
        Some(current) => Err(NumbersError::Assigned(current.state)),
        None => Err(NumbersError::HolderHasNumber),
    }
}

/// Counters stay below 10^14; a larger one was never issued and matches nothing.
fn bigint(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
