//! The words of the pages, in the reader's language, and dates as that language writes them.
//!
//! The texts are Fluent files compiled into the binary and parsed once. Isolation marks around placeables are off:
//! [`super::escape`] removes every character that could turn the direction of text, so that there is nothing to isolate.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::static_loader;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::{Assets, Language};

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "ja",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// An instant: microseconds since the Unix epoch, as the database keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

/// A time zone by its name in the IANA database.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

/// The IANA database has no zone of that name.
#[derive(Debug, thiserror::Error)]
#[error("there is no time zone {name:?}")]
pub struct UnknownZone {
    /// The name that was asked for.
    pub name: String,
}

impl Zone {
    /// The zone called `name`, for example `Asia/Tokyo`.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone {
            name: name.to_owned(),
        })
    }
}

/// The words of one reader: a language and a time zone. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Texts {
    language: Language,
    zone: Zone,
}

/// A key without a text, or a placeholder without an argument.
#[derive(Debug)]
struct MissingText {
    language: Language,
    key: String,
}

impl fmt::Display for MissingText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no text {:?} in {}", self.key, self.language.tag())
    }
}

impl std::error::Error for MissingText {}

impl Texts {
    /// The words for a reader of `language` whose clocks show the time of `zone`.
    pub fn new(language: Language, zone: Zone) -> Self {
        Self { language, zone }
    }

    /// The language of these words.
    pub fn language(&self) -> Language {
        self.language
    }

    pub(super) fn speaks(&self, language: impl Borrow<Language>) -> bool {
        self.language == *language.borrow()
    }

    /// The text of `key`.
    pub(super) fn say(&self, key: &str) -> Result<String, askama::Error> {
        self.look_up(key, None)
    }

    /// The text of `key` with `value` in the place of `name`.
    pub(super) fn with(
        &self,
        key: &str,
        name: &'static str,
        value: impl AsRef<str>,
    ) -> Result<String, askama::Error> {
        self.look_up(
            key,
            Some(&HashMap::from([(name, FluentValue::from(value.as_ref()))])),
        )
    }

    /// The text of `key` in the grammatical number of `count`, which stands in the place of `name`.
    pub(super) fn count(&self, key: &str, name: &'static str, count: u64) -> Result<String, askama::Error> {
        self.look_up(key, Some(&HashMap::from([(name, FluentValue::from(count))])))
    }

    /// How long to wait, in words: seconds up to a minute and a half, then whole minutes, never too few.
    pub(super) fn wait(&self, seconds: u64) -> Result<String, askama::Error> {
        if seconds <= 90 {
            self.count("wait-seconds", "seconds", seconds)
        } else {
            self.count("wait-minutes", "minutes", seconds.div_ceil(60))
        }
    }

    /// The address of an embedded file.
    #[expect(
        clippy::unused_self,
        reason = "templates reach what they need through this value"
    )]
    pub(super) fn asset(&self, name: &str) -> Result<&'static str, askama::Error> {
        Assets::url(name).ok_or_else(|| askama::Error::custom(format!("no asset {name:?}")))
    }

    fn look_up(
        &self,
        key: &str,
        arguments: Option<&HashMap<&'static str, FluentValue<'_>>>,
    ) -> Result<String, askama::Error> {
        LOCALES
            .lookup_single_language(self.language.identifier(), key, arguments)
            .map_err(|_| {
                askama::Error::custom(MissingText {
                    language: self.language,
                    key: key.to_owned(),
                })
            })
    }
}

impl Moment {
    /// Date and time of day as the language writes them; a text in their place for a moment outside the calendar.
    pub(super) fn words(self, texts: &Texts) -> Result<String, askama::Error> {
        match self.local(texts) {
            Some(local) => {
                let pattern = match texts.language {
                    Language::Ja => "%Y年%-m月%-d日 %H:%M",
                    Language::En => "%-d %B %Y, %H:%M",
                };
                Ok(local.strftime(pattern).to_string())
            }
            None => texts.say("time-unknown"),
        }
    }

    /// The same with the day of the week, for what is to come.
    pub(super) fn words_with_weekday(self, texts: &Texts) -> Result<String, askama::Error> {
        let Some(local) = self.local(texts) else {
            return texts.say("time-unknown");
        };
        let pattern = match (texts.language, local.weekday()) {
            (Language::En, _) => "%A, %-d %B %Y, %H:%M",
            (Language::Ja, Weekday::Monday) => "%Y年%-m月%-d日（月）%H:%M",
            (Language::Ja, Weekday::Tuesday) => "%Y年%-m月%-d日（火）%H:%M",
            (Language::Ja, Weekday::Wednesday) => "%Y年%-m月%-d日（水）%H:%M",
            (Language::Ja, Weekday::Thursday) => "%Y年%-m月%-d日（木）%H:%M",
            (Language::Ja, Weekday::Friday) => "%Y年%-m月%-d日（金）%H:%M",
            (Language::Ja, Weekday::Saturday) => "%Y年%-m月%-d日（土）%H:%M",
            (Language::Ja, Weekday::Sunday) => "%Y年%-m月%-d日（日）%H:%M",
        };
        Ok(local.strftime(pattern).to_string())
    }

    /// The same for machines (HTML, the `datetime` attribute), empty for a moment outside the calendar.
    pub(super) fn for_machines(self, texts: &Texts) -> String {
        self.local(texts).map_or_else(String::new, |local| {
            local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        })
    }

    fn local(self, texts: &Texts) -> Option<Zoned> {
        Some(
            Timestamp::from_microsecond(self.0)
                .ok()?
                .to_zoned(texts.zone.0.clone()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(language: Language, zone: &str) -> Texts {
        Texts::new(language, Zone::named(zone).unwrap())
    }

    #[test]
    fn what_is_to_come_is_written_with_its_day_of_the_week_where_the_reader_is() {
        // Late on Sunday in London, and Monday in Tokyo already; and the six days after it.
        let days = "月火水木金土日".chars();
        for (later, day) in days.enumerate() {
            let micros = 1_795_993_200_000_000 + i64::try_from(later).unwrap() * 86_400_000_000;
            let moment = Moment(micros);
            let words = moment.words_with_weekday(&texts(Language::Ja, "Asia/Tokyo"));
            assert!(words.unwrap().contains(&format!("（{day}）")), "{later}");
        }
        let monday = Moment(1_795_993_200_000_000);
        assert_eq!(
            monday
                .words_with_weekday(&texts(Language::En, "Europe/London"))
                .unwrap(),
            "Sunday, 29 November 2026, 23:00"
        );
    }

    #[test]
    fn a_moment_is_written_in_the_readers_language_and_zone() {
        let moment = Moment(1_795_323_780_000_000);
        assert_eq!(
            moment.words(&texts(Language::Ja, "Asia/Tokyo")).unwrap(),
            "2026年11月22日 14:03"
        );
        assert_eq!(
            moment.words(&texts(Language::En, "Asia/Tokyo")).unwrap(),
            "22 November 2026, 14:03"
        );
        assert_eq!(
            moment.words(&texts(Language::En, "Europe/Berlin")).unwrap(),
            "22 November 2026, 06:03"
        );
        assert_eq!(
            moment.for_machines(&texts(Language::En, "Asia/Tokyo")),
            "2026-11-22T14:03:00+09:00"
        );
    }

    #[test]
    fn a_moment_outside_the_calendar_is_said_to_be_unknown() {
        for moment in [Moment(i64::MIN), Moment(i64::MAX)] {
            assert_eq!(
                moment.words(&texts(Language::En, "Asia/Tokyo")).unwrap(),
                "Date unknown"
            );
            assert_eq!(moment.for_machines(&texts(Language::En, "Asia/Tokyo")), "");
        }
    }

    #[test]
    fn a_zone_that_does_not_exist_is_an_error() {
        assert_eq!(Zone::named("Asia/Edo").unwrap_err().name, "Asia/Edo");
    }

    #[test]
    fn a_wait_is_never_said_too_short() {
        let words = |seconds| texts(Language::En, "Asia/Tokyo").wait(seconds).unwrap();
        assert_eq!(words(1), "1 second");
        assert_eq!(words(90), "90 seconds");
        assert_eq!(words(91), "2 minutes");
        assert_eq!(words(3_601), "61 minutes");
    }

    #[test]
    fn a_key_without_text_is_an_error_and_not_an_empty_label() {
        assert!(texts(Language::Ja, "Asia/Tokyo").say("no-such-key").is_err());
    }
}
