//! `GET /account/profile/history`: what was changed about a person, page by page.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{READ, enter, entry};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::{ChangeId, PersonId};
use crate::oauth::OAuthError;
use crate::pages::{ChangeLine, DetailsHistory, ErrorKind, Moment};
use crate::people::{Past, Via, history};
use crate::signin::SignedIn;

/// How many changes a page shows.
const ROWS: u32 = 20;

struct Shown {
    past: Vec<Past>,
    people: HashMap<PersonId, String>,
    older: Option<String>,
}

/// Shows the changes. Reading them is logged.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    let before = match call
        .query()
        .map(|query| query.get("before").map(str::parse::<ChangeId>))
    {
        Ok(None) => None,
        Ok(Some(Ok(before))) => Some(before),
        _ => {
            return view
                .refuse(&hub, ErrorKind::BadRequest, "account.history.place")
                .await;
        }
    };
    match gather(&hub, &call, &who, before).await {
        Ok(shown) => render(view, &who, &shown),
        Err(error) => view.oauth_error(error),
    }
}

async fn gather(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    before: Option<ChangeId>,
) -> Result<Shown, OAuthError> {
    let realm = &call.realm;
    let mut past = history(hub, realm, &who.person, before, ROWS + 1).await?;
    let more = past.len() > ROWS as usize;
    past.truncate(ROWS as usize);
    let mut row = entry(call, READ, who).resource("page", ["history".to_owned()]);
    row.hits = Some(past.len() as u64);
    hub.record(row).await?;
    let mut people = HashMap::new();
    for one in past.iter().filter(|one| one.by.via == Via::Family) {
        if let Some(actor) = one.by.actor
            && let Some(person) = hub.people.by_id(realm, actor).await?
        {
            people.insert(actor, person.display_name().to_owned());
        }
    }
    let last = past.last().filter(|_| more);
    let older = last.map(|last| format!("/account/profile/history?before={}", last.id));
    Ok(Shown { past, people, older })
}

fn render(view: View<'_>, who: &SignedIn, shown: &Shown) -> Response {
    let line = |past: &'_ Past| past.by.actor.filter(|actor| *actor != who.person.id);
    let mut changes = Vec::with_capacity(shown.past.len());
    for past in &shown.past {
        let Some(field) = past.field else { continue };
        changes.push(ChangeLine {
            at: Moment(past.at.as_micros()),
            field,
            before: past.before.as_deref(),
            after: past.after.as_deref(),
            via: past.by.via,
            by: line(past)
                .and_then(|actor| shown.people.get(&actor))
                .map(String::as_str),
        });
    }
    let page = DetailsHistory {
        frame: view.frame(view.call.path_and_query()),
        changes: &changes,
        older: shown.older.as_deref(),
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}
