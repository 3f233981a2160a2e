//! Events, in the words of the OpenID RISC Profile 1.0.

use serde::{Deserialize, Serialize};

use crate::ids::PersonId;
use crate::people::IdentifierKind;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name of the person is another one now (§2.6).
    IdentifierChanged,
    /// A name that was the person's is somebody else's now (§2.7).
    IdentifierRecycled,
    /// The account is gone for good (§2.2).
    AccountPurged,
    /// The person cannot sign in any more (§2.3).
    AccountDisabled,
    /// The person can sign in again (§2.4).
    AccountEnabled,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::IdentifierChanged,
        Self::IdentifierRecycled,
        Self::AccountPurged,
        Self::AccountDisabled,
        Self::AccountEnabled,
    ];

    /// The URI of the event type.
    pub fn uri(self) -> &'static str {
        match self {
            Self::IdentifierChanged => {
                "https://schemas.openid.net/secevent/risc/event-type/identifier-changed"
            }
            Self::IdentifierRecycled => {
                "https://schemas.openid.net/secevent/risc/event-type/identifier-recycled"
            }
            Self::AccountPurged => "https://schemas.openid.net/secevent/risc/event-type/account-purged",
            Self::AccountDisabled => "https://schemas.openid.net/secevent/risc/event-type/account-disabled",
            Self::AccountEnabled => "https://schemas.openid.net/secevent/risc/event-type/account-enabled",
        }
    }

    /// The kind of that URI.
    pub fn parse(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.uri() == uri)
    }
}

/// A name as RFC 9493 has subject identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum Subject {
    /// An e-mail address (§3.2.2).
    Email {
        /// The address.
        email: String,
    },
    /// A telephone number (§3.2.5).
    PhoneNumber {
        /// In E.164.
        phone_number: String,
    },
}

/// What is told besides the person, sealed where it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The name that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// `new-value` (RISC §2.6).
    #[serde(rename = "new-value", skip_serializing_if = "Option::is_none")]
    pub new_value: Option<String>,
    /// `reason` (RISC §2.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An event to be written.
#[derive(Debug, Clone)]
#[must_use = "an event that is not written is not told"]
pub struct Event {
    pub(super) person: PersonId,
    pub(super) kind: Kind,
    pub(super) told: Told,
    pub(super) is_told: bool,
}

impl Event {
    /// Something about a person.
    pub fn about(person: PersonId, kind: Kind) -> Self {
        Self {
            person,
            kind,
            told: Told::default(),
            is_told: true,
        }
    }

    /// The name that it is about. Login names are no subjects that peers know: an event about one is not told.
    pub fn naming(mut self, kind: IdentifierKind, value: &str) -> Self {
        self.told.subject = match kind {
            IdentifierKind::Email => Some(Subject::Email {
                email: value.to_owned(),
            }),
            IdentifierKind::Telephone => Some(Subject::PhoneNumber {
                phone_number: value.to_owned(),
            }),
            IdentifierKind::Login => {
                self.is_told = false;
                None
            }
        };
        self
    }

    /// What the name is now.
    pub fn new_value(mut self, value: &str) -> Self {
        self.told.new_value = Some(value.to_owned());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_back_from_its_uri() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.uri()), Some(kind));
        }
        assert_eq!(Kind::parse("account-purged"), None);
    }

    #[test]
    fn a_subject_is_written_as_rfc_9493_has_it() {
        let event = Event::about(PersonId::from(uuid::Uuid::nil()), Kind::IdentifierChanged)
            .naming(IdentifierKind::Telephone, "+819012345678")
            .new_value("+818012345678");
        assert_eq!(
            serde_json::to_value(&event.told).unwrap(),
            serde_json::json!({
                "subject": {"format": "phone_number", "phone_number": "+819012345678"},
                "new-value": "+818012345678",
            })
        );
    }
}
