//! A consent as a client reads it.

use serde_json::Value;

use crate::access::{AccessError, Grantee};
use crate::consent::{Kept, fhir, outside_for};
use crate::fhir::endpoints::desk::{FhirDesk, Resource};
use crate::fhir::outcome::{Outcome, TRANSIENT};
use crate::ids::{OrganisationId, PersonId};
use crate::oauth::OAuthError;
use crate::staff::organisations;

/// The resource under the client's names, with what people and organisations are called.
pub(super) async fn resource(desk: &FhirDesk<'_>, kept: &Kept) -> Result<Resource, Outcome> {
    let shown = shown(desk, kept).await?;
    Ok(Resource {
        body: serde_json::to_value(&shown).map_err(|_| TRANSIENT)?,
        version: kept.version,
        since: kept.at.to_http_date(),
        location: format!("{}/_history/{}", url(desk, kept), kept.version),
    })
}

/// Where a consent is.
pub(super) fn url(desk: &FhirDesk<'_>, kept: &Kept) -> String {
    desk.call.realm.url(&format!("/fhir/Consent/{}", kept.id))
}

async fn shown(desk: &FhirDesk<'_>, kept: &Kept) -> Result<fhir::Consent, Outcome> {
    let mut consent = kept.resource.clone();
    let rules = kept.rules()?;
    // Each provision of ours is one rule with one actor at most.
    for (provision, rule) in consent.provision.provision.iter_mut().zip(&rules) {
        if let [actor] = provision.actor.as_mut_slice() {
            actor.reference.display = called(desk, &rule.grantee).await?;
        }
    }
    Ok(outside_for(&desk.call.realm, &desk.reader(), consent))
}

/// As the body of an answer.
pub(super) async fn body(desk: &FhirDesk<'_>, kept: &Kept) -> Result<Value, Outcome> {
    Ok(resource(desk, kept).await?.body)
}

/// What somebody or an organisation is called; nothing for who is not there any more, and for what says it itself.
async fn called(desk: &FhirDesk<'_>, grantee: &Grantee) -> Result<Option<String>, Outcome> {
    let named = match grantee {
        Grantee::Everyone | Grantee::Relation(_) => None,
        Grantee::Person(id) => person(desk, *id).await?,
        Grantee::Client(id) => {
            let client = desk.hub.clients.find(&desk.call.realm, id).await;
            let client = client.map_err(OAuthError::from)?;
            client.map(|client| client.name_in(desk.language()).to_owned())
        }
        Grantee::Organisation { organisation: id, .. } => organisation(desk, *id).await?,
        Grantee::Staff {
            person: id,
            organisation: at,
        } => {
            let both = [person(desk, *id).await?, organisation(desk, *at).await?];
            Some(both.into_iter().flatten().collect::<Vec<_>>().join(", "))
        }
    };
    Ok(named.filter(|name| !name.is_empty()))
}

async fn person(desk: &FhirDesk<'_>, id: PersonId) -> Result<Option<String>, Outcome> {
    let found = desk
        .hub
        .people
        .by_id(&desk.call.realm, id)
        .await
        .map_err(OAuthError::from)?;
    Ok(found.map(|person| person.display_name().to_owned()))
}

async fn organisation(desk: &FhirDesk<'_>, id: OrganisationId) -> Result<Option<String>, Outcome> {
    let found = organisations::find(&desk.hub.store, desk.call.realm.id, id).await;
    let found = found.map_err(AccessError::from).map_err(OAuthError::from)?;
    Ok(found.map(|organisation| organisation.name))
}
