//! The device code grant (RFC 8628 §3.4, §3.5).

use std::time::Duration;

use super::TokenRequest;
use super::approved::{self, Approval, Polled};
use crate::log::Action;
use crate::oauth::device::{Answer, DeviceRequests, Event, Outcome, PLACE, State, step};
use crate::oauth::tokens::TokenResponse;
use crate::oauth::{ErrorCode, OAuthError};

/// The row of this grant.
pub const ACTION: Action = Action::new("token.issue.device_code");

const UNKNOWN: OAuthError = OAuthError::new(
    ErrorCode::InvalidGrant,
    "token.device.unknown",
    "the device code is unknown, used, or another client's",
);

const POLLED: Polled = Polled {
    pending: "token.device.pending",
    slow_down: "token.device.slow_down",
    denied: "token.device.denied",
    expired: "token.device.expired",
    unknown: UNKNOWN,
};

/// Answers a poll.
pub async fn poll(request: TokenRequest<'_>) -> Result<TokenResponse, OAuthError> {
    let hub = request.hub;
    let code = request.required("device_code", "token.device.missing", "device_code is missing")?;
    let requests = DeviceRequests::new(&hub.ephemeral, request.realm());
    let device = requests.by_device_code(code).await?.ok_or(UNKNOWN)?;
    let other = OAuthError {
        id: "token.device.other_client",
        ..UNKNOWN
    };
    request.is_own(&device.client_id, other)?;
    let interval = Duration::from_secs(hub.settings.tokens.device_interval_seconds);
    let event = if requests.is_early(code, interval).await? {
        Event::EarlyPoll
    } else {
        Event::Poll
    };
    let expired = hub.clock.now() >= device.expires_at;
    let (state, answer) = if requests.is_spent(code).await? {
        (State::Spent, None)
    } else if expired {
        (State::Expired, None)
    } else {
        match requests.take_answer(code).await? {
            None => (State::Pending, None),
            Some(Answer::Deny) => (State::Denied, None),
            Some(answer @ Answer::Allow { .. }) => (State::Allowed, Some(answer)),
        }
    };
    let (_, outcome) = step(state, event);
    match (outcome, answer) {
        (Outcome::Tokens, Some(Answer::Allow { person, sid })) => {
            let approval = Approval {
                person,
                sid,
                scope: device.scope,
                resources: device.resources,
                classes: Vec::new(),
                place: PLACE,
            };
            let over = OAuthError {
                id: "token.device.session_over",
                ..UNKNOWN
            };
            approved::tokens(request, ACTION, approval, over).await
        }
        (outcome, _) => Err(POLLED.refusal(outcome)),
    }
}
