//! `POST /oauth/device`: a device begins (RFC 8628 §3.1, §3.2).

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use platform::ephemeral::Slot;
use serde::Serialize;

use super::{answer, client_form};
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::clients::GrantType;
use crate::oauth::device::{DeviceRequest, DeviceRequests};
use crate::oauth::endpoints::client_form::ClientForm;
use crate::oauth::{ErrorCode, OAuthError, Scope, resources};

const ACTION: Action = Action::new("device.begin");
const COUNTED_FOR: Duration = Duration::from_mins(30);

#[derive(Serialize)]
struct Begun<'a> {
    device_code: &'a str,
    user_code: &'a str,
    verification_uri: &'a str,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

/// Gives a device its code, and the code that a person types.
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

async fn serve(hub: &Hub, call: &Call, asked: &ClientForm) -> Result<Response, OAuthError> {
    let client = &asked.client;
    if !client.may_use(GrantType::DeviceCode) {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "device.not_registered",
            "the client did not register for the device flow",
        ));
    }
    let settings = &hub.settings.tokens;
    let request = DeviceRequest {
        client_id: client.id.clone(),
        scope: scope(asked)?,
        resources: resources::read(&asked.parameters, client, &call.realm.issuer)?,
        address: call.origin.address.to_string(),
        expires_at: hub.clock.now().plus(Duration::from_secs(settings.device_seconds)),
    };
    within_limit(hub, call).await?;
    hub.record(
        call.permit(ACTION)
            .client(client.id.clone())
            .detail("scope", request.scope.to_string()),
    )
    .await?;
    let life = Duration::from_secs(settings.device_seconds);
    let (device_code, user_code) = DeviceRequests::new(&hub.ephemeral, &call.realm)
        .begin(&hub.entropy, &request, life)
        .await?;
    let page = call.realm.url("/device");
    let user_code = user_code.grouped();
    let begun = Begun {
        device_code: &device_code,
        user_code: &user_code,
        verification_uri: &page,
        verification_uri_complete: format!("{page}?user_code={user_code}"),
        expires_in: settings.device_seconds,
        interval: settings.device_interval_seconds,
    };
    Ok(answer::json(StatusCode::OK, &begun))
}

/// What is asked for, as far as the client may have it; without `scope`, who the person is and no more.
fn scope(asked: &ClientForm) -> Result<Scope, OAuthError> {
    let wrong = |text| OAuthError::new(ErrorCode::InvalidScope, "device.scope", text);
    let client = &asked.client;
    let scope = Scope::parse(asked.parameters.get("scope").unwrap_or("openid"))
        .map_err(|_| wrong("scope is malformed"))?
        .intersection(&client.scope);
    let refreshes = client.may_use(GrantType::RefreshToken);
    let scope = scope.filtered(|one| one != "offline_access" || refreshes);
    if scope.is_empty() {
        return Err(wrong(
            "none of the scopes asked for is one that the client may have",
        ));
    }
    Ok(scope)
}

/// Requests that wait, by address.
async fn within_limit(hub: &Hub, call: &Call) -> Result<(), OAuthError> {
    let slot = Slot::new(call.realm.id, "device-begun", &call.origin.network());
    let count = hub.ephemeral.increment(&slot, COUNTED_FOR).await?;
    if count <= hub.settings.limits.interactions_per_address {
        return Ok(());
    }
    Err(OAuthError::new(
        ErrorCode::TooManyRequests,
        "device.limit",
        "too many requests from this address; try again later",
    ))
}
