//! Which codes are taken.

use std::ops::RangeInclusive;

/// How many letters and digits a code has. Guesses are counted, so that six digits are enough (SP 800-63B-4 §3.1.1.1 asks
/// for as many of a secret whose guesses are).
pub const LENGTH: RangeInclusive<usize> = 6..=32;

/// A code that may be set, as it is compared: what Japanese keyboards make wide is narrow, and what stands between letters
/// and digits does not count.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

/// Why a code is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Too short, too long, or of other signs than letters and digits.
    Shape,
    /// One sign again and again, a row of signs such as 123456, or the login name.
    Guessable,
}

impl Code {
    /// What somebody typed, as it is compared; of no more than is worth looking at.
    pub fn typed(text: &str) -> String {
        let narrow = |letter: char| match letter {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            other => other,
        };
        let between = |letter: &char| {
            !(letter.is_whitespace() || matches!(letter, '-' | '\u{2010}'..='\u{2015}' | '\u{30fc}'))
        };
        text.chars()
            .take(4 * LENGTH.end())
            .map(narrow)
            .filter(between)
            .collect()
    }

    /// A code that somebody with this login name may set.
    pub fn new(text: &str, login: &str) -> Result<Self, Weakness> {
        let code = Self::typed(text);
        if !LENGTH.contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Weakness::Shape);
        }
        let steps = || {
            code.bytes()
                .zip(code.bytes().skip(1))
                .map(|(one, next)| i16::from(next) - i16::from(one))
        };
        let is_row = [-1, 0, 1].iter().any(|pace| steps().all(|step| step == *pace));
        if is_row || code.eq_ignore_ascii_case(login) {
            return Err(Weakness::Guessable);
        }
        Ok(Self(code))
    }

    /// The code, to be hashed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        for typed in ["314159", "314 159", "３１４１５９", "314-159", "３１４ー１５９"] {
            assert!(
                Code::new(typed, "hanako").is_ok_and(|code| code.expose() == "314159"),
                "{typed}"
            );
            assert_eq!(Code::typed(typed), "314159");
        }
        assert_eq!(Code::typed(&"1".repeat(100_000)).len(), 128);
    }

    #[test]
    fn a_code_has_a_length_and_is_none_that_everybody_tries_first() {
        for (text, weakness) in [
            ("31415", Weakness::Shape),
            ("", Weakness::Shape),
            ("31415!", Weakness::Shape),
            ("あいうえおか", Weakness::Shape),
            ("000000", Weakness::Guessable),
            ("123456", Weakness::Guessable),
            ("987654", Weakness::Guessable),
            ("abcdefg", Weakness::Guessable),
            ("HANAKO", Weakness::Guessable),
        ] {
            assert_eq!(Code::new(text, "hanako").err(), Some(weakness), "{text}");
        }
        assert!(Code::new(&"a1".repeat(16), "hanako").is_ok());
        assert_eq!(Code::new(&"a1".repeat(17), "hanako").err(), Some(Weakness::Shape));
    }
}
