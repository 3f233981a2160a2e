//! `GET /account/start/{client_id}`: a sign-in at a client that begins here (OpenID Connect Core 1.0 §4).
//!
//! The person is sent to the address that the client registered for it, and to no other. Nothing is said of who they are:
//! the client asks for that in an authorization request of its own.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::oauth::clients::initiation;
use crate::pages::ErrorKind;
use crate::signin::signed_in;

const START: Action = Action::new("client.start");

/// Sends whoever is signed in to the client.
pub async fn start(State(hub): State<Shared>, id: Option<Path<String>>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let id = id.map(|Path(id)| id).unwrap_or_default();
    match location(&hub, &call, &id, query.get("target_link_uri")).await {
        Ok(Some(location)) => view.redirect(&location),
        Ok(None) => {
            view.refuse(&hub, ErrorKind::NotFound, "client.start.unknown")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}

async fn location(
    hub: &Hub,
    call: &Call,
    id: &str,
    target: Option<&str>,
) -> Result<Option<String>, OAuthError> {
    let Some(who) = signed_in(hub, call).await? else {
        return Ok(Some("/signin".to_owned()));
    };
    let client = hub.clients.find(&call.realm, id).await?;
    let place = client
        .as_ref()
        .and_then(|client| initiation(client, &call.realm.issuer, target));
    let mut entry = match &place {
        Some(_) => call.permit(START),
        None => call.deny(START, "client.start.unknown"),
    };
    entry = entry.person(who.person.id).session(who.session.sid);
    entry.client = client.map(|client| client.id.clone());
    entry.key = who.person.key.clone();
    hub.record(entry).await?;
    Ok(place)
}
