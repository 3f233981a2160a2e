//! `POST /oauth/backchannel`: a client asks a person who is elsewhere (CIBA §7).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::ephemeral::Slot;
use platform::http::Parameters;
use platform::keys::{
    AlgorithmSet, NumericDate, RequiredType, TimeClaims, TimeRules, VerificationPolicy, validate_times,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{answer, client_form};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::backchannel::hint::{self, Hint};
use crate::oauth::backchannel::{Asked, Delivery, NewRequest, Request, codes, parse};
use crate::oauth::clients::{AuthenticatedClient, Client, GrantType, keys};
use crate::oauth::endpoints::client_form::ClientForm;
use crate::oauth::replay::{Used, use_once};
use crate::oauth::{Audience, ErrorCode, OAuthError};
use crate::people::Person;
use crate::realms::Realm;

const ACTION: Action = Action::new("backchannel.begin");
/// Within which unknown names count.
const WINDOW: Duration = Duration::from_hours(1);
/// `typ` of a signed request, where it has one (RFC 9101 §10.8).
const TYPE: &str = "oauth-authz-req+jwt";
/// The longest life of a signed request: bounds what must be remembered of its `jti`.
const LIFE: Duration = Duration::from_hours(1);
const LEEWAY: Duration = Duration::from_secs(10);
const MEMORY: Duration = Duration::from_secs(LIFE.as_secs() + 2 * LEEWAY.as_secs());

#[derive(Serialize)]
struct Begun<'a> {
    auth_req_id: &'a str,
    expires_in: u64,
    /// Absent where nothing is fetched (§7.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
}

const fn wrong(id: &'static str, text: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, id, text)
}

/// Takes a request.
pub async fn begin(State(hub): State<Shared>, call: Call) -> Response {
    let asked = match client_form::read(&hub, &call).await {
        Ok(asked) => asked,
        Err(refused) => return client_form::refuse(&hub, &call, ACTION, None, refused).await,
    };
    match serve(&hub, &call, &asked).await {
        Ok(response) => response,
        Err(refused) => client_form::refuse(&hub, &call, ACTION, Some(&asked.client), refused).await,
    }
}

async fn serve(hub: &Hub, call: &Call, form: &ClientForm) -> Result<Response, OAuthError> {
    let client = &form.client;
    let delivery = allowed(client)?;
    let asked = read(hub, call, form, delivery).await?;
    let realm = &call.realm;
    let person = person(hub, realm, client, &asked.hint).await?;
    codes::admit(hub, realm, client, &person, asked.user_code.as_deref()).await?;
    let now = hub.clock.now();
    let (own, all) = hub.backchannel.waiting(realm, person.id, &client.id, now).await?;
    let most = hub.settings.limits.requests_per_person;
    if own >= most || all >= most.saturating_mul(3) {
        return Err(OAuthError::new(
            ErrorCode::TooManyRequests,
            "backchannel.waiting",
            "too many requests wait for this person",
        ));
    }
    let mut entry = call
        .permit(ACTION)
        .subject(person.id)
        .client(client.id.clone())
        .detail("scope", asked.scope.to_string());
    entry.key = person.key.clone();
    hub.record(entry).await?;
    let Asked {
        scope,
        binding_message,
        acr_values,
        notification_token,
        life,
        ..
    } = asked;
    let request = Request {
        scope,
        binding_message,
        acr_values,
        ping: notification_token.map(|token| (String::new(), token)),
    };
    let new = NewRequest {
        client_id: &client.id,
        person: &person,
        request,
        now,
        expires_at: now.plus(life),
        tells_of_end: delivery == Delivery::Push,
    };
    let auth_req_id = hub.backchannel.begin(realm, &hub.entropy, new).await?;
    let interval = hub.settings.tokens.device_interval_seconds;
    let begun = Begun {
        auth_req_id: &auth_req_id,
        expires_in: life.as_secs(),
        interval: (delivery != Delivery::Push).then_some(interval),
    };
    Ok(answer::json(StatusCode::OK, &begun))
}

/// How the client learns of answers, if it may ask at all.
fn allowed(client: &AuthenticatedClient) -> Result<Delivery, OAuthError> {
    let refused = |id, text| OAuthError::new(ErrorCode::UnauthorizedClient, id, text);
    if client.is_public() {
        return Err(refused(
            "backchannel.public",
            "a public client asks nobody by the back channel",
        ));
    }
    let delivery = client.metadata.grants.backchannel_token_delivery_mode;
    delivery
        .filter(|_| client.may_use(GrantType::Ciba))
        .ok_or(refused(
            "backchannel.not_registered",
            "the client did not register for the back channel",
        ))
}

/// The request: from the form, or from the signed object that the client registered to send.
async fn read(hub: &Hub, call: &Call, form: &ClientForm, delivery: Delivery) -> Result<Asked, OAuthError> {
    let client = &form.client;
    let signed = form.parameters.get("request");
    let is_fapi = client.is_fapi();
    let settings = &hub.settings.tokens;
    match (
        client
            .metadata
            .grants
            .backchannel_authentication_request_signing_alg,
        signed,
    ) {
        (None, None) if is_fapi => Err(wrong(
            "backchannel.request.required",
            "this client sends signed requests",
        )),
        (None, None) => parse(client, delivery, settings, |name| form.parameters.get(name)),
        (Some(algorithm), Some(request)) => {
            refuse_outside(&form.parameters)?;
            let claims = verified(hub, call, client, request, algorithm).await?;
            // FAPI-CIBA §5.2.2: something that the person can compare.
            if is_fapi && claims.get("binding_message").and_then(Value::as_str).is_none() {
                return Err(OAuthError::new(
                    ErrorCode::InvalidBindingMessage,
                    "backchannel.binding_message.missing",
                    "binding_message is required of this client",
                ));
            }
            let seconds = claims
                .get("requested_expiry")
                .filter(|value| value.is_u64())
                .map(Value::to_string);
            parse(client, delivery, settings, |name| match (name, &seconds) {
                ("requested_expiry", Some(seconds)) => Some(seconds.as_str()),
                _ => claims.get(name).and_then(Value::as_str),
            })
        }
        (Some(_), None) => Err(wrong(
            "backchannel.request.required",
            "this client registered to send signed requests",
        )),
        (None, Some(_)) => Err(wrong(
            "backchannel.request.unregistered",
            "this client did not register to send signed requests",
        )),
    }
}

/// Beside a signed request only the client's own proof may stand (CIBA §7.1.1).
fn refuse_outside(parameters: &Parameters) -> Result<(), OAuthError> {
    let proof = [
        "request",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
    ];
    if parameters.iter().all(|(name, _)| proof.contains(&name)) {
        return Ok(());
    }
    Err(wrong(
        "backchannel.request.outside",
        "parameters stand outside of the signed request",
    ))
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    jti: String,
    #[serde(flatten)]
    times: TimeClaims,
    #[serde(flatten)]
    parameters: Map<String, Value>,
}

async fn verified(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    request: &str,
    algorithm: platform::keys::SigningAlgorithm,
) -> Result<Map<String, Value>, OAuthError> {
    let refused = wrong(
        "backchannel.request",
        "the signed request is not one of this client, for this hub, and now",
    );
    let realm = &call.realm;
    let policy = VerificationPolicy::new(AlgorithmSet::of(&[algorithm]), RequiredType::JwtAbsentOr(TYPE));
    let verified = keys::verify(hub, realm, client, request, &policy)
        .await
        .map_err(|_| refused)?;
    let claims: Claims = verified.claims().map_err(|_| refused)?;
    let complete = claims.times.iat.is_some() && claims.times.nbf.is_some() && !claims.jti.is_empty();
    if claims.iss != client.id || !claims.aud.names(&realm.issuer) || !complete {
        return Err(refused);
    }
    let rules = TimeRules {
        require_exp: true,
        leeway: LEEWAY,
        max_lifetime: Some(LIFE),
    };
    let now = hub.clock.now();
    validate_times(&claims.times, now, &rules).map_err(|_| refused)?;
    let old = claims
        .times
        .nbf
        .is_some_and(|NumericDate(nbf)| now.since(nbf) > LIFE);
    let name = format!("{} {}", client.id, claims.jti);
    let made = claims.times.iat.map(|NumericDate(at)| at);
    if old || use_once(hub, realm, "backchannel-request", &name, made, MEMORY).await? != Used::ForTheFirstTime
    {
        return Err(OAuthError {
            id: "backchannel.request.replayed",
            ..refused
        });
    }
    Ok(claims.parameters)
}

/// The person whom a hint names. A client that nobody here has looked at finds only people who let it have something
/// before; whoever names too many who are not there is not answered any more.
async fn person(hub: &Hub, realm: &Realm, client: &Client, hint: &Hint) -> Result<Arc<Person>, OAuthError> {
    let meant = hint::read(hub, realm, client, hint).await?;
    let slot = Slot::new(realm.id, "backchannel-unknown", &client.id);
    let count = hub.ephemeral.increment(&slot, WINDOW).await?;
    if count > hub.settings.limits.failures_per_account {
        return Err(OAuthError::new(
            ErrorCode::TooManyRequests,
            "backchannel.hints",
            "too many people who are not known; try again in an hour",
        ));
    }
    let person = hint::find(hub, realm, client, &meant).await?;
    let known = match &person {
        Some(person) if client.self_registered => {
            let consents = hub.consents.list(realm, person.id).await?;
            consents
                .iter()
                .any(|consent| consent.recipient.client_id == client.id)
        }
        other => other.is_some(),
    };
    let unknown = OAuthError::new(
        ErrorCode::UnknownUserId,
        "backchannel.person",
        "the hint names nobody whom this client may ask",
    );
    let person = person.filter(|_| known).ok_or(unknown)?;
    hub.ephemeral.decrement(&slot).await?;
    Ok(person)
}
