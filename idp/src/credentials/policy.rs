//! Which passwords are taken (NIST SP 800-63B §3.1.1.2: length and blocklist, no composition rules).

/// The least number of characters.
pub const MIN_LENGTH: u32 = 10;
/// The greatest number of characters.
pub const MAX_LENGTH: u32 = 128;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer than [`MIN_LENGTH`] characters.
    TooShort,
    /// More than [`MAX_LENGTH`] characters.
    TooLong,
    /// One of those that everybody tries first, or a run of one or two characters.
    TooCommon,
    /// Contains the login name.
    ContainsLogin,
}

const COMMON: &[&str] = &[
    "password",
    "passw0rd",
    "1234567890",
    "0123456789",
    "0987654321",
    "qwertyuiop",
    "asdfghjkl",
    "letmein",
    "iloveyou",
    "administrator",
    "welcome",
    "musubi",
    "abcdefghij",
    "1q2w3e4r5t",
    "sakura",
    "nippon",
    "tokyo",
];

/// All that is wrong with a password; empty if it is taken.
pub fn weaknesses(password: &str, login: &str) -> Vec<Weakness> {
    let mut found = Vec::new();
    let count = u32::try_from(password.chars().count()).unwrap_or(u32::MAX);
    if count < MIN_LENGTH {
        found.push(Weakness::TooShort);
    }
    if count > MAX_LENGTH {
        found.push(Weakness::TooLong);
    }
    let lower = password.to_lowercase();
    if is_common(&lower) {
        found.push(Weakness::TooCommon);
    }
    if login.chars().count() >= 4 && lower.contains(&login.to_lowercase()) {
        found.push(Weakness::ContainsLogin);
    }
    found
}

/// A common word counts when hardly anything stands around it; so do runs of one or two characters.
fn is_common(lower: &str) -> bool {
    let mut different: Vec<char> = lower.chars().collect();
    let total = different.len();
    different.sort_unstable();
    different.dedup();
    different.len() <= 2
        || COMMON
            .iter()
            .any(|word| lower.contains(word) && total < word.chars().count() + 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_blocklist_decide_and_composition_does_not() {
        assert_eq!(weaknesses("staple battery horse", "taro"), []);
        assert_eq!(weaknesses("さくらのきのしたでまつ", "taro"), []);
        assert_eq!(weaknesses("short", "taro"), [Weakness::TooShort]);
        assert_eq!(weaknesses("Password12", "taro"), [Weakness::TooCommon]);
        assert_eq!(weaknesses("aaaaaaaaaaaa", "taro"), [Weakness::TooCommon]);
        assert_eq!(weaknesses("my name is Tarou", "tarou"), [Weakness::ContainsLogin]);
        assert_eq!(weaknesses(&"ab c".repeat(40), "taro"), [Weakness::TooLong]);
    }
}
