//! Time with an honest error bound (requirement H17).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment in UTC, in microseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch (RFC 7519 NumericDate).
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment and `duration` more, saturating.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This moment less `duration`, saturating.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was; zero if it was not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with microseconds.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0).map_or_else(|_| self.0.to_string(), |at| format!("{at:.6}"))
    }
}

/// How well the clock is steered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Synchronisation {
    /// A majority of servers agree, recently.
    Synchronised,
    /// Servers agreed once; the error bound grows since.
    Holdover,
    /// Never compared with a server.
    Unsynchronised,
}

/// One reading of the clock.
#[derive(Debug, Clone, Serialize)]
pub struct Reading {
    /// The best estimate.
    pub at: Instant,
    /// True time is not before this.
    pub earliest: Instant,
    /// True time is not after this.
    pub latest: Instant,
    /// What was last added to the tick, in microseconds.
    pub offset_micros: i64,
    /// Half the width of the interval, in microseconds.
    pub error_bound_micros: i64,
    /// Stratum of the source (RFC 5905); 16 if there is none.
    pub stratum: u8,
    /// The server that the reading rests on, or `system`.
    pub source: Arc<str>,
    /// How well the clock is steered.
    pub synchronisation: Synchronisation,
}

/// The house's clock; cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Inner);

#[derive(Clone, Debug)]
enum Inner {
    System,
    Manual(Arc<AtomicI64>),
}

/// The hand of a manual clock, for tests.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set(&self, to: Instant) {
        self.0.store(to.as_micros(), Ordering::SeqCst);
    }
}

impl Clock {
    /// A clock that nothing steers.
    pub fn system() -> Self {
        Self(Inner::System)
    }

    /// A clock that a test sets.
    pub fn manual(start: Instant) -> (Self, ManualClock) {
        let hand = Arc::new(AtomicI64::new(start.as_micros()));
        (Self(Inner::Manual(hand.clone())), ManualClock(hand))
    }

    /// Now.
    #[expect(clippy::disallowed_methods, reason = "the clock is the one reader of the system's time")]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Inner::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Instant::from_micros(0).plus(since)
            }
            Inner::Manual(hand) => Instant::from_micros(hand.load(Ordering::SeqCst)),
        }
    }

    /// Now, as an interval.
    pub fn reading(&self) -> Reading {
        let at = self.now();
        let bound = Duration::from_secs(86_400);
        Reading {
            at,
            earliest: at.minus(bound),
            latest: at.plus(bound),
            offset_micros: 0,
            error_bound_micros: 86_400_000_000,
            stratum: 16,
            source: Arc::from("system"),
            synchronisation: Synchronisation::Unsynchronised,
        }
    }
}
