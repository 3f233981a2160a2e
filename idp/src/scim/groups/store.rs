//! What clients call departments.

use std::collections::HashMap;

use platform::database::{Queries, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::ids::OrganisationId;
use crate::scim::error::ScimError;

#[derive(FromQueryResult)]
struct Row {
    organisation_id: Uuid,
    external_id: String,
}

/// What a tenant's client calls its departments.
pub(super) async fn external_ids(
    queries: &impl Queries,
    (realm, tenant): (RealmId, OrganisationId),
) -> Result<HashMap<OrganisationId, String>, ScimError> {
    let sql = "SELECT organisation_id, external_id FROM scim_group WHERE realm_id = $1 AND tenant_id = $2 LIMIT 100000";
    let rows: Vec<Row> = queries
        .fetch_all(sql, values![realm.uuid(), tenant.uuid()])
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.organisation_id.into(), row.external_id))
        .collect())
}

/// Changes what a department is called by the client.
pub(super) async fn set_external_id(
    tx: &Tx,
    (realm, tenant): (RealmId, OrganisationId),
    department: OrganisationId,
    external_id: Option<&str>,
) -> Result<(), ScimError> {
    tx.execute(
        "DELETE FROM scim_group WHERE realm_id = $1 AND organisation_id = $2",
        values![realm.uuid(), department.uuid()],
    )
    .await?;
    if let Some(external_id) = external_id {
        tx.execute(
            "INSERT INTO scim_group (organisation_id, realm_id, tenant_id, external_id) VALUES ($1, $2, $3, $4)",
            values![department.uuid(), realm.uuid(), tenant.uuid(), external_id],
        )
        .await?;
    }
    Ok(())
}
