//! The grant of authentication by the back channel (CIBA §10.1, §11).

use std::time::Duration;

use platform::encoding::base64url;

use super::TokenRequest;
use super::approved::{self, Approval, Polled};
use crate::log::Action;
use crate::oauth::backchannel::{Delivery, Event, Outcome, PLACE, State, step};
use crate::oauth::polling::{self, Waiting};
use crate::oauth::tokens::TokenResponse;
use crate::oauth::{ErrorCode, OAuthError};

/// The row of this grant.
pub const ACTION: Action = Action::new("token.issue.ciba");

const WAITING: Waiting = Waiting {
    asked: "backchannel-poll",
    early: "backchannel-early",
};

const UNKNOWN: OAuthError = OAuthError::new(
    ErrorCode::InvalidGrant,
    "token.ciba.unknown",
    "the auth_req_id is unknown, used, or another client's",
);

const POLLED: Polled = Polled {
    pending: "token.ciba.pending",
    slow_down: "token.ciba.slow_down",
    denied: "token.ciba.denied",
    expired: "token.ciba.expired",
    unknown: UNKNOWN,
};

/// Answers a poll.
pub async fn poll(request: TokenRequest<'_>) -> Result<TokenResponse, OAuthError> {
    let TokenRequest { hub, client, .. } = request;
    let realm = request.realm();
    let name = request.required("auth_req_id", "token.ciba.missing", "auth_req_id is missing")?;
    let delivery = client
        .metadata
        .grants
        .backchannel_token_delivery_mode
        .ok_or(UNKNOWN)?;
    // §11: what is pushed is not fetched.
    if delivery == Delivery::Push {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "token.ciba.push",
            "tokens are pushed to this client; it does not fetch them",
        ));
    }
    let now = hub.clock.now();
    let kept = hub.backchannel.find(realm, name, now).await?.ok_or(UNKNOWN)?;
    let other = OAuthError {
        id: "token.ciba.other_client",
        ..UNKNOWN
    };
    request.is_own(&kept.client_id, other)?;
    let event = if is_early(&request, name).await? {
        Event::EarlyPoll
    } else {
        Event::Poll
    };
    let (next, outcome) = step(delivery, kept.state, event);
    let answered = matches!(kept.state, State::Allowed | State::Denied);
    if answered && next == State::Spent && !hub.backchannel.take(realm, name, now).await? {
        return Err(UNKNOWN);
    }
    match (outcome, kept.sid) {
        (Outcome::Tokens, Some(sid)) => {
            let person = hub.people.by_id(realm, kept.person).await?.ok_or(UNKNOWN)?;
            let asked = kept.open(realm, &person.key)?;
            let approval = Approval {
                person: kept.person,
                sid,
                scope: asked.scope,
                resources: Vec::new(),
                classes: asked.acr_values,
                place: PLACE,
            };
            let over = OAuthError {
                id: "token.ciba.session_over",
                ..UNKNOWN
            };
            approved::tokens(request, ACTION, approval, over).await
        }
        (outcome, _) => Err(POLLED.refusal(outcome)),
    }
}

/// Whether a client polls before its time (CIBA §7.3: at least `interval` seconds lie between two requests).
async fn is_early(request: &TokenRequest<'_>, name: &str) -> Result<bool, OAuthError> {
    let realm = &request.call.realm;
    let name = base64url(realm.token_hash("backchannel", name));
    let interval = Duration::from_secs(request.hub.settings.tokens.device_interval_seconds);
    polling::is_early(&request.hub.ephemeral, realm, WAITING, &name, interval).await
}
