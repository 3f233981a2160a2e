//! How an answer travels to the client: by query, fragment or form, in clear or as a signed JWT (JARM); with `state`,
//! `session_state` (Session Management 1.0 §2) and `iss` (RFC 9207).

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use platform::keys::{NumericDate, SigningAlgorithm};
use serde_json::{Map, Value};

use crate::http::View;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::authorization::{Destination, Refusal};
use crate::oauth::clients::Client;
use crate::oauth::logout::watched;
use crate::oauth::tokens::{Protection, protect};
use crate::oauth::{Carrier, OAuthError};
use crate::pages::FormPost;
use crate::signin::SignedIn;

const REFUSE: Action = Action::new("authorization.refuse");
/// How long an answer in a JWT may be on its way (JARM §2.1: at most ten minutes).
const JWT_LIFE: Duration = Duration::from_mins(5);

/// Whom a refusal is about, as far as is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The client.
    pub client: Option<&'a Client>,
    /// The person in whose browser it happened.
    pub who: Option<&'a SignedIn>,
    /// Whether it is the person's standing that speaks against the request, and not the request itself.
    pub judged: bool,
}

/// What an answer says something about: only one about the person says with which session of theirs it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    /// The request cannot be served, whoever it is.
    OfTheRequest,
    /// What the person granted, or that they did not.
    OfThePerson,
}

/// Sends parameters to a verified destination of `client`.
pub(super) async fn answer(
    hub: &Hub,
    mut view: View<'_>,
    client: &Client,
    (to, tells): (&Destination, Tells),
    parameters: &[(&str, &str)],
) -> Response {
    let watched = match tells {
        Tells::OfTheRequest => Ok(None),
        Tells::OfThePerson => watched(hub, &mut view, &client.id, to.redirect.uri()).await,
    };
    let watched = match watched {
        Ok(watched) => watched,
        Err(error) => return view.oauth_error(error),
    };
    let realm = &view.call.realm;
    let mut all = parameters.to_vec();
    all.extend(to.state.as_deref().map(|state| ("state", state)));
    all.extend(watched.as_deref().map(|watched| ("session_state", watched)));
    all.push(("iss", &realm.issuer));
    let response;
    if to.mode.jwt {
        response = match in_jwt(hub, &view, client, &all).await {
            Ok(jwt) => jwt,
            Err(error) => return view.oauth_error(error),
        };
        all = vec![("response", &response)];
    }
    match to.mode.carrier {
        Carrier::Query => view.redirect(&to.redirect.with_query(&all)),
        Carrier::Fragment => view.redirect(&to.redirect.with_fragment(&all)),
        Carrier::FormPost => {
            let page = FormPost {
                action: to.redirect.uri(),
                fields: &all,
            };
            let html = page.render(&view.texts);
            view.scripted_page(StatusCode::OK, html)
        }
    }
}

/// The answer as a JWT for the client (JARM §2.1).
async fn in_jwt(
    hub: &Hub,
    view: &View<'_>,
    client: &Client,
    parameters: &[(&str, &str)],
) -> Result<String, OAuthError> {
    let objects = &client.metadata.objects;
    let mut claims: Map<String, Value> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
        .collect();
    claims.insert("aud".to_owned(), Value::from(client.id.as_str()));
    let exp = NumericDate(hub.clock.now().plus(JWT_LIFE));
    claims.insert("exp".to_owned(), serde_json::to_value(exp)?);
    let protection = Protection {
        algorithm: objects
            .authorization_signed_response_alg
            .unwrap_or(SigningAlgorithm::Rs256),
        typ: Some("JWT"),
        encryption: objects.authorization_encrypted_response_alg.map(|alg| {
            (
                alg,
                objects.authorization_encrypted_response_enc.unwrap_or_default(),
            )
        }),
    };
    protect(hub, &view.call.realm, client, protection, &claims).await
}

/// Tells whoever may be told that there will be no code.
pub async fn refuse(hub: &Hub, view: View<'_>, refusal: Refusal, about: About<'_>) -> Response {
    let mut entry = view.call.deny(REFUSE, refusal.error().id);
    entry.client = about.client.map(|client| client.id.clone());
    if let Some(who) = about.who {
        entry = entry.person(who.person.id).session(who.session.sid);
        entry.key = who.person.key.clone();
    }
    if let Err(unavailable) = hub.record(entry).await {
        return view.oauth_error(unavailable);
    }
    match (refusal, about.client) {
        (Refusal::Redirect { to, error }, Some(client)) => {
            let parameters = [
                ("error", error.code.as_str()),
                ("error_description", error.description),
            ];
            let tells = if about.judged {
                Tells::OfThePerson
            } else {
                Tells::OfTheRequest
            };
            answer(hub, view, client, (&to, tells), &parameters).await
        }
        (refusal, _) => view.oauth_error(refusal.error()),
    }
}
