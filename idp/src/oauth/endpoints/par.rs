//! `POST /oauth/par`: pushed authorization requests (RFC 9126).

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::AUTHORIZATION;
use platform::ephemeral::Slot;
use serde::Serialize;

use super::answer;
use super::authorize::source;
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::authorization::{AuthorizationRequest, PUSHED_FOR, PushedRequests};
use crate::oauth::clients::{AuthenticatedClient, Credentials, authenticate};
use crate::oauth::dpop::{self, Demand, Proof};
use crate::oauth::{ErrorCode, OAuthError};

const PUSH: Action = Action::new("authorization.push");
const COUNTED_FOR: Duration = Duration::from_mins(30);

#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    expires_in: u64,
}

/// Takes a request from the client itself, before any browser is involved.
pub async fn push(State(hub): State<Shared>, call: Call) -> Response {
    let mut known = None;
    match serve(&hub, &call, &mut known).await {
        Ok(pushed) => answer::json(StatusCode::CREATED, &pushed),
        Err(refused) => {
            let mut entry = call.deny(PUSH, refused.id);
            entry.client = known;
            match hub.record(entry).await {
                Ok(()) => answer::error(refused),
                Err(unavailable) => answer::error(unavailable),
            }
        }
    }
}

async fn serve(hub: &Hub, call: &Call, known: &mut Option<String>) -> Result<Pushed, OAuthError> {
    let malformed = |id, text| OAuthError::new(ErrorCode::InvalidRequest, id, text);
    let form = call
        .form()
        .ok_or(malformed(
            "par.content_type",
            "the request is application/x-www-form-urlencoded",
        ))?
        .map_err(|_| malformed("par.parameters", "a parameter is doubled or not UTF-8"))?;
    if call.has_doubled(&AUTHORIZATION) {
        return Err(malformed(
            "par.authorization",
            "the Authorization header is doubled",
        ));
    }
    let credentials = Credentials::read(call.authorization(), &form)?;
    let client = authenticate(hub, call, &credentials).await?;
    *known = Some(client.id.clone());
    within_limit(hub, call, &client).await?;
    if form.get("request_uri").is_some() {
        return Err(malformed(
            "par.request_uri",
            "a pushed request has no request_uri",
        ));
    }
    let signed = source::opened(hub, call, &client, &form).await?;
    let parameters = signed.as_ref().unwrap_or(&form);
    let judged = source::judge(hub, call, &client, parameters).await;
    let (mut request, _) = judged.map_err(|refusal| refusal.error())?;
    bind(&mut request, dpop::proof(hub, call, Demand::default()).await?)?;
    hub.record(call.permit(PUSH).client(client.id.clone())).await?;
    let request_uri = PushedRequests::new(&hub.ephemeral, &call.realm)
        .keep(&hub.entropy, &request)
        .await?;
    Ok(Pushed {
        request_uri,
        expires_in: PUSHED_FOR.as_secs(),
    })
}

/// Requests that wait, by address, of clients that need not prove who they are: anybody may push in their name, and must not
/// crowd out others.
async fn within_limit(hub: &Hub, call: &Call, client: &AuthenticatedClient) -> Result<(), OAuthError> {
    if !client.is_public() {
        return Ok(());
    }
    let slot = Slot::new(call.realm.id, "pushed", &call.origin.network());
    let count = hub.ephemeral.increment(&slot, COUNTED_FOR).await?;
    if count <= hub.settings.limits.interactions_per_address {
        return Ok(());
    }
    Err(OAuthError::new(
        ErrorCode::TooManyRequests,
        "par.limit",
        "too many requests from this address; try again later",
    ))
}

/// A proof beside a pushed request binds its code to the proof's key (RFC 9449 §10.1).
fn bind(request: &mut AuthorizationRequest, proof: Option<Proof>) -> Result<(), OAuthError> {
    let Some(proof) = proof else { return Ok(()) };
    if request.dpop_jkt.as_ref().is_some_and(|jkt| *jkt != proof.jkt) {
        return Err(OAuthError::new(
            ErrorCode::InvalidDpopProof,
            "par.dpop_jkt",
            "the DPoP proof is not made with the key that dpop_jkt names",
        ));
    }
    request.dpop_jkt = Some(proof.jkt);
    Ok(())
}
