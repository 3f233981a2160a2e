//! What a realm asks of its people when they sign in.

use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

/// Who must have a second factor; whoever has one must always show it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    /// Nobody: a hub can be set up, and scripted, before anybody has an app or a key at hand.
    #[default]
    Optional,
    /// Whoever holds a power over the realm's API.
    Administrators,
    /// Everybody.
    Everybody,
}

/// A model of authenticator whose passkeys are taken, and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticator {
    /// Names the model (Web Authentication Level 2 §6.5.1).
    pub aaguid: Uuid,
    /// What people call it.
    pub name: String,
    /// The certificate authority of its attestations, in PEM.
    pub certificate: String,
}

/// What a realm asks of its people when they sign in; kept as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignInPolicy {
    /// Who must have a second factor.
    pub second_factor: SecondFactor,
    /// Other origins whose pages may use passkeys of this realm (Web Authentication Level 3 §5.11).
    pub related_origins: Vec<String>,
    /// The only authenticators whose passkeys are taken; empty: all, without asking what they are.
    pub authenticators: Vec<Authenticator>,
}

/// A policy that cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPolicy {
    /// A related origin is none.
    #[error("a related origin is an https URL of a host alone, without a slash at its end")]
    Origin,
    /// More than browsers look at.
    #[error("a realm has at most ten related origins")]
    TooMany,
}

impl SignInPolicy {
    /// Whether it can be held. Browsers look at five different names at least (Web Authentication Level 3 §5.11.1).
    pub fn check(&self) -> Result<(), InvalidPolicy> {
        if self.related_origins.len() > 10 {
            return Err(InvalidPolicy::TooMany);
        }
        let is_origin = |text: &String| {
            Url::parse(text).is_ok_and(|url| {
                url.scheme() == "https"
                    && url.domain().is_some()
                    && url.origin().ascii_serialization() == *text
            })
        };
        if self.related_origins.iter().all(is_origin) {
            Ok(())
        } else {
            Err(InvalidPolicy::Origin)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_https_and_a_host_alone() {
        let policy = |origins: &[&str]| SignInPolicy {
            related_origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
            ..SignInPolicy::default()
        };
        assert_eq!(
            policy(&["https://id.example.jp", "https://a.example:8443"]).check(),
            Ok(())
        );
        for origin in [
            "http://a.example",
            "https://a.example/",
            "https://a.example/x",
            "https://192.0.2.1",
            "https://A.example",
            "*",
            "",
        ] {
            assert_eq!(policy(&[origin]).check(), Err(InvalidPolicy::Origin), "{origin}");
        }
        assert_eq!(
            policy(&["https://a.example"; 11]).check(),
            Err(InvalidPolicy::TooMany)
        );
    }
}
