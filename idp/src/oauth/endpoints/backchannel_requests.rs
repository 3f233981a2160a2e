//! `GET /account/requests` and `POST /account/requests/answer`: what services ask of a person who is elsewhere (CIBA §7.3,
//! §8).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use uuid::Uuid;

use crate::account::endpoints::read;
use crate::credentials::Level;
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::oauth::backchannel::{Delivery, PLACE, Pending};
use crate::oauth::clients::Client;
use crate::oauth::consents::Recipient;
use crate::oauth::tokens::subject;
use crate::pages::{BackchannelNotice, BackchannelRequest, BackchannelRequests, ErrorKind, Form, Moment};
use crate::signin::{Place, SignedIn, signed_in};

const ALLOW: Action = Action::new("backchannel.allow");
const DENY: Action = Action::new("backchannel.deny");

/// Shows what waits.
pub async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let who = match signed_in(&hub, &call).await {
        Ok(Some(who)) => who,
        Ok(None) => return view.redirect(&Place::Requests.sign_in()),
        Err(error) => return view.oauth_error(error),
    };
    if let Err(error) = read(&hub, &call, &who, "requests").await {
        return view.oauth_error(error);
    }
    match waiting(&hub, &call, &who).await {
        Ok(waiting) => render(view, &who, &waiting),
        Err(error) => view.oauth_error(error),
    }
}

/// What waits for a person, with the clients that ask; those that are gone ask no more.
async fn waiting(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Vec<(Pending, Arc<Client>)>, OAuthError> {
    let pending = hub
        .backchannel
        .pending(&call.realm, &who.person, hub.clock.now())
        .await?;
    let mut waiting = Vec::new();
    for one in pending {
        if let Some(client) = hub.clients.find(&call.realm, &one.client_id).await? {
            waiting.push((one, client));
        }
    }
    Ok(waiting)
}

/// Whether this sign-in may allow a request: it is from after the request, and as strong as one of the classes asked for.
fn may_allow(who: &SignedIn, pending: &Pending) -> bool {
    let held = Level::of_methods(&who.session.amr);
    let classes = &pending.request.acr_values;
    let known: Vec<Level> = classes.iter().filter_map(|class| Level::of_acr(class)).collect();
    let strong = known.is_empty() || known.iter().any(|level| *level <= held);
    strong && who.session.authenticated_at >= pending.created_at
}

fn render(view: View<'_>, who: &SignedIn, waiting: &[(Pending, Arc<Client>)]) -> Response {
    let csrf = view.csrf();
    let sign_in = Place::Requests.sign_in();
    let ids: Vec<String> = waiting
        .iter()
        .map(|(pending, _)| pending.id.to_string())
        .collect();
    let scopes: Vec<Vec<&str>> = waiting
        .iter()
        .map(|(pending, _)| pending.request.scope.iter().collect())
        .collect();
    let requests: Vec<BackchannelRequest<'_>> = waiting
        .iter()
        .zip(&ids)
        .zip(&scopes)
        .map(|(((pending, client), id), scopes)| BackchannelRequest {
            id,
            client_name: client.name_in(view.texts.language().tag()),
            self_registered: client.self_registered,
            message: pending.request.binding_message.as_deref(),
            scopes,
            asked_at: Moment(pending.created_at.as_micros()),
            may_allow: may_allow(who, pending),
        })
        .collect();
    let page = BackchannelRequests {
        frame: view.frame("/account/requests"),
        form: Form {
            action: "/account/requests/answer",
            csrf: &csrf,
            hidden: &[],
        },
        requests: &requests,
        notice: notice(view.call),
        sign_in_url: &sign_in,
        again_url: "/account/requests",
        code_url: "/account/requests/code",
        account_url: "/account",
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

fn notice(call: &Call) -> Option<BackchannelNotice> {
    match call.query().ok()?.get("done")? {
        "allowed" => Some(BackchannelNotice::Allowed),
        "denied" => Some(BackchannelNotice::Denied),
        _ => None,
    }
}

/// Takes the answer to one request.
pub async fn answer(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (view, form) = match view.posted(&hub, "backchannel.form", "backchannel.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let who = match signed_in(&hub, &call).await {
        Ok(Some(who)) => who,
        Ok(None) => return view.redirect(&Place::Requests.sign_in()),
        Err(error) => return view.oauth_error(error),
    };
    let allow = match form.get("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => {
            return view
                .refuse(&hub, ErrorKind::BadRequest, "backchannel.decision")
                .await;
        }
    };
    let Ok(id) = Uuid::try_parse(form.get("request").unwrap_or_default()) else {
        return view
            .refuse(&hub, ErrorKind::BadRequest, "backchannel.request")
            .await;
    };
    match keep(&hub, &call, &who, id, allow).await {
        Ok(Answered::Kept) if allow => view.redirect("/account/requests?done=allowed"),
        Ok(Answered::Kept) => view.redirect("/account/requests?done=denied"),
        Ok(Answered::SignInAgain) => view.redirect(&Place::Requests.sign_in()),
        Ok(Answered::Nothing) => {
            view.refuse(&hub, ErrorKind::SessionExpired, "backchannel.over")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}

enum Answered {
    Kept,
    SignInAgain,
    Nothing,
}

async fn keep(hub: &Hub, call: &Call, who: &SignedIn, id: Uuid, allow: bool) -> Result<Answered, OAuthError> {
    let waiting = waiting(hub, call, who).await?;
    let Some((pending, client)) = waiting.iter().find(|(pending, _)| pending.id == id) else {
        return Ok(Answered::Nothing);
    };
    if allow && !may_allow(who, pending) {
        return Ok(Answered::SignInAgain);
    }
    let (realm, now) = (&call.realm, hub.clock.now());
    let scope = &pending.request.scope;
    hub.record(entry(call, if allow { ALLOW } else { DENY }, who, client).detail("scope", scope.to_string()))
        .await?;
    let session = (who.session.sid, who.session.authenticated_at);
    if allow {
        let recipient = Recipient {
            client_id: client.id.clone(),
            place: PLACE.to_owned(),
        };
        let known_as = subject(realm, who.person.id, client);
        hub.consents
            .grant(realm, who.person.id, (&recipient, known_as), scope, now)
            .await?;
    }
    let delivery = client.metadata.grants.backchannel_token_delivery_mode;
    let notify = delivery.is_some_and(Delivery::calls);
    let kept = hub
        .backchannel
        .answer(realm, who.person.id, id, allow.then_some(session), (now, notify))
        .await?;
    Ok(if kept { Answered::Kept } else { Answered::Nothing })
}

fn entry(call: &Call, action: Action, who: &SignedIn, client: &Client) -> Entry {
    let mut entry = call
        .permit(action)
        .person(who.person.id)
        .session(who.session.sid)
        .client(client.id.clone());
    entry.key = who.person.key.clone();
    entry
}
