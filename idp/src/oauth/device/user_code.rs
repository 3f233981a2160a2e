//! The code that a person reads from one device and types on another (RFC 8628 §6.1).

use platform::encoding::base64url;
use platform::entropy::{Entropy, EntropyFailed};

use crate::realms::Realm;

/// Consonants, so that no code is a word, and none that is mistaken for another or for a digit: 20^8 codes, 34 bits.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// A user code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// A fresh one; each letter is as likely as any other.
    pub fn generate(entropy: &Entropy) -> Result<Self, EntropyFailed> {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            for byte in entropy.array::<16>()? {
                let fair = usize::from(byte) < ALPHABET.len() * (256 / ALPHABET.len());
                let letter = ALPHABET.get(usize::from(byte) % ALPHABET.len());
                if let Some(letter) = letter.filter(|_| fair && code.len() < LENGTH) {
                    code.push(char::from(*letter));
                }
            }
        }
        Ok(Self(code))
    }

    /// Reads what somebody typed: small letters, the wide letters of Japanese keyboards, and whatever stands between.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > 100 {
            return None;
        }
        let letters: String = typed.chars().filter_map(letter).collect();
        let known = |byte: u8| ALPHABET.contains(&byte);
        (letters.len() == LENGTH && letters.bytes().all(known)).then_some(Self(letters))
    }

    /// As people read it.
    pub fn grouped(&self) -> String {
        let (first, second) = self.0.split_at(LENGTH / 2);
        format!("{first}-{second}")
    }

    /// The name of its entry.
    pub(super) fn name(&self, realm: &Realm) -> String {
        base64url(realm.token_hash("device.user", &self.0))
    }
}

/// A letter as the alphabet has it; digits stay what they are, so that a code with one is wrong and not shorter.
fn letter(typed: char) -> Option<char> {
    let narrow = match typed {
        '\u{ff10}'..='\u{ff5a}' => u32::from(typed).checked_sub(0xfee0).and_then(char::from_u32)?,
        other => other,
    };
    narrow.is_alphanumeric().then(|| narrow.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for typed in [
            "WDJB-MJHT",
            "wdjb mjht",
            " wdjbmjht",
            "ＷＤＪＢ－ｍｊｈｔ",
            "W D J B・M J H T",
        ] {
            assert_eq!(UserCode::parse(typed).unwrap().grouped(), "WDJB-MJHT", "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_none() {
        for typed in [
            "",
            "WDJB",
            "WDJB-MJHTX",
            "WDJB-MJH1",
            "AEIO-UYYY",
            "WDJBMJH\u{0131}",
            &"W".repeat(101),
        ] {
            assert!(UserCode::parse(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn a_fresh_code_is_of_the_alphabet_and_another_each_time() {
        let entropy = Entropy::seeded(5);
        let codes: std::collections::HashSet<String> = (0..1000)
            .map(|_| UserCode::generate(&entropy).unwrap())
            .inspect(|code| assert_eq!(UserCode::parse(&code.grouped()).as_ref(), Some(code)))
            .map(|code| code.grouped())
            .collect();
        assert_eq!(codes.len(), 1000);
        let letters: std::collections::HashSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(letters.len(), ALPHABET.len() + 1, "every letter, and the hyphen");
    }
}
