//! Gathering it.

use platform::clock::Instant;
use platform::database::Queries as _;
use platform::values;
use sea_orm::FromQueryResult;
use serde_json::{Value, json};

use super::model::Takeout;
use super::permissions;
use crate::contact;
use crate::hub::Hub;
use crate::ids::{ChangeId, PersonId};
use crate::log::Chained;
use crate::notices;
use crate::numbers::{Holder, NumbersError, Permutation, held_by, namespace};
use crate::oauth::OAuthError;
use crate::people::{By, PeopleError, Person, history, identifiers, number_key, number_of};
use crate::realms::Realm;
use crate::recovery::family;
use crate::staff;
use crate::ties;

/// Rows of the access log that a document has at the most.
const ROWS: usize = 50_000;
/// What is read at one time.
const PAGE: u32 = 500;

#[derive(FromQueryResult)]
struct Preference {
    channel: String,
    topic: String,
    allowed: bool,
    changed_at: i64,
}

/// Gathers all that is kept about a person.
pub async fn gather(hub: &Hub, realm: &Realm, person: &Person) -> Result<Takeout, OAuthError> {
    let (access_log, access_log_complete) = access_log(hub, realm, person).await?;
    Ok(Takeout {
        format: "musubi person export, version 1",
        made_at: hub.clock.now().to_rfc3339(),
        realm: realm.issuer.clone(),
        profile: serde_json::to_value(&person.profile).map_err(PeopleError::from)?,
        locale: person.locale.clone(),
        identifiers: names(hub, realm, person).await?,
        numbers: numbers(hub, realm, person).await?,
        history: changes(hub, realm, person).await?,
        contact: wishes(hub, realm, person).await?,
        contact_history: past_wishes(hub, realm, person).await?,
        ties: all_ties(hub, realm, person).await?,
        invitations: invitations(hub, realm, person).await?,
        trusted: trusted(hub, realm, person).await?,
        consents: permissions::consents(hub, realm, person).await?,
        contracts: permissions::contracts(hub, realm, person).await?,
        emergencies: permissions::emergencies(hub, realm, person).await?,
        client_consents: client_consents(hub, realm, person).await?,
        sessions: sessions(hub, realm, person).await?,
        browsers: browsers(hub, realm, person).await?,
        factors: factors(hub, realm, person).await?,
        staff: staff::takeout::gather(hub, realm, person).await?,
        responses: staff::takeout::gather_responses(hub, realm, person).await?,
        appointments: staff::takeout::gather_appointments(hub, realm, person).await?,
        powers: hub.people.powers(realm, person.id).await?,
        notices: told(hub, realm, person).await?,
        access_log,
        access_log_complete,
    })
}

fn time(at: Instant) -> String {
    at.to_rfc3339()
}

fn moment(micros: Option<i64>) -> Option<String> {
    micros.map(|at| time(Instant::from_micros(at)))
}

async fn names(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let held = identifiers(&hub.store, realm, person).await?;
    let names = held.into_iter().map(|name| {
        json!({
            "kind": name.kind,
            "value": name.value,
            "state": name.state,
            "since": moment(Some(name.created_at)),
            "verified_at": moment(name.verified_at),
            "cooling_until": moment(name.cooling_until),
        })
    });
    Ok(names.collect())
}

async fn numbers(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, NumbersError> {
    let mut numbers = Vec::new();
    for held in held_by(&hub.store, realm.id, Holder::person(person.id), 1000).await? {
        let space = namespace(&hub.store, realm.id, held.place.namespace).await?;
        let number = Permutation::new(&number_key(realm), &space)?.number(held.place.counter)?;
        numbers.push(json!({
            "number": number.to_string(),
            "state": held.state.as_str(),
            "generation": held.generation,
            "assigned_at": time(held.assigned_at),
            "cancelled_at": held.cancelled_at.map(time),
        }));
    }
    Ok(numbers)
}

/// Who did something: in which part, and what they are called if they are family.
async fn author(hub: &Hub, realm: &Realm, person: &Person, by: &By) -> Result<Value, OAuthError> {
    let name = match by.actor {
        Some(actor) if actor != person.id && by.via.as_str() == "family" => called(hub, realm, actor).await?,
        _ => None,
    };
    Ok(json!({"via": by.via.as_str(), "name": name, "client_id": by.client}))
}

async fn called(hub: &Hub, realm: &Realm, other: PersonId) -> Result<Option<String>, OAuthError> {
    let found = hub.people.by_id(realm, other).await?;
    Ok(found.map(|other| other.display_name().to_owned()))
}

async fn changes(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let mut all = Vec::new();
    let mut before: Option<ChangeId> = None;
    loop {
        let page = history(hub, realm, person, before, PAGE).await?;
        before = page.last().map(|last| last.id);
        for past in &page {
            all.push(json!({
                "at": time(past.at),
                "field": past.field.map(crate::people::Field::name),
                "before": past.before,
                "after": past.after,
                "by": author(hub, realm, person, &past.by).await?,
            }));
        }
        if page.len() < PAGE as usize {
            return Ok(all);
        }
    }
}

async fn wishes(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let sql = "SELECT channel, topic, allowed, changed_at FROM contact_preference
        WHERE realm_id = $1 AND person_id = $2 ORDER BY topic, channel";
    let rows: Vec<Preference> = hub
        .store
        .fetch_all(sql, values![realm.id.uuid(), person.id.uuid()])
        .await?;
    let wishes = rows.into_iter().map(|row| {
        json!({
            "channel": row.channel,
            "topic": row.topic,
            "allowed": row.allowed,
            "since": moment(Some(row.changed_at)),
        })
    });
    Ok(wishes.collect())
}

async fn past_wishes(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let mut all = Vec::new();
    let mut before: Option<ChangeId> = None;
    loop {
        let page = contact::history(&hub.store, realm, person.id, before, PAGE).await?;
        before = page.last().map(|last| last.id);
        for change in &page {
            all.push(json!({
                "at": time(change.at),
                "channel": change.channel.as_str(),
                "topic": change.topic.as_str(),
                "allowed": change.allowed,
                "by": author(hub, realm, person, &change.by).await?,
            }));
        }
        if page.len() < PAGE as usize {
            return Ok(all);
        }
    }
}

async fn all_ties(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let mut all = Vec::new();
    let mut ties = ties::of(hub, realm, person.id).await?;
    ties.extend(ties::toward(hub, realm, person.id).await?);
    for tie in ties {
        let mine = tie.person == person.id;
        let other = if mine { tie.other } else { tie.person };
        all.push(json!({
            "with": called(hub, realm, other).await?,
            "direction": if mine { "may act for the person" } else { "the person may act for them" },
            "relation": tie.relation.as_str(),
            "powers": tie.powers.words(),
            "basis": tie.basis.map(ties::Basis::as_str),
            "from": time(tie.from_at),
            "until": tie.until_at.map(time),
        }));
    }
    Ok(all)
}

async fn invitations(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let sent = ties::sent(hub, realm, person.id).await?;
    let sent = sent.into_iter().map(|one| {
        json!({
            "relation": one.relation.as_str(),
            "powers": one.powers.words(),
            "until": time(one.expires_at),
        })
    });
    Ok(sent.collect())
}

async fn trusted(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let trusted = family::trusted(hub, realm, person.id).await?;
    Ok(trusted.into_iter().map(|one| json!({"name": one.name})).collect())
}

async fn client_consents(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let consents = hub.consents.list(realm, person.id).await?;
    let consents = consents.into_iter().map(|consent| {
        json!({
            "client_id": consent.recipient.client_id,
            "place": consent.recipient.place,
            "scope": consent.scope.iter().collect::<Vec<_>>(),
            "granted_at": time(consent.granted_at),
        })
    });
    Ok(consents.collect())
}

async fn sessions(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let sessions = hub.sessions.list(realm, person.id, &person.key).await?;
    let sessions = sessions.into_iter().map(|one| {
        json!({
            "signed_in_at": time(one.session.authenticated_at),
            "by": one.session.amr,
            "last_seen_at": time(one.session.last_seen_at),
            "user_agent": one.user_agent,
            "address": one.address,
        })
    });
    Ok(sessions.collect())
}

async fn browsers(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let known = crate::browsers::list(hub, realm, person.id).await?;
    let known = known.into_iter().map(|one| {
        json!({
            "since": time(one.first_at),
            "until": time(one.expires_at),
        })
    });
    Ok(known.collect())
}

async fn factors(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let factors = hub.factors.list(realm, person).await?;
    let factors = factors.into_iter().map(|factor| {
        json!({
            "name": factor.name,
            "kind": factor.kind.as_str(),
            "since": time(factor.created_at),
            "used_at": factor.used_at.map(time),
        })
    });
    Ok(factors.collect())
}

async fn told(hub: &Hub, realm: &Realm, person: &Person) -> Result<Vec<Value>, OAuthError> {
    let told = notices::list(hub, realm, person, 10_000).await?;
    let mut all = Vec::with_capacity(told.len());
    for one in told {
        let notice = serde_json::to_value(&one.notice).map_err(PeopleError::from)?;
        all.push(json!({"at": time(one.at), "notice": notice}));
    }
    Ok(all)
}

async fn access_log(hub: &Hub, realm: &Realm, person: &Person) -> Result<(Vec<Value>, bool), OAuthError> {
    let mut all = Vec::new();
    let mut before = None;
    loop {
        let page = hub
            .log
            .page_for_subject(realm.id, person.id, before, PAGE)
            .await?;
        before = page.last().map(|last| (last.row.at.as_micros(), last.hash));
        for row in &page {
            all.push(line(hub, realm, person, row).await?);
        }
        if page.len() < PAGE as usize {
            return Ok((all, true));
        }
        if all.len() >= ROWS {
            return Ok((all, false));
        }
    }
}

/// A row with what the person's own key opens of it.
async fn line(hub: &Hub, realm: &Realm, person: &Person, chained: &Chained) -> Result<Value, OAuthError> {
    let row = &chained.row;
    let by = match row.actor {
        Some(actor) if actor == person.id => Some("the person".to_owned()),
        Some(actor) => match called(hub, realm, actor).await? {
            Some(name) => Some(name),
            None => number_of(&hub.store, realm, actor)
                .await?
                .map(|number| number.to_string()),
        },
        None => None,
    };
    Ok(json!({
        "at": time(row.at),
        "action": row.action,
        "decision": row.decision,
        "reason": row.reason,
        "by": by,
        "client_id": row.client,
        "service": row.service,
        "resource": row.resource_kind,
        "detail": row.open_detail(&person.key).ok(),
    }))
}
