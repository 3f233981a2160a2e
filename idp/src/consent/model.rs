//! A consent as it is kept.

use platform::clock::Instant;

use super::compile::InvalidConsent;
use super::fhir;
use crate::access::Rule;
use crate::ids::{ConsentId, PersonId};

/// Where a consent came from. It decides nothing; it says how to speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The person said it themselves, line by line.
    Person,
    /// One of the three levels of the family notebook.
    Level,
    /// A tie between two people.
    Tie,
    /// A service asked for it.
    Service,
}

impl Origin {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Level => "level",
            Self::Tie => "tie",
            Self::Service => "service",
        }
    }

    /// From that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Person, Self::Level, Self::Tie, Self::Service]
            .into_iter()
            .find(|origin| origin.as_str() == word)
    }
}

/// A consent to be given.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Who gives it: the person, or who acts for them.
    pub performer: PersonId,
    /// Where it comes from.
    pub origin: Origin,
    /// What it says.
    pub rules: Vec<Rule>,
}

/// That there is a consent, and how its newest version stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its key.
    pub id: ConsentId,
    /// The version, from 1.
    pub version: i32,
    /// `active` or `inactive`.
    pub status: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether somebody else gave this version for the person.
    pub by_another: bool,
    /// When this version was given.
    pub at: Instant,
}

/// A consent, in its newest version.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its key.
    pub id: ConsentId,
    /// The version, from 1.
    pub version: i32,
    /// Whose data it is about.
    pub subject: PersonId,
    /// Who gave this version.
    pub performer: PersonId,
    /// Where it comes from.
    pub origin: Origin,
    /// When this version was given.
    pub at: Instant,
    /// The resource.
    pub resource: fhir::Consent,
}

impl Kept {
    /// Whether it applies.
    pub fn is_active(&self) -> bool {
        self.resource.status == fhir::Status::Active
    }

    /// What it says.
    pub fn rules(&self) -> Result<Vec<Rule>, InvalidConsent> {
        super::compile(&self.resource)
    }
}
