//! `POST /signin/passkey/begin` and `POST /signin/passkey`: a passkey as the whole of a sign-in, or as another factor.
//! The first answers a script; the second takes a form, as every other step does.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use platform::http::{Parameters, Problem};

use super::second::{Step, step};
use crate::factors::passkeys::{self, Asserted, Options};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::oauth::endpoints::answer;
use crate::pages::ErrorKind;
use crate::sessions::Shown;
use crate::signin::{Begun, Place, begin as begin_session, complete};

const SIGN_IN: Action = Action::new("sign_in.passkey");

/// Answers a script with what the browser asks the authenticator for.
pub(super) async fn begin(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Some(Ok(form)) = call.form() else {
        return refused(StatusCode::BAD_REQUEST);
    };
    match view.is_foreign(&hub, &form, "sign_in.csrf").await {
        Ok(false) => {}
        Ok(true) => return refused(StatusCode::FORBIDDEN),
        Err(_) => return refused(StatusCode::SERVICE_UNAVAILABLE),
    }
    match options(&hub, &view, &form).await {
        Ok(Some(options)) => answer::json(StatusCode::OK, &options),
        Ok(None) => refused(StatusCode::NOT_FOUND),
        Err(_) => refused(StatusCode::SERVICE_UNAVAILABLE),
    }
}

fn refused(status: StatusCode) -> Response {
    Problem::new(
        status,
        "passkey.begin",
        "There is nothing to begin with a passkey here",
    )
    .into_response()
}

async fn options(hub: &Hub, view: &View<'_>, form: &Parameters) -> Result<Option<Options>, OAuthError> {
    if !passkeys::may_begin(hub, view.call).await? {
        return Ok(None);
    }
    let Some(id) = form.get("step") else {
        return passkeys::begin_sign_in(hub, view).await;
    };
    match step(hub, view, Some(id)).await? {
        Some(step) if step.kinds.iter().any(|kind| kind.is_passkey()) => {
            passkeys::begin_second(hub, view, &step.person, id).await
        }
        _ => Ok(None),
    }
}

/// Takes what the authenticator signed.
pub(super) async fn finish(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (mut view, form) = match view.posted(&hub, "sign_in.form", "sign_in.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let place = Place::read(&form);
    let asserted = match passkeys::finish_assertion(&hub, &view, &form).await {
        Ok(Some(asserted)) => asserted,
        Ok(None) => {
            let back = match form.get("step") {
                Some(id) => {
                    let query = form_urlencoded::Serializer::new(String::new())
                        .append_pair("step", id)
                        .finish();
                    format!("/signin/second?problem=passkey&{query}")
                }
                None => place.with_problem("/signin"),
            };
            return view.redirect(&back);
        }
        Err(error) => return view.oauth_error(error),
    };
    match sign_in(&hub, &view, &asserted, place).await {
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

async fn sign_in(
    hub: &Hub,
    view: &View<'_>,
    asserted: &Asserted,
    place: Place,
) -> Result<Option<Begun>, OAuthError> {
    let (call, person) = (view.call, &asserted.person);
    let factor = (asserted.factor, asserted.kind);
    if let Some(id) = &asserted.step {
        let step = step(hub, view, Some(id)).await?;
        let fits = |step: &Step| step.person.id == person.id && step.kinds.contains(&asserted.kind);
        return if step.as_ref().is_some_and(fits) {
            complete(hub, call, (id, view.browser()), person, factor).await
        } else {
            Ok(None)
        };
    }
    let amr = asserted.kind.methods().join(" ");
    let shown = (amr.as_str(), Shown::Factor(asserted.factor));
    let opened = begin_session(hub, call, person, SIGN_IN, shown).await?;
    Ok(opened.map(|opened| Begun { opened, place }))
}
