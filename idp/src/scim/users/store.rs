//! Users of tenants in the database: sealed documents, found by keyed hashes.

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::Row;
use crate::ids::{OrganisationId, PersonId, ScimUserId};
use crate::scim::error::ScimError;

#[derive(FromQueryResult)]
struct Kept {
    id: Uuid,
    person_id: Uuid,
    sealed: Vec<u8>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

const COLUMNS: &str = "SELECT id, person_id, sealed, version, created_at, updated_at FROM scim_user";

impl From<Kept> for Row {
    fn from(row: Kept) -> Self {
        Self {
            id: row.id.into(),
            person: row.person_id.into(),
            sealed: row.sealed,
            version: row.version,
            created_at: Instant::from_micros(row.created_at),
            updated_at: Instant::from_micros(row.updated_at),
        }
    }
}

/// Writes a new one down.
pub(super) async fn insert(
    tx: &Tx,
    (realm, tenant): (RealmId, OrganisationId),
    row: &Row,
    hashes: (Vec<u8>, Option<Vec<u8>>),
) -> Result<(), ScimError> {
    tx.execute(
        "INSERT INTO scim_user (id, realm_id, organisation_id, person_id, user_name_hash, external_hash, sealed, version,
         created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8)",
        values![
            row.id.uuid(),
            realm.uuid(),
            tenant.uuid(),
            row.person.uuid(),
            hashes.0,
            hashes.1,
            row.sealed.clone(),
            row.created_at.as_micros()
        ],
    )
    .await?;
    Ok(())
}

/// Replaces the document of one that is still as it was read; whether it was.
pub(super) async fn update(
    tx: &Tx,
    (realm, tenant): (RealmId, OrganisationId),
    row: &Row,
    hashes: (Vec<u8>, Option<Vec<u8>>),
) -> Result<bool, ScimError> {
    let changed = tx
        .execute(
            "UPDATE scim_user SET user_name_hash = $4, external_hash = $5, sealed = $6, version = version + 1,
             updated_at = $7 WHERE id = $1 AND realm_id = $2 AND organisation_id = $3 AND version = $8",
            values![
                row.id.uuid(),
                realm.uuid(),
                tenant.uuid(),
                hashes.0,
                hashes.1,
                row.sealed.clone(),
                row.updated_at.as_micros(),
                row.version
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Removes one; whether it was there as it was read.
pub(super) async fn delete(
    tx: &Tx,
    (realm, tenant): (RealmId, OrganisationId),
    row: &Row,
) -> Result<bool, ScimError> {
    let gone = tx
        .execute(
            "DELETE FROM scim_user WHERE id = $1 AND realm_id = $2 AND organisation_id = $3 AND version = $4",
            values![row.id.uuid(), realm.uuid(), tenant.uuid(), row.version],
        )
        .await?;
    Ok(gone == 1)
}

/// One by its id.
pub(super) async fn find(
    queries: &impl Queries,
    (realm, tenant): (RealmId, OrganisationId),
    id: ScimUserId,
) -> Result<Option<Row>, ScimError> {
    let sql = format!("{COLUMNS} WHERE id = $1 AND realm_id = $2 AND organisation_id = $3");
    let values = values![id.uuid(), realm.uuid(), tenant.uuid()];
    let row: Option<Kept> = queries.fetch_optional(&sql, values).await?;
    Ok(row.map(Row::from))
}

/// The one whose user name, or external id, has this hash.
pub(super) async fn find_by_hash(
    queries: &impl Queries,
    (realm, tenant): (RealmId, OrganisationId),
    column: &'static str,
    hash: Vec<u8>,
) -> Result<Vec<Row>, ScimError> {
    let sql = format!(
        "{COLUMNS} WHERE realm_id = $1 AND organisation_id = $2 AND {column} = $3 ORDER BY id LIMIT 200"
    );
    let values = values![realm.uuid(), tenant.uuid(), hash];
    let rows: Vec<Kept> = queries.fetch_all(&sql, values).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

/// Those of a tenant in the order in which they were made.
pub(super) async fn list(
    queries: &impl Queries,
    (realm, tenant): (RealmId, OrganisationId),
    skip: u64,
    limit: u64,
) -> Result<Vec<Row>, ScimError> {
    let sql =
        format!("{COLUMNS} WHERE realm_id = $1 AND organisation_id = $2 ORDER BY id LIMIT $3 OFFSET $4");
    let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let values = values![realm.uuid(), tenant.uuid(), bound(limit), bound(skip)];
    let rows: Vec<Kept> = queries.fetch_all(&sql, values).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// How many a tenant has.
pub(super) async fn count(
    queries: &impl Queries,
    (realm, tenant): (RealmId, OrganisationId),
) -> Result<u64, ScimError> {
    let sql = "SELECT count(*) AS count FROM scim_user WHERE realm_id = $1 AND organisation_id = $2";
    let row: Option<Count> = queries
        .fetch_optional(sql, values![realm.uuid(), tenant.uuid()])
        .await?;
    Ok(row.map_or(0, |row| row.count.unsigned_abs()))
}

#[derive(FromQueryResult)]
struct Membership {
    id: Uuid,
    person_id: Uuid,
    organisation_id: Uuid,
    affiliation_id: Uuid,
}

/// A user in a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The user.
    pub user: ScimUserId,
    /// Who that is.
    pub person: PersonId,
    /// The department.
    pub department: OrganisationId,
    /// By which affiliation.
    pub affiliation: crate::ids::AffiliationId,
}

/// Which users of a tenant work in which department directly below it, or in the tenant itself.
pub async fn members(
    queries: &impl Queries,
    (realm, tenant): (RealmId, OrganisationId),
    person: Option<PersonId>,
    now: Instant,
) -> Result<Vec<Member>, ScimError> {
    let sql = "SELECT scim_user.id, scim_user.person_id, affiliation.organisation_id, affiliation.id AS affiliation_id
         FROM scim_user
         JOIN affiliation ON affiliation.person_id = scim_user.person_id AND affiliation.ended_at IS NULL
             AND (affiliation.until_at IS NULL OR affiliation.until_at > $3)
         JOIN organisation ON organisation.id = affiliation.organisation_id
             AND (organisation.parent_id = $2 OR organisation.id = $2)
         WHERE scim_user.realm_id = $1 AND scim_user.organisation_id = $2
             AND ($4 IS NULL OR scim_user.person_id = $4)
         ORDER BY scim_user.id, affiliation.id LIMIT 100000";
    let values = values![
        realm.uuid(),
        tenant.uuid(),
        now.as_micros(),
        person.map(PersonId::uuid)
    ];
    let rows: Vec<Membership> = queries.fetch_all(sql, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| Member {
            user: row.id.into(),
            person: row.person_id.into(),
            department: row.organisation_id.into(),
            affiliation: row.affiliation_id.into(),
        })
        .collect())
}
