//! `GET /account`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::account::words;
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::{Action, Chained, Decision};
use crate::numbers::Number;
use crate::oauth::OAuthError;
use crate::oauth::clients::Client;
use crate::oauth::consents::ClientConsent;
use crate::pages::{
    Account, AccountNotice, Application, Form, LogEntry, Moment, PersonDetails, SessionDetails,
};
use crate::people::{Person, number_of};
use crate::sessions::{Session, SessionView};
use crate::signin::{SignedIn, signed_in};

const READ: Action = Action::new("account.read");

/// How many rows of the log the page shows.
const ROWS: u32 = 20;

/// Everything that the page shows.
struct Shown {
    who: SignedIn,
    number: Option<String>,
    sessions: Vec<SessionView>,
    consents: Vec<ClientConsent>,
    clients: HashMap<String, Arc<Client>>,
    rows: Vec<Chained>,
}

/// Shows the account of who is signed in. Reading the log is logged.
pub(super) async fn home(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    match signed_in(&hub, &call).await {
        Ok(Some(who)) => match gather(&hub, &call, who).await {
            Ok(shown) => show(view, &shown),
            Err(error) => view.oauth_error(error),
        },
        Ok(None) => view.redirect("/signin"),
        Err(error) => view.oauth_error(error),
    }
}

async fn gather(hub: &Hub, call: &Call, who: SignedIn) -> Result<Shown, OAuthError> {
    let (realm, person) = (&call.realm, &who.person);
    let rows = hub.log.recent_for_subject(realm.id, person.id, ROWS).await?;
    let mut entry = call.permit(READ).person(person.id).session(who.session.sid);
    entry.hits = Some(rows.len() as u64);
    entry.key = person.key.clone();
    hub.record(entry).await?;
    let sessions = hub.sessions.list(realm, person.id, &person.key).await?;
    let consents = hub.consents.list(realm, person.id).await?;
    let mut clients = HashMap::new();
    let named = consents
        .iter()
        .map(|consent| consent.recipient.client_id.as_str());
    for id in named.chain(rows.iter().filter_map(|row| row.row.client.as_deref())) {
        if !clients.contains_key(id)
            && let Some(client) = hub.clients.find(realm, id).await?
        {
            clients.insert(id.to_owned(), client);
        }
    }
    let number = number_of(&hub.store, realm, person.id)
        .await?
        .map(Number::grouped);
    Ok(Shown {
        who,
        number,
        sessions,
        consents,
        clients,
        rows,
    })
}

fn show(view: View<'_>, shown: &Shown) -> Response {
    let csrf = view.csrf();
    let form = |action| Form {
        action,
        csrf: &csrf,
        hidden: &[],
    };
    let ids: Vec<String> = shown
        .sessions
        .iter()
        .map(|one| one.session.sid.to_string())
        .collect();
    let mut sessions: Vec<SessionDetails<'_>> = shown
        .sessions
        .iter()
        .zip(&ids)
        .map(|(one, id)| session_details(one, id, &shown.who.session))
        .collect();
    sessions.sort_by_key(|session| !session.current);
    let scopes: Vec<Vec<&str>> = shown
        .consents
        .iter()
        .map(|consent| consent.scope.iter().collect())
        .collect();
    let applications: Vec<Application<'_>> = shown
        .consents
        .iter()
        .zip(&scopes)
        .map(|(consent, scopes)| application(shown, consent, scopes))
        .collect();
    let addresses: Vec<Option<String>> = shown
        .rows
        .iter()
        .map(|row| address_of(row, &shown.who.person))
        .collect();
    let log: Vec<LogEntry<'_>> = shown
        .rows
        .iter()
        .zip(&addresses)
        .map(|(row, address)| log_entry(row, address.as_deref(), shown))
        .collect();
    let profile = &shown.who.person.profile;
    let page = Account {
        frame: view.frame("/account"),
        person: PersonDetails {
            name: profile.name.as_deref(),
            login: &profile.login,
            email: profile.email.as_deref(),
            number: shown.number.as_deref(),
        },
        notice: notice(view.call),
        sign_out: form("/oauth/logout"),
        sessions: &sessions,
        end_session: form("/account/sessions/end"),
        applications: &applications,
        withdraw: form("/account/applications/withdraw"),
        log: &log,
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

fn notice(call: &Call) -> Option<AccountNotice> {
    match call.query().ok()?.get("done")? {
        "session-ended" => Some(AccountNotice::SessionEnded),
        "access-withdrawn" => Some(AccountNotice::AccessWithdrawn),
        _ => None,
    }
}

fn application<'a>(shown: &'a Shown, consent: &'a ClientConsent, scopes: &'a [&'a str]) -> Application<'a> {
    let client = shown.clients.get(&consent.recipient.client_id);
    Application {
        client_id: &consent.recipient.client_id,
        name: client.map_or(consent.recipient.client_id.as_str(), |client| client.name()),
        host: Some(&consent.recipient.place),
        scopes,
        granted_at: Moment(consent.granted_at.as_micros()),
    }
}

fn session_details<'a>(one: &'a SessionView, id: &'a str, current: &Session) -> SessionDetails<'a> {
    SessionDetails {
        id,
        current: one.session.sid == current.sid,
        user_agent: one.user_agent.as_deref(),
        address: one.address.as_deref(),
        started_at: Moment(one.session.authenticated_at.as_micros()),
        last_used_at: Moment(one.session.last_seen_at.as_micros()),
    }
}

/// The address of a row, if the person's own key opens it.
fn address_of(row: &Chained, person: &Person) -> Option<String> {
    let detail = row.row.open_detail(&person.key).ok()?;
    detail.get("address")?.as_str().map(str::to_owned)
}

fn log_entry<'a>(row: &'a Chained, address: Option<&'a str>, shown: &'a Shown) -> LogEntry<'a> {
    let client = row
        .row
        .client
        .as_deref()
        .map(|id| shown.clients.get(id).map_or(id, |client| client.name()));
    LogEntry {
        at: Moment(row.row.at.as_micros()),
        action: words::of(&row.row.action),
        by: client,
        address,
        refused: row.row.decision != Decision::Permit,
    }
}
