//! Telephone numbers as people in Japan write them, kept as E.164 (ITU-T E.164: `+`, country code, at most 15 digits).
//!
//! The Japanese numbering plan is read exactly: nine digits after the leading 0 for lines, ten for mobile and IP
//! telephones. Of other countries only the form is known: whether such a number exists, its owner shows by a code.

use super::folding::fold_width;

/// Longest number that is looked at, in characters.
const LONGEST: usize = 40;

/// A telephone number in E.164.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telephone(String);

impl Telephone {
    /// Reads a number as it was typed: `090-1234-5678`, `０３（１２３４）５６７８`, `+81 90 1234 5678`, `+1 202 555 0123`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().count() > LONGEST {
            return None;
        }
        let digits = digits_of(&fold_width(text))?;
        let international = digits.strip_prefix('+').or_else(|| digits.strip_prefix("010"));
        match international {
            Some(number) => match number.strip_prefix("81") {
                // As in "+81 (0)90 …": the 0 is dialled inside the country only.
                Some(national) => japanese(national.strip_prefix('0').unwrap_or(national)),
                None => foreign(number),
            },
            None => japanese(digits.strip_prefix('0')?),
        }
    }

    /// As it is kept and compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether short messages can reach it, as far as the number tells: of Japanese ones, mobile telephones.
    pub fn takes_messages(&self) -> bool {
        match self.0.strip_prefix("+81") {
            Some(national) => {
                national.len() == 10
                    && ["60", "70", "80", "90"]
                        .iter()
                        .any(|start| national.starts_with(start))
            }
            None => true,
        }
    }
}

fn digits_of(text: &str) -> Option<String> {
    let mut digits = String::new();
    for character in text.chars() {
        match character {
            '0'..='9' => digits.push(character),
            '+' if digits.is_empty() => digits.push('+'),
            ' ' | '(' | ')' | '.' | '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | 'ー' => {}
            _ => return None,
        }
    }
    Some(digits)
}

/// The number without its leading 0.
fn japanese(national: &str) -> Option<Telephone> {
    let ten = ["20", "50", "60", "70", "80", "90"];
    let length = if ten.iter().any(|start| national.starts_with(start)) {
        10
    } else {
        9
    };
    let is_line =
        national.len() == length && national.starts_with(|first: char| ('1'..='9').contains(&first));
    is_line.then(|| Telephone(format!("+81{national}")))
}

fn foreign(number: &str) -> Option<Telephone> {
    let fits =
        (7..=15).contains(&number.len()) && number.starts_with(|first: char| ('1'..='9').contains(&first));
    fits.then(|| Telephone(format!("+{number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_number_however_it_is_written() {
        for text in [
            "09012345678",
            "090-1234-5678",
            "０９０−１２３４−５６７８",
            "+81 90 1234 5678",
            "+81(0)90-1234-5678",
            "010 81 90 1234 5678",
        ] {
            assert_eq!(
                Telephone::parse(text).unwrap().as_str(),
                "+819012345678",
                "{text}"
            );
        }
        assert_eq!(
            Telephone::parse("03（1234）5678").unwrap().as_str(),
            "+81312345678"
        );
        assert_eq!(
            Telephone::parse("0120ー123ー456").unwrap().as_str(),
            "+81120123456"
        );
        assert_eq!(
            Telephone::parse("+1 202 555 0123").unwrap().as_str(),
            "+12025550123"
        );
    }

    #[test]
    fn what_no_telephone_has_is_none() {
        for text in [
            "",
            "0",
            "090-1234-567",
            "090-1234-56789",
            "03-1234-567",
            "1234567",
            "0012345678",
            "+8190123456789",
            "+81 0 312345678 1",
            "+123",
            "+1234567890123456",
            "+0123456789",
            "03-1234-567a",
            "++819012345678",
            "８１",
            "03 1234 5678 ext 9",
            "٠٩٠١٢٣٤٥٦٧٨",
        ] {
            assert_eq!(Telephone::parse(text), None, "{text}");
        }
        assert_eq!(Telephone::parse(&"0".repeat(4000)), None);
    }

    #[test]
    fn only_mobile_telephones_take_messages() {
        let takes = |text: &str| Telephone::parse(text).unwrap().takes_messages();
        assert!(takes("070-1234-5678") && takes("+1 202 555 0123"));
        assert!(!takes("03-1234-5678") && !takes("050-1234-5678") && !takes("0120-123-456"));
    }
}
