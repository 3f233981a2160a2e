//! The code.

use platform::encoding::hex;
use platform::entropy::{Entropy, EntropyFailed};

use crate::ids::PersonId;
use crate::people::{IdentifierKind, normalise};
use crate::realms::Realm;

/// A code of eight digits. It does not print.
pub struct Code(String);

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Code")
    }
}

/// Numbers that eight digits can say.
const ALL: u64 = 100_000_000;

impl Code {
    /// A fresh one: every number is as likely as any other, but for one in 10¹¹.
    pub fn generate(entropy: &Entropy) -> Result<Self, EntropyFailed> {
        let number = u64::from_be_bytes(entropy.array()?) % ALL;
        Ok(Self(format!("{number:08}")))
    }

    /// As a person types it: with spaces, with full-width digits.
    pub fn typed(text: &str) -> Option<Self> {
        let digits: String = text
            .chars()
            .filter(|character| !character.is_whitespace() && *character != '-')
            .take(9)
            .map(|character| match character {
                '\u{ff10}'..='\u{ff19}' => {
                    char::from_digit(u32::from(character) - u32::from('\u{ff10}'), 10).unwrap_or(character)
                }
                other => other,
            })
            .collect();
        (digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(Self(digits))
    }

    /// The digits, for the letter.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The hash under which it is kept: for this realm, person and address, and for no other.
    pub fn hash(&self, realm: &Realm, person: PersonId, address: &str) -> [u8; 32] {
        let normal = normalise(IdentifierKind::Email, address).unwrap_or_default();
        let bound = format!("{} {} {}", person, hex(normal.as_bytes()), self.0);
        realm.token_hash("email.code", &bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed_and_nothing_else_is_one() {
        for typed in ["12345678", "1234 5678", "１２３４５６７８", " 1234-5678 "] {
            assert_eq!(Code::typed(typed).unwrap().expose(), "12345678", "{typed}");
        }
        for other in ["", "1234567", "123456789", "1234567a", "٣٤٥٦٧٨٩٠", "12345678 1"] {
            assert!(Code::typed(other).is_none(), "{other}");
        }
    }

    #[test]
    fn codes_have_eight_digits_and_differ() {
        let entropy = Entropy::seeded(4);
        let codes: std::collections::HashSet<String> =
            (0..50).map(|_| Code::generate(&entropy).unwrap().0).collect();
        assert!(codes.len() == 50 && codes.iter().all(|code| code.len() == 8));
        assert!(!format!("{:?}", Code::generate(&entropy)).contains(|c: char| c.is_ascii_digit()));
    }
}
