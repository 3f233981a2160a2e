//! Who changes something.

use crate::ids::{PersonId, TieId};

/// In which part somebody changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// The person themselves.
    Person,
    /// Somebody whom the person has permitted.
    Family,
    /// An administrator, or a service with their power.
    Administrator,
    /// The operator, on the command line.
    Command,
}

impl Via {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Family => "family",
            Self::Administrator => "administrator",
            Self::Command => "command",
        }
    }

    /// From that word; anything else was none of the others.
    pub fn parse(word: &str) -> Self {
        match word {
            "person" => Self::Person,
            "family" => Self::Family,
            "command" => Self::Command,
            _ => Self::Administrator,
        }
    }
}

/// Who changes something.
#[derive(Debug, Clone)]
pub struct By {
    /// In which part.
    pub via: Via,
    /// Who; `None` for a service by itself and for the command line.
    pub actor: Option<PersonId>,
    /// The client that they used, if it was not the hub's own pages.
    pub client: Option<String>,
    /// The tie that permits it, where it is somebody of the family: it must still hold when the change is written.
    pub tie: Option<TieId>,
}

impl By {
    /// The person themselves, on the hub's pages.
    pub fn person(id: PersonId) -> Self {
        Self {
            via: Via::Person,
            actor: Some(id),
            client: None,
            tie: None,
        }
    }

    /// Somebody whom the person has permitted, on the hub's pages.
    pub fn family(id: PersonId, tie: TieId) -> Self {
        Self {
            via: Via::Family,
            tie: Some(tie),
            ..Self::person(id)
        }
    }
}
