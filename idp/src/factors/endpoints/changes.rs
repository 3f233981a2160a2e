//! `POST /account/security/…`: what a person changes about their factors, and the steps that every change shares.

use axum::extract::State;
use axum::response::Response;
use platform::http::Parameters;

use super::totp::name;
use crate::factors::{Fresh, Kind, fresh};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::ids::FactorId;
use crate::log::{Action, Entry};
use crate::notices::{self, Notice, Prepared};
use crate::oauth::{ErrorCode, OAuthError};
use crate::pages::{ErrorKind, factor_kind};
use crate::people::Person;
use crate::signin::SignedIn;

const REMOVE: Action = Action::new("factor.remove");
const RENAME: Action = Action::new("factor.rename");

const UNNAMED: OAuthError = OAuthError::new(ErrorCode::ServerError, "factor.unnamed", "a text is missing");

/// A form of this browser, and somebody who has just proved who they are; the answer otherwise.
pub(super) async fn change<'c>(
    hub: &Hub,
    call: &'c Call,
) -> Result<(View<'c>, Parameters, SignedIn), Response> {
    let Ok(view) = View::new(hub, call, None) else {
        return Err(unavailable());
    };
    let (view, form) = view
        .posted(hub, "factor.form", "factor.csrf")
        .await
        .map_err(|answer| *answer)?;
    match fresh(hub, call).await {
        Ok(Fresh::Yes(who)) => Ok((view, form, who)),
        Ok(Fresh::First(address)) => Err(view.redirect(address)),
        Err(error) => Err(view.oauth_error(error)),
    }
}

/// A row of something that a person did with their factors.
pub(super) fn entry(call: &Call, action: Action, who: &SignedIn) -> Entry {
    let entry = call.permit(action).person(who.person.id).session(who.session.sid);
    Entry {
        key: who.person.key.clone(),
        ..entry
    }
}

fn factor(form: &Parameters) -> Option<FactorId> {
    form.get("factor")?.parse().ok()
}

/// Takes a factor away.
pub(super) async fn remove(State(hub): State<Shared>, call: Call) -> Response {
    let (view, form, who) = match change(&hub, &call).await {
        Ok(change) => change,
        Err(answer) => return answer,
    };
    match take_away(&hub, &view, &form, &who).await {
        Ok(Some(true)) => view.redirect("/account/security?done=removed"),
        Ok(Some(false)) => view.redirect("/account/security?done=last"),
        Ok(None) => view.refuse(&hub, ErrorKind::NotFound, "factor.unknown").await,
        Err(error) => view.oauth_error(error),
    }
}

/// What a person calls a factor, and what it is where they call it nothing.
fn called(view: &View<'_>, name: &str, kind: Kind) -> Result<String, OAuthError> {
    if name.is_empty() {
        factor_kind(&view.texts, kind.is_passkey()).map_err(|_| UNNAMED)
    } else {
        Ok(name.to_owned())
    }
}

/// What a person is told when a factor is added.
pub(crate) fn tell_added(
    hub: &Hub,
    view: &View<'_>,
    person: &Person,
    (name, kind): (&str, Kind),
) -> Result<Prepared, OAuthError> {
    let name = called(view, name, kind)?;
    let told = notices::prepare(hub, &view.call.realm, person, Notice::FactorAdded { name })?;
    Ok(told)
}

async fn take_away(
    hub: &Hub,
    view: &View<'_>,
    form: &Parameters,
    who: &SignedIn,
) -> Result<Option<bool>, OAuthError> {
    let call = view.call;
    let known = hub.factors.list(&call.realm, &who.person).await?;
    let named = factor(form).and_then(|id| known.iter().find(|factor| factor.id == id));
    let Some(known) = named else { return Ok(None) };
    let factor = known.id;
    let name = called(view, &known.name, known.kind)?;
    let told = notices::prepare(hub, &call.realm, &who.person, Notice::FactorRemoved { name })?;
    hub.record(entry(call, REMOVE, who).resource("factor", [factor.to_string()]))
        .await?;
    let gone = hub
        .factors
        .remove(
            &call.realm,
            who.person.id,
            factor,
            (Some(who.session.sid), Some(told)),
        )
        .await?;
    hub.sessions.forget_all();
    hub.families.forget_all();
    Ok(Some(gone))
}

/// Gives a factor another name.
pub(super) async fn rename(State(hub): State<Shared>, call: Call) -> Response {
    let (view, form, who) = match change(&hub, &call).await {
        Ok(change) => change,
        Err(answer) => return answer,
    };
    match call_it(&hub, &call, &form, &who).await {
        Ok(true) => view.redirect("/account/security?done=renamed"),
        Ok(false) => view.refuse(&hub, ErrorKind::NotFound, "factor.unknown").await,
        Err(error) => view.oauth_error(error),
    }
}

async fn call_it(hub: &Hub, call: &Call, form: &Parameters, who: &SignedIn) -> Result<bool, OAuthError> {
    let Some(factor) = factor(form) else {
        return Ok(false);
    };
    hub.record(entry(call, RENAME, who).resource("factor", [factor.to_string()]))
        .await?;
    let renamed = hub
        .factors
        .rename(&call.realm, &who.person, factor, &name(form))
        .await?;
    Ok(renamed)
}
