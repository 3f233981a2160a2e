//! What is remembered of one server (RFC 5905 §9.2, §10): its last samples, whether it can be reached, and when to
//! ask again. Pure.
//!
//! A sample is kept relative to the tick and not to the displayed time, so that steering the clock never spoils it.

use std::time::Duration;

use super::select::Claim;

/// How fast a tick that nobody corrects may run away, 15 ppm (PHI of RFC 5905 §7.2), as a fraction.
const DRIFT: (i64, i64) = (3, 200_000);
/// Samples that are remembered (NSTAGE of RFC 5905 §7.2).
const STAGES: usize = 8;
/// A server that left this many polls in a row unanswered has no vote.
const MISSES: u32 = 3;
/// The first pause between polls; a fresh start should not wait a whole interval for its second opinion.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// How much further apart tick and truth can be after `elapsed` nanoseconds.
pub(super) fn drift(elapsed: i64) -> i64 {
    elapsed.max(0).saturating_mul(DRIFT.0) / DRIFT.1
}

/// One answer of a server; nanoseconds throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// The tick at which the answer arrived.
    pub(super) tick: i64,
    /// The server's time less the tick, if the way there and back were equally long.
    pub(super) offset: i64,
    /// The round trip, without the time that the server held the request.
    pub(super) delay: i64,
    /// The server's round trip to its reference clock.
    pub(super) root_delay: i64,
    /// The server's error against its reference clock, reading precision of both sides and drift during the
    /// exchange included.
    pub(super) dispersion: i64,
    /// The server's stratum, 1 to 15.
    pub(super) stratum: u8,
}

impl Sample {
    /// Half the width of the interval in which the truth was when the answer arrived: the root distance of
    /// RFC 5905 §11.2, which covers the worst asymmetry of both ways.
    pub(super) fn root_distance(&self) -> i64 {
        (self.delay / 2)
            .saturating_add(self.root_delay / 2)
            .saturating_add(self.dispersion)
    }

    /// The same at `tick`.
    pub(super) fn error_at(&self, tick: i64) -> i64 {
        self.root_distance()
            .saturating_add(drift(tick.saturating_sub(self.tick)))
    }
}

/// What is known of one server.
#[derive(Debug, Default)]
pub(super) struct Register {
    samples: Vec<Sample>,
    reach: u8,
}

impl Register {
    /// Takes an answer. Older samples that contradict it go: the server stepped, or a leap second was inserted.
    pub(super) fn answered(&mut self, sample: Sample) {
        self.reach = self.reach << 1 | 1;
        self.samples.retain(|older| {
            let apart = sample.offset.saturating_sub(older.offset).saturating_abs();
            apart <= sample.root_distance().saturating_add(older.error_at(sample.tick))
        });
        if self.samples.len() >= STAGES {
            self.samples.remove(0);
        }
        self.samples.push(sample);
    }

    /// Takes note of a poll without a usable answer.
    pub(super) fn missed(&mut self) {
        self.reach <<= 1;
    }

    /// Forgets everything: the name now leads to another machine.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The last eight polls, the newest in the lowest bit; one means answered (RFC 5905 §13).
    pub(super) fn reach(&self) -> u8 {
        self.reach
    }

    /// Whether one of the last polls was answered.
    pub(super) fn reachable(&self) -> bool {
        self.reach.trailing_zeros() < MISSES
    }

    /// The newest answer.
    pub(super) fn latest(&self) -> Option<&Sample> {
        self.samples.last()
    }

    /// The answer that says most at `tick`: the smallest error, age included (the clock filter of RFC 5905 §10).
    pub(super) fn best(&self, tick: i64) -> Option<&Sample> {
        self.samples.iter().min_by_key(|sample| sample.error_at(tick))
    }

    /// The server's vote at `tick`; none if it cannot be reached.
    pub(super) fn claim(&self, server: usize, tick: i64) -> Option<Claim> {
        let best = self.best(tick).filter(|_| self.reachable())?;
        Some(Claim {
            server,
            offset: best.offset,
            error: best.error_at(tick),
        })
    }
}

/// How long to wait between polls of one server (RFC 5905 §13): often at first, then ever more seldom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    least: Duration,
    most: Duration,
    next: Duration,
    answered: bool,
}

impl Pace {
    /// Between `least` and `most`.
    pub(super) fn new(least: Duration, most: Duration) -> Self {
        let most = most.max(least);
        Self {
            least,
            most,
            next: FIRST_PAUSE.min(least),
            answered: false,
        }
    }

    /// The pause after an answer.
    pub(super) fn after_answer(&mut self) -> Duration {
        self.answered = true;
        self.lengthen(self.most)
    }

    /// The pause after a miss: a server that answered before is asked again soon, one that never did less and less.
    pub(super) fn after_miss(&mut self) -> Duration {
        if self.answered {
            self.next = self.least;
        }
        self.lengthen(self.least)
    }

    /// The pause after the kiss code RATE: slower at once, and for good (RFC 5905 §7.4).
    pub(super) fn after_rate_kiss(&mut self) -> Duration {
        self.least = self.least.saturating_mul(2).min(self.most);
        self.next = self.least.max(self.next);
        self.lengthen(self.most)
    }

    fn lengthen(&mut self, limit: Duration) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(limit).max(pause.min(limit));
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn sample(tick: i64, offset: i64, delay: i64) -> Sample {
        Sample {
            tick,
            offset,
            delay,
            root_delay: 0,
            dispersion: 0,
            stratum: 3,
        }
    }

    #[test]
    fn the_error_grows_by_fifteen_microseconds_a_second() {
        let sample = Sample {
            root_delay: 4_000,
            dispersion: 300,
            ..sample(0, 0, 1_000)
        };
        assert_eq!(sample.root_distance(), 500 + 2_000 + 300);
        assert_eq!(sample.error_at(100 * SECOND), 2_800 + 1_500_000);
        assert_eq!(sample.error_at(-SECOND), 2_800);
    }

    #[test]
    fn the_shortest_round_trip_is_believed_until_it_is_too_old() {
        let mut register = Register::default();
        register.answered(sample(0, 0, 2_000));
        register.answered(sample(SECOND, 5_000, 1_000_000));
        assert_eq!(register.best(SECOND).unwrap().offset, 0);
        register.answered(sample(100 * SECOND, 5_000, 1_000_000));
        assert_eq!(register.best(100 * SECOND).unwrap().tick, 100 * SECOND);
    }

    #[test]
    fn a_server_that_stepped_is_not_remembered_as_it_was() {
        let mut register = Register::default();
        register.answered(sample(0, 0, 1_000));
        register.answered(sample(SECOND, 60 * SECOND, 1_000_000));
        assert_eq!(register.best(SECOND).unwrap().offset, 60 * SECOND);
    }

    #[test]
    fn three_missed_polls_in_a_row_take_the_vote_away_and_one_answer_gives_it_back() {
        let mut register = Register::default();
        assert!(register.claim(0, 0).is_none());
        register.answered(sample(0, 0, 1_000));
        register.missed();
        register.missed();
        assert!(register.claim(0, 0).is_some());
        register.missed();
        assert!(register.claim(0, 0).is_none());
        assert_eq!(register.reach(), 0b1000);
        register.answered(sample(SECOND, 0, 1_000));
        assert!(register.claim(0, SECOND).is_some());
    }

    #[test]
    fn only_the_last_eight_samples_are_kept() {
        let mut register = Register::default();
        register.answered(sample(0, 0, 0));
        for at in 1..=8 {
            register.answered(sample(at, 0, 100_000));
        }
        assert_eq!(register.best(9).unwrap().delay, 100_000);
    }

    #[test]
    fn polls_become_rarer_with_answers_and_never_rarer_than_allowed() {
        let mut pace = Pace::new(Duration::from_secs(8), Duration::from_secs(20));
        let pauses: Vec<u64> = (0..6).map(|_| pace.after_answer().as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 20, 20]);
        assert_eq!(pace.after_miss().as_secs(), 8);
    }

    #[test]
    fn a_server_that_never_answered_is_asked_at_most_once_an_interval() {
        let mut pace = Pace::new(Duration::from_secs(8), Duration::from_secs(20));
        let pauses: Vec<u64> = (0..4).map(|_| pace.after_miss().as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 8]);
    }

    #[test]
    fn a_rate_kiss_slows_down_for_good() {
        let mut pace = Pace::new(Duration::from_secs(8), Duration::from_secs(64));
        assert_eq!(pace.after_rate_kiss().as_secs(), 16);
        pace.after_answer();
        assert_eq!(pace.after_miss().as_secs(), 16);
    }

    #[test]
    fn the_shortest_interval_is_never_undercut() {
        let mut pace = Pace::new(Duration::from_millis(50), Duration::from_millis(50));
        assert_eq!(pace.after_answer(), Duration::from_millis(50));
        assert_eq!(pace.after_miss(), Duration::from_millis(50));
    }
}
