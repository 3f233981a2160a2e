//! `GET /account/profile`, `POST /account/profile/language`.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{enter, entry, posted, read};
use crate::email;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::mail;
use crate::oauth::OAuthError;
use crate::pages::{
    ErrorKind, Form, KnownLine, Language, Profile, ProfileNotice, ProfileProblem, TelephoneSection,
};
use crate::people::{Field, Telephone, keep_locale};
use crate::signin::{SignedIn, asks_password};
use crate::telephone;

const LANGUAGE: Action = Action::new("profile.language");

/// What the page shows beside the person's own data.
struct Context {
    waiting: bool,
    message_waiting: bool,
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
    let known = known(profile);
    let known: Vec<KnownLine<'_>> = known
        .iter()
        .map(|(field, value)| KnownLine { field: *field, value })
        .collect();
    let number = profile.details.phone_number.as_deref();
    let reachable = number
        .and_then(Telephone::parse)
        .is_some_and(|number| number.takes_messages());
    let section = number.map(|number| TelephoneSection {
        number,
        verified: profile.details.phone_number_verified,
        ask: reachable.then(|| form("/account/telephone")),
        confirm: context
            .message_waiting
            .then(|| form("/account/telephone/confirm")),
    });
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
        known: &known,
        telephone: section,
        email: profile.email.as_deref(),
        verified: profile.email_verified,
        change: form("/account/email"),
        typed: if typed.is_empty() { now } else { typed },
        ask_password: context.ask_password,
        confirm: context.waiting.then(|| form("/account/email/confirm")),
        mail: mail::is_configured(hub),
        export: form("/account/profile/export"),
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

/// What is known about somebody besides their name and what they are reached by, as people read it.
fn known(profile: &crate::people::Profile) -> Vec<(Field, String)> {
    let part = |field: Field| field.read(profile).filter(|value| !value.is_empty());
    let postal = part(Field::PostalCode).map(|code| format!("〒{code}"));
    let place: String = [Field::Prefecture, Field::City, Field::Street]
        .into_iter()
        .filter_map(part)
        .collect();
    let place = Some(place).filter(|place| !place.is_empty());
    let address: Vec<String> = [postal, place, part(Field::Country)]
        .into_iter()
        .flatten()
        .collect();
    let address = (!address.is_empty()).then(|| address.join(" "));
    let lines = [
        (Field::FamilyNameKana, profile.details.reading()),
        (Field::Nickname, part(Field::Nickname)),
        (Field::Birthdate, part(Field::Birthdate)),
        (Field::Sex, part(Field::Sex)),
        (Field::PostalCode, address),
        (Field::Fax, part(Field::Fax)),
    ];
    lines
        .into_iter()
        .filter_map(|(field, value)| Some((field, value?)))
        .collect()
}

async fn context(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Context, OAuthError> {
    Ok(Context {
        waiting: email::is_asked(hub, &call.realm, &who.person).await?,
        message_waiting: telephone::is_asked(hub, &call.realm, &who.person).await?,
        ask_password: asks_password(hub, call, who).await?,
    })
}

fn done(call: &Call) -> Option<ProfileNotice> {
    match call.query().ok()?.get("done")? {
        "code" => Some(ProfileNotice::CodeSent),
        "confirmed" => Some(ProfileNotice::Confirmed),
        "details" => Some(ProfileNotice::Details),
        "message" => Some(ProfileNotice::MessageSent),
        "telephone" => Some(ProfileNotice::TelephoneConfirmed),
        "language" => Some(ProfileNotice::Language),
        _ => None,
    }
}

/// Keeps the language that was chosen: for this browser, and for letters.
pub(super) async fn keep_language(State(hub): State<Shared>, call: Call) -> Response {
    let (mut view, who, form) = match posted(&hub, &call, ("profile.form", "profile.csrf")).await {
        Ok(posted) => posted,
        Err(answer) => return answer,
    };
    let Some(language) = form.get("language").and_then(Language::of_tag) else {
        return view.refuse(&hub, ErrorKind::BadRequest, "profile.language").await;
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
