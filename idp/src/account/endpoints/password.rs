//! `GET|POST /account/password`: a person who is signed in changes their password.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;

use super::{enter, entry, posted, read};
use crate::credentials::{Change, PasswordHash, Rejected, chosen, rules};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::pages::{ChangePassword, Form, PasswordProblem};
use crate::signin::{Confirmed, SignedIn, confirm_password, is_fresh};

const CHANGE: Action = Action::new("password.change");

/// Why the password is the old one.
enum Refused {
    Problems(Vec<PasswordProblem>),
    Broken(OAuthError),
}

impl<E: Into<OAuthError>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Shows the form.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    if let Err(error) = read(&hub, &call, &who, "password").await {
        return view.oauth_error(error);
    }
    render(&hub, view, &who, &[]).await
}

async fn render(hub: &Hub, view: View<'_>, who: &SignedIn, problems: &[PasswordProblem]) -> Response {
    let before = match hub.passwords.hash_of(&view.call.realm, who.person.id).await {
        Ok(before) => before,
        Err(error) => return view.oauth_error(error.into()),
    };
    let rules = match rules(hub, &view.call.realm, &who.person).await {
        Ok(rules) => rules,
        Err(error) => return view.oauth_error(error.into()),
    };
    let csrf = view.csrf();
    let done = view.call.query().ok();
    let page = ChangePassword {
        frame: view.frame("/account/password"),
        form: Form {
            action: "/account/password",
            csrf: &csrf,
            hidden: &[],
        },
        login: &who.person.profile.login,
        has_password: before.is_some(),
        rules: &rules,
        problems,
        done: problems.is_empty() && done.is_some_and(|query| query.get("done") == Some("changed")),
    };
    let status = match problems {
        [] => StatusCode::OK,
        [PasswordProblem::Wait { .. }] => StatusCode::TOO_MANY_REQUESTS,
        [PasswordProblem::Busy { .. }] => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// Takes the form.
pub(super) async fn change(State(hub): State<Shared>, call: Call) -> Response {
    let (mut view, who, form) = match posted(&hub, &call, ("password.form", "password.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match carry_out(&hub, &call, &who, &form).await {
        Ok(secret) => {
            view.set_session(&secret);
            view.redirect("/account/password?done=changed")
        }
        Err(Refused::Problems(problems)) => render(&hub, view, &who, &problems).await,
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}

/// Changes the password; gives the session's new secret: whoever copied the cookie is out too.
async fn carry_out(hub: &Hub, call: &Call, who: &SignedIn, form: &Parameters) -> Result<String, Refused> {
    let realm = &call.realm;
    let verified = present(hub, call, who, form.get("current")).await?;
    let new = match chosen(hub, realm, &who.person, form).await {
        Ok(new) => new,
        Err(Rejected(problems)) => return Err(Refused::Problems(problems)),
    };
    hub.record(entry(call, CHANGE, who)).await?;
    let change = Change {
        verified,
        new,
        kept: who.session.sid,
        told: notices::prepare(hub, realm, &who.person, Notice::PasswordChanged)?,
    };
    let wrong = || Refused::Problems(vec![PasswordProblem::CurrentWrong]);
    if !hub.passwords.change(realm, who.person.id, change).await? {
        return Err(wrong());
    }
    hub.sessions.forget_all();
    hub.families.forget_all();
    let secret = hub.sessions.rekey(realm, &who.session).await?;
    secret.ok_or_else(wrong)
}

/// The present password, which was shown; `None` for somebody who has none and has just signed in.
async fn present(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    current: Option<&str>,
) -> Result<Option<PasswordHash>, Refused> {
    let problem = match confirm_password(hub, call, who, current).await? {
        Confirmed::Right(hash) => return Ok(Some(hash)),
        Confirmed::NoPassword if is_fresh(hub, call, who).await? => return Ok(None),
        Confirmed::NoPassword => PasswordProblem::SignInAgain,
        Confirmed::Wrong => PasswordProblem::CurrentWrong,
        Confirmed::Wait(seconds) => PasswordProblem::Wait { seconds },
        Confirmed::Busy => PasswordProblem::Busy { seconds: 5 },
    };
    Err(Refused::Problems(vec![problem]))
}
