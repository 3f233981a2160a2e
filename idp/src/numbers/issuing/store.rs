//! Namespaces and blocks in the database. What changes takes a transaction, so that a caller can make it part of its own.

use std::time::Duration;

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::entropy::Entropy;
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::ids::{BlockId, NamespaceId};
use crate::numbers::error::NumbersError;
use crate::numbers::model::{Block, Cooldown, HolderKind, Namespace, OperatorId, Place, Reissue};
use crate::numbers::number::{Code, Digits, Number};
use crate::numbers::permutation::{NumberKey, Permutation};

/// What a new namespace shall be.
#[derive(Debug, Clone)]
pub struct NewNamespace {
    /// What its numbers begin with.
    pub code: Code,
    /// What administrators call it.
    pub name: String,
    /// What its numbers name.
    pub holder_kind: HolderKind,
    /// Length of the body of its numbers.
    pub digits: Digits,
    /// Whether a holder may hold only one of its numbers at a time.
    pub sole: bool,
    /// Whether its numbers may get new holders.
    pub reissue: Reissue,
}

/// How many numbers, and who will assign them.
#[derive(Debug, Clone, Copy)]
pub struct Issue {
    /// How many; 1 for a single number.
    pub count: u64,
    /// The operator that assigns them; nobody: the realm itself.
    pub issued_to: Option<OperatorId>,
}

#[derive(FromQueryResult)]
struct NamespaceRow {
    id: Uuid,
    code: i32,
    name: String,
    holder_kind: String,
    digits: i32,
    sole: bool,
    next_counter: i64,
    cooldown: Option<i64>,
}

const NAMESPACE: &str =
    "SELECT id, code, name, holder_kind, digits, sole, next_counter, cooldown FROM number_namespace";

impl TryFrom<NamespaceRow> for Namespace {
    type Error = NumbersError;

    fn try_from(row: NamespaceRow) -> Result<Self, NumbersError> {
        let unreadable = || NumbersError::Unreadable("number_namespace");
        let reissue = match row.cooldown {
            None => Reissue::Never,
            Some(micros) => {
                let duration = u64::try_from(micros)
                    .map(Duration::from_micros)
                    .map_err(|_| unreadable())?;
                Reissue::AfterCooldown(Cooldown::new(duration).map_err(|_| unreadable())?)
            }
        };
        Ok(Self {
            id: row.id.into(),
            code: u8::try_from(row.code)
                .ok()
                .and_then(|code| Code::new(code).ok())
                .ok_or_else(unreadable)?,
            name: row.name,
            holder_kind: HolderKind::parse(&row.holder_kind).ok_or_else(unreadable)?,
            digits: u8::try_from(row.digits)
                .ok()
                .and_then(|one| Digits::new(one).ok())
                .ok_or_else(unreadable)?,
            sole: row.sole,
            reissue,
            issued: u64::try_from(row.next_counter).map_err(|_| unreadable())?,
        })
    }
}

#[derive(FromQueryResult)]
struct BlockRow {
    id: Uuid,
    namespace_id: Uuid,
    first_counter: i64,
    size: i64,
    issued_to: Option<Uuid>,
    issued_at: i64,
}

const BLOCK: &str = "SELECT id, namespace_id, first_counter, size, issued_to, issued_at FROM number_block";

impl TryFrom<BlockRow> for Block {
    type Error = NumbersError;

    fn try_from(row: BlockRow) -> Result<Self, NumbersError> {
        let count = |value| u64::try_from(value).map_err(|_| NumbersError::Unreadable("number_block"));
        Ok(Self {
            id: row.id.into(),
            namespace: row.namespace_id.into(),
            first_counter: count(row.first_counter)?,
            size: count(row.size)?,
            issued_to: row.issued_to.map(OperatorId::from),
            issued_at: Instant::from_micros(row.issued_at),
        })
    }
}

/// Counters and capacities stay below 10^14. What a caller made larger is larger than any of them, and so matches nothing.
fn bigint(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn cooldown(reissue: Reissue) -> Option<i64> {
    match reissue {
        Reissue::Never => None,
        Reissue::AfterCooldown(cooldown) => {
            Some(i64::try_from(cooldown.duration().as_micros()).unwrap_or(i64::MAX))
        }
    }
}

/// Makes a namespace.
pub async fn create_namespace(
    tx: &Tx,
    realm: RealmId,
    new: NewNamespace,
    now: Instant,
    entropy: &Entropy,
) -> Result<Namespace, NumbersError> {
    let id = NamespaceId::new(entropy, now)?;
    let made = tx
        .execute(
            "INSERT INTO number_namespace
                 (id, realm_id, code, name, holder_kind, digits, sole, capacity, next_counter, cooldown, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)
             ON CONFLICT DO NOTHING",
            values![
                id.uuid(),
                realm.uuid(),
                i32::from(new.code.value()),
                new.name.clone(),
                new.holder_kind.as_str(),
                i32::from(new.digits.value()),
                new.sole,
                bigint(new.digits.capacity()),
                cooldown(new.reissue),
                now.as_micros()
            ],
        )
        .await?;
    if made == 0 {
        return Err(NumbersError::NameTaken);
    }
    let NewNamespace {
        code,
        name,
        holder_kind,
        digits,
        sole,
        reissue,
    } = new;
    Ok(Namespace {
        id,
        code,
        name,
        holder_kind,
        digits,
        sole,
        reissue,
        issued: 0,
    })
}

/// Makes the namespaces that every realm begins with (H1.1): people, staff, operators; none of them ever reissues.
pub async fn create_default_namespaces(
    tx: &Tx,
    realm: RealmId,
    now: Instant,
    entropy: &Entropy,
) -> Result<Vec<Namespace>, NumbersError> {
    let mut made = Vec::with_capacity(3);
    for (code, holder_kind) in [
        (Code::PERSON, HolderKind::Person),
        (Code::STAFF, HolderKind::Staff),
        (Code::OPERATOR, HolderKind::Operator),
    ] {
        let name = holder_kind.as_str().to_owned();
        let new = NewNamespace {
            code,
            name,
            holder_kind,
            digits: Digits::DEFAULT,
            sole: true,
            reissue: Reissue::Never,
        };
        made.push(create_namespace(tx, realm, new, now, entropy).await?);
    }
    Ok(made)
}

/// The namespaces of a realm by code; there are at most 90.
pub async fn namespaces(queries: &impl Queries, realm: RealmId) -> Result<Vec<Namespace>, NumbersError> {
    let sql = format!("{NAMESPACE} WHERE realm_id = $1 ORDER BY code");
    let rows: Vec<NamespaceRow> = queries.fetch_all(&sql, values![realm.uuid()]).await?;
    rows.into_iter().map(Namespace::try_from).collect()
}

/// A namespace by its key.
pub async fn namespace(
    queries: &impl Queries,
    realm: RealmId,
    id: NamespaceId,
) -> Result<Namespace, NumbersError> {
    let sql = format!("{NAMESPACE} WHERE realm_id = $1 AND id = $2");
    let row: Option<NamespaceRow> = queries
        .fetch_optional(&sql, values![realm.uuid(), id.uuid()])
        .await?;
    row.map(Namespace::try_from)
        .transpose()?
        .ok_or(NumbersError::NotFound)
}

/// Changes whether numbers of a namespace may get new holders. What rests already rests at least as long as it was told.
pub async fn set_reissue(
    tx: &Tx,
    realm: RealmId,
    id: NamespaceId,
    reissue: Reissue,
) -> Result<(), NumbersError> {
    let changed = tx
        .execute(
            "UPDATE number_namespace SET cooldown = $3 WHERE realm_id = $1 AND id = $2",
            values![realm.uuid(), id.uuid(), cooldown(reissue)],
        )
        .await?;
    if changed == 0 {
        Err(NumbersError::NotFound)
    } else {
        Ok(())
    }
}

#[derive(FromQueryResult)]
struct Advanced {
    next_counter: i64,
}

/// Issues numbers: one conditional statement takes the counters, one row records the block (H1.2, H1.5).
///
/// A crash leaves both or neither. After a crash that lost only the answer, the block is found by [`blocks`].
pub async fn issue(
    tx: &Tx,
    realm: RealmId,
    namespace_id: NamespaceId,
    issue: Issue,
    now: Instant,
    entropy: &Entropy,
) -> Result<Block, NumbersError> {
    if issue.count == 0 {
        return Err(NumbersError::EmptyBlock);
    }
    let id = BlockId::new(entropy, now)?;
    // Not `next_counter + count <= capacity`: that sum can overflow.
    let advanced: Option<Advanced> = tx
        .fetch_optional(
            "UPDATE number_namespace SET next_counter = next_counter + $3
             WHERE realm_id = $1 AND id = $2 AND capacity - next_counter >= $3
             RETURNING next_counter",
            values![realm.uuid(), namespace_id.uuid(), bigint(issue.count)],
        )
        .await?;
    let Some(next) = advanced.and_then(|row| u64::try_from(row.next_counter).ok()) else {
        let namespace = namespace(tx, realm, namespace_id).await?;
        return Err(NumbersError::Exhausted {
            left: namespace.digits.capacity() - namespace.issued,
        });
    };
    let first_counter = next - issue.count;
    tx.execute(
        "INSERT INTO number_block (id, realm_id, namespace_id, first_counter, size, issued_to, issued_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![
            id.uuid(),
            realm.uuid(),
            namespace_id.uuid(),
            bigint(first_counter),
            bigint(issue.count),
            issue.issued_to.map(OperatorId::uuid),
            now.as_micros()
        ],
    )
    .await?;
    let Issue {
        count: size,
        issued_to,
    } = issue;
    Ok(Block {
        id,
        namespace: namespace_id,
        first_counter,
        size,
        issued_to,
        issued_at: now,
    })
}

/// The blocks of a namespace in the order of issue; at most `limit`, after the one that begins at `after`.
pub async fn blocks(
    queries: &impl Queries,
    realm: RealmId,
    namespace: NamespaceId,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<Block>, NumbersError> {
    let sql = format!(
        "{BLOCK} WHERE realm_id = $1 AND namespace_id = $2 AND first_counter > $3 ORDER BY first_counter LIMIT $4"
    );
    let after = after.map_or(-1, bigint);
    let rows: Vec<BlockRow> = queries
        .fetch_all(
            &sql,
            values![realm.uuid(), namespace.uuid(), after, i64::from(limit)],
        )
        .await?;
    rows.into_iter().map(Block::try_from).collect()
}

/// Where a number belongs, whether or not it was issued: by its code in this realm, then by the permutation.
pub async fn locate(
    queries: &impl Queries,
    realm: RealmId,
    key: &NumberKey,
    number: Number,
) -> Result<Place, NumbersError> {
    let sql = format!("{NAMESPACE} WHERE realm_id = $1 AND code = $2");
    let code = i32::from(number.code().value());
    let row: Option<NamespaceRow> = queries.fetch_optional(&sql, values![realm.uuid(), code]).await?;
    let namespace: Namespace = row
        .map(Namespace::try_from)
        .transpose()?
        .ok_or(NumbersError::NotFound)?;
    let counter = Permutation::new(key, &namespace)?
        .counter(number)?
        .ok_or(NumbersError::NotFound)?;
    Ok(Place {
        namespace: namespace.id,
        counter,
    })
}

/// The operator, or the realm itself, that a counter was issued to; `NotFound` if it was not issued.
pub(in crate::numbers) async fn owner_of(
    queries: &impl Queries,
    realm: RealmId,
    place: Place,
) -> Result<Option<OperatorId>, NumbersError> {
    let sql = format!(
        "{BLOCK} WHERE realm_id = $1 AND namespace_id = $2 AND first_counter <= $3
         ORDER BY first_counter DESC LIMIT 1"
    );
    let values = values![realm.uuid(), place.namespace.uuid(), bigint(place.counter)];
    let row: Option<BlockRow> = queries.fetch_optional(&sql, values).await?;
    let block: Option<Block> = row.map(Block::try_from).transpose()?;
    let block = block.filter(|block| place.counter - block.first_counter < block.size);
    Ok(block.ok_or(NumbersError::NotFound)?.issued_to)
}
