//! From when until when something holds.

use platform::clock::Instant;

/// A span of time: its first instant belongs to it, its end does not. Without an end it holds until it is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Its first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Option<Instant>,
}

impl Term {
    /// Whether it holds at `now`.
    pub fn holds(self, now: Instant) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }

    /// Whether it is over at `now`, and for good.
    pub fn is_over(self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Whether it ends no later than `other` does. When it begins does not matter: nothing holds before all that it
    /// hangs on does.
    pub fn ends_within(self, other: Self) -> bool {
        match (self.until, other.until) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(mine), Some(theirs)) => mine <= theirs,
        }
    }
}
