//! `GET|POST /signin/second`: another factor, after a password or on top of a session.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::credentials::method;
use crate::factors::{Kind, Offered, prove_code};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, Form, SecondFactor, SecondFactorProblem};
use crate::people::Person;
use crate::signin::progress::{First, Progress};
use crate::signin::{InProgress, complete, signed_in};

/// A sign-in in progress, whose person still may sign in.
pub(super) struct Step {
    pub(super) id: String,
    pub(super) progress: Progress,
    pub(super) person: Arc<Person>,
    /// The kinds of their factors that would be enough.
    pub(super) kinds: Vec<Kind>,
}

/// The step that `id` names in the browser of `view`.
pub(super) async fn step(hub: &Hub, view: &View<'_>, id: Option<&str>) -> Result<Option<Step>, OAuthError> {
    let Some(id) = id else { return Ok(None) };
    let realm = &view.call.realm;
    let found = InProgress::new(&hub.ephemeral, realm)
        .find(id, view.browser())
        .await?;
    let Some(progress) = found else { return Ok(None) };
    let person = hub.people.by_id(realm, progress.person).await?;
    let Some(person) = person.filter(|person| person.may_sign_in()) else {
        return Ok(None);
    };
    let before = match &progress.first {
        First::Password(_) => Some(method::PASSWORD.to_owned()),
        First::Session(sid) => {
            let who = signed_in(hub, view.call).await?;
            let who = who.filter(|who| who.session.sid == *sid && who.person.id == person.id);
            who.map(|who| who.session.amr.clone())
        }
    };
    let Some(before) = before else { return Ok(None) };
    let mut kinds = hub.factors.kinds(realm, person.id).await?;
    kinds.retain(|kind| progress.takes(&before, *kind));
    Ok(Some(Step {
        id: id.to_owned(),
        progress,
        person,
        kinds,
    }))
}

/// Shows the page.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let problem = (query.get("problem") == Some("passkey")).then_some(SecondFactorProblem::Passkey);
    match step(&hub, &view, query.get("step")).await {
        Ok(Some(step)) => render(view, &step, problem),
        Ok(None) => {
            view.refuse(&hub, ErrorKind::SessionExpired, "sign_in.progress")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}

fn render(view: View<'_>, step: &Step, problem: Option<SecondFactorProblem>) -> Response {
    let here = format!("/signin/second?step={}", step.id);
    let again = step.progress.place().on("/signin");
    let csrf = view.csrf();
    let hidden = [("step", step.id.as_str())];
    let form = |action| Form {
        action,
        csrf: &csrf,
        hidden: &hidden,
    };
    let has = |wanted: fn(&Kind) -> bool| step.kinds.iter().any(wanted);
    let page = SecondFactor {
        frame: view.frame(&here),
        form: form("/signin/second"),
        app: has(|kind| *kind == Kind::Totp),
        recovery: has(|kind| *kind == Kind::Recovery),
        passkey: has(|kind| kind.is_passkey()).then(|| form("/signin/passkey")),
        more: matches!(step.progress.first, First::Session(_)),
        again_url: &again,
        problem,
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(SecondFactorProblem::Throttled { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(SecondFactorProblem::Missing) => StatusCode::BAD_REQUEST,
        Some(_) => StatusCode::UNAUTHORIZED,
    };
    let html = page.render(&view.texts);
    view.scripted_page(status, html)
}

/// Takes a code.
pub(super) async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (mut view, form) = match view.posted(&hub, "sign_in.form", "sign_in.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let step = match step(&hub, &view, form.get("step")).await {
        Ok(Some(step)) => step,
        Ok(None) => {
            return view
                .refuse(&hub, ErrorKind::SessionExpired, "sign_in.progress")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    let code = form.get("code").unwrap_or_default();
    if code.trim().is_empty() {
        return render(view, &step, Some(SecondFactorProblem::Missing));
    }
    let offered = match prove_code(&hub, &call, &step.person, code).await {
        Ok(offered) => offered,
        Err(error) => return view.oauth_error(error),
    };
    let (factor, kind) = match offered {
        Offered::Right { factor, kind } if step.kinds.contains(&kind) => (factor, kind),
        Offered::Right { .. } | Offered::Wrong => {
            return render(view, &step, Some(SecondFactorProblem::Wrong));
        }
        Offered::Wait { seconds } => {
            return render(view, &step, Some(SecondFactorProblem::Throttled { seconds }));
        }
    };
    let at = (step.id.as_str(), view.browser());
    match complete(&hub, &call, at, &step.person, (factor, kind)).await {
        Ok(Some(begun)) => {
            view.enter(&begun.opened);
            view.redirect(&begun.place.address())
        }
        Ok(None) => {
            view.refuse(&hub, ErrorKind::SessionExpired, "sign_in.progress")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}
