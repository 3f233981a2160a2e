//! A letter in its envelope: written, sealed, ready to be kept.

use std::time::Duration;

use platform::database::{DatabaseError, Tx};
use platform::entropy::EntropyFailed;
use platform::keys::{Aad, DataKey, SealError};
use platform::mail::{InvalidAddress, MailAddress};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::store::{self, Kept};
use crate::contact::Permit;
use crate::hub::Hub;
use crate::ids::MailId;
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
    let now = hub.clock.now();
    let kind = content.kind();
    let letter = Letter {
        realm_name: &realm.name,
        to: person.display_name(),
        account_url: &realm.url("/account"),
        at: Moment(now.as_micros()),
        content,
    };
    let language = person.locale.as_deref().and_then(Language::of_tag);
    let texts = Texts::new(language.unwrap_or(Language::Ja), Zone::named("Asia/Tokyo")?);
    let written = letter.write(&texts)?;
    let sealed = Sealed {
        to: to.as_str().to_owned(),
        subject: written.subject,
        text: written.text,
        html: written.html,
    };
    let id = MailId::new(&hub.entropy, now)?;
    let plain = Zeroizing::new(serde_json::to_vec(&sealed)?);
    Ok(Some(Queued(Kept {
        id,
        realm: realm.id,
        person: person.id,
        kind: kind.to_owned(),
        sealed: person.key.seal(&hub.entropy, &aad(realm, person, id), &plain)?,
        topic: permit.topic(),
        tries: 0,
        created_at: now,
        expires_at: now.plus(life),
    })))
}

pub(super) fn open(realm: &Realm, person: &Person, mail: &Kept) -> Result<Sealed, MailError> {
    let key: &DataKey = &person.key;
    let plain = key.open(&aad(realm, person, mail.id), &mail.sealed)?;
    Ok(serde_json::from_slice(&plain)?)
}

fn aad(realm: &Realm, person: &Person, id: MailId) -> Aad {
    Aad::new(
        realm.id.uuid(),
        "mail",
        person.id.uuid().as_bytes(),
        id.uuid().as_bytes(),
    )
}
