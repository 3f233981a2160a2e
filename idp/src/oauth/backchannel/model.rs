//! What follows from what: every way of delivery, every state and every event.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::oauth::device;
pub use crate::oauth::device::{Event, Outcome, State};

/// How a client learns of the answer (CIBA §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It asks again and again.
    Poll,
    /// It is told that there is an answer, and asks for it.
    Ping,
    /// It is sent the answer.
    Push,
}

impl Delivery {
    /// Whether the client is called.
    pub const fn calls(self) -> bool {
        matches!(self, Self::Ping | Self::Push)
    }
}

/// The state after an event, and what comes of it. A client that is pinged may ask as well (§5): the states are those of a
/// device that a person allows something elsewhere.
pub const fn step(_: Delivery, state: State, event: Event) -> (State, Outcome) {
    device::step(state, event)
}
