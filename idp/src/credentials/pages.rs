//! `GET|POST /set-password`: a person sets their password once by a link.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;
use platform::http::Parameters;
use secrecy::SecretString;
use std::sync::Arc;

use super::policy::{MAX_LENGTH, MIN_LENGTH, Weakness, weaknesses};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, Form, PasswordProblem, PasswordRule, SetPassword, SetPasswordPurpose};
use crate::people::Person;

const SET: Action = Action::new("password.set");

/// What the page says beforehand; [`weaknesses`] holds it.
const RULES: &[PasswordRule] = &[
    PasswordRule::MinLength(MIN_LENGTH),
    PasswordRule::MaxLength(MAX_LENGTH),
    PasswordRule::NotCommon,
    PasswordRule::NotLogin,
];

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
        return view.error(ErrorKind::BadRequest, "request.query");
    };
    let token = query.get("token").unwrap_or_default();
    match person_of(&hub, &call, Some(token)).await {
        Ok(Some(person)) => render(&hub, view, &person, token, &[]).await,
        Ok(None) => view.error(ErrorKind::LinkExpired, "password.link"),
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
    let (Ok(powers), Ok(before)) = (
        hub.people.powers(realm, person.id).await,
        hub.passwords.hash_of(realm, person.id).await,
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
        rules: RULES,
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
    let Some(Ok(form)) = call.form() else {
        return view.error(ErrorKind::BadRequest, "password.form");
    };
    if !view.csrf_holds(&form) {
        return view.error(ErrorKind::SessionExpired, "password.csrf");
    }
    let token = form.get("token").unwrap_or_default();
    let person = match person_of(&hub, &call, Some(token)).await {
        Ok(Some(person)) => person,
        Ok(None) => return view.error(ErrorKind::LinkExpired, "password.link"),
        Err(error) => return view.oauth_error(error),
    };
    let password = form.get("password").unwrap_or_default();
    let problems = problems(&form, password, &person.profile.login);
    if !problems.is_empty() {
        return render(&hub, view, &person, token, &problems).await;
    }
    let Ok(hash) = hub.hasher.hash(SecretString::from(password)).await else {
        return render(
            &hub,
            view,
            &person,
            token,
            &[PasswordProblem::Busy { seconds: 5 }],
        )
        .await;
    };
    let mut entry = call.permit(SET).person(person.id);
    entry.key = person.key.clone();
    if let Err(error) = hub.record(entry).await {
        return view.oauth_error(error);
    }
    let set = hub.passwords.set_by_link(&call.realm, token, &hash).await;
    match set {
        Ok(Some(_)) => {
            hub.sessions.forget_all();
            hub.families.forget_all();
            view.redirect("/signin")
        }
        Ok(None) => view.error(ErrorKind::LinkExpired, "password.link"),
        Err(error) => view.oauth_error(error.into()),
    }
}

fn problems(form: &Parameters, password: &str, login: &str) -> Vec<PasswordProblem> {
    let mut problems: Vec<PasswordProblem> = weaknesses(password, login)
        .into_iter()
        .map(|weakness| match weakness {
            Weakness::TooShort => PasswordProblem::TooShort { min: MIN_LENGTH },
            Weakness::TooLong => PasswordProblem::TooLong { max: MAX_LENGTH },
            Weakness::TooCommon => PasswordProblem::TooCommon,
            Weakness::ContainsLogin => PasswordProblem::ContainsLogin,
        })
        .collect();
    if form.get("password_again").unwrap_or_default() != password {
        problems.push(PasswordProblem::Mismatch);
    }
    problems
}
