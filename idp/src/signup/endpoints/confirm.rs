//! `GET|POST /signup/confirm`: the code that was mailed makes the account.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{Made, about, make};
use crate::credentials::PasswordHash;
use crate::email::Code;
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::{ErrorCode, OAuthError};
use crate::pages::{ErrorKind, Form, SignUpCode, SignUpCodeProblem};
use crate::signin::Next;
use crate::signup::drafts::{Draft, Drafts, Entered};
use crate::signup::model::{self, Known};

const CONFIRM: Action = Action::new("sign_up.confirm");

/// Asks for the code.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let id = query.get("step").unwrap_or_default();
    let found = Drafts::new(&hub, &call.realm).find(id, view.browser()).await;
    match found {
        Ok(Some(draft)) => render(view, (id, &draft), None),
        Ok(None) => {
            view.refuse(&hub, ErrorKind::SessionExpired, "sign_up.draft")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}

fn render(view: View<'_>, (id, draft): (&str, &Draft), problem: Option<SignUpCodeProblem>) -> Response {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("step", id)
        .finish();
    let here = format!("/signup/confirm?{query}");
    let again = draft.place.on("/signup");
    let csrf = view.csrf();
    let hidden = [("step", id)];
    let page = SignUpCode {
        frame: view.frame(&here),
        form: Form {
            action: "/signup/confirm",
            csrf: &csrf,
            hidden: &hidden,
        },
        address: &draft.address,
        again_url: &again,
        problem,
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(SignUpCodeProblem::Taken) => StatusCode::CONFLICT,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

/// Takes the code.
pub(super) async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (mut view, form) = match view.posted(&hub, "sign_up.form", "sign_up.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let id = form.get("step").unwrap_or_default();
    let code = form.get("code").and_then(Code::typed);
    let entered = Drafts::new(&hub, &call.realm)
        .enter(id, view.browser(), code.as_ref())
        .await;
    let draft = match entered {
        Ok(Entered::Right(draft)) if call.realm.takes_sign_ups() => draft,
        Ok(Entered::Wrong(draft)) => {
            let refused = call.deny(CONFIRM, "sign_up.code");
            return match hub.record(about(&call, refused, &draft.address)).await {
                Ok(()) => render(view, (id, &draft), Some(SignUpCodeProblem::Wrong)),
                Err(unavailable) => view.oauth_error(unavailable),
            };
        }
        Ok(Entered::Right(_) | Entered::Over) => {
            return match hub.record(call.deny(CONFIRM, "sign_up.draft")).await {
                Ok(()) => view.error(ErrorKind::SessionExpired, "sign_up.draft"),
                Err(unavailable) => view.oauth_error(unavailable),
            };
        }
        Err(error) => return view.oauth_error(error),
    };
    match carry_out(&hub, &view, &draft).await {
        Ok(Made::Next(Next::SignedIn(opened))) => {
            view.enter(&opened);
            view.redirect(&draft.place.address())
        }
        Ok(Made::Next(Next::Step(address))) => view.redirect(&address),
        // Who reads the mail of an address may know whether it has an account.
        Ok(Made::Taken) => render(view, (id, &draft), Some(SignUpCodeProblem::Taken)),
        Err(error) => view.oauth_error(error),
    }
}

async fn carry_out(hub: &Hub, view: &View<'_>, draft: &Draft) -> Result<Made, OAuthError> {
    let broken = OAuthError::new(
        ErrorCode::ServerError,
        "sign_up.unreadable",
        "what was kept cannot be read",
    );
    let by = crate::pages::SignUpBy::Address;
    let known = model::known(by, &draft.address).map_err(|_| broken)?;
    let Known::Address(_) = known else {
        return Err(broken);
    };
    let password = PasswordHash::from_phc(&draft.phc).map_err(|_| broken)?;
    let profile = known.profile(draft.name.clone());
    make(hub, view, profile, (&draft.language, &password), &draft.place).await
}
