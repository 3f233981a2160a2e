//! `GET|POST /oauth/logout` (OpenID Connect RP-Initiated Logout 1.0).
//!
//! The person is always asked, unless the relying party shows an ID token of the very session that it wants to end:
//! a link alone must not sign anybody out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;

use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::oauth::clients::Client;
use crate::oauth::tokens::{read_hint, session_id};
use crate::oauth::{ErrorCode, OAuthError};
use crate::pages::{ErrorKind, Form, Link, SignOut, SignedOut};
use crate::realms::Realm;
use crate::signin::{SignedIn, sign_out, signed_in};

/// What a relying party asks for, verified as far as it goes.
struct Asked {
    client: Option<Arc<Client>>,
    back: Option<String>,
    state: Option<String>,
    hinted_session: Option<String>,
}

impl Asked {
    /// Whether the relying party showed an ID token of this very session.
    fn means(&self, realm: &Realm, who: &SignedIn) -> bool {
        let client = self.client.as_ref();
        let known_as = client.map(|client| session_id(realm, who.session.sid, client));
        known_as.is_some() && self.hinted_session == known_as
    }
}

fn wrong(id: &'static str, description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, id, description)
}

async fn read(hub: &Hub, call: &Call, parameters: &Parameters) -> Result<Asked, OAuthError> {
    let keys = hub.keys.verification_keys(call.realm.id).await?;
    // A hint that cannot be read (its key may be long gone) vouches for nothing; the person is asked.
    let hint = parameters
        .get("id_token_hint")
        .and_then(|hint| read_hint(hint, &keys, &call.realm.issuer));
    let client_id = match (&hint, parameters.get("client_id")) {
        (Some(hint), Some(id)) if hint.aud != id => {
            return Err(wrong(
                "logout.client",
                "client_id is not the one of id_token_hint",
            ));
        }
        (Some(hint), _) => Some(hint.aud.clone()),
        (None, id) => id.map(str::to_owned),
    };
    let client = match client_id {
        Some(id) => hub.clients.find(&call.realm, &id).await?,
        None => None,
    };
    let back = parameters.get("post_logout_redirect_uri").map(str::to_owned);
    if let Some(back) = &back {
        let registered = client
            .as_ref()
            .is_some_and(|client| client.metadata.post_logout_redirect_uris.contains(back));
        if !registered {
            return Err(wrong(
                "logout.redirect",
                "post_logout_redirect_uri is not one that the client registered",
            ));
        }
    }
    let state = parameters.get("state").map(str::to_owned);
    Ok(Asked {
        client,
        back,
        state,
        hinted_session: hint.map(|hint| hint.sid),
    })
}

/// A relying party's request, or the person's own.
pub async fn ask(State(hub): State<Shared>, call: Call) -> Response {
    let parameters = call.query();
    begin(&hub, &call, parameters.ok()).await
}

/// The same by form; or the person's answer to the question, which carries `decision`.
pub async fn answer(State(hub): State<Shared>, call: Call) -> Response {
    let form = call.form().and_then(Result::ok);
    if form.as_ref().is_none_or(|form| form.get("decision").is_none()) {
        return begin(&hub, &call, form).await;
    }
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Some(form) = form.filter(|form| view.csrf_holds(form)) else {
        return view.error(ErrorKind::SessionExpired, "logout.csrf");
    };
    match (read(&hub, &call, &form).await, signed_in(&hub, &call).await) {
        (Ok(asked), Ok(session)) => finish(&hub, view, asked, session).await,
        (Err(error), _) | (_, Err(error)) => view.oauth_error(error),
    }
}

async fn begin(hub: &Hub, call: &Call, parameters: Option<Parameters>) -> Response {
    let asked_locales = parameters
        .as_ref()
        .and_then(|parameters| parameters.get("ui_locales"));
    let Ok(view) = View::new(hub, call, asked_locales) else {
        return unavailable();
    };
    let Some(parameters) = parameters else {
        return view.error(ErrorKind::BadRequest, "logout.parameters");
    };
    let asked = match read(hub, call, &parameters).await {
        Ok(asked) => asked,
        Err(error) => return view.oauth_error(error),
    };
    match signed_in(hub, call).await {
        Err(error) => view.oauth_error(error),
        Ok(Some(who)) if !asked.means(&call.realm, &who) => question(view, &parameters, &asked, &who),
        Ok(session) => finish(hub, view, asked, session).await,
    }
}

fn question(view: View<'_>, parameters: &Parameters, asked: &Asked, who: &SignedIn) -> Response {
    let carried = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];
    let hidden: Vec<(&str, &str)> = carried
        .into_iter()
        .filter_map(|name| parameters.get(name).map(|value| (name, value)))
        .collect();
    let csrf = view.csrf();
    let here = format!("/oauth/logout?{}", parameters.to_query());
    let page = SignOut {
        frame: view.frame(&here),
        form: Form {
            action: "/oauth/logout",
            csrf: &csrf,
            hidden: &hidden,
        },
        client_name: asked.client.as_ref().map(|client| client.name()),
        signed_in_as: who.person.display_name(),
        stay_url: "/account",
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

async fn finish(hub: &Hub, mut view: View<'_>, asked: Asked, who: Option<SignedIn>) -> Response {
    if let Some(who) = who {
        if let Err(error) = sign_out(hub, view.call, &who, asked.client.as_deref()).await {
            return view.oauth_error(error);
        }
        view.set_session("");
    }
    if let Some(back) = asked.back {
        let location = match asked.state {
            Some(state) => {
                let query = form_urlencoded::Serializer::new(String::new())
                    .append_pair("state", &state)
                    .finish();
                format!("{back}{}{query}", if back.contains('?') { '&' } else { '?' })
            }
            None => back,
        };
        return view.redirect(&location);
    }
    let vouched = asked
        .client
        .filter(|client| asked.hinted_session.is_some() || !client.self_registered);
    let home = vouched.as_ref().and_then(|client| {
        client
            .metadata
            .about
            .client_uri
            .as_deref()
            .map(|url| (client, url))
    });
    let page = SignedOut {
        frame: view.frame("/"),
        back: home.map(|(client, url)| Link {
            name: client.name(),
            url,
        }),
        sign_in_url: "/signin",
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}
