//! A letter in its envelope: written, sealed, ready to be kept.

use std::time::Duration;

use platform::database::{DatabaseError, Tx};
use platform::entropy::EntropyFailed;
use platform::keys::{Aad, DataKey, SealError};
use platform::mail::{InvalidAddress, MailAddress};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::store::{self, Kept};
use crate::contact::{Permit, Topic};
use crate::hub::Hub;
use crate::ids::{MailId, PersonId};
use crate::pages::{Content, Language, Letter, Moment, RenderError, Texts, UnknownZone, Zone};
use crate::people::Person;
use crate::realms::Realm;

/// A letter could not be written.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A text is missing.
    #[error(transparent)]
    Unwritable(#[from] RenderError),
    /// The time zone is missing.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// It cannot be sealed or opened.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// It cannot be kept or read.
    #[error("a letter cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// It is for an address that is none.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Sealed {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// A letter that is written and sealed, and kept once [`Queued::write`] is called.
#[must_use = "a letter that is not kept is not sent"]
#[derive(Debug)]
pub struct Queued(Kept);

impl Queued {
    /// Keeps it, in the transaction of what it tells of.
    pub async fn write(self, tx: &Tx) -> Result<(), DatabaseError> {
        store::insert(tx, self.0).await
    }
}

/// Whether this hub sends mail.
pub fn is_configured(hub: &Hub) -> bool {
    hub.settings.smtp.url.is_some()
}

/// Writes a letter to a person at one of their addresses; it is of use for `life`. `None` where no mail is sent.
pub fn queue(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
    to: &MailAddress,
    permit: Permit,
    (content, life): (Content<'_>, Duration),
) -> Result<Option<Queued>, MailError> {
    if !is_configured(hub) {
        return Ok(None);
    }
    let language = person.locale.as_deref().and_then(Language::of_tag);
    let reader = Reader {
        name: Some(person.display_name()),
        language: language.unwrap_or_else(|| realm.settings.language.into()),
        seal: (&person.key, Some(person.id)),
        topic: permit.topic(),
    };
    write(hub, realm, &reader, to, (content, life)).map(Some)
}

/// Writes a letter to an address that is nobody's here, sealed under the realm's key. What is said to such an address calls
/// its reader by no name: it would be one that somebody else may have typed.
pub fn queue_for_nobody(
    hub: &Hub,
    realm: &Realm,
    language: Language,
    to: &MailAddress,
    (content, life): (Content<'_>, Duration),
) -> Result<Option<Queued>, MailError> {
    if !is_configured(hub) {
        return Ok(None);
    }
    let reader = Reader {
        name: None,
        language,
        seal: (&realm.keys.data, None),
        topic: None,
    };
    write(hub, realm, &reader, to, (content, life)).map(Some)
}

/// Whom a letter is for, as far as that shows.
struct Reader<'r> {
    name: Option<&'r str>,
    language: Language,
    seal: (&'r DataKey, Option<PersonId>),
    topic: Option<Topic>,
}

fn write(
    hub: &Hub,
    realm: &Realm,
    reader: &Reader<'_>,
    to: &MailAddress,
    (content, life): (Content<'_>, Duration),
) -> Result<Queued, MailError> {
    let now = hub.clock.now();
    let kind = content.kind();
    let letter = Letter {
        realm_name: &realm.name,
        to: reader.name,
        account_url: &realm.url("/account"),
        at: Moment(now.as_micros()),
        content,
    };
    let texts = Texts::new(reader.language, Zone::named("Asia/Tokyo")?);
    let written = letter.write(&texts)?;
    let sealed = Sealed {
        to: to.as_str().to_owned(),
        subject: written.subject,
        text: written.text,
        html: written.html,
    };
    let id = MailId::new(&hub.entropy, now)?;
    let plain = Zeroizing::new(serde_json::to_vec(&sealed)?);
    let (key, person) = reader.seal;
    Ok(Queued(Kept {
        id,
        realm: realm.id,
        person,
        kind: kind.to_owned(),
        sealed: key.seal(&hub.entropy, &aad(realm, person, id), &plain)?,
        topic: reader.topic,
        tries: 0,
        created_at: now,
        expires_at: now.plus(life),
    }))
}

pub(super) fn open(realm: &Realm, key: &DataKey, mail: &Kept) -> Result<Sealed, MailError> {
    let plain = key.open(&aad(realm, mail.person, mail.id), &mail.sealed)?;
    Ok(serde_json::from_slice(&plain)?)
}

fn aad(realm: &Realm, person: Option<PersonId>, id: MailId) -> Aad {
    let whose = person.map(PersonId::uuid);
    let whose = whose.as_ref().map_or(&[][..], |id| id.as_bytes());
    Aad::new(realm.id.uuid(), "mail", whose, id.uuid().as_bytes())
}
