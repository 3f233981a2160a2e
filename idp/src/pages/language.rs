//! Which language a reader gets (OpenID Connect Core 1.0 section 3.1.2.1 `ui_locales`, RFC 9110 section 12.5.4).

use std::cmp::Reverse;

use fluent_templates::{LanguageIdentifier, langid};
use platform::config;

/// Longer lists are cut: no reader speaks so many languages.
const MAX_BYTES: usize = 1_000;
const MAX_RANGES: usize = 32;

static JA: LanguageIdentifier = langid!("ja");
static EN: LanguageIdentifier = langid!("en");

/// A language in which every page exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Japanese, the language of most readers.
    Ja,
    /// English.
    En,
}

impl From<config::Language> for Language {
    fn from(language: config::Language) -> Self {
        match language {
            config::Language::Ja => Self::Ja,
            config::Language::En => Self::En,
        }
    }
}

impl Language {
    /// Every language, in the order in which the pages offer them.
    pub const ALL: [Self; 2] = [Self::Ja, Self::En];

    /// The BCP 47 tag: value of `lang`, of the language cookie, of `ui_locales`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// What the language calls itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Ja => "日本語",
            Self::En => "English",
        }
    }

    /// The language of a tag by its primary subtag: `ja`, `JA-jp`, `ja-JP-u-ca-japanese`.
    pub fn of_tag(tag: &str) -> Option<Self> {
        match Range::parse(tag)? {
            Range::Ours(language) => Some(language),
            Range::Any | Range::Foreign => None,
        }
    }

    /// The language to answer in.
    ///
    /// `ui_locales` (tags in order of preference, separated by spaces) counts most because somebody asked for it now,
    /// then the cookie that remembers an earlier choice, then `Accept-Language`. What is malformed is passed over and
    /// never an error. Who names no language gets the `usual` one; who names only languages that we do not have gets English.
    pub fn choose(
        ui_locales: Option<&str>,
        cookie: Option<&str>,
        accept_language: Option<&str>,
        usual: Self,
    ) -> Self {
        ui_locales
            .and_then(first_of_ui_locales)
            .or_else(|| cookie.and_then(Self::of_tag))
            .or_else(|| accept_language.and_then(best_of_accept_language))
            .unwrap_or(usual)
    }

    pub(super) fn identifier(self) -> &'static LanguageIdentifier {
        match self {
            Self::Ja => &JA,
            Self::En => &EN,
        }
    }
}

/// A language range (RFC 4647 section 2.1), as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Range {
    Ours(Language),
    Foreign,
    Any,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let well_formed = |subtag: &str| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let mut subtags = text.split('-');
        let primary = subtags
            .next()
            .filter(|subtag| well_formed(subtag) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
        if !subtags.all(|subtag| well_formed(subtag) || subtag == "*") {
            return None;
        }
        Some(
            match Language::ALL
                .into_iter()
                .find(|language| primary.eq_ignore_ascii_case(language.tag()))
            {
                Some(language) => Self::Ours(language),
                None => Self::Foreign,
            },
        )
    }
}

fn first_of_ui_locales(ui_locales: &str) -> Option<Language> {
    start_of(ui_locales)
        .split_ascii_whitespace()
        .take(MAX_RANGES)
        .find_map(Language::of_tag)
}

fn best_of_accept_language(header: &str) -> Option<Language> {
    let preferences: Vec<Preference> = start_of(header)
        .split(',')
        .take(MAX_RANGES)
        .filter_map(Preference::parse)
        .collect();
    // The most specific range decides about a language (RFC 4647 section 3.3.2): `*` speaks for those not named.
    let decisive = |language: Language| {
        let first = |range: Range| {
            preferences
                .iter()
                .enumerate()
                .find(|(_, preference)| preference.range == range)
        };
        first(Range::Ours(language)).or_else(|| first(Range::Any))
    };
    let ours = Language::ALL
        .into_iter()
        .filter_map(|language| decisive(language).map(|(place, preference)| (language, preference.weight, place)))
        .filter(|(_, weight, _)| *weight > 0)
        // Equal weights: the one mentioned first; `min_by_key` keeps the first of the list for the rest.
        .min_by_key(|(_, weight, place)| (Reverse(*weight), *place));
    match ours {
        Some((language, _, _)) => Some(language),
        None => preferences
            .iter()
            .any(|preference| preference.range == Range::Foreign && preference.weight > 0)
            .then_some(Language::En),
    }
}

/// One element of `Accept-Language`; the weight in thousandths.
struct Preference {
    range: Range,
    weight: u16,
}

impl Preference {
    fn parse(element: &str) -> Option<Self> {
        let (range, parameter) = match element.split_once(';') {
            Some((range, parameter)) => (range, Some(parameter)),
            None => (element, None),
        };
        let range = Range::parse(range.trim_matches([' ', '\t']))?;
        let weight = parameter.map_or(Some(1_000), weight_in_thousandths)?;
        Some(Self { range, weight })
    }
}

/// `weight` of RFC 9110 section 12.4.2: `q=` and a number from 0 to 1 with at most three digits after the point.
fn weight_in_thousandths(parameter: &str) -> Option<u16> {
    let text = parameter.trim_matches([' ', '\t']);
    let value = text.strip_prefix("q=").or_else(|| text.strip_prefix("Q="))?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

/// At most [`MAX_BYTES`] of `text`, cut between characters.
fn start_of(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_BYTES))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Language::{self, En, Ja};

    fn choose(ui_locales: Option<&str>, cookie: Option<&str>, header: Option<&str>) -> Language {
        Language::choose(ui_locales, cookie, header, Ja)
    }

    #[test]
    fn who_names_no_language_gets_the_usual_one() {
        for usual in Language::ALL {
            assert_eq!(Language::choose(None, None, Some(""), usual), usual);
            assert_eq!(Language::choose(None, None, Some("ja"), usual), Ja);
        }
    }

    fn by_header(header: &str) -> Language {
        choose(None, None, Some(header))
    }

    #[test]
    fn ui_locales_counts_more_than_the_cookie_and_the_cookie_more_than_the_header() {
        assert_eq!(choose(Some("en"), Some("ja"), Some("ja")), En);
        assert_eq!(choose(Some("fr"), Some("en"), Some("ja")), En);
        assert_eq!(choose(None, Some("en"), Some("ja")), En);
        assert_eq!(choose(None, Some("tlh"), Some("en")), En);
        assert_eq!(choose(None, None, None), Ja);
    }

    #[test]
    fn ui_locales_is_read_in_order_of_preference() {
        assert_eq!(choose(Some("fr-CA en ja"), None, None), En);
        assert_eq!(choose(Some("ja-JP-u-ca-japanese en"), None, Some("en")), Ja);
        assert_eq!(choose(Some("  JA  "), None, Some("en")), Ja);
        assert_eq!(choose(Some("*"), None, Some("en")), En);
    }

    #[test]
    fn the_header_is_read_by_weight_and_then_by_order() {
        assert_eq!(by_header("en-GB,en;q=0.9,ja;q=0.8"), En);
        assert_eq!(by_header("en;q=0.8, ja;q=0.801"), Ja);
        assert_eq!(by_header("en, ja"), En);
        assert_eq!(by_header("ja, en"), Ja);
        assert_eq!(by_header("fr, de;q=0.9, ja;q=0.1"), Ja);
        assert_eq!(by_header("en ; q=0.5\t, ja\t;\tq=0.6"), Ja);
    }

    #[test]
    fn weight_zero_means_never() {
        assert_eq!(by_header("ja;q=0, en;q=0.001"), En);
        assert_eq!(by_header("ja;q=0, *"), En);
        assert_eq!(by_header("en;q=0.000, *;q=0.1"), Ja);
    }

    #[test]
    fn a_wildcard_speaks_only_for_languages_not_named() {
        assert_eq!(by_header("*"), Ja);
        assert_eq!(by_header("*, ja;q=0.1"), En);
        assert_eq!(by_header("en;q=0.4, *;q=0.5"), Ja);
    }

    #[test]
    fn a_reader_of_other_languages_only_gets_english() {
        assert_eq!(by_header("zh-CN,zh;q=0.9"), En);
        assert_eq!(by_header("zh;q=0"), Ja);
    }

    #[test]
    fn malformed_elements_are_passed_over() {
        for weight in [
            "q=1.001", "q=2", "q=-1", "q=0.1234", "q=", "q=.5", "q=0.5;x", "q=abc", "x=1", "q =1", "",
        ] {
            assert_eq!(by_header(&format!("en;{weight}, ja;q=0.1")), Ja, "{weight}");
        }
        for range in [
            "en_US",
            "-en",
            "en-",
            "e n",
            "en--us",
            "englishenglish",
            "en-toolongsub",
            "日本",
            "1en",
            "\0en",
        ] {
            assert_eq!(by_header(&format!("{range}, ja;q=0.1")), Ja, "{range}");
        }
        assert_eq!(by_header(",,;;,=,q=1"), Ja);
        assert_eq!(by_header(""), Ja);
    }

    #[test]
    fn what_lies_beyond_the_limits_is_not_read() {
        assert_eq!(by_header(&format!("{}en", "ja;q=0.1,".repeat(40))), Ja);
        assert_eq!(by_header(&format!("{}, en", "x".repeat(2_000))), Ja);
        assert_eq!(by_header(&format!("ja;q=0.5{}, en", " ".repeat(2_000))), Ja);
        assert_eq!(choose(Some(&"あ".repeat(500_000)), None, Some("en")), En);
    }

    proptest! {
        #[test]
        fn no_input_makes_choosing_fail(
            ui_locales in proptest::option::of(".{0,40}"),
            cookie in proptest::option::of(".{0,40}"),
            header in proptest::option::of("[a-z*;=q0-9., -]{0,60}"),
        ) {
            let _ = choose(ui_locales.as_deref(), cookie.as_deref(), header.as_deref());
        }
    }
}
