//! A person's profile, and the names that point to them.

use serde::{Deserialize, Serialize};

use super::details::Details;
use super::telephone::Telephone;

/// What is known about a person, in the names of OpenID Connect Core 1.0 §5.1. Kept sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The login name, as the person writes it.
    pub login: String,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the person has shown that the address is theirs.
    #[serde(default)]
    pub email_verified: bool,
    /// What else they told.
    #[serde(default)]
    pub details: Details,
}

/// Whether a person may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonState {
    /// May sign in.
    Active,
    /// May not sign in for the time being.
    Suspended,
}

impl PersonState {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// From that word; anything else means that the person may not sign in.
    pub fn parse(word: &str) -> Self {
        if word == "active" {
            Self::Active
        } else {
            Self::Suspended
        }
    }
}

/// A kind of name that points to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentifierKind {
    /// What is typed at sign-in.
    Login,
    /// An e-mail address.
    Email,
    /// A telephone number that its owner has shown to be theirs.
    Telephone,
}

impl IdentifierKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Email => "email",
            Self::Telephone => "telephone",
        }
    }
}

/// A name that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentifier {
    /// Empty, too long, or with characters that cannot be typed reliably.
    #[error("a login name has 1 to 128 characters, none of them a space or a control character")]
    Login,
    /// Not an e-mail address.
    #[error("this is not an e-mail address")]
    Email,
    /// Not a telephone number.
    #[error("this is not a telephone number")]
    Telephone,
}

/// The form in which names are compared: lower case, full-width letters and digits as their ASCII ones, since a
/// Japanese keyboard types either.
pub fn normalise(kind: IdentifierKind, text: &str) -> Result<String, InvalidIdentifier> {
    let folded: String = text
        .trim()
        .chars()
        .map(narrow)
        .flat_map(char::to_lowercase)
        .collect();
    let clean = folded
        .chars()
        .all(|character| !character.is_whitespace() && !character.is_control());
    match kind {
        IdentifierKind::Telephone => {
            let number = Telephone::parse(text).ok_or(InvalidIdentifier::Telephone)?;
            Ok(number.as_str().to_owned())
        }
        IdentifierKind::Login => {
            let count = folded.chars().count();
            if clean && (1..=128).contains(&count) {
                Ok(folded)
            } else {
                Err(InvalidIdentifier::Login)
            }
        }
        IdentifierKind::Email => {
            let shape = folded.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && domain.contains('.')
                    && !domain.contains('@')
                    && !domain.starts_with('.')
                    && !domain.ends_with('.')
            });
            if clean && shape && folded.len() <= 254 {
                Ok(folded)
            } else {
                Err(InvalidIdentifier::Email)
            }
        }
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

/// A person to be made.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// The profile; its login and e-mail become identifiers.
    pub profile: Profile,
    /// BCP 47 tag of the person's language.
    pub locale: Option<String>,
    /// Powers over the realm's API, as scopes.
    pub powers: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_japanese_keyboard_types_alike_are_alike() {
        assert_eq!(
            normalise(IdentifierKind::Login, "Ｔａｒｏ１２"),
            Ok("taro12".to_owned())
        );
        assert_eq!(
            normalise(IdentifierKind::Email, "Taro＠Example.JP"),
            Ok("taro@example.jp".to_owned())
        );
        assert_eq!(normalise(IdentifierKind::Login, "太郎"), Ok("太郎".to_owned()));
    }

    #[test]
    fn names_with_spaces_or_control_characters_are_refused() {
        for name in ["", "  ", "a b", "a\u{0}b", "a\u{3000}b"] {
            assert_eq!(
                normalise(IdentifierKind::Login, name),
                Err(InvalidIdentifier::Login),
                "{name:?}"
            );
        }
        for address in ["a", "a@", "@b.c", "a@b", "a@b@c.d", "a@.c"] {
            assert_eq!(
                normalise(IdentifierKind::Email, address),
                Err(InvalidIdentifier::Email),
                "{address:?}"
            );
        }
    }
}
