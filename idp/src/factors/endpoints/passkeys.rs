//! `POST /account/security/passkey/begin` and `POST /account/security/passkey`: registering a passkey. The first answers a
//! script.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use platform::http::Problem;

use super::changes::{change, tell_added};
use super::codes::first_codes;
use super::totp::name;
use crate::factors::passkeys::{self, Registered};
use crate::factors::{Fresh, Keeping, Kind, fresh};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::Shared;
use crate::oauth::endpoints::answer;

/// Answers a script with what the browser asks the authenticator for. Who is not fresh is told so: the page leads them.
pub(super) async fn begin(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    let Some(Ok(form)) = call.form() else {
        return refused(StatusCode::BAD_REQUEST);
    };
    match view.is_foreign(&hub, &form, "factor.csrf").await {
        Ok(false) => {}
        Ok(true) => return refused(StatusCode::FORBIDDEN),
        Err(_) => return refused(StatusCode::SERVICE_UNAVAILABLE),
    }
    let begun = match fresh(&hub, &call).await {
        Ok(Fresh::Yes(who)) => passkeys::begin_registration(&hub, &view, &who).await,
        Ok(Fresh::First(_)) => return refused(StatusCode::UNAUTHORIZED),
        Err(error) => Err(error),
    };
    match begun {
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

/// Takes what the authenticator made.
pub(super) async fn finish(State(hub): State<Shared>, call: Call) -> Response {
    let (view, form, who) = match change(&hub, &call).await {
        Ok(change) => change,
        Err(answer) => return answer,
    };
    let name = name(&form);
    let told = match tell_added(&hub, &view, &who.person, (&name, Kind::Passkey(Keeping::Unknown))) {
        Ok(told) => told,
        Err(error) => return view.oauth_error(error),
    };
    match passkeys::finish_registration(&hub, &view, &who, &form, (&name, told)).await {
        Ok(Registered::Kept(_)) => first_codes(&hub, view, &who.person, "/account/security?done=added").await,
        Ok(Registered::Refused) => view.redirect("/account/security?done=refused"),
        Err(error) => view.oauth_error(error),
    }
}
