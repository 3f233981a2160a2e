//! `/` and `/account/…`.

mod care;
mod changes;
mod consents;
mod contact;
mod details;
mod devices;
mod email;
mod emergency;
mod family;
mod family_details;
mod history;
mod log;
mod overview;
mod password;
mod profile;
mod services;
mod takeout;
mod telephone;
mod trusted;
mod welcome;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use platform::http::Parameters;

use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::signin::{SignedIn, signed_in};

const READ: Action = Action::new("account.read");

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(welcome::welcome))
        .route("/account", get(overview::overview))
        .route("/account/profile", get(profile::show))
        .route("/account/profile/language", post(profile::keep_language))
        .route("/account/profile/details", get(details::show).post(details::keep))
        .route("/account/contact", get(contact::show).post(contact::keep))
        .route("/account/profile/history", get(history::show))
        .route("/account/profile/export", post(takeout::give))
        .route("/account/telephone", post(telephone::ask))
        .route("/account/telephone/confirm", post(telephone::confirm))
        .route("/account/email", post(email::ask))
        .route("/account/email/confirm", post(email::confirm))
        .route("/account/password", get(password::show).post(password::change))
        .route("/account/family", get(family::show))
        .route("/account/family/invite", post(family::invite))
        .route("/account/family/code", post(family::code))
        .route("/account/family/accept", post(family::accept))
        .route("/account/family/decline", post(family::decline))
        .route("/account/family/withdraw", post(family::withdraw))
        .route("/account/family/end", post(family::end))
        .route(
            "/account/family/details",
            get(family_details::show).post(family_details::keep),
        )
        .route("/account/trusted", get(trusted::show))
        .route("/account/trusted/name", post(trusted::name))
        .route("/account/trusted/accept", post(trusted::accept))
        .route("/account/trusted/decline", post(trusted::decline))
        .route("/account/trusted/remove", post(trusted::remove))
        .route("/account/trusted/help", post(trusted::help))
        .route("/account/trusted/stop", post(trusted::stop))
        .route("/account/devices", get(devices::show))
        .route("/account/sessions/end", post(changes::end_session))
        .route("/account/services", get(services::show))
        .route("/account/applications/withdraw", post(changes::withdraw))
        .route("/account/emergency", get(emergency::show))
        .route("/account/emergency/declare", post(emergency::declare))
        .route("/account/emergency/end", post(emergency::end))
        .route("/account/care", get(care::show))
        .route("/account/care/calendar/on", post(care::turn_on))
        .route("/account/care/calendar/off", post(care::turn_off))
        .route("/account/consents", get(consents::show))
        .route("/account/consents/level", post(consents::choose))
        .route("/account/consents/withdraw", post(consents::withdraw))
        .route("/account/consents/new", get(consents::ask).post(consents::give))
        .route(
            "/account/consents/place",
            get(consents::find_place).post(consents::choose_place),
        )
        .route("/account/consents/{id}", get(consents::show_receipt))
        .route("/account/consents/{id}/receipt", get(consents::signed))
        .route("/account/log", get(log::show))
}

/// A page of who is signed in, to be shown; whoever is not signs in first.
pub(crate) async fn enter<'c>(hub: &Hub, call: &'c Call) -> Result<(View<'c>, SignedIn), Response> {
    let Ok(view) = View::new(hub, call, None) else {
        return Err(unavailable());
    };
    match signed_in(hub, call).await {
        Ok(Some(who)) => Ok((view, who)),
        Ok(None) => Err(view.redirect("/signin")),
        Err(error) => Err(view.oauth_error(error)),
    }
}

/// A form of who is signed in, from a page of ours. `malformed` and `foreign` name what is not one.
pub(crate) async fn posted<'c>(
    hub: &Hub,
    call: &'c Call,
    (malformed, foreign): (&'static str, &'static str),
) -> Result<(View<'c>, SignedIn, Parameters), Response> {
    let (view, who) = enter(hub, call).await?;
    let (view, form) = view
        .posted(hub, malformed, foreign)
        .await
        .map_err(|answer| *answer)?;
    Ok((view, who, form))
}

/// A row about somebody who does something with what is theirs.
pub(crate) fn entry(call: &Call, action: Action, who: &SignedIn) -> Entry {
    let mut entry = call.permit(action).person(who.person.id).session(who.session.sid);
    entry.key = who.person.key.clone();
    entry
}

/// The same for something that was refused.
pub(crate) fn refusal(call: &Call, action: Action, reason: &'static str, who: &SignedIn) -> Entry {
    let mut entry = call
        .deny(action, reason)
        .person(who.person.id)
        .session(who.session.sid);
    entry.key = who.person.key.clone();
    entry
}

/// Reading is logged, whatever is read.
pub(crate) async fn read(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    what: &'static str,
) -> Result<(), OAuthError> {
    hub.record(entry(call, READ, who).resource("page", [what.to_owned()]))
        .await
}
