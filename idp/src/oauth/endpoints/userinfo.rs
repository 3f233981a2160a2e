//! `GET|POST /oauth/userinfo` (OpenID Connect Core 1.0 §5.3).

use axum::extract::State;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use platform::http::{Parameters, ParametersError};
use platform::keys::SigningAlgorithm;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::answer;
use crate::http::{Call, Presented};
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::clients::Client;
use crate::oauth::dpop;
use crate::oauth::step_up::Proven;
use crate::oauth::tokens::{Protection, encrypt, person_claims, protect, verify_presented};
use crate::oauth::{ErrorCode, OAuthError};

const ACTION: Action = Action::new("profile.read");

/// The claims of the person behind an access token, as far as its scope reaches.
pub async fn userinfo(State(hub): State<Shared>, call: Call) -> Response {
    let form = call.form().filter(|_| call.method() == Method::POST);
    let outcome = match presented(&call, form.as_ref()) {
        Ok(None) => Err(None),
        Ok(Some(token)) => serve(&hub, &call, token).await.map_err(Some),
        Err(refused) => Err(Some(refused)),
    };
    let mut response = match outcome {
        Ok(response) => response,
        Err(refused) => {
            let reason = refused.map_or("token.missing", |refused| refused.id);
            match hub.record(call.deny(ACTION, reason)).await {
                Ok(()) => answer::resource_error(&call, refused),
                Err(unavailable) => answer::error(unavailable),
            }
        }
    };
    dpop::give_nonce(&hub, &call, response.headers_mut());
    name_interaction(&hub, &call, &mut response);
    response
}

/// A resource of FAPI names each call: by the id that the client gave it, if it is one (a UUID), or else by one of its own
/// (FAPI 1.0 Part 1 §6.2.1, 11).
fn name_interaction(hub: &Hub, call: &Call, response: &mut Response) {
    const INTERACTION: HeaderName = HeaderName::from_static("x-fapi-interaction-id");
    let given = call.header(&INTERACTION).and_then(|id| Uuid::try_parse(id).ok());
    let id = given.or_else(|| hub.entropy.uuid(hub.clock.now()).ok());
    if let Some(value) = id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        response.headers_mut().insert(INTERACTION, value);
    }
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
        return Ok(answer::step_up(call, demand));
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
    let asked = &family.details.claims;
    let mut claims = person_claims(&person, |claim, scope| {
        (active.scope.has(scope) && asked.wants(claim)) || asked.userinfo.contains_key(claim)
    });
    // No other claim can take its place.
    claims.insert("sub".to_owned(), Value::from(active.claims.sub.as_str()));
    let client = hub.clients.find(&call.realm, &active.claims.client_id).await?;
    match client.filter(|client| client.metadata.objects.protects_userinfo()) {
        Some(client) => protected(hub, call, &client, claims).await,
        None => Ok(answer::json(StatusCode::OK, &claims)),
    }
}

/// The answer as the client registered for it: signed, encrypted, or signed and then encrypted (§5.3.2).
async fn protected(
    hub: &Hub,
    call: &Call,
    client: &Client,
    mut claims: Map<String, Value>,
) -> Result<Response, OAuthError> {
    let objects = &client.metadata.objects;
    let encryption = objects
        .userinfo_encrypted_response_alg
        .map(|alg| (alg, objects.userinfo_encrypted_response_enc.unwrap_or_default()));
    claims.insert("iss".to_owned(), Value::from(call.realm.issuer.as_str()));
    claims.insert("aud".to_owned(), Value::from(client.id.as_str()));
    let jwt = match (objects.userinfo_signed_response_alg, encryption) {
        (None, Some(encryption)) => {
            let bytes = serde_json::to_vec(&claims)?;
            encrypt(hub, &call.realm, client, encryption, &bytes, None).await?
        }
        (algorithm, encryption) => {
            let protection = Protection {
                algorithm: algorithm.unwrap_or(SigningAlgorithm::Rs256),
                typ: Some("JWT"),
                encryption,
            };
            protect(hub, &call.realm, client, protection, &claims).await?
        }
    };
    Ok(answer::jwt(jwt))
}
