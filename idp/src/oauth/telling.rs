//! How a client takes what it is told at an address of its own: that a session has ended, that a person has answered.

use http::StatusCode;
use platform::outbound::OutboundError;

/// How an attempt to tell a client ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The client took it.
    Told,
    /// The client answered that it will not or cannot.
    Refused,
    /// Nobody answered, or not sensibly.
    Failed,
}

/// What an answer says: 200, or 204 of those who have nothing to add; 400 is the client's no (Back-Channel Logout 1.0 §2.8,
/// CIBA §10.2, §10.3).
pub fn judge(answer: Result<StatusCode, OutboundError>) -> Outcome {
    match answer {
        Ok(status) if status.is_success() => Outcome::Told,
        Ok(StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS) => {
            Outcome::Failed
        }
        Ok(status) if status.is_client_error() => Outcome::Refused,
        Err(OutboundError::Url | OutboundError::Forbidden | OutboundError::Redirected) => Outcome::Refused,
        _ => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_success_is_a_success_and_only_a_no_is_a_no() {
        for (answer, outcome) in [
            (Ok(StatusCode::OK), Outcome::Told),
            (Ok(StatusCode::NO_CONTENT), Outcome::Told),
            (Ok(StatusCode::BAD_REQUEST), Outcome::Refused),
            (Ok(StatusCode::NOT_FOUND), Outcome::Refused),
            (Ok(StatusCode::TOO_MANY_REQUESTS), Outcome::Failed),
            (Ok(StatusCode::SERVICE_UNAVAILABLE), Outcome::Failed),
            (Ok(StatusCode::NOT_IMPLEMENTED), Outcome::Failed),
            (Err(OutboundError::Forbidden), Outcome::Refused),
            (Err(OutboundError::Redirected), Outcome::Refused),
            (Err(OutboundError::TimedOut), Outcome::Failed),
            (Err(OutboundError::Unreachable), Outcome::Failed),
        ] {
            assert_eq!(judge(answer), outcome, "{answer:?}");
        }
    }
}
