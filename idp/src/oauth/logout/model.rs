//! When a client that could not be told is told again, and when no more.

use std::time::Duration;

use platform::clock::Instant;

use crate::oauth::telling::Outcome;

/// The first pause after a failure; each further one is three times as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// For so long after the end of the session a client is told: its own session is hardly older.
pub(super) const WORTH_TELLING: Duration = Duration::from_hours(24);
/// A client that says no says so for good; a few more times, in case it was an accident.
const MOST_REFUSALS: u32 = 5;

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Nothing more is to be done.
    Done,
    /// The next attempt is due at this time.
    Again(Instant),
    /// It has been tried often enough.
    GiveUp,
}

/// What follows the attempt number `attempts` (from 1) to tell of a session that ended at `ended_at`.
pub fn after(outcome: Outcome, attempts: u32, ended_at: Instant, now: Instant) -> Then {
    let pause = FIRST_PAUSE
        .saturating_mul(3_u32.saturating_pow(attempts.saturating_sub(1)))
        .min(LONGEST_PAUSE);
    let next = now.plus(pause);
    match outcome {
        Outcome::Told => Then::Done,
        Outcome::Refused if attempts >= MOST_REFUSALS => Then::GiveUp,
        Outcome::Refused | Outcome::Failed if next.since(ended_at) > WORTH_TELLING => Then::GiveUp,
        Outcome::Refused | Outcome::Failed => Then::Again(next),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDED: Instant = Instant::from_micros(1_000_000_000_000);

    #[test]
    fn pauses_grow_up_to_an_hour_and_end_after_a_day() {
        let mut now = ENDED;
        let mut pauses = Vec::new();
        for attempts in 1..100 {
            match after(Outcome::Failed, attempts, ENDED, now) {
                Then::Again(next) => {
                    pauses.push(next.since(now).as_secs());
                    now = next;
                }
                Then::GiveUp => break,
                Then::Done => panic!("nothing was done"),
            }
        }
        assert_eq!(pauses.get(..6), Some(&[5, 15, 45, 135, 405, 1215][..]));
        assert!(pauses.iter().skip(6).all(|pause| *pause == 3600));
        let told_for = now.since(ENDED);
        assert!(
            told_for <= WORTH_TELLING && told_for + LONGEST_PAUSE > WORTH_TELLING,
            "{told_for:?}"
        );
    }

    #[test]
    fn a_client_that_refuses_is_not_asked_for_a_day() {
        assert!(matches!(after(Outcome::Refused, 1, ENDED, ENDED), Then::Again(_)));
        assert_eq!(after(Outcome::Refused, 5, ENDED, ENDED), Then::GiveUp);
        assert!(matches!(after(Outcome::Failed, 5, ENDED, ENDED), Then::Again(_)));
        assert_eq!(after(Outcome::Told, 1, ENDED, ENDED), Then::Done);
    }
}
