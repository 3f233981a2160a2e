//! `GET /account/services`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{enter, read};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::oauth::OAuthError;
use crate::oauth::clients::Client;
use crate::oauth::consents::ClientConsent;
use crate::oauth::{backchannel, device};
use crate::pages::{Application, Form, Moment, Papers, Services};
use crate::signin::SignedIn;

type Clients = HashMap<String, Arc<Client>>;

/// Shows who receives what.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    match gather(&hub, &call, &who).await {
        Ok((consents, clients)) => render(view, &consents, &clients),
        Err(error) => view.oauth_error(error),
    }
}

async fn gather(hub: &Hub, call: &Call, who: &SignedIn) -> Result<(Vec<ClientConsent>, Clients), OAuthError> {
    read(hub, call, who, "services").await?;
    let consents = hub.consents.list(&call.realm, who.person.id).await?;
    let ids = consents
        .iter()
        .map(|consent| consent.recipient.client_id.as_str());
    let clients = named(hub, call, ids).await?;
    Ok((consents, clients))
}

/// The clients with these ids, as far as they are there.
pub(super) async fn named<'a>(
    hub: &Hub,
    call: &Call,
    ids: impl Iterator<Item = &'a str>,
) -> Result<Clients, OAuthError> {
    let mut clients = HashMap::new();
    for id in ids {
        if !clients.contains_key(id)
            && let Some(client) = hub.clients.find(&call.realm, id).await?
        {
            clients.insert(id.to_owned(), client);
        }
    }
    Ok(clients)
}

fn render(view: View<'_>, consents: &[ClientConsent], clients: &Clients) -> Response {
    let csrf = view.csrf();
    let language = view.texts.language().tag();
    let scopes: Vec<Vec<&str>> = consents
        .iter()
        .map(|consent| consent.scope.iter().collect())
        .collect();
    let starts: Vec<Option<String>> = consents.iter().map(|consent| start(consent, clients)).collect();
    let applications: Vec<Application<'_>> = consents
        .iter()
        .zip(starts.iter().zip(&scopes))
        .map(|(consent, (start, scopes))| application(consent, clients, (start.as_deref(), scopes), language))
        .collect();
    let done = view.call.query().ok();
    let page = Services {
        frame: view.frame("/account/services"),
        withdrawn: done.is_some_and(|query| query.get("done") == Some("access-withdrawn")),
        applications: &applications,
        withdraw: Form {
            action: "/account/applications/withdraw",
            csrf: &csrf,
            hidden: &[],
        },
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

/// Where a sign-in at the client begins, if it can begin here.
fn start(consent: &ClientConsent, clients: &Clients) -> Option<String> {
    let client = clients.get(&consent.recipient.client_id)?;
    client.metadata.initiate_login_uri.as_ref()?;
    Some(format!("/account/start/{}", client.id))
}

fn application<'a>(
    consent: &'a ClientConsent,
    clients: &'a Clients,
    (start, scopes): (Option<&'a str>, &'a [&'a str]),
    language: &str,
) -> Application<'a> {
    let client = clients.get(&consent.recipient.client_id);
    Application {
        client_id: &consent.recipient.client_id,
        name: client.map_or(consent.recipient.client_id.as_str(), |client| {
            client.name_in(language)
        }),
        host: Some(consent.recipient.place.as_str())
            .filter(|place| ![device::PLACE, backchannel::PLACE].contains(place)),
        scopes,
        granted_at: Moment(consent.granted_at.as_micros()),
        papers: client
            .map(|client| Papers::of(client, language))
            .unwrap_or_default(),
        start_url: start,
    }
}
