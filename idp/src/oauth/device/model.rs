//! What follows from what: every state and every event.

use serde::{Deserialize, Serialize};

use crate::ids::{PersonId, SessionId};

/// What a person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The device may have it.
    Allow {
        /// Who said so.
        person: PersonId,
        /// In which session.
        sid: SessionId,
    },
    /// It may not.
    Deny,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody answered yet.
    Pending,
    /// Somebody said yes, and the device does not know yet.
    Allowed,
    /// Somebody said no, and the device does not know yet.
    Denied,
    /// The device was told.
    Spent,
    /// Its time is over.
    Expired,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The device asks, when it may.
    Poll,
    /// The device asks too soon.
    EarlyPoll,
    /// The person says yes.
    Allow,
    /// The person says no.
    Deny,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The device gets tokens.
    Tokens,
    /// `access_denied`.
    Denied,
    /// `authorization_pending`.
    Pending,
    /// `slow_down`.
    SlowDown,
    /// `expired_token`.
    Expired,
    /// `invalid_grant`: the code was used.
    Used,
    /// The answer is kept.
    Kept,
    /// There is nothing to answer any more.
    Nothing,
}

/// The state after an event, and what comes of it. `slow_down` is a kind of `authorization_pending` (§3.5): who asks too
/// soon, but after the person, hears what the person said.
pub const fn step(state: State, event: Event) -> (State, Outcome) {
    match (state, event) {
        (State::Expired, Event::Poll | Event::EarlyPoll) => (State::Expired, Outcome::Expired),
        (State::Spent, Event::Poll | Event::EarlyPoll) => (State::Spent, Outcome::Used),
        (State::Pending, Event::EarlyPoll) => (State::Pending, Outcome::SlowDown),
        (State::Pending, Event::Poll) => (State::Pending, Outcome::Pending),
        (State::Allowed, Event::Poll | Event::EarlyPoll) => (State::Spent, Outcome::Tokens),
        (State::Denied, Event::Poll | Event::EarlyPoll) => (State::Spent, Outcome::Denied),
        (State::Pending, Event::Allow) => (State::Allowed, Outcome::Kept),
        (State::Pending, Event::Deny) => (State::Denied, Outcome::Kept),
        (state, Event::Allow | Event::Deny) => (state, Outcome::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::Event::{Allow, Deny, EarlyPoll, Poll};
    use super::State::{Allowed, Denied, Expired, Pending, Spent};
    use super::*;

    /// Every pair, once.
    const TABLE: [(State, Event, State, Outcome); 20] = [
        (Pending, Poll, Pending, Outcome::Pending),
        (Pending, EarlyPoll, Pending, Outcome::SlowDown),
        (Pending, Allow, Allowed, Outcome::Kept),
        (Pending, Deny, Denied, Outcome::Kept),
        (Allowed, Poll, Spent, Outcome::Tokens),
        (Allowed, EarlyPoll, Spent, Outcome::Tokens),
        (Allowed, Allow, Allowed, Outcome::Nothing),
        (Allowed, Deny, Allowed, Outcome::Nothing),
        (Denied, Poll, Spent, Outcome::Denied),
        (Denied, EarlyPoll, Spent, Outcome::Denied),
        (Denied, Allow, Denied, Outcome::Nothing),
        (Denied, Deny, Denied, Outcome::Nothing),
        (Spent, Poll, Spent, Outcome::Used),
        (Spent, EarlyPoll, Spent, Outcome::Used),
        (Spent, Allow, Spent, Outcome::Nothing),
        (Spent, Deny, Spent, Outcome::Nothing),
        (Expired, Poll, Expired, Outcome::Expired),
        (Expired, EarlyPoll, Expired, Outcome::Expired),
        (Expired, Allow, Expired, Outcome::Nothing),
        (Expired, Deny, Expired, Outcome::Nothing),
    ];

    #[test]
    fn every_state_and_event_has_its_outcome_and_only_a_poll_of_what_was_allowed_gives_tokens() {
        for (index, (state, event, next, outcome)) in TABLE.into_iter().enumerate() {
            assert_eq!(step(state, event), (next, outcome), "{state:?} {event:?}");
            let again = TABLE.iter().skip(index + 1);
            assert!(
                !again.into_iter().any(|row| (row.0, row.1) == (state, event)),
                "{state:?} {event:?} is there twice"
            );
            assert_eq!(
                outcome == Outcome::Tokens,
                state == Allowed && matches!(event, Poll | EarlyPoll),
                "{state:?} {event:?}"
            );
        }
    }
}
