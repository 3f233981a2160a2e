//! What staff did for people: visits, calls, guidance (requirement H3.3).
//!
//! ```text
//! written, by who did it ── corrected, by the same, with a reason ──▶ another version; each stays as it was
//! ```
//!
//! Who did something writes it down themselves: they work at the organisation and hold `responses.write` over it. That
//! something was done, by whom, for whom and when, is the organisation's; what was found is about the person: it is sealed
//! under their key, and read by who wrote it, by the person, and by whom the person lets see reports.

mod store;

use platform::clock::Instant;
use platform::database::Tx;
use serde::{Deserialize, Serialize};

use super::act::{Act, allowed};
use super::affiliations;
use super::error::StaffError;
use super::powers::Power;
use super::reach::Basis;
use super::words::EncounterKind;
use crate::ids::{OrganisationId, PersonId, ResponseId};
use crate::people::Person;
use crate::realms::Realm;

pub use store::{Filter, about, by, find, list};

/// Something that was done, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Its key.
    pub id: ResponseId,
    /// The version, from 1.
    pub version: i32,
    /// For which organisation.
    pub organisation: OrganisationId,
    /// Who did it.
    pub author: PersonId,
    /// For whom.
    pub subject: PersonId,
    /// What sort of thing.
    pub kind: EncounterKind,
    /// When it was done.
    pub at: Instant,
    /// When this version was written.
    pub written: Instant,
    sealed: Vec<u8>,
}

/// What is written about it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What was done and found.
    pub text: String,
    /// Why it was written anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl std::fmt::Debug for Note {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Note")
    }
}

/// What is to be written down.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What sort of thing.
    pub kind: EncounterKind,
    /// When it was done.
    pub at: Instant,
    /// What is said about it.
    pub note: Note,
}

impl Response {
    /// What is said about it, with the key of the person whom it is about; nothing once they are erased.
    pub fn note(&self, realm: &Realm, subject: &Person) -> Option<Note> {
        let aad = store::aad(realm, self.subject, (self.id, self.version));
        let plain = subject.key.open(&aad, &self.sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

/// Writes down what the person behind the call did for somebody.
pub async fn write(
    tx: &Tx,
    act: &Act,
    (organisation, author): (OrganisationId, PersonId),
    subject: &Person,
    draft: Draft,
) -> Result<(Response, Basis), StaffError> {
    super::organisations::enter(tx, act.realm.id).await?;
    let (_, basis) = allowed(tx, act, organisation, Power::ResponsesWrite).await?;
    let here = affiliations::Filter {
        organisation: Some(organisation),
        below: true,
        ..affiliations::Filter::default()
    };
    let works = affiliations::members_among(tx, act.realm.id, &here, &[author], act.now).await?;
    if works.is_empty() {
        return Err(StaffError::AffiliationUnknown);
    }
    if author == subject.id {
        return Err(StaffError::OwnResponse);
    }
    let id = ResponseId::new(&act.entropy, act.now)?;
    let response = store::insert(tx, act, ((id, 1), organisation, author), subject, &draft).await?;
    Ok((response, basis))
}

/// Writes another version of what the person behind the call wrote down, as long as they may still write there.
pub async fn correct(
    tx: &Tx,
    act: &Act,
    (id, author): (ResponseId, PersonId),
    subject: &Person,
    draft: Draft,
) -> Result<(Response, Basis), StaffError> {
    super::organisations::enter(tx, act.realm.id).await?;
    let before = store::find(tx, act.realm.id, id).await?;
    let own = before.filter(|before| before.author == author && before.subject == subject.id);
    let before = own.ok_or(StaffError::ResponseUnknown)?;
    let organisation = before.organisation;
    let allowed = allowed(tx, act, organisation, Power::ResponsesWrite).await;
    let (_, basis) = allowed.map_err(|error| match error {
        StaffError::OrganisationUnknown => StaffError::ResponseUnknown,
        other => other,
    })?;
    let key = (id, before.version + 1);
    let response = store::insert(tx, act, (key, organisation, author), subject, &draft).await?;
    Ok((response, basis))
}
