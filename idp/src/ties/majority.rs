//! When somebody is of age.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::clock::Instant;

/// The age of majority in Japan (Civil Code, article 4).
pub const MAJORITY: i16 = 18;

/// The moment from which somebody is of age, in Japan: an age is reached when the day before the birthday ends (Act on
/// Calculation of Ages; Civil Code, article 143). Who was born on 29 February reaches it, in other years, when the last
/// day of February ends. `None` for a date that says no day.
pub fn majority(birthdate: &str) -> Option<Instant> {
    let born: Date = birthdate.parse().ok()?;
    // `0000` stands for a year that was not told (OpenID Connect Core 1.0 §5.1).
    if born.year() == 0 {
        return None;
    }
    let year = born.year().checked_add(MAJORITY)?;
    let day = Date::new(year, born.month(), born.day())
        .or_else(|_| Date::new(year, 3, 1))
        .ok()?;
    let zone = TimeZone::get("Asia/Tokyo").ok()?;
    let moment = day.to_zoned(zone).ok()?;
    Some(Instant::from_micros(moment.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(birthdate: &str) -> Option<String> {
        majority(birthdate).map(Instant::to_rfc3339)
    }

    #[test]
    fn somebody_is_of_age_from_the_first_moment_of_their_eighteenth_birthday_in_japan() {
        assert!(says("2008-11-26").unwrap().starts_with("2026-11-25T15:00:00"));
        assert!(
            says("2008-02-29").unwrap().starts_with("2026-02-28T15:00:00"),
            "1 March in Japan"
        );
        assert!(says("2010-01-01").unwrap().starts_with("2027-12-31T15:00:00"));
    }

    #[test]
    fn a_date_without_a_day_says_nothing() {
        for birthdate in ["0000-04-29", "1950", "", "2008-02-30"] {
            assert_eq!(says(birthdate), None, "{birthdate}");
        }
    }
}
