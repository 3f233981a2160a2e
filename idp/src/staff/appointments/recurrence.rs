//! The times that a rule of recurrence gives (RFC 5545 section 3.3.10), where the people are.

use std::time::Duration;

use chrono::{DateTime, TimeZone as _};
use platform::clock::Instant;
use rrule::{Frequency, RRule, Tz, Unvalidated};

/// Times of one appointment at the most.
const MOST: usize = 400;
/// From the first to the last at the most.
const LONGEST: Duration = Duration::from_hours(24 * 731);
/// [`super::super::ZONE`], as the library calls it.
const ZONE: Tz = Tz::Asia__Tokyo;

/// Why there are no times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// It is no rule.
    #[error("this is not a recurrence rule")]
    NoRule,
    /// More often than once a day, or at other times of the day.
    #[error("a rule says days, weeks, months or years, not times of the day")]
    TimesOfDay,
    /// It has no end.
    #[error("a rule ends: it has COUNT or UNTIL")]
    Endless,
    /// Its end is too far away.
    #[error("a rule gives at most 400 times, within two years")]
    TooLong,
    /// Its first time is not the one that was said.
    #[error("the first time is one that the rule gives")]
    FirstElsewhere,
}

/// The first time of an appointment, and those that a rule gives after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    rule: Option<String>,
    starts: Vec<Instant>,
}

impl Recurrence {
    /// One time only.
    pub fn once(at: Instant) -> Self {
        Self {
            rule: None,
            starts: vec![at],
        }
    }

    /// What a rule gives from its first time on.
    pub fn new(first: Instant, rule: &str) -> Result<Self, RecurrenceError> {
        let written = rule.bytes().all(|byte| byte.is_ascii_graphic());
        let parsed = Some(rule).filter(|rule| written && rule.len() <= 200);
        let parsed: Option<RRule<Unvalidated>> = parsed.and_then(|rule| rule.parse().ok());
        let parsed = parsed.ok_or(RecurrenceError::NoRule)?;
        let days = [
            Frequency::Daily,
            Frequency::Weekly,
            Frequency::Monthly,
            Frequency::Yearly,
        ];
        let within = !parsed.get_by_hour().is_empty()
            || !parsed.get_by_minute().is_empty()
            || !parsed.get_by_second().is_empty();
        if within || !days.contains(&parsed.get_freq()) {
            return Err(RecurrenceError::TimesOfDay);
        }
        if parsed.get_count().is_none() && parsed.get_until().is_none() {
            return Err(RecurrenceError::Endless);
        }
        let from = local(first).ok_or(RecurrenceError::NoRule)?;
        let text = parsed.to_string();
        let set = parsed.build(from).map_err(|_| RecurrenceError::NoRule)?;
        let latest = first.plus(LONGEST);
        let mut starts = Vec::new();
        for at in &set.limit() {
            let at = Instant::from_micros(at.timestamp_micros());
            if starts.is_empty() && at != first {
                return Err(RecurrenceError::FirstElsewhere);
            }
            if starts.len() == MOST || at > latest {
                return Err(RecurrenceError::TooLong);
            }
            starts.push(at);
        }
        if starts.is_empty() {
            return Err(RecurrenceError::FirstElsewhere);
        }
        Ok(Self {
            rule: Some(text),
            starts,
        })
    }

    /// Its times, in their order; there is at least one.
    pub fn starts(&self) -> &[Instant] {
        &self.starts
    }

    /// The rule, as it is kept.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }
}

fn local(at: Instant) -> Option<DateTime<Tz>> {
    ZONE.timestamp_micros(at.as_micros()).single()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        Instant::from_rfc3339(text).unwrap()
    }

    fn given(first: &str, rule: &str) -> Result<Vec<String>, RecurrenceError> {
        let times = Recurrence::new(at(first), rule)?;
        Ok(times.starts().iter().map(|one| one.to_rfc3339()).collect())
    }

    #[test]
    fn a_week_is_one_where_the_people_are() {
        // Eight in the morning of Monday in Japan is Sunday in the world's time.
        let times = given("2026-11-29T23:00:00Z", "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=3").unwrap();
        assert_eq!(
            times,
            [
                "2026-11-29T23:00:00.000000Z",
                "2026-12-02T23:00:00.000000Z",
                "2026-12-06T23:00:00.000000Z",
            ]
        );
    }

    #[test]
    fn a_rule_ends_and_names_days_and_begins_with_the_first_time() {
        let first = "2026-11-29T23:00:00Z";
        let until = given(first, "FREQ=DAILY;UNTIL=20261201T230000Z").unwrap();
        assert_eq!(until.len(), 3);
        for (rule, wrong) in [
            ("", RecurrenceError::NoRule),
            ("FREQ=OFTEN;COUNT=2", RecurrenceError::NoRule),
            (
                "FREQ=WEEKLY;COUNT=2\nRRULE:FREQ=DAILY;COUNT=2",
                RecurrenceError::NoRule,
            ),
            ("FREQ=HOURLY;COUNT=2", RecurrenceError::TimesOfDay),
            ("FREQ=DAILY;BYHOUR=8,9;COUNT=2", RecurrenceError::TimesOfDay),
            ("FREQ=WEEKLY", RecurrenceError::Endless),
            ("FREQ=DAILY;COUNT=401", RecurrenceError::TooLong),
            ("FREQ=YEARLY;COUNT=4", RecurrenceError::TooLong),
            ("FREQ=WEEKLY;BYDAY=TU;COUNT=2", RecurrenceError::FirstElsewhere),
            // A day that no year has.
            (
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
                RecurrenceError::FirstElsewhere,
            ),
        ] {
            assert_eq!(given(first, rule), Err(wrong), "{rule}");
        }
        assert_eq!(
            given(first, "FREQ=DAILY;COUNT=400").map(|times| times.len()),
            Ok(400)
        );
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_refused_or_gives_its_times_in_order(
            rule in "(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY);)?([A-Z]{1,10}=[-+A-Z0-9,]{0,12};?){0,4}(COUNT=[0-9]{1,3})?"
        ) {
            if let Ok(times) = Recurrence::new(at("2026-11-29T23:00:00Z"), &rule) {
                prop_assert!(times.starts().is_sorted_by(|a, b| a < b));
                prop_assert!((1..=MOST).contains(&times.starts().len()));
                let again = Recurrence::new(times.starts()[0], times.rule().unwrap());
                prop_assert_eq!(again, Ok(times));
            }
        }
    }
}
