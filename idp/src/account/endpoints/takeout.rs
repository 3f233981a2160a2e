//! `POST /account/profile/export`: a person takes away all that is kept about them.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use super::profile::render;
use super::{entry, posted, refusal};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::ProfileProblem;
use crate::people::PeopleError;
use crate::signin::{ShownAgain, SignedIn, show_again};
use crate::takeout::gather;

const EXPORT: Action = Action::new("person.export");

/// Gives it as a file. A thief of the session must not have it: who did not sign in just now shows the password.
pub(super) async fn give(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who, form) = match posted(&hub, &call, ("export.form", "export.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    match carry_out(&hub, &call, &who, form.get("current")).await {
        Ok(Ok(document)) => file(document),
        Ok(Err(problem)) => render(&hub, view, &who, "", Some(problem)).await,
        Err(error) => view.oauth_error(error),
    }
}

async fn carry_out(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    current: Option<&str>,
) -> Result<Result<Vec<u8>, ProfileProblem>, OAuthError> {
    let problem = match show_again(hub, call, who, current).await? {
        ShownAgain::Yes => None,
        ShownAgain::SignInAgain => Some(ProfileProblem::SignInAgain),
        ShownAgain::Wrong => Some(ProfileProblem::Password),
        ShownAgain::Wait(seconds) => Some(ProfileProblem::Wait { seconds }),
        ShownAgain::Busy => Some(ProfileProblem::Busy { seconds: 5 }),
    };
    if let Some(problem) = problem {
        hub.record(refusal(call, EXPORT, "profile.sign_in", who)).await?;
        return Ok(Err(problem));
    }
    hub.record(entry(call, EXPORT, who)).await?;
    let all = gather(hub, &call.realm, &who.person).await?;
    Ok(Ok(serde_json::to_vec_pretty(&all).map_err(PeopleError::from)?))
}

fn file(document: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(document));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"musubi.json\""),
    );
    response
}
