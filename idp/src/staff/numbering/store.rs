//! The numbers of many holders at once.

use std::collections::HashMap;

use platform::database::Queries;
use platform::ids::RealmId;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::ids::NamespaceId;
use crate::numbers::HolderKind;
use crate::staff::conditions::Conditions;
use crate::staff::error::StaffError;

#[derive(FromQueryResult)]
struct Row {
    holder_id: Uuid,
    namespace_id: Uuid,
    counter: i64,
}

/// Where the latest number of each holder is; the one that is in use, if one is.
pub(super) async fn places(
    queries: &impl Queries,
    realm: RealmId,
    kind: HolderKind,
    holders: &[Uuid],
) -> Result<HashMap<Uuid, (NamespaceId, u64)>, StaffError> {
    let mut places = HashMap::new();
    for some in holders.chunks(500) {
        let mut conditions = Conditions::of_realm("number_assignment", realm);
        conditions.and("number_assignment.holder_kind = ?", [kind.as_str().into()]);
        conditions.and_in("number_assignment.holder_id", some, "");
        let (conditions, values) = conditions.done();
        // The last row of a holder stands: one in use comes after those that are not, a later one after an earlier.
        let sql = format!(
            "SELECT holder_id, namespace_id, counter FROM number_assignment
             WHERE {conditions} AND state <> 'superseded'
             ORDER BY CASE WHEN state IN ('active', 'suspended') THEN 1 ELSE 0 END, id"
        );
        let rows: Vec<Row> = queries.fetch_all(&sql, values).await?;
        for row in rows {
            places.insert(
                row.holder_id,
                (row.namespace_id.into(), row.counter.unsigned_abs()),
            );
        }
    }
    Ok(places)
}
