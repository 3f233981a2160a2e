//! `GET|POST /oauth/logout` (OpenID Connect RP-Initiated Logout 1.0).
//!
//! The person is always asked, unless the relying party shows an ID token of the very session that it wants to end:
//! a link alone must not sign anybody out. The browser is sent back only to an address that the client registered, and
//! only if an ID token or an administrator vouches for the client.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;

use crate::http::pages::{see_other, unavailable};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::clients::Client;
use crate::oauth::logout::{Frames, Hint, frames};
use crate::oauth::tokens::session_id;
use crate::oauth::{ErrorCode, OAuthError};
use crate::pages::{ErrorKind, Form, Link, SignOut, SignedOut};
use crate::realms::Realm;
use crate::signin::{SignedIn, sign_out, signed_in};

const REFUSE: Action = Action::new("session.end.refuse");
/// What the question carries on to the answer.
const CARRIED: [&str; 5] = [
    "id_token_hint",
    "logout_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
];
/// The longest value that is carried through.
const LONGEST_STATE: usize = 2048;

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

    /// Whether somebody vouches for the client, so that the browser may be sent on to it: it had an ID token from here,
    /// or did not come by itself (§3: other means of confirming the legitimacy of the target).
    fn vouched(&self) -> Option<&Client> {
        let client = self.client.as_deref();
        client.filter(|client| self.hinted_session.is_some() || !client.self_registered)
    }

    /// Where the browser goes in the end, with `state` as it came.
    fn destination(&self) -> Option<String> {
        let back = self.back.as_deref()?;
        let Some(state) = &self.state else {
            return Some(back.to_owned());
        };
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("state", state)
            .finish();
        let separator = if back.contains('?') { '&' } else { '?' };
        Some(format!("{back}{separator}{query}"))
    }
}

fn wrong(id: &'static str, description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, id, description)
}

async fn read(hub: &Hub, call: &Call, parameters: &Parameters) -> Result<Asked, OAuthError> {
    let back = parameters.get("post_logout_redirect_uri").map(str::to_owned);
    let hint = match parameters.get("id_token_hint") {
        None => None,
        Some(text) => {
            let keys = hub.keys.hint_keys(call.realm.id).await?;
            match Hint::read(text, &keys, &call.realm.issuer) {
                Hint::Ours(claims) => Some(claims),
                Hint::Encrypted => {
                    return Err(wrong(
                        "logout.hint.encrypted",
                        "id_token_hint is encrypted; send the ID token that was inside",
                    ));
                }
                // What is not an ID token from here vouches for nothing (§4), least of all for an address.
                Hint::Other if back.is_some() => {
                    return Err(wrong("logout.hint", "id_token_hint is not an ID token from here"));
                }
                Hint::Other => None,
            }
        }
    };
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
    let registered = |back: &String| {
        client
            .as_ref()
            .is_some_and(|client| client.metadata.post_logout_redirect_uris.contains(back))
    };
    if back.as_ref().is_some_and(|back| !registered(back)) {
        return Err(wrong(
            "logout.redirect",
            "post_logout_redirect_uri is not one that the client registered",
        ));
    }
    let state = parameters.get("state").map(str::to_owned);
    if state.as_ref().is_some_and(|state| state.len() > LONGEST_STATE) {
        return Err(wrong("logout.state", "state is too long"));
    }
    Ok(Asked {
        client,
        back,
        state,
        hinted_session: hint.and_then(|hint| hint.sid),
    })
}

/// A relying party's request, or the person's own.
pub async fn ask(State(hub): State<Shared>, call: Call) -> Response {
    let parameters = call.query();
    begin(&hub, &call, parameters.ok()).await
}

/// The same by form: the browser asks again by query, since it sends no cookies of ours with a form of another site. Or
/// the person's answer to the question, which carries `decision`.
pub async fn answer(State(hub): State<Shared>, call: Call) -> Response {
    let Some(form) = call.form().and_then(Result::ok) else {
        return begin(&hub, &call, None).await;
    };
    if form.get("decision").is_none() {
        return see_other(&format!("/oauth/logout?{}", form.to_query()));
    }
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    if !view.csrf_holds(&form) {
        return view.refuse(&hub, ErrorKind::SessionExpired, "logout.csrf").await;
    }
    match (read(&hub, &call, &form).await, signed_in(&hub, &call).await) {
        (Ok(asked), Ok(session)) => finish(&hub, view, asked, session).await,
        (Err(error), _) | (_, Err(error)) => refuse(&hub, view, error).await,
    }
}

/// Tells the person what is wrong, on record first. Nobody is signed out and nobody is sent anywhere.
async fn refuse(hub: &Hub, view: View<'_>, error: OAuthError) -> Response {
    match hub.record(view.call.deny(REFUSE, error.id)).await {
        Ok(()) => view.oauth_error(error),
        Err(unavailable) => view.oauth_error(unavailable),
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
        let error = wrong("logout.parameters", "the parameters cannot be read");
        return refuse(hub, view, error).await;
    };
    let asked = match read(hub, call, &parameters).await {
        Ok(asked) => asked,
        Err(error) => return refuse(hub, view, error).await,
    };
    match signed_in(hub, call).await {
        Err(error) => view.oauth_error(error),
        Ok(Some(who)) if !asked.means(&call.realm, &who) => question(view, &parameters, &asked, &who),
        Ok(session) => finish(hub, view, asked, session).await,
    }
}

fn question(view: View<'_>, parameters: &Parameters, asked: &Asked, who: &SignedIn) -> Response {
    let hidden: Vec<(&str, &str)> = CARRIED
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
        client_name: asked
            .client
            .as_ref()
            .map(|client| client.name_in(view.texts.language().tag())),
        signed_in_as: who.person.display_name(),
        stay_url: "/account",
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

async fn finish(hub: &Hub, mut view: View<'_>, asked: Asked, who: Option<SignedIn>) -> Response {
    let mut told = Frames::default();
    if let Some(who) = who {
        told = match sign_out(hub, view.call, &who, asked.client.as_deref()).await {
            Ok(clients) => frames(hub, &view.call.realm, who.session.sid, &clients).await,
            Err(error) => return view.oauth_error(error),
        };
        view.set_session("");
    }
    let destination = asked.destination();
    if let (Some(_), Some(destination), true) = (asked.vouched(), &destination, told.urls.is_empty()) {
        return view.redirect(destination);
    }
    signed_out(view, &asked, destination.as_deref(), &told)
}

/// A way to a client, as readers of a language call it.
fn link<'a>(client: &'a Client, language: &str, url: &'a str) -> Link<'a> {
    Link {
        name: client.name_in(language),
        url,
    }
}

/// The last page: it tells the clients of the session, and goes on to the one that asked, or leads there.
fn signed_out(view: View<'_>, asked: &Asked, destination: Option<&str>, told: &Frames) -> Response {
    let vouched = asked.vouched();
    let language = view.texts.language().tag();
    let home = vouched.and_then(|client| {
        let url = client.metadata.about.home_in(language)?;
        Some(link(client, language, url))
    });
    // Nobody vouches for this client: the person decides whether to follow its registered address.
    let registered = asked
        .client
        .as_deref()
        .zip(destination)
        .map(|(client, url)| link(client, language, url));
    let page = SignedOut {
        frame: view.frame("/"),
        back: registered.or(home),
        told: &told.urls,
        onward: vouched
            .zip(destination)
            .map(|(client, url)| link(client, language, url)),
        sign_in_url: "/signin",
    };
    let html = page.render(&view.texts);
    if told.urls.is_empty() {
        view.page(StatusCode::OK, html)
    } else {
        view.page_framing(StatusCode::OK, html, &told.origins)
    }
}
