//! `POST /access/v1/search/{subject,resource,action}` (§8). What is found is what an evaluation permits, and is decided by
//! the same function; a page is told by a sealed token that fits only the same search.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use platform::keys::sha256;
use serde_json::{Value, json as value};

use super::{MALFORMED, body, json, open, refuse};
use crate::access::authzen::model::{Search, Unasked};
use crate::access::authzen::resolve::{Desk, Known};
use crate::access::{Action, Candidates, candidates, subjects_of};
use crate::admin::{Refusal, cursor};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::PersonId;
use crate::people::number_of;

const LIST: &str = "access";
/// How many things a page has, if it is not said, and at most.
const PAGE: usize = 50;
const LARGEST: u32 = 200;

/// Who may do something with somebody's data.
pub(super) async fn subjects(State(hub): State<Shared>, call: Call) -> Response {
    match open(&hub, &call).await {
        Ok(desk) => finish(&desk, find_subjects(&desk).await).await,
        Err(refused) => refused,
    }
}

/// Whose data somebody may do something with.
pub(super) async fn resources(State(hub): State<Shared>, call: Call) -> Response {
    match open(&hub, &call).await {
        Ok(desk) => finish(&desk, find_resources(&desk).await).await,
        Err(refused) => refused,
    }
}

/// What somebody may do with somebody's data.
pub(super) async fn actions(State(hub): State<Shared>, call: Call) -> Response {
    match open(&hub, &call).await {
        Ok(desk) => finish(&desk, find_actions(&desk).await).await,
        Err(refused) => refused,
    }
}

async fn finish(desk: &Desk<'_>, found: Result<Value, Refusal>) -> Response {
    match found {
        Ok(found) => json(desk.hub, desk.call, &found),
        Err(refusal) => refuse(desk.hub, desk.call, refusal).await,
    }
}

/// A part of a search: `None` is a word or a name that nobody knows, with which nothing is found.
fn known<T>(part: Result<T, Unasked>) -> Result<Option<T>, Refusal> {
    match part {
        Ok(part) => Ok(Some(part)),
        Err(Unasked::Unknown) => Ok(None),
        Err(Unasked::Malformed) => Err(MALFORMED),
    }
}

async fn find_actions(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let search: Search = body(desk.call)?;
    let entities = &search.entities;
    let (asker, owner, terms) = (
        known(entities.asker())?,
        known(entities.owner())?,
        known(entities.asked())?,
    );
    let mut found = Vec::new();
    let mut whose = None;
    let mut who = None;
    if let (Some(asker), Some(owner), Some(terms)) = (asker, owner, terms) {
        (who, whose) = (desk.asker(asker).await?, desk.person(owner).await?);
        if let (Some(who), Some(whose)) = (&who, &whose) {
            let loaded = desk.load(who, whose.id).await?;
            let permitted = Action::ALL.iter().filter(|action| {
                desk.decide((who, whose.id), (**action, &terms), &loaded)
                    .permits()
            });
            found.extend(permitted.map(|action| value!({"name": action.as_str()})));
        }
    }
    desk.record_search("action", whose.as_deref(), (who.as_ref(), found.len()))
        .await?;
    Ok(value!({"page": {"next_token": "", "count": found.len()}, "results": found}))
}

/// The beginning of a page: the position after which it begins.
struct Page {
    after: uuid::Uuid,
    limit: usize,
    seal: [u8; 32],
}

impl Page {
    /// The page that a search asks for. The token is bound to everything that was asked but the token itself (§8.2).
    fn of(desk: &Desk<'_>, search: &Search) -> Result<Self, Refusal> {
        let limit = match search.page.limit {
            None => PAGE,
            Some(limit) => usize::try_from(limit.clamp(1, LARGEST)).unwrap_or(PAGE),
        };
        let mut terms: Value = serde_json::from_slice(&desk.call.body).map_err(|_| MALFORMED)?;
        if let Some(page) = terms.get_mut("page").and_then(Value::as_object_mut) {
            page.remove("token");
            if page.is_empty() {
                terms.as_object_mut().map(|terms| terms.remove("page"));
            }
        }
        let seal = sha256(format!("{} {}", desk.call.path(), canonical(&terms)).as_bytes());
        let mut after = uuid::Uuid::nil();
        if let Some(token) = search.page.token.as_deref().filter(|token| !token.is_empty()) {
            let position = cursor::open(&desk.call.realm, LIST, token)?;
            let (bound, place) = position.split_at_checked(32).ok_or(MALFORMED)?;
            if bound != seal {
                return Err(MALFORMED);
            }
            after = uuid::Uuid::from_slice(place).map_err(|_| MALFORMED)?;
        }
        Ok(Self { after, limit, seal })
    }

    fn answer(
        &self,
        desk: &Desk<'_>,
        (results, last): (Vec<Value>, Option<PersonId>),
    ) -> Result<Value, Refusal> {
        let next = match last {
            None => String::new(),
            Some(last) => {
                let position = [self.seal.as_slice(), last.uuid().as_bytes()].concat();
                cursor::seal(desk.hub, &desk.call.realm, LIST, &position)?
            }
        };
        Ok(value!({"page": {"next_token": next, "count": results.len()}, "results": results}))
    }
}

/// A value in one spelling, whatever the order of its members.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, one)| (name, canonical(one)));
            let members: BTreeMap<&String, String> = members.collect();
            format!("{members:?}")
        }
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(canonical).collect();
            format!("{all:?}")
        }
        other => other.to_string(),
    }
}

async fn find_resources(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let search: Search = body(desk.call)?;
    let page = Page::of(desk, &search)?;
    let entities = &search.entities;
    let (asker, action, terms) = (
        known(entities.asker())?,
        known(entities.action())?,
        known(entities.asked())?,
    );
    let (mut found, mut last, mut who) = (Vec::new(), None, None);
    if let (Some(asker), Some(action), Some(terms)) = (asker, action, terms) {
        who = desk.asker(asker).await?;
        if let Some(who) = &who {
            // `place` is how far the search came, `end` the last person on the page.
            let (mut place, mut end) = (page.after, page.after);
            'pages: loop {
                let some = possible(desk, who, place).await?;
                if some.is_empty() {
                    break;
                }
                for owner in some {
                    place = owner.uuid();
                    let loaded = desk.load(who, owner).await?;
                    if !desk.decide((who, owner), (action, &terms), &loaded).permits() {
                        continue;
                    }
                    let number = number_of(&desk.hub.store, &desk.call.realm, owner).await?;
                    let Some(number) = number else { continue };
                    if found.len() == page.limit {
                        last = Some(PersonId::from(end));
                        break 'pages;
                    }
                    end = place;
                    found.push(value!({"type": terms.kind.as_str(), "id": number.to_string()}));
                }
            }
        }
    }
    desk.record_search("resource", None, (who.as_ref(), found.len()))
        .await?;
    page.answer(desk, (found, last))
}

async fn possible(desk: &Desk<'_>, who: &Known, after: uuid::Uuid) -> Result<Vec<PersonId>, Refusal> {
    subjects_of(desk.hub, &desk.call.realm, &who.asker(), after)
        .await
        .map_err(|error| Refusal::unavailable(&error))
}

async fn find_subjects(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let search: Search = body(desk.call)?;
    let page = Page::of(desk, &search)?;
    let entities = &search.entities;
    let kind = entities
        .subject
        .as_ref()
        .map(|subject| subject.kind.as_str())
        .ok_or(MALFORMED)?;
    let (action, owner, terms) = (
        known(entities.action())?,
        known(entities.owner())?,
        known(entities.asked())?,
    );
    let (mut found, mut last, mut whose) = (Vec::new(), None, None);
    if let (Some(action), Some(owner), Some(terms)) = (action, owner, terms) {
        whose = desk.person(owner).await?;
        if let Some(whose) = &whose {
            let Candidates { people, clients } = candidates(desk.hub, &desk.call.realm, whose.id)
                .await
                .map_err(|error| Refusal::unavailable(&error))?;
            if kind == "client" && page.after.is_nil() {
                for client in clients {
                    let who = desk.client(&client).await?;
                    let loaded = desk.load(&who, whose.id).await?;
                    if desk.decide((&who, whose.id), (action, &terms), &loaded).permits() {
                        found.push(value!({"type": "client", "id": client}));
                    }
                }
            }
            if kind == "person" {
                let mut end = page.after;
                for person in people.into_iter().filter(|one| one.uuid() > page.after) {
                    let number = permitted(desk, (person, whose.id), (action, &terms)).await?;
                    let Some(number) = number else { continue };
                    if found.len() == page.limit {
                        last = Some(PersonId::from(end));
                        break;
                    }
                    end = person.uuid();
                    found.push(value!({"type": "person", "id": number}));
                }
            }
        }
    }
    desk.record_search("subject", whose.as_deref(), (None, found.len()))
        .await?;
    page.answer(desk, (found, last))
}

/// The number of somebody who may.
async fn permitted(
    desk: &Desk<'_>,
    (person, owner): (PersonId, PersonId),
    (action, terms): (Action, &crate::access::authzen::model::Asked),
) -> Result<Option<String>, Refusal> {
    let realm = &desk.call.realm;
    let active = desk.hub.people.by_id(realm, person).await?;
    if !active.is_some_and(|person| person.may_sign_in()) {
        return Ok(None);
    }
    let who = Known {
        person: Some(person),
        ..Known::default()
    };
    let loaded = desk.load(&who, owner).await?;
    if !desk.decide((&who, owner), (action, terms), &loaded).permits() {
        return Ok(None);
    }
    let number = number_of(&desk.hub.store, realm, person).await?;
    Ok(number.map(|number| number.to_string()))
}
