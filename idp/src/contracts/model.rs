//! A contract to be made. Pure.

use platform::clock::Instant;
use serde::{Deserialize, Serialize};

use crate::access::{Actions, Kinds};
use crate::ids::{OrganisationId, PersonId};

/// The most services in a contract.
const MOST: usize = 50;

/// A contract that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContract {
    /// A service without a name, or too many of them.
    #[error("a contract has 1 to 50 services, each with a word of 1 to 100 characters")]
    Services,
    /// It would be about nothing.
    #[error("a contract names kinds of data and what is done with them")]
    Nothing,
    /// It would end before it begins.
    #[error("a contract ends after it begins")]
    Term,
}

/// The services of a contract, in the operator's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Services(Vec<String>);

impl Services {
    /// Takes words that name services.
    pub fn new(words: Vec<String>) -> Result<Self, InvalidContract> {
        let named = |word: &String| {
            let length = word.chars().count();
            (1..=100).contains(&length) && !word.chars().any(char::is_control)
        };
        if (1..=MOST).contains(&words.len()) && words.iter().all(named) {
            Ok(Self(words))
        } else {
            Err(InvalidContract::Services)
        }
    }

    /// The words.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

/// A contract to be made.
#[derive(Debug, Clone)]
pub struct NewContract {
    /// Whose.
    pub person: PersonId,
    /// With whom.
    pub organisation: OrganisationId,
    /// For which services.
    pub services: Services,
    /// Which kinds of data they work with.
    pub kinds: Kinds,
    /// What they do with them.
    pub actions: Actions,
    /// From when.
    pub from: Instant,
    /// Until when, if that is agreed.
    pub until: Option<Instant>,
}

impl NewContract {
    /// Whether it is about something, and goes forward in time.
    pub fn check(&self) -> Result<(), InvalidContract> {
        if self.kinds.is_empty() || self.actions.is_empty() {
            Err(InvalidContract::Nothing)
        } else if self.until.is_some_and(|until| until <= self.from) {
            Err(InvalidContract::Term)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::access::Kind;

    #[test]
    fn a_contract_names_services_kinds_and_actions_and_goes_forward() {
        for words in [
            vec![],
            vec![String::new()],
            vec!["x".repeat(101)],
            vec!["a\n".to_owned()],
            vec!["a".to_owned(); 51],
        ] {
            assert_eq!(Services::new(words), Err(InvalidContract::Services));
        }
        let good = NewContract {
            person: Uuid::from_u128(1).into(),
            organisation: Uuid::from_u128(2).into(),
            services: Services::new(vec!["見守り".to_owned()]).unwrap(),
            kinds: Kinds::of(&[Kind::Vitals]),
            actions: Actions::ALL,
            from: Instant::from_micros(5),
            until: Some(Instant::from_micros(6)),
        };
        assert_eq!(good.check(), Ok(()));
        let nothing = NewContract {
            kinds: Kinds::NONE,
            ..good.clone()
        };
        assert_eq!(nothing.check(), Err(InvalidContract::Nothing));
        let backwards = NewContract {
            until: Some(good.from),
            ..good
        };
        assert_eq!(backwards.check(), Err(InvalidContract::Term));
    }
}
