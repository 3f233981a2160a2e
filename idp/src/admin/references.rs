//! What still names the holder of a number (H1.3): sessions, tokens and links in the hub's database, and rows of the
//! access log. A holder of whom these keep nothing, such as an operator, is one about whom they cannot answer.
//!
//! Rows of the log are kept for good as long as nothing removes them, so a number whose holder ever left one there is
//! not reissued before.

use std::sync::Arc;

use platform::clock::Clock;
use platform::database::{BoxFuture, Store};
use platform::ids::RealmId;

use super::store::count_live;
use crate::hub::Hub;
use crate::ids::PersonId;
use crate::log::Log;
use crate::numbers::{AllReferences, Assignment, HolderKind, LiveReferences, References};

/// Everybody who has to be asked.
pub(super) fn of_hub(hub: &Hub) -> AllReferences {
    AllReferences::new(vec![
        Arc::new(Live {
            store: hub.store.clone(),
            clock: hub.clock.clone(),
        }),
        Arc::new(Logged(hub.log.clone())),
    ])
}

struct Live {
    store: Store,
    clock: Clock,
}

struct Logged(Log);

impl LiveReferences for Live {
    fn count<'a>(&'a self, realm: RealmId, assignment: &'a Assignment) -> BoxFuture<'a, References> {
        Box::pin(async move {
            let Some(person) = person(assignment) else {
                return References::Unknown;
            };
            let counted = count_live(&self.store, realm, person, self.clock.now()).await;
            counted.map_or(References::Unknown, References::Counted)
        })
    }
}

impl LiveReferences for Logged {
    fn count<'a>(&'a self, realm: RealmId, assignment: &'a Assignment) -> BoxFuture<'a, References> {
        Box::pin(async move {
            let Some(person) = person(assignment) else {
                return References::Unknown;
            };
            // One is enough to say no.
            match self.0.recent_for_subject(realm, person, 1).await {
                Ok(rows) => References::Counted(rows.len().try_into().unwrap_or(u64::MAX)),
                Err(_) => References::Unknown,
            }
        })
    }
}

fn person(assignment: &Assignment) -> Option<PersonId> {
    (assignment.holder.kind == HolderKind::Person).then(|| PersonId::from(assignment.holder.id))
}
