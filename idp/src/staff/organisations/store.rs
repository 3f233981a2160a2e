//! Organisations and the closure of their tree.

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Filter, NewOrganisation, Organisation};
use crate::ids::OrganisationId;
use crate::staff::conditions::Conditions;
use crate::staff::error::StaffError;
use crate::staff::tree::{DEEPEST, Tree};
use crate::staff::words::OrganisationKind;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    parent_id: Option<Uuid>,
    kind: String,
    name: String,
    created_at: i64,
    updated_at: i64,
    ended_at: Option<i64>,
}

const COLUMNS: &str = "organisation.id, organisation.parent_id, organisation.kind, organisation.name,
    organisation.created_at, organisation.updated_at, organisation.ended_at";

impl TryFrom<Row> for Organisation {
    type Error = StaffError;

    fn try_from(row: Row) -> Result<Self, StaffError> {
        Ok(Self {
            id: row.id.into(),
            parent: row.parent_id.map(Into::into),
            kind: OrganisationKind::parse(&row.kind).ok_or(StaffError::Unreadable("organisation"))?,
            name: row.name,
            created_at: Instant::from_micros(row.created_at),
            updated_at: Instant::from_micros(row.updated_at),
            ended_at: row.ended_at.map(Instant::from_micros),
        })
    }
}

#[derive(FromQueryResult)]
struct Epoch {
    epoch: i64,
}

/// The statement that waits for every other change of a realm's organisations and staff.
pub const ENTER: &str = "INSERT INTO staff_epoch (realm_id, epoch) VALUES ($1, 1)
     ON CONFLICT (realm_id) DO UPDATE SET epoch = staff_epoch.epoch + 1 RETURNING epoch";

/// Waits for every other change of the realm's organisations and staff, and keeps later ones waiting until this
/// transaction ends. Whatever is read after it stands until then.
pub async fn enter(tx: &Tx, realm: RealmId) -> Result<(), StaffError> {
    let entered: Option<Epoch> = tx.fetch_optional(ENTER, values![realm.uuid()]).await?;
    entered
        .filter(|row| row.epoch > 0)
        .map(drop)
        .ok_or(StaffError::Unreadable("staff_epoch"))
}

/// An organisation by its key.
pub async fn find(
    queries: &impl Queries,
    realm: RealmId,
    id: OrganisationId,
) -> Result<Option<Organisation>, StaffError> {
    let sql = format!("SELECT {COLUMNS} FROM organisation WHERE realm_id = $1 AND id = $2");
    let row: Option<Row> = queries
        .fetch_optional(&sql, values![realm.uuid(), id.uuid()])
        .await?;
    row.map(Organisation::try_from).transpose()
}

/// Several by their keys, in no order.
pub async fn find_all(
    queries: &impl Queries,
    realm: RealmId,
    ids: &[OrganisationId],
) -> Result<Vec<Organisation>, StaffError> {
    let keys: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let mut conditions = Conditions::of_realm("organisation", realm);
    conditions.and_in("organisation.id", &keys, "");
    let (conditions, values) = conditions.done();
    let sql = format!("SELECT {COLUMNS} FROM organisation WHERE {conditions}");
    let rows: Vec<Row> = queries.fetch_all(&sql, values).await?;
    rows.into_iter().map(Organisation::try_from).collect()
}

fn conditions(realm: RealmId, filter: &Filter) -> Conditions {
    let mut conditions = Conditions::of_realm("organisation", realm);
    let above = "EXISTS (SELECT 1 FROM organisation_above AS up WHERE up.organisation_id = organisation.id
         AND up.ancestor_id";
    if let Some(roots) = &filter.visible {
        let roots: Vec<Uuid> = roots.iter().map(|root| root.uuid()).collect();
        conditions.and_in(above, &roots, ")");
    }
    if let Some(within) = filter.within {
        conditions.and_in(above, &[within.uuid()], ")");
    }
    if let Some(parent) = filter.parent {
        conditions.and("organisation.parent_id = ?", [parent.uuid().into()]);
    }
    if let Some(kind) = filter.kind {
        conditions.and("organisation.kind = ?", [kind.word().into()]);
    }
    if let Some(active) = filter.active {
        let condition = if active {
            "organisation.ended_at IS NULL"
        } else {
            "organisation.ended_at IS NOT NULL"
        };
        conditions.and(condition, []);
    }
    if let Some(name) = &filter.name {
        let escaped: String = name
            .chars()
            .flat_map(|letter| {
                let special = matches!(letter, '%' | '_' | '!');
                special.then_some('!').into_iter().chain([letter])
            })
            .collect();
        let pattern = format!("{}%", escaped.to_lowercase());
        conditions.and("LOWER(organisation.name) LIKE ? ESCAPE '!'", [pattern.into()]);
    }
    conditions
}

/// Those that fit, in the order in which they were made.
pub async fn list(
    queries: &impl Queries,
    realm: RealmId,
    filter: &Filter,
    after: Option<OrganisationId>,
    limit: u32,
) -> Result<Vec<Organisation>, StaffError> {
    let mut conditions = conditions(realm, filter);
    let after = after.map_or(Uuid::nil(), OrganisationId::uuid);
    conditions.and("organisation.id > ?", [after.into()]);
    let limit = conditions.value(i64::from(limit));
    let (conditions, values) = conditions.done();
    let sql = format!(
        "SELECT {COLUMNS} FROM organisation WHERE {conditions} ORDER BY organisation.id LIMIT {limit}"
    );
    let rows: Vec<Row> = queries.fetch_all(&sql, values).await?;
    rows.into_iter().map(Organisation::try_from).collect()
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// How many fit.
pub async fn count(queries: &impl Queries, realm: RealmId, filter: &Filter) -> Result<u64, StaffError> {
    let (conditions, values) = conditions(realm, filter).done();
    let sql = format!("SELECT count(*) AS count FROM organisation WHERE {conditions}");
    let row: Option<Count> = queries.fetch_optional(&sql, values).await?;
    Ok(row.map_or(0, |row| row.count.unsigned_abs()))
}

/// Adds one below its parent.
pub async fn insert(tx: &Tx, realm: RealmId, new: &NewOrganisation, now: Instant) -> Result<(), StaffError> {
    let parent = new.parent.map(OrganisationId::uuid);
    tx.execute(
        "INSERT INTO organisation (id, realm_id, parent_id, kind, name, state, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 'active', $6, $6)",
        values![
            new.id.uuid(),
            realm.uuid(),
            parent,
            new.kind.word(),
            new.name.clone(),
            now.as_micros()
        ],
    )
    .await?;
    tx.execute(
        "INSERT INTO organisation_above (realm_id, ancestor_id, organisation_id, distance) VALUES ($1, $2, $2, 0)",
        values![realm.uuid(), new.id.uuid()],
    )
    .await?;
    if let Some(parent) = parent {
        tx.execute(
            "INSERT INTO organisation_above (realm_id, ancestor_id, organisation_id, distance)
             SELECT realm_id, ancestor_id, $3, distance + 1 FROM organisation_above
             WHERE realm_id = $1 AND organisation_id = $2",
            values![realm.uuid(), parent, new.id.uuid()],
        )
        .await?;
    }
    not_too_deep(tx, realm, new.id).await
}

/// That nothing at or below `id` is deeper than the tree may be.
async fn not_too_deep(tx: &Tx, realm: RealmId, id: OrganisationId) -> Result<(), StaffError> {
    let row: Option<Count> = tx
        .fetch_optional(
            "SELECT CAST(COALESCE(MAX(up.distance), 0) + COALESCE((SELECT MAX(down.distance)
                 FROM organisation_above AS down WHERE down.realm_id = $1 AND down.ancestor_id = $2), 0)
                 AS bigint) AS count
             FROM organisation_above AS up WHERE up.realm_id = $1 AND up.organisation_id = $2",
            values![realm.uuid(), id.uuid()],
        )
        .await?;
    if row.is_some_and(|row| row.count < i64::from(DEEPEST)) {
        Ok(())
    } else {
        Err(StaffError::TooDeep)
    }
}

/// Changes name and kind.
pub async fn update(
    tx: &Tx,
    realm: RealmId,
    id: OrganisationId,
    (kind, name): (OrganisationKind, &str),
    now: Instant,
) -> Result<(), StaffError> {
    let changed = tx
        .execute(
            "UPDATE organisation SET kind = $3, name = $4, updated_at = $5
             WHERE realm_id = $1 AND id = $2 AND ended_at IS NULL",
            values![realm.uuid(), id.uuid(), kind.word(), name, now.as_micros()],
        )
        .await?;
    if changed == 1 {
        Ok(())
    } else {
        Err(StaffError::Ended)
    }
}

/// Puts a subtree below another organisation, or below none.
pub async fn put_below(
    tx: &Tx,
    realm: RealmId,
    id: OrganisationId,
    parent: Option<OrganisationId>,
    now: Instant,
) -> Result<(), StaffError> {
    let parent = parent.map(OrganisationId::uuid);
    tx.execute(
        "UPDATE organisation SET parent_id = $3, updated_at = $4 WHERE realm_id = $1 AND id = $2",
        values![realm.uuid(), id.uuid(), parent, now.as_micros()],
    )
    .await?;
    tx.execute(
        "DELETE FROM organisation_above WHERE realm_id = $1
         AND organisation_id IN (SELECT organisation_id FROM organisation_above WHERE realm_id = $1 AND ancestor_id = $2)
         AND ancestor_id NOT IN
             (SELECT organisation_id FROM organisation_above WHERE realm_id = $1 AND ancestor_id = $2)",
        values![realm.uuid(), id.uuid()],
    )
    .await?;
    if let Some(parent) = parent {
        tx.execute(
            "INSERT INTO organisation_above (realm_id, ancestor_id, organisation_id, distance)
             SELECT up.realm_id, up.ancestor_id, down.organisation_id, up.distance + down.distance + 1
             FROM organisation_above AS up JOIN organisation_above AS down
                 ON down.realm_id = up.realm_id AND down.ancestor_id = $3
             WHERE up.realm_id = $1 AND up.organisation_id = $2",
            values![realm.uuid(), parent, id.uuid()],
        )
        .await?;
    }
    not_too_deep(tx, realm, id).await
}

/// Whether it has a part or a member of staff that has not ended.
pub async fn is_in_use(tx: &Tx, realm: RealmId, id: OrganisationId) -> Result<bool, StaffError> {
    let row: Option<Count> = tx
        .fetch_optional(
            "SELECT (SELECT count(*) FROM organisation WHERE realm_id = $1 AND parent_id = $2 AND ended_at IS NULL)
                  + (SELECT count(*) FROM affiliation
                     WHERE realm_id = $1 AND organisation_id = $2 AND ended_at IS NULL) AS count",
            values![realm.uuid(), id.uuid()],
        )
        .await?;
    Ok(row.is_none_or(|row| row.count > 0))
}

/// Ends it.
pub async fn end(tx: &Tx, realm: RealmId, id: OrganisationId, now: Instant) -> Result<(), StaffError> {
    let ended = tx
        .execute(
            "UPDATE organisation SET state = 'ended', ended_at = $3, updated_at = $3
             WHERE realm_id = $1 AND id = $2 AND ended_at IS NULL",
            values![realm.uuid(), id.uuid(), now.as_micros()],
        )
        .await?;
    if ended == 1 { Ok(()) } else { Err(StaffError::Over) }
}

#[derive(FromQueryResult)]
struct Pair {
    ancestor_id: Uuid,
    organisation_id: Uuid,
    ended_at: Option<i64>,
}

/// The tree above these organisations.
pub async fn tree_above(
    queries: &impl Queries,
    realm: RealmId,
    ids: impl IntoIterator<Item = OrganisationId>,
) -> Result<Tree, StaffError> {
    let mut keys: Vec<Uuid> = ids.into_iter().map(OrganisationId::uuid).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut pairs: Vec<Pair> = Vec::new();
    // A statement takes a bounded number of values.
    for some in keys.chunks(500) {
        let mut conditions = Conditions::of_realm("up", realm);
        conditions.and_in("up.organisation_id", some, "");
        let (conditions, values) = conditions.done();
        let sql = format!(
            "SELECT up.ancestor_id, up.organisation_id, organisation.ended_at FROM organisation_above AS up
             JOIN organisation ON organisation.id = up.organisation_id WHERE {conditions}"
        );
        pairs.extend(queries.fetch_all::<Pair>(&sql, values).await?);
    }
    let ended = pairs
        .iter()
        .filter(|pair| pair.ended_at.is_some())
        .map(|pair| pair.organisation_id.into());
    let ended: Vec<OrganisationId> = ended.collect();
    Ok(Tree::new(
        pairs
            .iter()
            .map(|pair| (pair.ancestor_id.into(), pair.organisation_id.into())),
        ended,
    ))
}

#[derive(FromQueryResult)]
struct Key {
    ancestor_id: Uuid,
}

/// What is above an organisation, itself first, the root last.
pub async fn above(
    queries: &impl Queries,
    realm: RealmId,
    id: OrganisationId,
) -> Result<Vec<OrganisationId>, StaffError> {
    let sql = "SELECT ancestor_id FROM organisation_above WHERE realm_id = $1 AND organisation_id = $2
         ORDER BY distance";
    let rows: Vec<Key> = queries.fetch_all(sql, values![realm.uuid(), id.uuid()]).await?;
    Ok(rows.into_iter().map(|row| row.ancestor_id.into()).collect())
}
