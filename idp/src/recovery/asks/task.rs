//! The task that looks into what was asked for.

use std::sync::Arc;
use std::time::Duration;

use super::store::{Way, take};
use crate::hub::{Hub, Shared};
use crate::oauth::OAuthError;
use crate::people::{IdentifierKind, Person};
use crate::realms::Realm;
use crate::recovery::{family, link};

/// Between two looks when there is nothing to do.
const PAUSE: Duration = Duration::from_secs(1);
/// After the database or the log did not answer.
const RECOVERY: Duration = Duration::from_secs(10);
/// An ask that waited longer than this is forgotten: whoever asked has asked again.
const STALE: Duration = Duration::from_mins(30);

/// Looks into what is asked for, for ever.
pub async fn run(hub: Shared) {
    loop {
        match step(&hub).await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(PAUSE).await,
            Err(error) => {
                tracing::warn!(id = error.id, "a recovery was lost; whoever asked can ask again");
                tokio::time::sleep(RECOVERY).await;
            }
        }
    }
}

/// Looks into one ask, if one waits.
pub(in crate::recovery) async fn step(hub: &Hub) -> Result<bool, OAuthError> {
    let Some(taken) = take(hub).await? else {
        return Ok(false);
    };
    let Some(realm) = hub.realms.by_id(taken.realm).await? else {
        return Ok(true);
    };
    if hub.clock.now().since(taken.created_at) > STALE {
        return Ok(true);
    }
    let ask = taken.open(&realm)?;
    let Some(person) = find(hub, &realm, &ask.name).await? else {
        return Ok(true);
    };
    match (ask.way, ask.recovery) {
        (Way::Family, Some(id)) if realm.settings.recovery_by_family => {
            family::start(hub, &realm, &person, id).await?;
        }
        (Way::Mail, _) if realm.settings.recovery_by_mail => link::begin(hub, &realm, &person).await?,
        // It was taken away between the asking and the answer.
        _ => {}
    }
    Ok(true)
}

/// Whose login name or confirmed address this is.
async fn find(hub: &Hub, realm: &Realm, name: &str) -> Result<Option<Arc<Person>>, OAuthError> {
    let people = &hub.people;
    let mut found = people.by_identifier(realm, IdentifierKind::Login, name).await?;
    if found.is_none() {
        found = people.by_identifier(realm, IdentifierKind::Email, name).await?;
        found = found.filter(|person| person.profile.email_verified);
    }
    Ok(found.filter(Person::may_sign_in).map(Arc::new))
}
