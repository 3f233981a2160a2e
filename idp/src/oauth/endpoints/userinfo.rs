//! `GET|POST /oauth/userinfo` (OpenID Connect Core 1.0 §5.3).

use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};
use platform::http::{Parameters, ParametersError};
use serde_json::{Map, Value};

use super::answer;
use crate::http::{Call, Presented};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::dpop;
use crate::oauth::step_up::Proven;
use crate::oauth::tokens::verify_presented;
use crate::oauth::{ErrorCode, OAuthError, Scope};
use crate::people::{CLAIMS, Person};

const ACTION: Action = Action::new("profile.read");

/// The claims of the person behind an access token, as far as its scope reaches.
pub async fn userinfo(State(hub): State<Shared>, call: Call) -> Response {
    let form = call.form().filter(|_| call.method() == Method::POST);
    let outcome = match presented(&call, form.as_ref()) {
        Ok(None) => return answer::resource_error(&call, None),
        Ok(Some(token)) => serve(&hub, &call, token).await,
        Err(refused) => Err(refused),
    };
    let mut response = match outcome {
        Ok(response) => response,
        Err(refused) => match hub.record(call.deny(ACTION, refused.id)).await {
            Ok(()) => answer::resource_error(&call, Some(refused)),
            Err(unavailable) => answer::error(unavailable),
        },
    };
    dpop::give_nonce(&hub, &call, response.headers_mut());
    response
}

/// The access token from the header, or from a form (RFC 6750 §2.2), but not from both.
fn presented<'a>(
    call: &'a Call,
    form: Option<&'a Result<Parameters, ParametersError>>,
) -> Result<Option<Presented<'a>>, OAuthError> {
    let wrong = |description| OAuthError::new(ErrorCode::InvalidRequest, "userinfo.form", description);
    let posted = match form {
        None => None,
        Some(Ok(form)) => form.get("access_token").map(Presented::Bearer),
        Some(Err(_)) => return Err(wrong("a parameter is doubled or not UTF-8")),
    };
    match (call.access_token(), posted) {
        (Some(_), Some(_)) => Err(wrong("the access token is sent in one way, not in two")),
        (sent, posted) => Ok(sent.or(posted)),
    }
}

async fn serve(hub: &Hub, call: &Call, token: Presented<'_>) -> Result<Response, OAuthError> {
    let active = verify_presented(hub, call, token).await?;
    let family = active
        .family
        .as_ref()
        .filter(|_| active.scope.has("openid"))
        .ok_or(OAuthError::new(
            ErrorCode::InsufficientScope,
            "userinfo.scope",
            "the access token was not granted openid by a person",
        ))?;
    if let Some(proven) = Proven::by(&active.claims)
        && let Err(demand) = proven.check(&hub.settings.step_up, active.scope.iter(), hub.clock.now())
    {
        hub.record(call.deny(ACTION, "token.step_up")).await?;
        return Ok(answer::step_up(call, &demand));
    }
    let found = hub.people.by_id(&call.realm, family.person).await?;
    let person = found
        .filter(|person| person.may_sign_in())
        .ok_or(OAuthError::new(
            ErrorCode::InvalidToken,
            "userinfo.person",
            "the access token is not valid any more",
        ))?;
    let mut entry = call
        .permit(ACTION)
        .subject(person.id)
        .client(active.claims.client_id.clone());
    entry.session = Some(family.details.signed_in_as);
    entry.key = person.key.clone();
    hub.record(entry).await?;
    Ok(answer::json(
        StatusCode::OK,
        &claims(&person, &active.claims.sub, &active.scope),
    ))
}

/// The claims that the scope gives, and `sub`, which no other claim can take the place of.
fn claims(person: &Person, sub: &str, scope: &Scope) -> Map<String, Value> {
    let mut claims: Map<String, Value> = CLAIMS
        .iter()
        .filter(|(_, needed)| scope.has(needed))
        .filter_map(|(name, _)| Some(((*name).to_owned(), person.claim(name)?)))
        .collect();
    claims.insert("sub".to_owned(), Value::from(sub));
    claims
}
