//! `GET|POST /set-password`: a person sets their password once by a link.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use std::sync::Arc;

use super::chosen::{Rejected, chosen, rules};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, Form, PasswordProblem, SetPassword, SetPasswordPurpose};
use crate::people::Person;

const SET: Action = Action::new("password.set");

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new().route("/set-password", get(show).post(submit))
}

async fn person_of(hub: &Hub, call: &Call, token: Option<&str>) -> Result<Option<Arc<Person>>, OAuthError> {
    let Some(token) = token else { return Ok(None) };
    let found = hub.passwords.person_of_link(&call.realm, token).await;
    let Some(id) = found? else {
        return Ok(None);
    };
    Ok(hub.people.by_id(&call.realm, id).await?)
}

/// Shows the form.
async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let token = query.get("token").unwrap_or_default();
    match person_of(&hub, &call, Some(token)).await {
        Ok(Some(person)) => render(&hub, view, &person, token, &[]).await,
        Ok(None) => view.refuse(&hub, ErrorKind::LinkExpired, "password.link").await,
        Err(error) => view.oauth_error(error),
    }
}

async fn render(
    hub: &Hub,
    view: View<'_>,
    person: &Person,
    token: &str,
    problems: &[PasswordProblem],
) -> Response {
    let realm = &view.call.realm;
    let (Ok(powers), Ok(before), Ok(rules)) = (
        hub.people.powers(realm, person.id).await,
        hub.passwords.hash_of(realm, person.id).await,
        rules(hub, realm, person).await,
    ) else {
        return view.error(ErrorKind::Busy { seconds: 10 }, "password.unavailable");
    };
    let purpose = match (before, powers.is_empty()) {
        (Some(_), _) => SetPasswordPurpose::Reset,
        (None, false) => SetPasswordPurpose::FirstAdministrator,
        (None, true) => SetPasswordPurpose::NewAccount,
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .finish();
    let here = format!("/set-password?{query}");
    let csrf = view.csrf();
    let hidden = [("token", token)];
    let page = SetPassword {
        frame: view.frame(&here),
        form: Form {
            action: "/set-password",
            csrf: &csrf,
            hidden: &hidden,
        },
        login: &person.profile.login,
        purpose,
        rules: &rules,
        problems,
    };
    let status = match problems {
        [] => StatusCode::OK,
        [PasswordProblem::Busy { .. }] => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// Takes the form.
async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (view, form) = match view.posted(&hub, "password.form", "password.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let token = form.get("token").unwrap_or_default();
    let person = match person_of(&hub, &call, Some(token)).await {
        Ok(Some(person)) => person,
        Ok(None) => return view.refuse(&hub, ErrorKind::LinkExpired, "password.link").await,
        Err(error) => return view.oauth_error(error),
    };
    let hash = match chosen(&hub, &call.realm, &person, &form).await {
        Ok(hash) => hash,
        Err(Rejected(problems)) => return render(&hub, view, &person, token, &problems).await,
    };
    let mut entry = call.permit(SET).person(person.id);
    entry.key = person.key.clone();
    if let Err(error) = hub.record(entry).await {
        return view.oauth_error(error);
    }
    let told = match notices::prepare(&hub, &call.realm, &person, Notice::PasswordChanged) {
        Ok(told) => told,
        Err(error) => return view.oauth_error(error.into()),
    };
    let set = hub.passwords.set_by_link(&call.realm, token, &hash, told).await;
    match set {
        Ok(Some(_)) => {
            hub.sessions.forget_all();
            hub.families.forget_all();
            view.redirect("/signin")
        }
        Ok(None) => view.refuse(&hub, ErrorKind::LinkExpired, "password.link").await,
        Err(error) => view.oauth_error(error.into()),
    }
}
