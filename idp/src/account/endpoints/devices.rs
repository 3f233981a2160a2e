//! `GET /account/devices`.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{enter, read};
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::oauth::OAuthError;
use crate::pages::{Devices, Form, Moment, SessionDetails};
use crate::sessions::{Session, SessionView};
use crate::signin::SignedIn;

/// Shows where the person is signed in.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    match gather(&hub, &call, &who).await {
        Ok(sessions) => render(view, &who, &sessions),
        Err(error) => view.oauth_error(error),
    }
}

async fn gather(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Vec<SessionView>, OAuthError> {
    read(hub, call, who, "devices").await?;
    let person = &who.person;
    Ok(hub.sessions.list(&call.realm, person.id, &person.key).await?)
}

fn render(view: View<'_>, who: &SignedIn, sessions: &[SessionView]) -> Response {
    let csrf = view.csrf();
    let form = |action| Form {
        action,
        csrf: &csrf,
        hidden: &[],
    };
    let ids: Vec<String> = sessions.iter().map(|one| one.session.sid.to_string()).collect();
    let mut details: Vec<SessionDetails<'_>> = sessions
        .iter()
        .zip(&ids)
        .map(|(one, id)| session_details(one, id, &who.session))
        .collect();
    details.sort_by_key(|session| !session.current);
    let done = view.call.query().ok();
    let page = Devices {
        frame: view.frame("/account/devices"),
        ended: done.is_some_and(|query| query.get("done") == Some("session-ended")),
        sign_out: form("/oauth/logout"),
        sessions: &details,
        end_session: form("/account/sessions/end"),
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}

fn session_details<'a>(one: &'a SessionView, id: &'a str, current: &Session) -> SessionDetails<'a> {
    SessionDetails {
        id,
        current: one.session.sid == current.sid,
        user_agent: one.user_agent.as_deref(),
        address: one.address.as_deref(),
        started_at: Moment(one.session.authenticated_at.as_micros()),
        last_used_at: Moment(one.session.last_seen_at.as_micros()),
    }
}
