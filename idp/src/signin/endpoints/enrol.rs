//! `GET|POST /signin/enrol`: a person whose realm asks for a second factor, and who has none, sets up an app before they
//! are signed in.

use axum::extract::State;
use axum::response::Response;
use platform::http::Parameters;

use super::second::{Step, step};
use crate::factors::{Confirmed, Kind, confirm, endpoints as factor_pages, offer};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::oauth::OAuthError;
use crate::pages::ErrorKind;
use crate::signin::complete;
use crate::signin::progress::Wanted;

/// Shows the page with a fresh secret.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    match wanted(&hub, &view, &query).await {
        Ok(Some(step)) => match offer(&hub, &call.realm, view.browser(), &step.person).await {
            Ok(id) => factor_pages::enrol(&hub, view, &step.person, (&id, Some(&step.id)), false).await,
            Err(error) => view.oauth_error(error),
        },
        Ok(None) => {
            view.refuse(&hub, ErrorKind::SessionExpired, "sign_in.progress")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}

/// The step, if it is one that asks for a new factor, and the person still has none.
async fn wanted(hub: &Hub, view: &View<'_>, given: &Parameters) -> Result<Option<Step>, OAuthError> {
    let Some(step) = step(hub, view, given.get("step")).await? else {
        return Ok(None);
    };
    // Whoever made a factor elsewhere meanwhile shows that one.
    let has_one = hub.factors.any_second(&view.call.realm, step.person.id).await?;
    Ok(Some(step).filter(|step| step.progress.wanted == Wanted::NewFactor && !has_one))
}

/// Takes the first code of the app.
pub(super) async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (mut view, form) = match view.posted(&hub, "sign_in.form", "sign_in.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let step = match wanted(&hub, &view, &form).await {
        Ok(Some(step)) => step,
        Ok(None) => {
            return view
                .refuse(&hub, ErrorKind::SessionExpired, "sign_in.progress")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    let offered = form.get("offered").unwrap_or_default().to_owned();
    let given = (form.get("code").unwrap_or_default(), factor_pages::name(&form));
    let told = match factor_pages::tell_added(&hub, &view, &step.person, (&given.1, Kind::Totp)) {
        Ok(told) => told,
        Err(error) => return view.oauth_error(error),
    };
    let confirmed = confirm(
        &hub,
        &call,
        (&offered, view.browser()),
        &step.person,
        (given.0, &given.1),
        told,
    )
    .await;
    let factor = match confirmed {
        Ok(Confirmed::Kept(factor)) => factor,
        Ok(Confirmed::Wrong) => {
            let ids = (offered.as_str(), Some(step.id.as_str()));
            return factor_pages::enrol(&hub, view, &step.person, ids, true).await;
        }
        Ok(Confirmed::Gone) => {
            return view
                .refuse(&hub, ErrorKind::SessionExpired, "factor.offered")
                .await;
        }
        Err(error) => return view.oauth_error(error),
    };
    let at = (step.id.as_str(), view.browser());
    match complete(&hub, &call, at, &step.person, (factor, Kind::Totp)).await {
        Ok(Some(begun)) => {
            view.enter(&begun.opened);
            factor_pages::first_codes(&hub, view, &step.person, &begun.place.address()).await
        }
        Ok(None) => {
            view.refuse(&hub, ErrorKind::SessionExpired, "sign_in.progress")
                .await
        }
        Err(error) => view.oauth_error(error),
    }
}
