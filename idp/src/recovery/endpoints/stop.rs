//! `GET|POST /recover/stop`: the link in the letters about a recovery. Opening it stops nothing, the button does.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::http::Parameters;

use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::RecoveryId;
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, Form, RecoverStop};
use crate::people::Person;
use crate::recovery::family;

pub(crate) const CANCEL: Action = Action::new("recovery.family.cancel");

/// The recovery that a link names, if the link is ours.
fn named(call: &Call, parameters: &Parameters) -> Option<RecoveryId> {
    let id: RecoveryId = parameters.get("recovery")?.parse().ok()?;
    let token = parameters.get("token")?;
    family::verify_stop(&call.realm, id, token).then_some(id)
}

/// Shows the button.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Ok(query) = call.query() else {
        return view.refuse(&hub, ErrorKind::BadRequest, "request.query").await;
    };
    let (Some(id), Some(token)) = (named(&call, &query), query.get("token")) else {
        return view.refuse(&hub, ErrorKind::LinkExpired, "recovery.stop").await;
    };
    let (id, csrf) = (id.to_string(), view.csrf());
    let hidden = [("recovery", id.as_str()), ("token", token)];
    let here = call.path_and_query();
    let page = RecoverStop {
        frame: view.frame(here),
        form: Some(Form {
            action: "/recover/stop",
            csrf: &csrf,
            hidden: &hidden,
        }),
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

/// Stops it.
pub(super) async fn submit(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let (view, form) = match view.posted(&hub, "recovery.form", "recovery.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let Some(id) = named(&call, &form) else {
        return view.refuse(&hub, ErrorKind::LinkExpired, "recovery.stop").await;
    };
    match stop(&hub, &call, id).await {
        Ok(Some(_)) => {
            let page = RecoverStop {
                frame: view.frame("/"),
                form: None,
            };
            let html = page.render(&view.texts);
            view.page(StatusCode::OK, html)
        }
        Ok(None) => view.refuse(&hub, ErrorKind::LinkExpired, "recovery.stop").await,
        Err(error) => view.oauth_error(error),
    }
}

/// Logs and stops; whose recovery it was, if there was anything to stop.
async fn stop(hub: &Hub, call: &Call, id: RecoveryId) -> Result<Option<std::sync::Arc<Person>>, OAuthError> {
    let stopping = call.permit(CANCEL).resource("recovery", [id.to_string()]);
    hub.record(stopping.granted_by("link")).await?;
    let stopped = family::cancel(hub, &call.realm, id).await?;
    if let Some(person) = &stopped {
        // The row before is the one that had to be there; this one the person finds in their own log.
        let mut entry = call.permit(CANCEL).subject(person.id);
        entry.key = person.key.clone();
        hub.record(entry.resource("recovery", [id.to_string()])).await?;
    }
    Ok(stopped)
}
