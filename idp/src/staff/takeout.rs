//! What is kept about somebody as staff, for them to take away.

use serde_json::{Value, json};

use super::affiliations::{licence_aad_of, occupations, of_person};
use super::appointments;
use super::attendance::of_person as presence_of;
use super::delegations::{Listed, list};
use super::error::StaffError;
use super::organisations::find_all;
use super::responses;
use crate::hub::Hub;
use crate::oauth::OAuthError;
use crate::people::Person;
use crate::realms::Realm;
use platform::clock::Instant;

/// Rows of attendance that a document has at the most.
const MOST: u32 = 20_000;

/// Gathers what staff did for somebody, every version of it, with what was found.
pub async fn gather_responses(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let found = responses::about(&hub.store, realm.id, person.id, None, MOST).await;
    let found = found.map_err(OAuthError::from)?;
    let places: Vec<_> = found.iter().map(|one| one.organisation).collect();
    let organisations = find_all(&hub.store, realm.id, &places)
        .await
        .map_err(OAuthError::from)?;
    let mut all = Vec::with_capacity(found.len());
    for one in &found {
        let author = hub.people.by_id(realm, one.author).await?;
        let place = organisations.iter().find(|place| place.id == one.organisation);
        let note = one.note(realm, person);
        all.push(json!({
            "organisation": place.map(|place| &place.name),
            "by": author.map(|author| author.display_name().to_owned()),
            "kind": one.kind.word(),
            "at": one.at.to_rfc3339(),
            "version": one.version,
            "written_at": one.written.to_rfc3339(),
            "note": note.as_ref().map(|note| &note.text),
            "reason": note.as_ref().and_then(|note| note.reason.as_ref()),
        }));
    }
    Ok(all)
}

/// Gathers the appointments of somebody, theirs and those to which they were expected wherever they worked.
pub async fn gather_appointments(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
) -> Result<Vec<Value>, OAuthError> {
    let found = appointments::ever(&hub.store, realm.id, person.id, MOST).await;
    let found = found.map_err(OAuthError::from)?;
    let places: Vec<_> = found.iter().map(|one| one.organisation).collect();
    let organisations = find_all(&hub.store, realm.id, &places)
        .await
        .map_err(OAuthError::from)?;
    let all = found.iter().map(|one| {
        let place = organisations.iter().find(|place| place.id == one.organisation);
        json!({
            "organisation": place.map(|place| &place.name),
            "as_staff": one.staff == person.id,
            "kind": one.kind.word(),
            "at": one.starts.to_rfc3339(),
            "until": one.ends.to_rfc3339(),
            "cancelled": one.cancelled,
            "note": one.note(realm, person),
        })
    });
    Ok(all.collect())
}

/// Gathers it.
pub async fn gather(hub: &Hub, realm: &Realm, person: &Person) -> Result<Value, OAuthError> {
    Ok(all(hub, realm, person).await?)
}

/// That they did something for somebody: what was found is about somebody else, and theirs.
async fn done_by(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, StaffError> {
    let written = responses::by(&hub.store, realm.id, person.id, MOST).await?;
    let done = written.iter().map(|one| {
        json!({
            "kind": one.kind.word(),
            "at": one.at.to_rfc3339(),
            "written_at": one.written.to_rfc3339(),
        })
    });
    Ok(done.collect())
}

async fn all(hub: &Hub, realm: &Realm, person: &Person) -> Result<Value, StaffError> {
    let (store, id) = (&hub.store, realm.id);
    let places = of_person(store, id, person.id).await?;
    let keys: Vec<_> = places.iter().map(|one| one.id).collect();
    let work = occupations(store, id, &keys).await?;
    let listed = Listed {
        holder: Some(person.id),
        past: true,
        ..Listed::default()
    };
    let held = list(store, id, &listed, None, 2000).await?;
    let named: Vec<_> = places
        .iter()
        .map(|one| one.organisation)
        .chain(held.iter().map(|one| one.organisation))
        .collect();
    let organisations = find_all(store, id, &named).await?;
    let name = |id| {
        let found = organisations.iter().find(|one| one.id == id);
        found.map(|one| one.name.clone())
    };
    let time = |at: Option<Instant>| at.map(Instant::to_rfc3339);
    let affiliations: Vec<Value> = places
        .iter()
        .map(|one| {
            let mine = work.iter().filter(|work| work.affiliation == one.id);
            let mine: Vec<Value> = mine
                .map(|work| {
                    let aad = licence_aad_of(realm, person.id, work.code);
                    let sealed = work.sealed_licence.as_ref();
                    let licence = sealed.and_then(|sealed| person.key.open(&aad, sealed).ok());
                    json!({
                        "code": work.code.word(),
                        "licence": licence.map(|text| String::from_utf8_lossy(&text).into_owned()),
                        "licence_until": time(work.licence_until),
                        "ended_at": time(work.ended_at),
                    })
                })
                .collect();
            json!({
                "organisation": name(one.organisation),
                "title": one.title,
                "from": one.term.from.to_rfc3339(),
                "until": time(one.term.until),
                "ended_at": time(one.ended_at),
                "occupations": mine,
            })
        })
        .collect();
    let delegations: Vec<Value> = held
        .iter()
        .map(|one| {
            json!({
                "organisation": name(one.organisation),
                "powers": one.powers.words().collect::<Vec<_>>(),
                "from": one.term.from.to_rfc3339(),
                "until": time(one.term.until),
                "withdrawn": one.withdrawn,
            })
        })
        .collect();
    let presence = presence_of(store, id, person.id, MOST).await?;
    let attendance: Vec<Value> = presence
        .iter()
        .map(|one| {
            json!({
                "came": one.came.to_rfc3339(),
                "went": time(one.went),
                "corrected": one.corrected,
            })
        })
        .collect();
    let done = done_by(hub, realm, person).await?;
    Ok(json!({
        "affiliations": affiliations,
        "delegations": delegations,
        "attendance": attendance,
        "responses": done,
    }))
}
