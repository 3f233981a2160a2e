//! What people type: the digits of an app, or one of their recovery codes.

mod store;

use platform::entropy::{Entropy, EntropyFailed};

use super::totp::DIGITS;

/// How many recovery codes a list has.
pub const COUNT: usize = 10;
/// Characters of a recovery code: 50 bits, behind a counter of guesses and a keyed hash.
const LENGTH: usize = 10;
/// Letters and digits that nobody takes for each other (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What was typed, in the form in which it is compared.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// Six digits.
    Totp(String),
    /// A recovery code.
    Recovery(String),
    /// Neither.
    Other,
}

/// Reads what was typed: spaces and hyphens do not count, a Japanese keyboard's digits are digits.
pub(super) fn read(text: &str) -> Typed {
    let folded: String = text
        .chars()
        .take(64)
        .filter(|character| !character.is_whitespace() && !matches!(character, '-' | '‐' | 'ー' | '−' | '－'))
        .map(narrow)
        .flat_map(char::to_uppercase)
        .collect();
    if folded.len() == DIGITS && folded.bytes().all(|byte| byte.is_ascii_digit()) {
        return Typed::Totp(folded);
    }
    let code: String = folded
        .chars()
        .map(|character| match character {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    if code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte)) {
        Typed::Recovery(code)
    } else {
        Typed::Other
    }
}

fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - u32::from('\u{ff01}') + u32::from('!')).unwrap_or(character)
        }
        other => other,
    }
}

/// A fresh recovery code.
pub(super) fn generate(entropy: &Entropy) -> Result<String, EntropyFailed> {
    let bytes = entropy.array::<LENGTH>()?;
    // 256 is a multiple of 32: each character is as likely as any other.
    let letters = bytes
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
    Ok(letters.map(|letter| char::from(*letter)).collect())
}

/// A recovery code as it is shown: in two halves.
pub(super) fn shown(code: &str) -> String {
    let (one, other) = code.split_at_checked(LENGTH / 2).unwrap_or((code, ""));
    format!("{one}-{other}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_however_a_keyboard_writes_them() {
        for text in ["123456", "123 456", "１２３４５６", " 123-456 "] {
            assert!(read(text) == Typed::Totp("123456".to_owned()), "{text}");
        }
        for text in ["12345", "1234567", "12345a", "+12345", ""] {
            assert!(read(text) == Typed::Other, "{text}");
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_it_is_shown_and_as_it_is_misread() {
        let code = generate(&Entropy::seeded(5)).unwrap();
        assert!(read(&shown(&code)) == Typed::Recovery(code.clone()));
        assert!(read(&shown(&code).to_lowercase()) == Typed::Recovery(code));
        assert!(read("oIl00-00000") == Typed::Recovery("0110000000".to_owned()));
        assert!(read("UUUUU-UUUUU") == Typed::Other);
        assert!(read(&"0".repeat(500)) == Typed::Other);
    }
}
