//! A moment, as the whole house stores and compares it.

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
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment less `duration`, saturating.
    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// How long ago `earlier` was; zero if it was not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// From RFC 3339 text with an offset.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let at: jiff::Timestamp = text.parse().ok()?;
        Some(Self(at.as_microsecond()))
    }

    /// RFC 3339 in UTC with microseconds; the bare number of microseconds where RFC 3339 has no year for it.
    pub fn to_rfc3339(self) -> String {
        jiff::Timestamp::from_microsecond(self.0).map_or_else(|_| self.0.to_string(), |at| format!("{at:.6}"))
    }

    /// The date of an HTTP header (RFC 9110 §5.6.7), whole seconds; `None` where it has no year for it.
    pub fn to_http_date(self) -> Option<String> {
        let at = jiff::Timestamp::from_microsecond(self.0).ok()?;
        jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&at)
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_before_the_epoch_round_down_and_not_towards_zero() {
        assert_eq!(Instant::from_micros(-1).as_seconds(), -1);
        assert_eq!(Instant::from_micros(1_999_999).as_seconds(), 1);
    }

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        let end = Instant::from_micros(i64::MAX);
        assert_eq!(end.plus(Duration::MAX), end);
        assert_eq!(
            Instant::from_micros(i64::MIN).minus(Duration::MAX),
            Instant::from_micros(i64::MIN)
        );
        assert_eq!(
            Instant::from_micros(1).since(Instant::from_micros(2)),
            Duration::ZERO
        );
        assert_eq!(Instant::from_micros(i64::MIN).since(end), Duration::ZERO);
    }

    #[test]
    fn rfc_3339_text_always_has_six_decimals_and_a_z() {
        assert_eq!(
            Instant::from_micros(0).to_rfc3339(),
            "1970-01-01T00:00:00.000000Z"
        );
        assert_eq!(
            Instant::from_micros(1_700_000_000_000_001).to_rfc3339(),
            "2023-11-14T22:13:20.000001Z"
        );
        assert_eq!(Instant::from_micros(i64::MIN).to_rfc3339(), i64::MIN.to_string());
    }

    #[test]
    fn it_is_a_bare_number_in_json() {
        assert_eq!(serde_json::to_string(&Instant::from_micros(5)).unwrap(), "5");
    }
}
