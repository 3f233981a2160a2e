//! `POST /account/security/codes`: new recovery codes, shown once.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::changes::{change, entry};
use crate::factors::Kind;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, RecoveryCodes};
use crate::people::Person;

const MAKE: Action = Action::new("factor.recovery_codes");

/// Makes recovery codes in place of any that were there.
pub(super) async fn make(State(hub): State<Shared>, call: Call) -> Response {
    let (view, _, who) = match change(&hub, &call).await {
        Ok(change) => change,
        Err(answer) => return answer,
    };
    match hub.factors.any_second(&call.realm, who.person.id).await {
        Ok(true) => {}
        Ok(false) => {
            return view
                .refuse(&hub, ErrorKind::NotFound, "factor.nothing_to_recover")
                .await;
        }
        Err(error) => return view.oauth_error(error.into()),
    }
    match fresh_codes(&hub, &who.person, &view, entry(&call, MAKE, &who)).await {
        Ok(codes) => show(view, &codes, false, "/account/security"),
        Err(error) => view.oauth_error(error),
    }
}

/// After a factor was added: shows recovery codes if the person had none, and leads on to `next`.
pub(crate) async fn first_codes(hub: &Hub, view: View<'_>, person: &Person, next: &str) -> Response {
    let kinds = match hub.factors.kinds(&view.call.realm, person.id).await {
        Ok(kinds) => kinds,
        Err(error) => return view.oauth_error(error.into()),
    };
    if kinds.contains(&Kind::Recovery) {
        return view.redirect(next);
    }
    let row = Entry {
        key: person.key.clone(),
        ..view.call.permit(MAKE).person(person.id)
    };
    match fresh_codes(hub, person, &view, row).await {
        Ok(codes) => show(view, &codes, true, next),
        Err(error) => view.oauth_error(error),
    }
}

async fn fresh_codes(
    hub: &Hub,
    person: &Person,
    view: &View<'_>,
    row: Entry,
) -> Result<Vec<String>, OAuthError> {
    hub.record(row).await?;
    let realm = &view.call.realm;
    let told = notices::prepare(hub, realm, person, Notice::RecoveryCodesMade)?;
    Ok(hub.factors.make_codes(realm, person, "", Some(told)).await?)
}

fn show(view: View<'_>, codes: &[String], first: bool, next: &str) -> Response {
    let page = RecoveryCodes {
        frame: view.frame("/account/security"),
        codes,
        first,
        next_url: next,
    };
    let html = page.render(&view.texts);
    view.page(StatusCode::OK, html)
}
