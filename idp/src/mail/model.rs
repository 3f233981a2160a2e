//! How long a mail rests after a failure, and when it is given up.

use std::time::Duration;

use platform::clock::Instant;

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_hours(1);

/// What the settings say about trying again.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The first pause.
    pub first: Duration,
    /// Tries in all.
    pub tries: u32,
}

/// What becomes of a mail that the server did not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is tried again then.
    Again(Instant),
    /// It is given up.
    GivenUp,
}

/// Decides after try number `tries` (the first is 1) of a mail that is of no use after `expires_at`.
pub fn after_failure(patience: Patience, tries: u32, now: Instant, expires_at: Instant) -> Fate {
    if tries >= patience.tries {
        return Fate::GivenUp;
    }
    let doublings = tries.saturating_sub(1).min(16);
    let pause = patience.first.saturating_mul(1 << doublings).min(LONGEST);
    let next = now.plus(pause);
    if next < expires_at {
        Fate::Again(next)
    } else {
        Fate::GivenUp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        first: Duration::from_secs(30),
        tries: 20,
    };
    const NOW: Instant = Instant::from_micros(0);

    #[test]
    fn pauses_grow_up_to_an_hour_and_end_with_the_tries() {
        let never = NOW.plus(Duration::from_hours(1000));
        let pause = |tries| match after_failure(PATIENCE, tries, NOW, never) {
            Fate::Again(next) => Some(next.since(NOW).as_secs()),
            Fate::GivenUp => None,
        };
        let pauses: Vec<_> = (1..=9).map(pause).collect();
        let grown = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600];
        assert_eq!(pauses, grown.map(Some));
        assert_eq!((pause(19), pause(20), pause(u32::MAX)), (Some(3600), None, None));
    }

    #[test]
    fn a_mail_whose_link_would_be_over_is_not_kept_for_another_try() {
        let over = NOW.plus(Duration::from_secs(30));
        assert_eq!(after_failure(PATIENCE, 1, NOW, over), Fate::GivenUp);
        let later = NOW.plus(Duration::from_secs(31));
        assert!(matches!(after_failure(PATIENCE, 1, NOW, later), Fate::Again(_)));
    }
}
