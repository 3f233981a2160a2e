//! Invitations in the database: the keyed hash of the code, never the code.

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::Invitation;
use crate::ids::{DelegationId, OrganisationId, PersonId, StaffInvitationId};
use crate::staff::error::StaffError;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    title: Option<String>,
    email_hash: Option<Vec<u8>>,
    invited_by: Option<Uuid>,
    delegation_id: Option<Uuid>,
    created_at: i64,
    expires_at: i64,
}

const COLUMNS: &str =
    "id, organisation_id, title, email_hash, invited_by, delegation_id, created_at, expires_at";

impl From<Row> for Invitation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            organisation: row.organisation_id.into(),
            title: row.title,
            email_hash: row.email_hash,
            invited_by: row.invited_by.map(Into::into),
            delegation: row.delegation_id.map(Into::into),
            created_at: Instant::from_micros(row.created_at),
            expires_at: Instant::from_micros(row.expires_at),
        }
    }
}

/// Writes one down.
pub(super) async fn insert(tx: &Tx, realm: RealmId, hash: &[u8], new: &Invitation) -> Result<(), StaffError> {
    tx.execute(
        "INSERT INTO staff_invitation (hash, id, realm_id, organisation_id, title, email_hash, invited_by,
         delegation_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values![
            hash.to_vec(),
            new.id.uuid(),
            realm.uuid(),
            new.organisation.uuid(),
            new.title.clone(),
            new.email_hash.clone(),
            new.invited_by.map(PersonId::uuid),
            new.delegation.map(DelegationId::uuid),
            new.created_at.as_micros(),
            new.expires_at.as_micros()
        ],
    )
    .await?;
    Ok(())
}

/// Takes one by its code, once: of two who come at the same time, one finds nothing.
pub(super) async fn take(
    tx: &Tx,
    realm: RealmId,
    hash: &[u8],
    now: Instant,
) -> Result<Option<Invitation>, StaffError> {
    let sql = format!(
        "UPDATE staff_invitation SET used_at = $3 WHERE realm_id = $1 AND hash = $2 AND used_at IS NULL
         AND withdrawn_at IS NULL AND expires_at > $3 RETURNING {COLUMNS}"
    );
    let values = values![realm.uuid(), hash.to_vec(), now.as_micros()];
    let row: Option<Row> = tx.fetch_optional(&sql, values).await?;
    Ok(row.map(Invitation::from))
}

/// Takes one back, if it still stands.
pub(super) async fn withdraw(
    tx: &Tx,
    realm: RealmId,
    id: StaffInvitationId,
    now: Instant,
) -> Result<Option<Invitation>, StaffError> {
    let sql = format!(
        "UPDATE staff_invitation SET withdrawn_at = $3 WHERE realm_id = $1 AND id = $2
         AND used_at IS NULL AND withdrawn_at IS NULL RETURNING {COLUMNS}"
    );
    let values = values![realm.uuid(), id.uuid(), now.as_micros()];
    let row: Option<Row> = tx.fetch_optional(&sql, values).await?;
    Ok(row.map(Invitation::from))
}

/// Those to an organisation that wait.
pub async fn waiting(
    queries: &impl Queries,
    realm: RealmId,
    organisation: OrganisationId,
    now: Instant,
    after: Option<StaffInvitationId>,
    limit: u32,
) -> Result<Vec<Invitation>, StaffError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM staff_invitation WHERE realm_id = $1 AND organisation_id = $2 AND used_at IS NULL
         AND withdrawn_at IS NULL AND expires_at > $3 AND id > $4 ORDER BY id LIMIT $5"
    );
    let after = after.map_or(Uuid::nil(), StaffInvitationId::uuid);
    let values = values![
        realm.uuid(),
        organisation.uuid(),
        now.as_micros(),
        after,
        i64::from(limit)
    ];
    let rows: Vec<Row> = queries.fetch_all(&sql, values).await?;
    Ok(rows.into_iter().map(Invitation::from).collect())
}
