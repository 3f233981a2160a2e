//! `GET|POST /recover/link`: a new password by a link that was mailed.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;

use crate::credentials::{Rejected, chosen, rules};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, Form, PasswordProblem, RecoverLink};
use crate::people::Person;
use crate::recovery::link;
use crate::recovery::second::{self, Second};

const FINISH: Action = Action::new("recovery.finish");

/// Why the password is the old one.
enum Refused {
    Problems(Vec<PasswordProblem>),
    Over,
    Broken(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Shows the form. Looking at it uses nothing up: programs that look through mail open links.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let token = query.get("token").unwrap_or_default();
    match link::find(&hub, &call.realm, token).await {
        Ok(Some(person)) => render(&hub, view, (&person, token), &[]).await,
        Ok(None) => view.refuse(&hub, ErrorKind::LinkExpired, "recovery.link").await,
        Err(error) => view.oauth_error(error),
    }
}

async fn render(
    hub: &Hub,
    view: View<'_>,
    (person, token): (&Person, &str),
    problems: &[PasswordProblem],
) -> Response {
    let second = match second::is_needed(hub, &view.call.realm, person).await {
        Ok(second) => second,
        Err(error) => return view.oauth_error(error),
    };
    let rules = match rules(hub, &view.call.realm, person).await {
        Ok(rules) => rules,
        Err(error) => return view.oauth_error(error.into()),
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .finish();
    let here = format!("/recover/link?{query}");
    let csrf = view.csrf();
    let hidden = [("token", token)];
    let page = RecoverLink {
        frame: view.frame(&here),
        form: Form {
            action: "/recover/link",
            csrf: &csrf,
            hidden: &hidden,
        },
        login: &person.profile.login,
        second,
        rules: &rules,
        problems,
    };
    let status = match problems {
        [] => StatusCode::OK,
        [PasswordProblem::Busy { .. }] => StatusCode::SERVICE_UNAVAILABLE,
        [PasswordProblem::Wait { .. }] => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// Takes the form.
pub(super) async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (view, form) = match view.posted(&hub, "recovery.form", "recovery.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let token = form.get("token").unwrap_or_default();
    let person = match link::find(&hub, &call.realm, token).await {
        Ok(Some(person)) => person,
        Ok(None) => return view.refuse(&hub, ErrorKind::LinkExpired, "recovery.link").await,
        Err(error) => return view.oauth_error(error),
    };
    match carry_out(&hub, &call, &person, (&form, token)).await {
        Ok(()) => view.redirect("/signin"),
        Err(Refused::Problems(problems)) => render(&hub, view, (&person, token), &problems).await,
        Err(Refused::Over) => view.refuse(&hub, ErrorKind::LinkExpired, "recovery.link").await,
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}

/// Judges the password, asks for the second factor, and only then uses up the link.
async fn carry_out(
    hub: &Hub,
    call: &Call,
    person: &Arc<Person>,
    (form, token): (&Parameters, &str),
) -> Result<(), Refused> {
    let realm = &call.realm;
    let new = match chosen(hub, realm, person, form).await {
        Ok(new) => new,
        Err(Rejected(problems)) => return Err(Refused::Problems(problems)),
    };
    let refused = match second::prove(hub, call, person, form.get("code")).await? {
        Second::Passed => None,
        Second::Wrong => Some(PasswordProblem::CodeWrong),
        Second::Wait(seconds) => Some(PasswordProblem::Wait { seconds }),
    };
    if let Some(problem) = refused {
        let mut entry = call.deny(FINISH, "recovery.second_factor").subject(person.id);
        entry.key = person.key.clone();
        hub.record(entry).await?;
        return Err(Refused::Problems(vec![problem]));
    }
    let mut entry = call.permit(FINISH).person(person.id);
    entry.key = person.key.clone();
    hub.record(entry).await?;
    if !link::finish(hub, realm, person, token, &new).await? {
        return Err(Refused::Over);
    }
    hub.sessions.forget_all();
    hub.families.forget_all();
    Ok(())
}
