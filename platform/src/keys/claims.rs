//! The times in a JWT (RFC 7519 §4.1.4 to §4.1.6) against the house's clock, never the system's.
//!
//! We issue whole seconds. Others may write fractions (RFC 7519 §2, NumericDate), which count to the microsecond; what
//! is no number, negative, or beyond the year 9999 is refused rather than rounded into something.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::clock::Instant;

/// 9999-12-31T23:59:59Z in seconds since the Unix epoch.
const LAST_SECOND: i64 = 253_402_300_799;

/// A NumericDate: written as whole seconds, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumericDate(pub Instant);

impl Serialize for NumericDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.as_seconds())
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Seconds).map(Self)
    }
}

struct Seconds;

impl Visitor<'_> for Seconds {
    type Value = Instant;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("seconds since the Unix epoch, at most those of the year 9999")
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Instant, E> {
        if (0..=LAST_SECOND).contains(&seconds) {
            Ok(Instant::from_micros(seconds * 1_000_000))
        } else {
            Err(E::custom("out of range"))
        }
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Instant, E> {
        i64::try_from(seconds)
            .map_err(|_| E::custom("out of range"))
            .and_then(|seconds| self.visit_i64(seconds))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Instant, E> {
        let since = Duration::try_from_secs_f64(seconds).map_err(|_| E::custom("out of range"))?;
        let whole = self.visit_u64::<E>(since.as_secs())?;
        Ok(whole.plus(Duration::from_micros(u64::from(since.subsec_micros()))))
    }
}

/// The times of a JWT; embed it with `#[serde(flatten)]` or read it by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeClaims {
    /// Expiry: not to be accepted at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<NumericDate>,
    /// Not to be accepted before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<NumericDate>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<NumericDate>,
}

impl TimeClaims {
    /// The times of a token that is issued at `now` and lives for `lifetime`.
    pub fn issue(now: Instant, lifetime: Duration) -> Self {
        Self {
            exp: Some(NumericDate(now.plus(lifetime))),
            nbf: None,
            iat: Some(NumericDate(now)),
        }
    }
}

/// What one use asks of the times.
#[derive(Debug, Clone, Copy)]
pub struct TimeRules {
    /// Whether `exp` must be there.
    pub require_exp: bool,
    /// How far the issuer's clock may be off ours.
    pub leeway: Duration,
    /// How far ahead `exp` may lie; bounds what must be remembered of single-use objects.
    pub max_lifetime: Option<Duration>,
}

impl TimeRules {
    /// `exp` required, any lifetime.
    pub const fn expiring(leeway: Duration) -> Self {
        Self {
            require_exp: true,
            leeway,
            max_lifetime: None,
        }
    }
}

/// Why the times of a token are not acceptable now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// There is no `exp` and there must be one.
    #[error("the token does not say when it expires")]
    ExpiryMissing,
    /// `exp` has come.
    #[error("the token has expired")]
    Expired,
    /// `exp` is further ahead than this use allows.
    #[error("the token lives too long")]
    TooLong,
    /// `nbf` has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is in the future.
    #[error("the token was issued in the future")]
    IssuedInFuture,
}

/// Judges the times of a token at `now`.
pub fn validate_times(claims: &TimeClaims, now: Instant, rules: &TimeRules) -> Result<(), TimeError> {
    match claims.exp {
        None if rules.require_exp => return Err(TimeError::ExpiryMissing),
        Some(NumericDate(exp)) if now >= exp.plus(rules.leeway) => return Err(TimeError::Expired),
        Some(NumericDate(exp))
            if rules
                .max_lifetime
                .is_some_and(|most| exp > now.plus(most).plus(rules.leeway)) =>
        {
            return Err(TimeError::TooLong);
        }
        _ => {}
    }
    let latest = now.plus(rules.leeway);
    if claims.nbf.is_some_and(|NumericDate(nbf)| nbf > latest) {
        return Err(TimeError::NotYetValid);
    }
    if claims.iat.is_some_and(|NumericDate(iat)| iat > latest) {
        return Err(TimeError::IssuedInFuture);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEEWAY: Duration = Duration::from_secs(5);

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000)
    }

    fn judge(json: &str, now: i64) -> Result<(), TimeError> {
        validate_times(
            &serde_json::from_str(json).unwrap(),
            at(now),
            &TimeRules::expiring(LEEWAY),
        )
    }

    #[test]
    fn a_token_is_good_until_the_second_it_expires_and_the_leeway() {
        assert_eq!(judge(r#"{"exp":1000,"iat":900,"nbf":900}"#, 950), Ok(()));
        assert_eq!(judge(r#"{"exp":1000}"#, 1004), Ok(()));
        assert_eq!(judge(r#"{"exp":1000}"#, 1005), Err(TimeError::Expired));
        assert_eq!(judge(r#"{"exp":0}"#, 1005), Err(TimeError::Expired));
    }

    #[test]
    fn a_token_without_expiry_is_refused_where_one_is_required() {
        assert_eq!(judge(r#"{"iat":900}"#, 950), Err(TimeError::ExpiryMissing));
        assert_eq!(judge(r#"{"exp":null}"#, 950), Err(TimeError::ExpiryMissing));
        let lax = TimeRules {
            require_exp: false,
            ..TimeRules::expiring(LEEWAY)
        };
        assert_eq!(validate_times(&TimeClaims::default(), at(950), &lax), Ok(()));
    }

    #[test]
    fn a_token_from_the_future_is_refused() {
        assert_eq!(
            judge(r#"{"exp":2000,"iat":956}"#, 950),
            Err(TimeError::IssuedInFuture)
        );
        assert_eq!(judge(r#"{"exp":2000,"iat":955}"#, 950), Ok(()));
        assert_eq!(
            judge(r#"{"exp":2000,"nbf":956}"#, 950),
            Err(TimeError::NotYetValid)
        );
    }

    #[test]
    fn a_fraction_counts_exactly_and_never_prolongs_a_life() {
        assert_eq!(judge(r#"{"exp":1000.5}"#, 1005), Ok(()));
        assert_eq!(judge(r#"{"exp":1000.5}"#, 1006), Err(TimeError::Expired));
        assert_eq!(judge(r#"{"exp":1e3}"#, 1005), Err(TimeError::Expired));
    }

    #[test]
    fn what_is_no_date_before_the_year_10000_is_refused() {
        for exp in [
            "1e300",
            "-1",
            "-0.5",
            "18446744073709551615",
            "253402300800",
            "9e18",
            "\"1000\"",
            "[1000]",
            "true",
        ] {
            assert!(
                serde_json::from_str::<TimeClaims>(&format!(r#"{{"exp":{exp}}}"#)).is_err(),
                "{exp}"
            );
        }
        assert!(serde_json::from_str::<TimeClaims>(r#"{"exp":1,"exp":253402300799}"#).is_err());
    }

    #[test]
    fn embedded_times_are_judged_as_strictly() {
        #[derive(Debug, Deserialize)]
        struct Claims {
            #[serde(flatten)]
            times: TimeClaims,
        }
        let read = serde_json::from_str::<Claims>;
        assert_eq!(
            read(r#"{"sub":"a","exp":5}"#).unwrap().times.exp,
            Some(NumericDate(at(5)))
        );
        assert!(read(r#"{"exp":1,"exp":253402300799}"#).is_err());
        assert!(read(r#"{"exp":"5"}"#).is_err());
    }

    #[test]
    fn a_lifetime_beyond_the_bound_is_refused() {
        let rules = TimeRules {
            max_lifetime: Some(Duration::from_mins(5)),
            ..TimeRules::expiring(LEEWAY)
        };
        let claims = |exp| TimeClaims {
            exp: Some(NumericDate(at(exp))),
            ..TimeClaims::default()
        };
        assert_eq!(validate_times(&claims(1300), at(1000), &rules), Ok(()));
        assert_eq!(
            validate_times(&claims(1306), at(1000), &rules),
            Err(TimeError::TooLong)
        );
    }

    #[test]
    fn issued_times_are_whole_seconds() {
        let issued = TimeClaims::issue(
            Instant::from_micros(1_700_000_000_999_999),
            Duration::from_mins(1),
        );
        assert_eq!(
            serde_json::to_string(&issued).unwrap(),
            r#"{"exp":1700000060,"iat":1700000000}"#
        );
    }
}
