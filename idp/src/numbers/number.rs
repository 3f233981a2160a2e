//! The number itself: what a person reads out loud.
//!
//! ```text
//! 10 1234 5678 9012      code of the namespace (two digits, never 0 first), body (FF1 of a counter), two check digits
//! ```
//!
//! The check digits are ISO/IEC 7064 MOD 97-10 over everything before them, code included: a number whose value leaves
//! 1 modulo 97 is well formed. 97 is prime and 10 a primitive root of it, so every single wrong digit and every swap of
//! two digits, neighbours or not, is found (two swapped digits escape only when they are 96 places apart).
//!
//! With a body of ten digits a number has fourteen: not twelve as the Individual Number of the Japanese My Number Act,
//! which nobody may be led to type here, not thirteen as the Corporate Number, not sixteen as a payment card. The code
//! leads and does not begin with 0, so that no spreadsheet shortens it.

use serde::{Deserialize, Serialize};

/// Longest text that is looked at: eighteen digits with generous separators.
const LONGEST_TEXT: usize = 64;

/// The two digits a number begins with: which namespace of its realm it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(u8);

/// How many digits the body of a number has: 6 (a million numbers) to 14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Digits(u8);

/// A value outside what a namespace can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidShape {
    /// The code.
    #[error("the code of a namespace is 10 to 99")]
    Code,
    /// The length of the body.
    #[error("the body of a number has 6 to 14 digits")]
    Digits,
}

impl Code {
    /// Namespace of end users in a new realm.
    pub const PERSON: Self = Self(10);
    /// Namespace of staff in a new realm.
    pub const STAFF: Self = Self(20);
    /// Namespace of service operators in a new realm.
    pub const OPERATOR: Self = Self(30);

    /// A code, 10 to 99.
    pub fn new(code: u8) -> Result<Self, InvalidShape> {
        if (10..=99).contains(&code) {
            Ok(Self(code))
        } else {
            Err(InvalidShape::Code)
        }
    }

    /// Its value.
    pub fn value(self) -> u8 {
        self.0
    }
}

impl Digits {
    /// Ten: 10,000,000,000 numbers, fourteen digits in all.
    pub const DEFAULT: Self = Self(10);

    /// A length, 6 to 14. NIST SP 800-38G Rev. 1 asks for a domain of at least a million.
    pub fn new(digits: u8) -> Result<Self, InvalidShape> {
        if (6..=14).contains(&digits) {
            Ok(Self(digits))
        } else {
            Err(InvalidShape::Digits)
        }
    }

    /// Its value.
    pub fn value(self) -> u8 {
        self.0
    }

    /// How many numbers a namespace with such bodies has: 10 to the power of it.
    pub fn capacity(self) -> u64 {
        10_u64.pow(u32::from(self.0))
    }
}

/// A well-formed number: its check digits are right. Whether it was ever issued is another question.
///
/// `Display` and JSON are its bare digits; [`Number::grouped`] is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(u64);

/// A text that is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumber {
    /// Something other than digits, spaces and hyphens.
    #[error("a number is written with digits, spaces and hyphens only")]
    Character,
    /// Too few or too many digits, or 0 first.
    #[error("a number has 10 to 18 digits and does not begin with 0")]
    Length,
    /// A digit is wrong, or two are swapped.
    #[error("the check digits do not fit: a digit is wrong, or two are swapped")]
    Check,
}

impl Number {
    /// The number of `code` with this `body`, check digits added. The body must be below the capacity of `digits`.
    pub(super) fn compose(code: Code, digits: Digits, body: u64) -> Self {
        let payload = (u64::from(code.0) * digits.capacity() + body) * 100;
        Self(payload + (98 - payload % 97))
    }

    /// Reads what a person typed: ASCII or full-width digits, with any spaces and hyphens an input method makes.
    pub fn parse(text: &str) -> Result<Self, InvalidNumber> {
        if text.len() > LONGEST_TEXT {
            return Err(InvalidNumber::Length);
        }
        let mut value = 0_u64;
        let mut length = 0;
        for character in text.chars().filter(|one| !is_separator(*one)) {
            let digit = digit(character).ok_or(InvalidNumber::Character)?;
            if length == 0 && digit == 0 || length == 18 {
                return Err(InvalidNumber::Length);
            }
            value = value * 10 + u64::from(digit);
            length += 1;
        }
        match (length, value % 97) {
            (10..=18, 1) => Ok(Self(value)),
            (10..=18, _) => Err(InvalidNumber::Check),
            _ => Err(InvalidNumber::Length),
        }
    }

    /// The code of its namespace.
    pub fn code(self) -> Code {
        let leading = self.0 / 10_u64.pow(self.length() - 2);
        Code(u8::try_from(leading).unwrap_or_default())
    }

    /// The body, if it has as many digits as `digits` says.
    pub(super) fn body(self, digits: Digits) -> Option<u64> {
        (self.length() == u32::from(digits.0) + 4).then(|| self.0 / 100 % digits.capacity())
    }

    /// For people: the code, then groups of four: `10 1234 5678 9012`.
    pub fn grouped(self) -> String {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + 5);
        for (place, digit) in digits.chars().enumerate() {
            if place % 4 == 2 {
                text.push(' ');
            }
            text.push(digit);
        }
        text
    }

    fn length(self) -> u32 {
        self.0.ilog10() + 1
    }
}

fn digit(character: char) -> Option<u8> {
    let zero = match character {
        '0'..='9' => '0',
        '０'..='９' => '０',
        _ => return None,
    };
    u8::try_from(u32::from(character) - u32::from(zero)).ok()
}

/// Space (ASCII, no-break, ideographic) and hyphens: ASCII, the Unicode hyphens, the minus sign, their full-width and
/// half-width forms, and the prolonged sound mark that a Japanese keyboard gives between digits.
fn is_separator(character: char) -> bool {
    matches!(
        character,
        ' ' | '\u{a0}' | '\u{3000}' | '-' | '\u{2010}'
            ..='\u{2013}' | '\u{2212}' | '\u{ff0d}' | '\u{30fc}' | '\u{ff70}'
    )
}

impl std::fmt::Display for Number {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

impl std::str::FromStr for Number {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(body: u64) -> Number {
        Number::compose(Code::PERSON, Digits::DEFAULT, body)
    }

    /// The rule of ISO/IEC 7064 written another way: digit by digit, as one does by hand.
    fn checks(digits: &str) -> bool {
        digits
            .bytes()
            .fold(0, |sum: u32, digit| (sum * 10 + u32::from(digit - b'0')) % 97)
            == 1
    }

    #[test]
    fn the_check_digits_are_those_of_iso_7064_mod_97_10() {
        // The worked example of the standard: 794 gets 44.
        let check = |payload: u128| 98 - payload * 100 % 97;
        assert_eq!(check(794), 44);
        assert!(checks("79444"));
        // Our own composition follows the same rule.
        assert_eq!(
            number(0).to_string(),
            format!("100000000000{:02}", check(100_000_000_000))
        );
        assert!(checks(&number(1_234_567_890).to_string()));
    }

    #[test]
    fn every_single_wrong_digit_and_every_swap_of_two_digits_is_found() {
        for body in [0, 1, 9_999_999_999, 1_234_567_890, 9_090_909_090, 7_000_000_003] {
            let right = number(body).to_string();
            for place in 0..right.len() {
                for wrong in '0'..='9' {
                    let mut digits: Vec<char> = right.chars().collect();
                    digits[place] = wrong;
                    let text: String = digits.into_iter().collect();
                    assert_eq!(Number::parse(&text).is_ok(), text == right, "{text}");
                }
                for other in place + 1..right.len() {
                    let mut digits: Vec<char> = right.chars().collect();
                    digits.swap(place, other);
                    let text: String = digits.into_iter().collect();
                    assert_eq!(Number::parse(&text).is_ok(), text == right, "{text}");
                }
            }
        }
    }

    #[test]
    fn people_may_write_spaces_hyphens_and_full_width_digits_and_nothing_else() {
        let plain = number(1_234_567_890);
        let grouped = plain.grouped();
        assert_eq!(grouped, "10 1234 5678 9077");
        let wide: String = plain
            .to_string()
            .chars()
            .map(|one| char::from_u32(one as u32 + 0xfee0).unwrap())
            .collect();
        for text in [
            grouped.clone(),
            grouped.replace(' ', "-"),
            grouped.replace(' ', "ー"),
            grouped.replace(' ', "－"),
            grouped.replace(' ', "\u{3000}"),
            format!(" {wide} "),
        ] {
            assert_eq!(Number::parse(&text), Ok(plain), "{text}");
        }
        for text in [
            "10 1234 5678 90x7",
            "10.1234.5678.9077",
            "+10123456789077",
            "1012345678907７\n",
            "١٠١٢٣٤٥٦٧٨٩٠٧٧",
        ] {
            assert_eq!(Number::parse(text), Err(InvalidNumber::Character), "{text}");
        }
    }

    #[test]
    fn lengths_outside_the_bounds_and_a_leading_zero_are_refused() {
        assert_eq!(Number::parse(""), Err(InvalidNumber::Length));
        assert_eq!(Number::parse("- -"), Err(InvalidNumber::Length));
        assert_eq!(Number::parse("79444"), Err(InvalidNumber::Length));
        assert_eq!(Number::parse("0079444000000"), Err(InvalidNumber::Length));
        assert_eq!(Number::parse(&"1".repeat(19)), Err(InvalidNumber::Length));
        assert_eq!(Number::parse(&" ".repeat(65)), Err(InvalidNumber::Length));
        assert_eq!(Code::new(9), Err(InvalidShape::Code));
        assert_eq!(Code::new(100), Err(InvalidShape::Code));
        assert_eq!(Digits::new(5), Err(InvalidShape::Digits));
        assert_eq!(Digits::new(15), Err(InvalidShape::Digits));
    }

    proptest! {
        #[test]
        fn what_is_composed_reads_back_as_it_was(code in 10_u8..=99, digits in 6_u8..=14, seed: u64) {
            let (code, digits) = (Code::new(code).unwrap(), Digits::new(digits).unwrap());
            let body = seed % digits.capacity();
            let number = Number::compose(code, digits, body);
            prop_assert!(checks(&number.to_string()));
            prop_assert_eq!(number.code(), code);
            prop_assert_eq!(number.body(digits), Some(body));
            prop_assert_eq!(Number::parse(&number.grouped()), Ok(number));
            let json = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(json.clone(), format!("\"{number}\""));
            prop_assert_eq!(serde_json::from_str::<Number>(&json).unwrap(), number);
            prop_assert_eq!(number.body(Digits::new(if digits.value() == 6 { 7 } else { 6 }).unwrap()), None);
        }

        #[test]
        fn no_text_makes_the_parser_fail_or_accept_what_does_not_check(text in "\\PC{0,40}|[0-9０-９ ー-]{0,24}") {
            if let Ok(number) = Number::parse(&text) {
                prop_assert!(checks(&number.to_string()));
            }
        }
    }
}
