//! How the displayed time follows what the servers agree on: pure (RFC 5905 §12 with simpler means).
//!
//! The displayed time is the tick plus a displacement. Invariants:
//! - for one [`Timescale`] the displayed time grows strictly with the tick;
//! - a new timescale starts where the old one was or later; only the very first agreement may set the clock back;
//! - the error bound covers the whole interval of the agreement, the part of a correction that is not slewed in yet,
//!   and 15 ppm of drift since.
//!
//! ```text
//!              agreement: step, either way              no majority
//! Unsynchronised ───────────────────────▶ Synchronised ─────────────▶ Holdover
//!                                          ▲   │  ▲                      │
//!                  agreement: slew, or step┘   └──┘      agreement       │
//!                  forward                        ◀──────────────────────┘
//! ```

use super::filter::drift;
use super::reading::Synchronisation;
use super::select::Agreement;

/// Corrections up to this are slewed, larger ones forward are stepped (STEPT of RFC 5905 §12).
const STEP: i64 = 128_000_000;
/// A clock that was synchronised is not moved further than this by any majority (PANICT of RFC 5905 §12).
const PANIC: i64 = 1_000_000_000_000;
/// A slew should be done after this many seconds …
const SLEW_SECONDS: i64 = 100;
/// … but never change the rate by more than a tenth.
const MAX_SLEW_NANOS_PER_SECOND: i64 = 100_000_000;

/// The interval that the servers agreed on, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    lowest: i64,
    highest: i64,
    tick: i64,
    /// From this tick on the agreement is too old to count as current.
    stale: i64,
}

/// How tick becomes time; nanoseconds throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timescale {
    anchor: i64,
    origin: i64,
    from: i64,
    to: i64,
    rate: i64,
    /// From this tick on the way from `from` to `to` is behind us; readers need no division then.
    done: i64,
    bounds: Option<Bounds>,
    majority: bool,
}

/// The servers agree on a correction that is too large to be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the servers agree on a correction by {correction_seconds} s, which no synchronised clock can need")]
pub(super) struct Implausible {
    correction_seconds: i64,
}

/// What an agreement led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Correction {
    /// The timescale from now on.
    pub(super) timescale: Timescale,
    /// How far the displayed time was behind the agreed one.
    pub(super) behind: i64,
    /// Whether the displayed time was set back, which happens at most once, at the first agreement.
    pub(super) set_back: bool,
}

impl Timescale {
    /// A timescale that nothing has been compared with: the tick plus `anchor`.
    pub(super) fn unsynchronised(anchor: i64) -> Self {
        Self {
            anchor,
            origin: 0,
            from: anchor,
            to: anchor,
            rate: 0,
            done: 0,
            bounds: None,
            majority: false,
        }
    }

    /// What is added to the tick at `tick` to give the displayed time.
    pub(super) fn displacement(&self, tick: i64) -> i64 {
        if tick >= self.done {
            return self.to;
        }
        let elapsed = i128::from(tick.saturating_sub(self.origin).max(0));
        let way = self.to.saturating_sub(self.from);
        let moved = i64::try_from(elapsed * i128::from(self.rate) / 1_000_000_000).unwrap_or(i64::MAX);
        self.from
            .saturating_add(moved.min(way.saturating_abs()).saturating_mul(way.signum()))
    }

    /// Nanoseconds since the Unix epoch at `tick`.
    pub(super) fn time(&self, tick: i64) -> i64 {
        tick.saturating_add(self.displacement(tick))
    }

    /// What the servers' agreement has so far added to the time that the system's clock showed at the start.
    pub(super) fn correction(&self, tick: i64) -> i64 {
        self.displacement(tick).saturating_sub(self.anchor)
    }

    /// How far the displayed time can be from the truth at `tick`; `None` if no server was ever agreed with.
    pub(super) fn error_bound(&self, tick: i64) -> Option<i64> {
        let bounds = self.bounds?;
        let shown = self.displacement(tick);
        let apart = bounds
            .highest
            .saturating_sub(shown)
            .max(shown.saturating_sub(bounds.lowest))
            .max(0);
        Some(apart.saturating_add(drift(tick.saturating_sub(bounds.tick))))
    }

    /// How well the clock is steered at `tick`.
    pub(super) fn synchronisation(&self, tick: i64) -> Synchronisation {
        match self.bounds {
            None => Synchronisation::Unsynchronised,
            Some(bounds) if self.majority && tick < bounds.stale => Synchronisation::Synchronised,
            Some(_) => Synchronisation::Holdover,
        }
    }

    /// The same timescale without a majority behind it: it runs on, and its error bound grows.
    pub(super) fn without_majority(self) -> Self {
        Self {
            majority: false,
            ..self
        }
    }

    /// Follows an agreement reached at `tick`, which counts as current for `fresh` nanoseconds.
    pub(super) fn follow(
        &self,
        agreement: &Agreement,
        tick: i64,
        fresh: i64,
    ) -> Result<Correction, Implausible> {
        let shown = self.displacement(tick);
        let behind = agreement.offset.saturating_sub(shown);
        let first = self.bounds.is_none();
        if !first && behind.saturating_abs() > PANIC {
            return Err(Implausible {
                correction_seconds: behind / 1_000_000_000,
            });
        }
        let step = first || behind > STEP;
        let rate = (behind.saturating_abs() / SLEW_SECONDS).clamp(1, MAX_SLEW_NANOS_PER_SECOND);
        let way = if step { 0 } else { behind.saturating_abs() };
        let timescale = Self {
            anchor: self.anchor,
            origin: tick,
            from: if step { agreement.offset } else { shown },
            to: agreement.offset,
            rate,
            done: tick.saturating_add(slewing(way, rate)),
            bounds: Some(Bounds {
                lowest: agreement.lowest,
                highest: agreement.highest,
                tick,
                stale: tick.saturating_add(fresh),
            }),
            majority: true,
        };
        Ok(Correction {
            timescale,
            behind,
            set_back: step && behind < 0,
        })
    }
}

/// Nanoseconds that it takes to go `way` at `rate` nanoseconds a second, rounded up.
fn slewing(way: i64, rate: i64) -> i64 {
    let nanos = (i128::from(way) * 1_000_000_000 + i128::from(rate) - 1) / i128::from(rate.max(1));
    i64::try_from(nanos).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const HOUR: i64 = 3_600 * SECOND;

    fn agreement(offset: i64, error: i64) -> Agreement {
        Agreement {
            lowest: offset - error,
            highest: offset + error,
            offset,
            survivors: vec![0],
        }
    }

    fn synchronised(offset: i64) -> Timescale {
        Timescale::unsynchronised(0)
            .follow(&agreement(offset, 1_000), 0, HOUR)
            .unwrap()
            .timescale
    }

    #[test]
    fn before_the_first_agreement_nothing_is_known() {
        let timescale = Timescale::unsynchronised(5);
        assert_eq!(timescale.time(10), 15);
        assert_eq!(timescale.error_bound(10), None);
        assert_eq!(timescale.synchronisation(10), Synchronisation::Unsynchronised);
        assert_eq!(
            timescale.without_majority().synchronisation(10),
            Synchronisation::Unsynchronised
        );
    }

    #[test]
    fn the_first_agreement_steps_either_way_however_far() {
        let years = 50 * 365 * 24 * HOUR;
        let back = Timescale::unsynchronised(0)
            .follow(&agreement(-years, 10), 7, HOUR)
            .unwrap();
        assert!(back.set_back);
        assert_eq!(back.timescale.time(7), 7 - years);
        let forward = Timescale::unsynchronised(0)
            .follow(&agreement(years, 10), 7, HOUR)
            .unwrap();
        assert!(!forward.set_back);
        assert_eq!(forward.timescale.error_bound(7), Some(10));
    }

    #[test]
    fn a_small_correction_back_is_slewed_and_covered_until_it_is_done() {
        let follow = synchronised(0)
            .follow(&agreement(-100_000_000, 1_000), SECOND, HOUR)
            .unwrap();
        assert!(!follow.set_back);
        let timescale = follow.timescale;
        assert_eq!(timescale.time(SECOND), SECOND);
        assert_eq!(timescale.error_bound(SECOND), Some(100_001_000));
        assert_eq!(timescale.time(101 * SECOND), 101 * SECOND - 100_000_000);
        assert_eq!(timescale.error_bound(101 * SECOND), Some(1_000 + 1_500_000));
    }

    #[test]
    fn a_large_correction_goes_forward_in_a_step_and_back_only_slowly() {
        let forward = synchronised(0)
            .follow(&agreement(SECOND, 1_000), SECOND, HOUR)
            .unwrap()
            .timescale;
        assert_eq!(forward.time(SECOND), 2 * SECOND);
        let back = synchronised(0)
            .follow(&agreement(-60 * SECOND, 1_000), SECOND, HOUR)
            .unwrap();
        assert!(!back.set_back);
        assert_eq!(back.timescale.time(SECOND), SECOND);
        assert_eq!(back.timescale.time(2 * SECOND), 2 * SECOND - SECOND / 10);
        assert_eq!(back.timescale.time(601 * SECOND), 541 * SECOND);
    }

    #[test]
    fn a_synchronised_clock_is_not_moved_by_more_than_a_thousand_seconds() {
        let timescale = synchronised(0);
        assert!(timescale.follow(&agreement(HOUR, 1_000), SECOND, HOUR).is_err());
        assert!(timescale.follow(&agreement(-HOUR, 1_000), SECOND, HOUR).is_err());
        assert!(
            timescale
                .follow(&agreement(999 * SECOND, 1_000), SECOND, HOUR)
                .is_ok()
        );
    }

    #[test]
    fn holdover_drifts_by_fifteen_parts_per_million() {
        let timescale = synchronised(0).without_majority();
        assert_eq!(timescale.synchronisation(SECOND), Synchronisation::Holdover);
        assert_eq!(timescale.error_bound(HOUR), Some(1_000 + 54_000_000));
    }

    #[test]
    fn an_agreement_that_nobody_renews_stops_counting_as_synchronised() {
        let timescale = synchronised(0);
        assert_eq!(timescale.synchronisation(HOUR - 1), Synchronisation::Synchronised);
        assert_eq!(timescale.synchronisation(HOUR), Synchronisation::Holdover);
    }

    #[test]
    fn the_correction_is_what_was_added_to_the_systems_time() {
        let timescale = Timescale::unsynchronised(500)
            .follow(&agreement(800, 10), 0, HOUR)
            .unwrap()
            .timescale;
        assert_eq!(timescale.correction(0), 300);
    }

    proptest! {
        #[test]
        fn after_the_first_agreement_time_never_runs_backwards(
            corrections in proptest::collection::vec((-990 * SECOND..990 * SECOND, 1_i64..200 * SECOND), 1..20)
        ) {
            let (mut timescale, mut tick, mut last) = (synchronised(0), 0, 0);
            for (offset, pause) in corrections {
                for part in 1..=10 {
                    let now = timescale.time(tick + pause / 10 * part);
                    prop_assert!(now >= last);
                    last = now;
                }
                tick += pause;
                if let Ok(follow) = timescale.follow(&agreement(offset, 1_000), tick, HOUR) {
                    prop_assert!(!follow.set_back);
                    timescale = follow.timescale;
                }
                let now = timescale.time(tick);
                prop_assert!(now >= last);
                last = now;
            }
        }

        #[test]
        fn the_truth_stays_within_the_bound_while_a_correction_is_slewed_in(
            start in -500 * SECOND..500 * SECOND,
            place in -1_000_000_i64..=1_000_000,
            drift_nanos_per_second in -15_000_i64..=15_000,
            elapsed in 0_i64..HOUR,
        ) {
            let timescale = synchronised(0).follow(&agreement(start, 1_000_000), SECOND, HOUR).unwrap().timescale;
            let tick = SECOND + elapsed;
            let truth = tick + start + place + elapsed / SECOND * drift_nanos_per_second;
            let error = (timescale.time(tick) - truth).abs();
            prop_assert!(error <= timescale.error_bound(tick).unwrap());
        }
    }
}
