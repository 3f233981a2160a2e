//! Who runs a client (requirement H5.1).

use super::model::Operator;
use super::store::AccessError;
use crate::hub::Hub;
use crate::realms::Realm;
use crate::staff::numbering::organisation_by_number;
use crate::staff::organisations;

/// The organisation whose own system a client is; `None` for one that is nobody's but the cloud's, which no contract bounds.
/// An organisation that is over is not above anything: nobody's contract is with it any more.
pub async fn operator(hub: &Hub, realm: &Realm, client_id: &str) -> Result<Option<Operator>, AccessError> {
    let client = hub.clients.find(realm, client_id).await?;
    let Some(number) = client.and_then(|client| client.standing.organisation) else {
        return Ok(None);
    };
    let named = organisation_by_number(&hub.store, realm, number).await?;
    let found = match named {
        Some(id) => organisations::find(&hub.store, realm.id, id).await?,
        None => None,
    };
    let above = match found.filter(|found| found.ended_at.is_none()) {
        Some(found) => organisations::above(&hub.store, realm.id, found.id).await?,
        None => Vec::new(),
    };
    Ok(Some(Operator { above }))
}
