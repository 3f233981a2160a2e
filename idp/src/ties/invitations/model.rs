//! The code of an invitation.

use platform::entropy::{Entropy, EntropyFailed};

use crate::realms::Realm;

/// Letters and digits that are not taken for each other (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code: sixty bits, which nobody guesses by asking.
const LENGTH: usize = 12;

/// A code. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Code")
    }
}

impl Code {
    /// A fresh one.
    pub fn generate(entropy: &Entropy) -> Result<Self, EntropyFailed> {
        let bytes: [u8; LENGTH] = entropy.array()?;
        let letters = bytes.iter().map(|byte| {
            let letter = ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
            char::from(letter)
        });
        Ok(Self(letters.collect()))
    }

    /// As a person types it: in any case and width, with spaces or hyphens, with O for 0 and I or L for 1.
    pub fn typed(text: &str) -> Option<Self> {
        let mut code = String::new();
        for character in crate::people::fold_width(text).chars().take(4 * LENGTH) {
            match character.to_ascii_uppercase() {
                ' ' | '-' | '‐' | '−' | 'ー' => {}
                'O' => code.push('0'),
                'I' | 'L' => code.push('1'),
                letter if u8::try_from(letter).is_ok_and(|byte| ALPHABET.contains(&byte)) => {
                    code.push(letter);
                }
                _ => return None,
            }
        }
        (code.len() == LENGTH).then_some(Self(code))
    }

    /// In groups, for the screen of who invites.
    pub fn grouped(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join("-")
    }

    /// The hash under which it is kept.
    pub fn hash(&self, realm: &Realm) -> [u8; 32] {
        realm.token_hash("tie.code", &self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed_and_nothing_else_is_one() {
        let code = Code::generate(&Entropy::seeded(7)).unwrap();
        let shown = code.grouped();
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', " "),
            shown.replace('-', ""),
        ] {
            assert_eq!(Code::typed(&typed), Some(code.clone()), "{typed}");
        }
        assert_eq!(Code::typed("oOiIlL234567"), Code::typed("001111234567"));
        assert_eq!(
            Code::typed("ＡＢＣＤ－ＥＦＧＨ－Ｊ２３４"),
            Code::typed("ABCDEFGHJ234")
        );
        for other in [
            "",
            "ABCD",
            "ABCD-EFGH-JKMU",
            "ABCD-EFGH-JKMN-P",
            "あいうえおかきくけこさし",
        ] {
            assert_eq!(Code::typed(other), None, "{other}");
        }
        assert!(!format!("{code:?}").contains(&shown[..4]));
    }
}
