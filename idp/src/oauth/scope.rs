//! Scopes (RFC 6749 §3.3).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Scopes that say what of a person a client receives (OpenID Connect Core 1.0 §5.4, §11).
pub const PERSON_SCOPES: &[&str] = &["openid", "profile", "email", "address", "phone", "offline_access"];

/// A set of scopes, in alphabetical order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(BTreeSet<String>);

/// A scope with characters that RFC 6749 §3.3 does not allow, or too many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the scope is not well-formed")]
pub struct MalformedScope;

impl Scope {
    /// Parses a list separated by single spaces.
    pub fn parse(text: &str) -> Result<Self, MalformedScope> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let tokens: Vec<&str> = text.split(' ').filter(|token| !token.is_empty()).collect();
        if tokens.len() > 50
            || tokens
                .iter()
                .any(|token| token.len() > 200 || !token.bytes().all(allowed))
        {
            return Err(MalformedScope);
        }
        Ok(Self(tokens.into_iter().map(str::to_owned).collect()))
    }

    /// Whether a scope is in the set.
    pub fn has(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether every scope of `other` is in the set.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.is_superset(&other.0)
    }

    /// The scopes that are in both.
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The scopes that are not in `other`.
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// The scopes of either.
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Those for which `keep` holds.
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromIterator<String> for Scope {
    fn from_iter<I: IntoIterator<Item = String>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(scope)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_backslashes_and_control_characters_are_refused() {
        for text in ["a\"b", "a\\b", "a\tb", "é", &"x".repeat(201), &"a ".repeat(51)] {
            assert_eq!(Scope::parse(text), Err(MalformedScope), "{text}");
        }
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        assert_eq!(
            Scope::parse("openid  email openid").unwrap(),
            Scope::parse("email openid").unwrap()
        );
        assert_eq!(
            Scope::parse("profile openid").unwrap().to_string(),
            "openid profile"
        );
    }
}
