//! `GET /account/log`, page by page.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::encoding::{from_hex, hex};

use super::services::named;
use super::{READ, enter, entry};
use crate::account::words;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::PersonId;
use crate::log::{Chained, Decision};
use crate::oauth::OAuthError;
use crate::oauth::clients::Client;
use crate::pages::{AccountLog, ErrorKind, LogActor, LogEntry, Moment};
use crate::people::Person;
use crate::signin::SignedIn;

/// How many rows a page shows.
const ROWS: u32 = 20;

/// A place in the log: what is older than this row is asked for.
type Place = (i64, [u8; 32]);

struct Shown {
    rows: Vec<Chained>,
    clients: HashMap<String, Arc<Client>>,
    people: HashMap<PersonId, String>,
    more: bool,
}

/// Shows what was done. Reading the log is logged.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    let query = call.query();
    let before = match query.as_ref().map(|query| query.get("before").map(place)) {
        Ok(None) => None,
        Ok(Some(Some(before))) => Some(before),
        _ => {
            return view
                .refuse(&hub, ErrorKind::BadRequest, "account.log.place")
                .await;
        }
    };
    match gather(&hub, &call, &who, before).await {
        Ok(shown) => render(view, &who.person, &shown, before.is_none()),
        Err(error) => view.oauth_error(error),
    }
}

fn place(text: &str) -> Option<Place> {
    let (at, hash) = text.split_once('-')?;
    Some((at.parse().ok()?, from_hex(hash)?.try_into().ok()?))
}

async fn gather(hub: &Hub, call: &Call, who: &SignedIn, before: Option<Place>) -> Result<Shown, OAuthError> {
    let (realm, person) = (&call.realm, &who.person);
    let mut rows = hub
        .log
        .page_for_subject(realm.id, person.id, before, ROWS + 1)
        .await?;
    let more = rows.len() > ROWS as usize;
    rows.truncate(ROWS as usize);
    let mut read = entry(call, READ, who).resource("page", ["log".to_owned()]);
    read.hits = Some(rows.len() as u64);
    hub.record(read).await?;
    let clients = named(hub, call, rows.iter().filter_map(|row| row.row.client.as_deref())).await?;
    let mut people = HashMap::new();
    for actor in rows.iter().filter_map(|row| row.row.actor) {
        if actor != person.id
            && !people.contains_key(&actor)
            && let Some(other) = hub.people.by_id(realm, actor).await?
        {
            people.insert(actor, other.display_name().to_owned());
        }
    }
    Ok(Shown {
        rows,
        clients,
        people,
        more,
    })
}

fn render(view: View<'_>, person: &Person, shown: &Shown, newest: bool) -> Response {
    let language = view.texts.language().tag();
    let addresses: Vec<Option<String>> = shown.rows.iter().map(|row| address_of(row, person)).collect();
    let log: Vec<LogEntry<'_>> = shown
        .rows
        .iter()
        .zip(&addresses)
        .map(|(row, address)| LogEntry {
            at: Moment(row.row.at.as_micros()),
            action: words::of(
                &row.row.action,
                row.row.resource_ids.as_deref(),
                row.row.resource_kind.as_deref(),
            ),
            by: actor(row, person, shown, language),
            address: address.as_deref(),
            refused: row.row.decision != Decision::Permit,
        })
        .collect();
    let last = shown.rows.last().filter(|_| shown.more);
    let older = last.map(|row| format!("/account/log?before={}-{}", row.row.at.as_micros(), hex(row.hash)));
    let page = AccountLog {
        frame: view.frame(view.call.path_and_query()),
        log: &log,
        older: older.as_deref(),
        newest,
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

fn actor<'a>(row: &'a Chained, person: &Person, shown: &'a Shown, language: &str) -> LogActor<'a> {
    // Somebody else who looked is named, whatever they looked with.
    let other = row.row.actor.filter(|actor| *actor != person.id);
    if let Some(name) = other.and_then(|other| shown.people.get(&other)) {
        return LogActor::Named(name);
    }
    if let Some(id) = row.row.client.as_deref() {
        return LogActor::Named(
            shown
                .clients
                .get(id)
                .map_or(id, |client| client.name_in(language)),
        );
    }
    match row.row.actor {
        Some(actor) if actor == person.id => LogActor::Reader,
        Some(actor) => shown
            .people
            .get(&actor)
            .map_or(LogActor::Hub, |name| LogActor::Named(name)),
        None => LogActor::Hub,
    }
}

/// The address of a row, if the person's own key opens it.
fn address_of(row: &Chained, person: &Person) -> Option<String> {
    let detail = row.row.open_detail(&person.key).ok()?;
    detail.get("address")?.as_str().map(str::to_owned)
}
