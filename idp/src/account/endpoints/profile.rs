//! `GET /account/profile`, `POST /account/profile/language`.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{enter, entry, read};
use crate::email;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::mail;
use crate::oauth::OAuthError;
use crate::pages::{ErrorKind, Form, Language, Profile, ProfileNotice, ProfileProblem};
use crate::people::keep_locale;
use crate::signin::{SignedIn, asks_password};

const LANGUAGE: Action = Action::new("profile.language");

/// What the page shows beside the person's own data.
struct Context {
    waiting: bool,
    ask_password: bool,
}

/// Shows the page.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let (view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    if let Err(error) = read(&hub, &call, &who, "profile").await {
        return view.oauth_error(error);
    }
    render(&hub, view, &who, "", None).await
}

/// Shows the page, with what was typed and what is wrong with it.
pub(super) async fn render(
    hub: &Hub,
    view: View<'_>,
    who: &SignedIn,
    typed: &str,
    problem: Option<ProfileProblem>,
) -> Response {
    let context = match context(hub, view.call, who).await {
        Ok(context) => context,
        Err(error) => return view.oauth_error(error),
    };
    let csrf = view.csrf();
    let form = |action| Form {
        action,
        csrf: &csrf,
        hidden: &[],
    };
    let profile = &who.person.profile;
    let confirmed_already = profile.email_verified && typed.is_empty();
    let now = if confirmed_already {
        ""
    } else {
        profile.email.as_deref().unwrap_or_default()
    };
    let page = Profile {
        frame: view.frame("/account/profile"),
        name: profile.name.as_deref(),
        login: &profile.login,
        email: profile.email.as_deref(),
        verified: profile.email_verified,
        change: form("/account/email"),
        typed: if typed.is_empty() { now } else { typed },
        ask_password: context.ask_password,
        confirm: context.waiting.then(|| form("/account/email/confirm")),
        mail: mail::is_configured(hub),
        language: form("/account/profile/language"),
        chosen: who.person.locale.as_deref().and_then(Language::of_tag),
        problem,
        done: if problem.is_none() { done(view.call) } else { None },
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(ProfileProblem::Wait { .. }) => StatusCode::TOO_MANY_REQUESTS,
        Some(ProfileProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let html = page.render(&view.texts);
    view.page(status, html)
}

async fn context(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Context, OAuthError> {
    Ok(Context {
        waiting: email::is_asked(hub, &call.realm, &who.person).await?,
        ask_password: asks_password(hub, call, who).await?,
    })
}

fn done(call: &Call) -> Option<ProfileNotice> {
    match call.query().ok()?.get("done")? {
        "code" => Some(ProfileNotice::CodeSent),
        "confirmed" => Some(ProfileNotice::Confirmed),
        "language" => Some(ProfileNotice::Language),
        _ => None,
    }
}

/// Keeps the language that was chosen: for this browser, and for letters.
pub(super) async fn keep_language(State(hub): State<Shared>, call: Call) -> Response {
    let (mut view, who) = match enter(&hub, &call).await {
        Ok(entered) => entered,
        Err(answer) => return answer,
    };
    let Some(Ok(form)) = call.form() else {
        return view.error(ErrorKind::BadRequest, "profile.form");
    };
    if !view.csrf_holds(&form) {
        return view.error(ErrorKind::SessionExpired, "profile.csrf");
    }
    let Some(language) = form.get("language").and_then(Language::of_tag) else {
        return view.error(ErrorKind::BadRequest, "profile.language");
    };
    if let Err(error) = hub.record(entry(&call, LANGUAGE, &who)).await {
        return view.oauth_error(error);
    }
    let (realm, now) = (&call.realm, hub.clock.now());
    if let Err(error) = keep_locale(&hub.store, realm, &who.person, language.tag(), now).await {
        return view.oauth_error(error.into());
    }
    hub.people.forget(realm, who.person.id).await;
    view.set_language(language);
    view.redirect("/account/profile?done=language")
}
