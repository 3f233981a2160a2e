//! Time with an honest error bound (requirement H17).
//!
//! The clock starts from the system's time, read once, and from then on rests on the monotonic tick and on NTP servers
//! that it asks itself (RFC 5905): nothing follows when somebody sets the system's time. A reading is an interval in
//! which the truth lies; see [`Reading`] for exactly what that states.
//!
//! ```text
//!  client ── packet ──▶ filter ──────▶ select ────────────▶ discipline ──────▶ steered ──▶ Clock::now, ::reading
//!  UDP,     RFC 5905    best of the    what a majority of   step or slew,      one value that
//!  time-    §8, §9.2    last 8 of      the configured       error bound        readers load
//!  out                  each server    servers covers
//! ```
//!
//! Invariants:
//! - [`Clock::now`] never runs backwards within a process, but for one step at the first agreement.
//! - The truth is inside the interval while a majority of the configured servers is honest and the tick runs within
//!   15 ppm. A majority is more than half of the *configured* servers: one, three or five are sensible numbers; of
//!   two, both must answer.
//! - A clock that was synchronised is never moved by more than 1,000 s at once, whatever the servers say.
//! - Without servers the clock works, and says that nobody knows how wrong it is.
//!
//! | state | means | error bound |
//! |---|---|---|
//! | `Unsynchronised` | no majority yet, or no servers | [`UNKNOWN_ERROR_MICROS`] |
//! | `Synchronised` | a majority agrees | distance to the servers' reference, grows by 15 ppm between polls |
//! | `Holdover` | a majority agreed once, now it does not | grows by 15 ppm |

mod client;
mod discipline;
mod filter;
mod instant;
mod packet;
mod reading;
mod select;
mod steered;
mod tick;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

pub use instant::Instant;
pub use reading::{Reading, ServerStatus, Status, Synchronisation, UNKNOWN_ERROR_MICROS};
pub use tick::TickHand;

use steered::Steered;
use tick::Tick;

/// Which servers the clock follows, and how wrong it may be.
#[derive(Debug, Clone)]
pub struct ClockConfig {
    /// `host[:port]` each, port 123 by default; empty: nothing steers the clock.
    pub servers: Vec<String>,
    /// The shortest pause between polls of one server that answers; only the first few are closer together.
    pub poll_min: Duration,
    /// The longest pause between polls of one server.
    pub poll_max: Duration,
    /// With an error bound above this the node is not ready.
    pub max_error: Duration,
    /// With an error bound above this there is a warning in the log.
    pub warn_error: Duration,
}

impl Default for ClockConfig {
    /// No servers; polls between 64 s and 1,024 s apart; warn at 100 ms, not ready at 1 s.
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            poll_min: Duration::from_secs(64),
            poll_max: Duration::from_secs(1_024),
            max_error: Duration::from_secs(1),
            warn_error: Duration::from_millis(100),
        }
    }
}

/// A clock configuration that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClockConfig {
    /// A server that is no `host[:port]`.
    #[error("`{0}` is not a time server: host[:port] is expected")]
    Server(String),
    /// `poll_min` is zero or above `poll_max`.
    #[error("the shortest poll interval must be above zero and not above the longest")]
    Poll,
    /// `warn_error` is above `max_error`: there would be no warning before readiness fails.
    #[error("the error to warn at must not be above the greatest error allowed")]
    Errors,
}

impl ClockConfig {
    /// Refuses what cannot be meant. The names are not resolved.
    pub fn validate(&self) -> Result<(), InvalidClockConfig> {
        if let Some(wrong) = self
            .servers
            .iter()
            .find(|server| client::host_and_port(server).is_none())
        {
            return Err(InvalidClockConfig::Server(wrong.clone()));
        }
        if self.poll_min.is_zero() || self.poll_min > self.poll_max {
            return Err(InvalidClockConfig::Poll);
        }
        if self.warn_error > self.max_error {
            return Err(InvalidClockConfig::Errors);
        }
        Ok(())
    }
}

/// Why the clock cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// No majority of the configured servers has agreed since the start.
    #[error("the clock has not yet been synchronised with a majority of its time servers ({servers})")]
    NeverSynchronised {
        /// The configured servers.
        servers: String,
    },
    /// The last agreement is too long ago or was too vague.
    #[error(
        "the clock may be wrong by {bound:?}, and {allowed:?} is allowed; its last source was {last_source}"
    )]
    Uncertain {
        /// By how much it may be wrong.
        bound: Duration,
        /// By how much it may be wrong at most.
        allowed: Duration,
        /// The server that it last rested on.
        last_source: Arc<str>,
    },
}

/// The house's clock; cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Inner);

#[derive(Clone, Debug)]
enum Inner {
    Steered(Arc<Steered>),
    Manual(Arc<AtomicI64>),
}

/// The hand of a manual clock, for tests.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(
            i64::try_from(by.as_micros()).unwrap_or(i64::MAX),
            Ordering::SeqCst,
        );
    }

    /// Sets the clock, back as well.
    pub fn set(&self, to: Instant) {
        self.0.store(to.as_micros(), Ordering::SeqCst);
    }
}

impl Clock {
    /// A clock that nothing steers: the system's time at this moment, and the tick since.
    pub fn system() -> Self {
        Self::disciplined(ClockConfig::default())
    }

    /// A clock that follows the configured servers while [`Clock::run`] runs.
    pub fn disciplined(config: ClockConfig) -> Self {
        let (tick, anchor) = Tick::start();
        Self(Inner::Steered(Arc::new(Steered::new(config, tick, anchor))))
    }

    /// The same with a hand that lets time pass at once, for tests of what age does to the error bound.
    pub fn disciplined_with_hand(config: ClockConfig) -> (Self, TickHand) {
        let (tick, anchor) = Tick::start();
        let (tick, hand) = tick.with_hand();
        (
            Self(Inner::Steered(Arc::new(Steered::new(config, tick, anchor)))),
            hand,
        )
    }

    /// A clock that a test sets.
    pub fn manual(start: Instant) -> (Self, ManualClock) {
        let hand = Arc::new(AtomicI64::new(start.as_micros()));
        (Self(Inner::Manual(hand.clone())), ManualClock(hand))
    }

    /// Now: the best estimate. It never runs backwards, but for one step at the first agreement with the servers.
    pub fn now(&self) -> Instant {
        match &self.0 {
            Inner::Steered(steered) => steered.now(),
            Inner::Manual(hand) => Instant::from_micros(hand.load(Ordering::SeqCst)),
        }
    }

    /// Now, as an interval.
    pub fn reading(&self) -> Reading {
        match &self.0 {
            Inner::Steered(steered) => steered.reading(),
            Inner::Manual(_) => Reading::new(
                self.now(),
                UNKNOWN_ERROR_MICROS,
                0,
                &(Arc::from("manual"), 16),
                Synchronisation::Unsynchronised,
            ),
        }
    }

    /// Whether the clock is as exact as the configuration asks; a clock without servers always is, by its own lights.
    pub fn ready(&self) -> Result<(), NotReady> {
        match &self.0 {
            Inner::Steered(steered) => steered.ready(),
            Inner::Manual(_) => Ok(()),
        }
    }

    /// The clock and its servers.
    pub fn status(&self) -> Status {
        let (configured, servers) = match &self.0 {
            Inner::Steered(steered) => (steered.configured(), steered.server_status()),
            Inner::Manual(_) => (0, Vec::new()),
        };
        Status {
            reading: self.reading(),
            not_ready: self.ready().err().map(|reason| reason.to_string()),
            majority: if configured == 0 {
                0
            } else {
                select::majority(configured)
            },
            servers,
        }
    }

    /// Polls the servers until `shutdown` is done. Without servers it only waits.
    ///
    /// Metrics: `musubi_clock_offset_seconds`, `musubi_clock_error_bound_seconds`, `musubi_clock_synchronised` (0 or 1),
    /// each written after every poll.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        match &self.0 {
            Inner::Steered(steered) => {
                tokio::select! {
                    () = steered.run() => {}
                    () = shutdown => {}
                }
            }
            Inner::Manual(_) => shutdown.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_servers_the_clock_works_and_says_that_nobody_knows_how_wrong_it_is() {
        let clock = Clock::system();
        let reading = clock.reading();
        assert_eq!(reading.synchronisation, Synchronisation::Unsynchronised);
        assert_eq!(reading.error_bound_micros, UNKNOWN_ERROR_MICROS);
        assert_eq!((reading.stratum, reading.source.as_ref()), (16, "system"));
        assert_eq!(clock.ready(), Ok(()));
        assert!(reading.at.as_seconds() > 1_750_000_000);
        assert!(reading.earliest.to_rfc3339().ends_with('Z'));
    }

    #[test]
    fn with_servers_that_were_never_heard_the_clock_is_not_ready_and_names_them() {
        let clock = Clock::disciplined(ClockConfig {
            servers: vec!["ntp.example".to_owned()],
            ..ClockConfig::default()
        });
        let reason = clock.ready().unwrap_err().to_string();
        assert!(reason.contains("ntp.example"), "{reason}");
        assert_eq!(clock.status().not_ready, Some(reason));
        assert_eq!(clock.status().majority, 1);
    }

    #[test]
    fn threads_that_read_the_clock_in_turn_never_see_it_go_back() {
        let clock = Clock::system();
        let seen = AtomicI64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let before = seen.load(Ordering::SeqCst);
                        let now = clock.now().as_micros();
                        assert!(now >= before);
                        seen.fetch_max(now, Ordering::SeqCst);
                    }
                });
            }
        });
    }

    #[test]
    fn a_manual_clock_shows_what_the_test_sets() {
        let (clock, hand) = Clock::manual(Instant::from_micros(10));
        hand.advance(Duration::from_micros(5));
        assert_eq!(clock.now(), Instant::from_micros(15));
        hand.set(Instant::from_micros(3));
        assert_eq!(clock.reading().at, Instant::from_micros(3));
        assert_eq!(clock.ready(), Ok(()));
    }

    #[test]
    fn a_configuration_that_cannot_be_meant_is_refused() {
        let with = |change: fn(&mut ClockConfig)| {
            let mut config = ClockConfig {
                servers: vec!["ntp.example:123".to_owned()],
                ..ClockConfig::default()
            };
            change(&mut config);
            config.validate()
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert!(matches!(
            with(|c| c.servers.push("a b".to_owned())),
            Err(InvalidClockConfig::Server(_))
        ));
        assert_eq!(
            with(|c| c.poll_min = Duration::ZERO),
            Err(InvalidClockConfig::Poll)
        );
        assert_eq!(
            with(|c| c.poll_max = Duration::from_secs(1)),
            Err(InvalidClockConfig::Poll)
        );
        assert_eq!(
            with(|c| c.warn_error = Duration::from_secs(9)),
            Err(InvalidClockConfig::Errors)
        );
    }

    #[test]
    fn the_status_is_one_flat_json_object_with_its_servers() {
        let clock = Clock::disciplined(ClockConfig {
            servers: vec!["ntp.example".to_owned()],
            ..ClockConfig::default()
        });
        let status = serde_json::to_value(clock.status()).unwrap();
        assert_eq!(status["synchronisation"], "unsynchronised");
        assert_eq!(status["servers"][0]["server"], "ntp.example");
        assert_eq!(status["servers"][0]["selected"], false);
    }

    #[test]
    fn a_server_that_is_listed_twice_has_one_vote() {
        let servers = vec![
            "a.example".to_owned(),
            "a.example".to_owned(),
            "b.example".to_owned(),
        ];
        let clock = Clock::disciplined(ClockConfig {
            servers,
            ..ClockConfig::default()
        });
        assert_eq!(clock.status().servers.len(), 2);
        assert_eq!(clock.status().majority, 2);
    }
}
