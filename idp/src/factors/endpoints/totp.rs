//! `GET|POST /account/security/app`: setting up an app that shows codes.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;

use super::changes::{change, tell_added};
use super::codes::first_codes;
use crate::account::endpoints::read;
use crate::factors::{Confirmed, Fresh, Kind, confirm, fresh, offer, offered, picture};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::pages::{EnrolTotp, ErrorKind, Form};
use crate::people::Person;

/// The longest name of a factor.
const LONGEST: usize = 60;
const DONE: &str = "/account/security?done=added";

/// What a person calls a factor, as a form has it.
pub(crate) fn name(form: &Parameters) -> String {
    let typed = form.get("name").unwrap_or_default().trim();
    typed
        .chars()
        .filter(|character| !character.is_control())
        .take(LONGEST)
        .collect()
}

/// Shows the page with a fresh secret.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let who = match fresh(&hub, &call).await {
        Ok(Fresh::Yes(who)) => who,
        Ok(Fresh::First(address)) => return view.redirect(address),
        Err(error) => return view.oauth_error(error),
    };
    if let Err(error) = read(&hub, &call, &who, "security").await {
        return view.oauth_error(error);
    }
    match offer(&hub, &call.realm, view.browser(), &who.person).await {
        Ok(id) => enrol(&hub, view, &who.person, (&id, None), false).await,
        Err(error) => view.oauth_error(error),
    }
}

/// Shows the secret that waits under `id`; in the sign-in in progress `step`, if it is one.
pub(crate) async fn enrol(
    hub: &Hub,
    view: View<'_>,
    person: &Person,
    (id, step): (&str, Option<&str>),
    wrong: bool,
) -> Response {
    let realm = &view.call.realm;
    let secret = match offered(hub, realm, (id, view.browser()), person).await {
        Ok(Some(secret)) => secret,
        Ok(None) => {
            return view
                .refuse(hub, ErrorKind::SessionExpired, "factor.offered")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    let address = secret.address(&realm.name, &person.profile.login);
    let drawn = address.as_deref().and_then(picture);
    let text = secret.text();
    let (action, here) = match step {
        Some(step) => ("/signin/enrol", format!("/signin/enrol?step={step}")),
        None => ("/account/security/app", "/account/security/app".to_owned()),
    };
    let mut hidden = vec![("offered", id)];
    hidden.extend(step.map(|step| ("step", step)));
    let csrf = view.csrf();
    let page = EnrolTotp {
        frame: view.frame(&here),
        form: Form {
            action,
            csrf: &csrf,
            hidden: &hidden,
        },
        picture: drawn.as_ref().map(|(width, path)| (*width, path.as_str())),
        secret: &text,
        required: step.is_some(),
        back_url: if step.is_some() {
            "/signin"
        } else {
            "/account/security"
        },
        wrong,
    };
    let status = if wrong {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// Takes the first code of the app.
pub(super) async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let (view, form, who) = match change(&hub, &call).await {
        Ok(change) => change,
        Err(answer) => return answer,
    };
    let id = form.get("offered").unwrap_or_default();
    let given = (form.get("code").unwrap_or_default(), name(&form));
    let told = match tell_added(&hub, &view, &who.person, (&given.1, Kind::Totp)) {
        Ok(told) => told,
        Err(error) => return view.oauth_error(error),
    };
    let confirmed = confirm(
        &hub,
        &call,
        (id, view.browser()),
        &who.person,
        (given.0, &given.1),
        told,
    )
    .await;
    match confirmed {
        Ok(Confirmed::Kept(_)) => first_codes(&hub, view, &who.person, DONE).await,
        Ok(Confirmed::Wrong) => enrol(&hub, view, &who.person, (id, None), true).await,
        Ok(Confirmed::Gone) => {
            view.refuse(&hub, ErrorKind::SessionExpired, "factor.offered")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}
