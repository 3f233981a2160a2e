//! Affiliations that are over by their term are ended, with all that hangs on them. What they open is closed the moment
//! their term is over, by itself; this takes away what was opened with them: sessions, tokens, the staff number.

use std::sync::Arc;

use platform::database::{DatabaseError, Tx};

use super::act::Act;
use super::affiliations::{self, Left};
use super::error::StaffError;
use super::powers::Powers;
use super::reach::Caller;
use crate::hub::Hub;
use crate::ids::AffiliationId;
use crate::log::{Action, Entry};
use crate::realms::Realm;

const LAPSE: Action = Action::new("affiliation.lapse");
/// Affiliations that are looked at in one go.
const BATCH: u32 = 200;

/// Why one was not ended.
#[derive(Debug, thiserror::Error)]
pub enum LapseError {
    /// It could not be ended.
    #[error(transparent)]
    Staff(#[from] StaffError),
    /// It could not be logged.
    #[error("the access log did not take it")]
    NoLog,
}

impl From<DatabaseError> for LapseError {
    fn from(error: DatabaseError) -> Self {
        Self::Staff(error.into())
    }
}

/// Ends those of every realm whose term is over; how many. Nodes that do so at once find each other's ended.
pub async fn lapse(hub: &Hub) -> Result<u64, LapseError> {
    let mut ended = 0;
    let found = affiliations::lapsed(&hub.store, hub.clock.now(), BATCH).await?;
    for (realm, id) in found {
        let realm = hub.realms.by_id(realm).await.ok().flatten();
        if let Some(realm) = realm {
            ended += u64::from(end(hub, realm, id).await?);
        }
    }
    if ended > 0 {
        hub.sessions.forget_all();
        hub.families.forget_all();
    }
    Ok(ended)
}

async fn end(hub: &Hub, realm: Arc<Realm>, id: AffiliationId) -> Result<bool, LapseError> {
    let act = Act {
        caller: Caller {
            person: None,
            realm: Powers::NONE,
            by_delegation: false,
        },
        now: hub.clock.now(),
        entropy: hub.entropy.clone(),
        realm,
    };
    let log = hub.log.clone();
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let Some(left) = affiliations::lapse(tx, &act, id).await? else {
                    return Ok(false);
                };
                log.append(row(&act, &left))
                    .await
                    .map_err(|_| LapseError::NoLog)?;
                Ok(true)
            })
        })
        .await
}

fn row(act: &Act, left: &Left) -> Entry {
    let mut row = Entry::permit(act.realm.id, LAPSE, act.realm.keys.data.clone());
    row.organisation = Some(left.affiliation.organisation.uuid());
    row.hits = Some(left.withdrawn);
    row.subject(left.affiliation.person)
        .resource("affiliation", [left.affiliation.id.to_string()])
}
