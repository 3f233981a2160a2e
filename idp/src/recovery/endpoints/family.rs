//! `GET|POST /recover/family`: the browser that began a recovery sees where it stands, and ends it with a new password.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;

use crate::credentials::{Rejected, chosen, rules};
use crate::http::pages::{RECOVERY, unavailable};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, Form, Moment, NewPassword, PasswordProblem, RecoverFamily, Stage};
use crate::people::Person;
use crate::recovery::family::{self, Code, Found, State as Standing};

const FINISH: Action = Action::new("recovery.family.finish");

/// Why the credentials are the old ones.
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

/// Shows where it stands.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    match begun(&hub, &call).await {
        Ok(begun) => render(&hub, view, begun.as_ref(), &[]).await,
        Err(error) => view.oauth_error(error),
    }
}

/// What this browser began, and whose account it is.
struct Begun {
    secret: String,
    found: Found,
    person: Option<std::sync::Arc<Person>>,
}

async fn begun(hub: &Hub, call: &Call) -> Result<Option<Begun>, OAuthError> {
    let Some(secret) = call.cookie(RECOVERY) else {
        return Ok(None);
    };
    let Some(found) = family::find(hub, &call.realm, secret).await? else {
        return Ok(None);
    };
    let person = match found.person {
        Some(person) => hub.people.by_id(&call.realm, person).await?,
        None => None,
    };
    Ok(Some(Begun {
        secret: secret.to_owned(),
        found,
        person: person.filter(|person| person.may_sign_in()),
    }))
}

async fn render(hub: &Hub, view: View<'_>, begun: Option<&Begun>, problems: &[PasswordProblem]) -> Response {
    let csrf = view.csrf();
    let rules = match begun.and_then(|begun| begun.person.as_ref()) {
        Some(person) => rules(hub, &view.call.realm, person).await,
        None => Ok(Vec::new()),
    };
    let rules = match rules {
        Ok(rules) => rules,
        Err(error) => return view.oauth_error(error.into()),
    };
    let code = begun.map(|begun| Code::of(&view.call.realm, &begun.secret));
    let stage = match (begun, &code) {
        (Some(begun), Some(code)) => match (begun.found.state, begun.found.opens_at, &begun.person) {
            (Standing::Asked, ..) => Stage::Asked { code: code.expose() },
            (Standing::Waiting, Some(opens_at), _) => Stage::Waiting {
                opens_at: Moment(opens_at.as_micros()),
            },
            (Standing::Open, _, Some(person)) => Stage::Open(NewPassword {
                form: Form {
                    action: "/recover/family",
                    csrf: &csrf,
                    hidden: &[],
                },
                login: &person.profile.login,
                rules: &rules,
                problems,
            }),
            _ => Stage::Ended,
        },
        _ => Stage::Ended,
    };
    let page = RecoverFamily {
        frame: view.frame("/recover/family"),
        stage,
    };
    let status = match problems {
        [] => StatusCode::OK,
        [PasswordProblem::Busy { .. }] => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// Takes the new password.
pub(super) async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (mut view, form) = match view.posted(&hub, "recovery.form", "recovery.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let begun = match begun(&hub, &call).await {
        Ok(begun) => begun,
        Err(error) => return view.oauth_error(error),
    };
    let Some(begun) = begun else {
        return view.refuse(&hub, ErrorKind::LinkExpired, "recovery.family").await;
    };
    match carry_out(&hub, &call, &begun, &form).await {
        Ok(()) => {
            view.set_recovery("");
            view.redirect("/signin")
        }
        Err(Refused::Problems(problems)) => render(&hub, view, Some(&begun), &problems).await,
        Err(Refused::Over) => view.refuse(&hub, ErrorKind::LinkExpired, "recovery.family").await,
        Err(Refused::Broken(error)) => view.oauth_error(error),
    }
}

async fn carry_out(hub: &Hub, call: &Call, begun: &Begun, form: &Parameters) -> Result<(), Refused> {
    let Some(person) = &begun.person else {
        return Err(Refused::Over);
    };
    let about = |mut entry: crate::log::Entry| {
        entry.key = person.key.clone();
        entry.resource("recovery", [begun.found.id.to_string()])
    };
    if begun.found.state != Standing::Open {
        let refused = call.deny(FINISH, "recovery.not_open").subject(person.id);
        hub.record(about(refused)).await?;
        return Err(Refused::Over);
    }
    let new = match chosen(hub, &call.realm, person, form).await {
        Ok(new) => new,
        Err(Rejected(problems)) => return Err(Refused::Problems(problems)),
    };
    hub.record(about(call.permit(FINISH).person(person.id))).await?;
    if !family::finish(hub, &call.realm, person, &begun.secret, &new).await? {
        return Err(Refused::Over);
    }
    hub.sessions.forget_all();
    hub.families.forget_all();
    Ok(())
}
