//! The one place in the house that reads the system's clocks.
//!
//! The wall clock is read once, when a clock is made; afterwards only the monotonic tick counts, so that nothing
//! follows when somebody sets the system's time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A monotonic counter of nanoseconds since it was made.
#[derive(Debug, Clone)]
pub(super) struct Tick {
    start: std::time::Instant,
    ahead: Option<Arc<AtomicI64>>,
}

/// The hand that lets a test pass time without waiting.
#[derive(Debug, Clone)]
pub struct TickHand(Arc<AtomicI64>);

impl TickHand {
    /// Lets `by` pass at once.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(nanos(by), Ordering::SeqCst);
    }
}

impl Tick {
    /// A tick that starts now, and what to add to it for the system's time in nanoseconds since the Unix epoch.
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock is the one reader of the system's time"
    )]
    pub(super) fn start() -> (Self, i64) {
        let start = std::time::Instant::now();
        let wall = std::time::SystemTime::now();
        let anchor = match wall.duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => nanos(since),
            Err(before) => nanos(before.duration()).saturating_neg(),
        };
        (Self { start, ahead: None }, anchor)
    }

    /// The same tick with a hand to move it.
    pub(super) fn with_hand(self) -> (Self, TickHand) {
        let ahead = Arc::new(AtomicI64::new(0));
        (
            Self {
                ahead: Some(ahead.clone()),
                ..self
            },
            TickHand(ahead),
        )
    }

    /// Nanoseconds since the start.
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock is the one reader of the system's time"
    )]
    pub(super) fn read(&self) -> i64 {
        let elapsed = nanos(self.start.elapsed());
        self.ahead.as_ref().map_or(elapsed, |ahead| {
            elapsed.saturating_add(ahead.load(Ordering::Relaxed))
        })
    }
}

/// Whole nanoseconds, saturating after 292 years.
pub(super) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
