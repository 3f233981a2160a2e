//! What somebody allowed and agreed, and who looked without that.

use platform::clock::Instant;
use serde_json::{Value, json};

use crate::access::{Action, Kind, emergency};
use crate::consent::{self, outside};
use crate::contracts;
use crate::hub::Hub;
use crate::ids::OrganisationId;
use crate::oauth::OAuthError;
use crate::people::Person;
use crate::realms::Realm;
use crate::staff::organisations;

/// What is read at one time.
const PAGE: u32 = 200;

/// Every version of every consent, as FHIR resources in which others stand under names of this realm alone.
pub async fn consents(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = consent::summaries(hub, realm, person.id, (after, PAGE)).await?;
        for one in &page {
            for kept in consent::history(hub, realm, person, one.id).await? {
                all.push(json!({
                    "id": kept.id.to_string(),
                    "version": kept.version,
                    "given_at": kept.at.to_rfc3339(),
                    "resource": serde_json::to_value(outside(realm, kept.resource))?,
                }));
            }
        }
        after = page.last().map(|last| last.id.uuid());
        if page.len() < PAGE as usize {
            return Ok(all);
        }
    }
}

/// Every contract, past ones included.
pub async fn contracts(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = contracts::list(hub, realm, person.id, (after, PAGE)).await?;
        for one in &page {
            all.push(json!({
                "operator": organisation(hub, realm, one.organisation).await?,
                "services": one.services.words(),
                "kinds": one.kinds.iter().map(Kind::as_str).collect::<Vec<_>>(),
                "actions": one.actions.iter().map(Action::as_str).collect::<Vec<_>>(),
                "from": one.from.to_rfc3339(),
                "until": one.until.map(Instant::to_rfc3339),
                "ended_at": one.ended_at.map(Instant::to_rfc3339),
            }));
        }
        after = page.last().map(|last| last.id.uuid());
        if page.len() < PAGE as usize {
            return Ok(all);
        }
    }
}

/// The latest emergencies that were declared about them.
pub async fn emergencies(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let mut all = Vec::new();
    for told in emergency::about(hub, realm, person).await? {
        let actor = hub.people.by_id(realm, told.actor).await?;
        all.push(json!({
            "by": actor.map(|actor| actor.display_name().to_owned()),
            "organisation": organisation(hub, realm, told.organisation).await?,
            "from": told.at.to_rfc3339(),
            "until": told.until.to_rfc3339(),
            "reason": told.reason,
        }));
    }
    Ok(all)
}

async fn organisation(hub: &Hub, realm: &Realm, id: OrganisationId) -> Result<Option<String>, OAuthError> {
    let found = organisations::find_all(&hub.store, realm.id, &[id]).await?;
    Ok(found.into_iter().next().map(|one| one.name))
}
