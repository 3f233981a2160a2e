//! The device code grant (RFC 8628 §3.4, §3.5).

use std::time::Duration;

use super::TokenRequest;
use super::approved::{self, Approval};
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

/// Answers a poll.
pub async fn poll(request: TokenRequest<'_>) -> Result<TokenResponse, OAuthError> {
    let TokenRequest {
        hub,
        call,
        client,
        form,
        ..
    } = request;
    let realm = &call.realm;
    let code = form.get("device_code").ok_or(OAuthError::new(
        ErrorCode::InvalidRequest,
        "token.device.missing",
        "device_code is missing",
    ))?;
    let requests = DeviceRequests::new(&hub.ephemeral, realm);
    let device = requests.by_device_code(code).await?.ok_or(UNKNOWN)?;
    if device.client_id != client.id {
        return Err(OAuthError {
            id: "token.device.other_client",
            ..UNKNOWN
        });
    }
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
        (outcome, _) => Err(refusal(outcome)),
    }
}

const fn refusal(outcome: Outcome) -> OAuthError {
    match outcome {
        Outcome::Pending => OAuthError::new(
            ErrorCode::AuthorizationPending,
            "token.device.pending",
            "the person has not answered yet",
        ),
        Outcome::SlowDown => OAuthError::new(
            ErrorCode::SlowDown,
            "token.device.slow_down",
            "polled too soon; wait five seconds longer from now on",
        ),
        Outcome::Denied => OAuthError::new(
            ErrorCode::AccessDenied,
            "token.device.denied",
            "the person said no",
        ),
        Outcome::Expired => OAuthError::new(
            ErrorCode::ExpiredToken,
            "token.device.expired",
            "the time of the device code is over; begin again",
        ),
        Outcome::Tokens | Outcome::Used | Outcome::Kept | Outcome::Nothing => UNKNOWN,
    }
}
