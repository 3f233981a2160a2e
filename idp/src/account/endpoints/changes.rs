//! `POST /account/…`: what a person changes from their account page.

use axum::extract::State;
use axum::response::Response;
use platform::http::Parameters;

use super::entry;
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::SessionId;
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::ErrorKind;
use crate::signin::{SignedIn, signed_in};

const END_OTHER: Action = Action::new("session.end.other");
const WITHDRAW: Action = Action::new("consent.withdraw");

/// Ends another session of the person.
pub(super) async fn end_session(State(hub): State<Shared>, call: Call) -> Response {
    let back = "/account/devices?done=session-ended";
    change(&hub, &call, back, async |form, who| {
        let Some(sid) = form
            .get("session")
            .and_then(|text| text.parse::<SessionId>().ok())
        else {
            return Ok(false);
        };
        hub.record(entry(&call, END_OTHER, who).resource("session", [sid.to_string()]))
            .await?;
        let ended = hub.sessions.end(&call.realm, who.person.id, sid).await?.is_some();
        if ended {
            hub.families
                .revoke_session(&call.realm, sid, hub.clock.now())
                .await?;
        }
        Ok(ended)
    })
    .await
}

/// Withdraws what a client has from the person.
pub(super) async fn withdraw(State(hub): State<Shared>, call: Call) -> Response {
    let back = "/account/services?done=access-withdrawn";
    change(&hub, &call, back, async |form, who| {
        let Some(client_id) = form.get("client_id").filter(|id| may_be_client(id)) else {
            return Ok(false);
        };
        hub.record(entry(&call, WITHDRAW, who).resource("client", [client_id.to_owned()]))
            .await?;
        let now = hub.clock.now();
        let withdrawn = hub
            .consents
            .withdraw(&call.realm, who.person.id, client_id, now)
            .await?;
        hub.families.forget_all();
        Ok(withdrawn)
    })
    .await
}

/// Whether a text can be the id of a client: it stands in the log as it is, where nobody is to write what they like.
fn may_be_client(id: &str) -> bool {
    id.len() <= 200 && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The steps that every change shares: a form of this browser, a person who is signed in, the change, and back.
async fn change(
    hub: &Hub,
    call: &Call,
    back: &'static str,
    carry_out: impl AsyncFnOnce(&Parameters, &SignedIn) -> Result<bool, OAuthError>,
) -> Response {
    let Ok(view) = View::new(hub, call, None) else {
        return unavailable();
    };
    let (view, form) = match view.posted(hub, "account.form", "account.csrf").await {
        Ok(posted) => posted,
        Err(answer) => return *answer,
    };
    let who = match signed_in(hub, call).await {
        Ok(Some(who)) => who,
        Ok(None) => return view.redirect("/signin"),
        Err(error) => return view.oauth_error(error),
    };
    match carry_out(&form, &who).await {
        Ok(true) => view.redirect(back),
        Ok(false) => view.refuse(hub, ErrorKind::NotFound, "account.nothing").await,
        Err(error) => view.oauth_error(error),
    }
}
