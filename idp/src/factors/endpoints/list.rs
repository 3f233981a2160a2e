//! `GET /account/security`: the list of a person's factors.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::factors::{Factor, Kind, passkeys};
use crate::http::pages::unavailable;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::pages::{FactorDetails, Form, Moment, Security, SecurityNotice};
use crate::realms::SecondFactor;
use crate::signin::{SignedIn, signed_in};

const READ: Action = Action::new("factor.list");

/// What the page shows.
struct Shown {
    factors: Vec<Factor>,
    codes_left: Option<usize>,
    required: bool,
}

/// Shows the page.
pub(super) async fn show(State(hub): State<Shared>, call: Call) -> Response {
    let Ok(view) = View::new(&hub, &call, None) else {
        return unavailable();
    };
    match signed_in(&hub, &call).await {
        Ok(Some(who)) => match gather(&hub, &call, &who).await {
            Ok(shown) => render(view, &shown),
            Err(error) => view.oauth_error(error),
        },
        Ok(None) => view.redirect("/signin?to=security"),
        Err(error) => view.oauth_error(error),
    }
}

async fn gather(hub: &Hub, call: &Call, who: &SignedIn) -> Result<Shown, OAuthError> {
    let (realm, person) = (&call.realm, &who.person);
    let mut factors = hub.factors.list(realm, person).await?;
    let mut entry = call.permit(READ).person(person.id).session(who.session.sid);
    entry.hits = u64::try_from(factors.len()).ok();
    entry.key = person.key.clone();
    hub.record(entry).await?;
    let has_codes = factors.iter().any(|factor| factor.kind == Kind::Recovery);
    let codes_left = if has_codes {
        Some(hub.factors.codes_left(realm, person.id).await?)
    } else {
        None
    };
    factors.retain(|factor| factor.kind != Kind::Recovery);
    let required = match realm.sign_in.second_factor {
        SecondFactor::Optional => false,
        SecondFactor::Everybody => true,
        SecondFactor::Administrators => !hub.people.powers(realm, person.id).await?.is_empty(),
    };
    Ok(Shown {
        factors,
        codes_left,
        required,
    })
}

fn render(view: View<'_>, shown: &Shown) -> Response {
    let csrf = view.csrf();
    let form = |action| Form {
        action,
        csrf: &csrf,
        hidden: &[],
    };
    let ids: Vec<String> = shown.factors.iter().map(|factor| factor.id.to_string()).collect();
    let factors: Vec<FactorDetails<'_>> = shown
        .factors
        .iter()
        .zip(&ids)
        .map(|(factor, id)| FactorDetails {
            id,
            name: &factor.name,
            passkey: factor.kind.is_passkey(),
            added_at: Moment(factor.created_at.as_micros()),
            used_at: factor.used_at.map(|at| Moment(at.as_micros())),
        })
        .collect();
    let page = Security {
        frame: view.frame("/account/security"),
        notice: notice(view.call),
        factors: &factors,
        remove: form("/account/security/remove"),
        rename: form("/account/security/rename"),
        add_app_url: "/account/security/app",
        add_passkey: passkeys::available(&view.call.realm).then(|| form("/account/security/passkey")),
        codes_left: shown.codes_left.and_then(|left| u64::try_from(left).ok()),
        make_codes: form("/account/security/codes"),
        required: shown.required,
    };
    let html = page.render(&view.texts);
    view.scripted_page(StatusCode::OK, html)
}

fn notice(call: &Call) -> Option<SecurityNotice> {
    match call.query().ok()?.get("done")? {
        "added" => Some(SecurityNotice::Added),
        "removed" => Some(SecurityNotice::Removed),
        "renamed" => Some(SecurityNotice::Renamed),
        "refused" => Some(SecurityNotice::Refused),
        "last" => Some(SecurityNotice::Last),
        _ => None,
    }
}
