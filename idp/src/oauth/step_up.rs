//! What a protected resource asks of the sign-in behind a token (RFC 9470).
//!
//! ```text
//! token ─▶ scope reaches ─▶ sign-in worth enough, young enough ─▶ served
//!                              └─ no: 401 insufficient_user_authentication, acr_values, max_age
//! client ─▶ authorization request with those ─▶ the person shows what is missing ─▶ another token
//! ```

use std::fmt::Write as _;
use std::time::Duration;

use platform::clock::Instant;
use platform::config::{Acr, StepUp};

use crate::credentials::Level;
use crate::oauth::tokens::AccessClaims;

/// What was asked and not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    level: Option<Level>,
    max_age: Option<u64>,
}

/// The sign-in behind a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proven {
    level: Option<Level>,
    at: Option<i64>,
}

impl Proven {
    /// What a token says about it; `None` for one without a person.
    pub fn by(claims: &AccessClaims) -> Option<Self> {
        claims.grant.as_ref().map(|_| Self {
            level: claims.acr.as_deref().and_then(Level::of_acr),
            at: claims.auth_time,
        })
    }

    /// Whether it is enough for all of `scopes`; what is asked, if not.
    pub fn check<'s>(
        self,
        rules: &[StepUp],
        scopes: impl IntoIterator<Item = &'s str>,
        now: Instant,
    ) -> Result<(), Demand> {
        let scopes: Vec<&str> = scopes.into_iter().collect();
        let asked = rules.iter().filter(|rule| scopes.contains(&rule.scope.as_str()));
        let demand = asked.fold(Demand::NOTHING, Demand::and);
        let worth = demand
            .level
            .is_none_or(|level| self.level.is_some_and(|held| held >= level));
        let young = demand.max_age.is_none_or(|most| {
            let at = self
                .at
                .map(|seconds| Instant::from_micros(seconds.saturating_mul(1_000_000)));
            at.is_some_and(|at| now.since(at) <= Duration::from_secs(most))
        });
        if worth && young { Ok(()) } else { Err(demand) }
    }
}

impl Proven {
    /// Whether it is at most so many seconds ago; what is asked, if not.
    pub fn is_younger(self, seconds: u64, now: Instant) -> Result<(), Demand> {
        let demand = Demand {
            level: None,
            max_age: Some(seconds),
        };
        let at = self
            .at
            .map(|seconds| Instant::from_micros(seconds.saturating_mul(1_000_000)));
        let young = at.is_some_and(|at| now.since(at) <= Duration::from_secs(seconds));
        if young { Ok(()) } else { Err(demand) }
    }
}

impl Demand {
    const NOTHING: Self = Self {
        level: None,
        max_age: None,
    };

    /// The stricter of both.
    fn and(self, rule: &StepUp) -> Self {
        let age = [self.max_age, rule.max_age_seconds].into_iter().flatten().min();
        Self {
            level: self.level.max(rule.acr.map(level)),
            max_age: age,
        }
    }

    /// The challenge (RFC 9470 §3) of an authentication scheme, which is given with its own parameters.
    pub fn challenge(&self, scheme: &str) -> String {
        let mut text = format!(
            "{scheme}, error=\"insufficient_user_authentication\", \
             error_description=\"The sign-in behind the token is worth too little here, or too long ago\""
        );
        if let Some(level) = self.level {
            // Writing to a string does not fail.
            let _ = write!(text, ", acr_values=\"{}\"", level.acr());
        }
        if let Some(seconds) = self.max_age {
            let _ = write!(text, ", max_age=\"{seconds}\"");
        }
        text
    }
}

fn level(acr: Acr) -> Level {
    match acr {
        Acr::Single => Level::Single,
        Acr::Multi => Level::Multi,
        Acr::PhishingResistant => Level::PhishingResistant,
        Acr::PhishingResistantHardware => Level::PhishingResistantHardware,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_micros(1_000_000_000_000);

    fn rule(scope: &str, acr: Option<Acr>, max_age_seconds: Option<u64>) -> StepUp {
        StepUp {
            scope: scope.to_owned(),
            acr,
            max_age_seconds,
        }
    }

    fn proven(level: Option<Level>, age: i64) -> Proven {
        Proven {
            level,
            at: Some(NOW.as_seconds() - age),
        }
    }

    #[test]
    fn the_strictest_of_the_rules_for_the_scopes_in_use_is_what_counts() {
        let rules = [
            rule("a", Some(Acr::Multi), Some(600)),
            rule("b", Some(Acr::PhishingResistant), None),
            rule("a", None, Some(60)),
        ];
        let check = |proven: Proven, scopes: &[&str]| proven.check(&rules, scopes.iter().copied(), NOW);
        assert_eq!(check(proven(None, 9_999), &["c"]), Ok(()));
        assert_eq!(check(proven(Some(Level::Multi), 60), &["a"]), Ok(()));
        let refused = check(proven(Some(Level::Multi), 61), &["a", "c"]).unwrap_err();
        assert!(
            refused
                .challenge("Bearer")
                .ends_with("acr_values=\"urn:musubi:acr:multi\", max_age=\"60\"")
        );
        assert!(check(proven(Some(Level::Multi), 1), &["a", "b"]).is_err());
        assert_eq!(
            check(proven(Some(Level::PhishingResistantHardware), 1), &["a", "b"]),
            Ok(())
        );
    }

    #[test]
    fn a_token_that_says_nothing_of_its_sign_in_meets_nothing() {
        let rules = [rule("a", Some(Acr::Single), None), rule("b", None, Some(60))];
        let silent = Proven {
            level: None,
            at: None,
        };
        assert!(silent.check(&rules, ["a"], NOW).is_err());
        assert!(silent.check(&rules, ["b"], NOW).is_err());
    }
}
