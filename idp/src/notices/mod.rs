//! What a person is told about their account, by every channel that they have: a mail to each address that they have
//! shown to be theirs, and a line on their account page (requirement P10).
//!
//! Invariants: a notice is written in the transaction of what it tells of, so that neither is there without the other; it
//! is sealed under the person's key; links that do something stand in the mail only.

mod model;
mod store;
#[cfg(test)]
mod tests;

use std::time::Duration;

use platform::database::{DatabaseError, Tx};
use platform::mail::MailAddress;

pub use model::Notice;
pub use store::{Told, list};

use crate::contact::{Duty, Permit};
use crate::hub::Hub;
use crate::mail::{MailError, Queued, queue};
use crate::pages::Content;
use crate::people::Person;
use crate::realms::Realm;

/// How long a notice is worth sending.
const LIFE: Duration = Duration::from_hours(72);

/// A notice that is written, and told once [`Prepared::write`] is called.
#[must_use = "a notice that is not written tells nobody"]
#[derive(Debug)]
pub struct Prepared {
    row: store::Row,
    mails: Vec<Queued>,
}

impl Prepared {
    /// Tells it, in the transaction of what it tells of.
    pub async fn write(self, tx: &Tx) -> Result<(), DatabaseError> {
        store::insert(tx, self.row).await?;
        for mail in self.mails {
            mail.write(tx).await?;
        }
        Ok(())
    }
}

/// The addresses that a person has shown to be theirs.
pub fn channels(person: &Person) -> Vec<MailAddress> {
    let verified = person
        .profile
        .email
        .as_deref()
        .filter(|_| person.profile.email_verified);
    verified
        .and_then(|address| MailAddress::parse(address).ok())
        .into_iter()
        .collect()
}

/// Prepares a notice, to be written in the caller's transaction.
pub fn prepare(hub: &Hub, realm: &Realm, person: &Person, notice: Notice) -> Result<Prepared, MailError> {
    prepare_for(hub, realm, person, (notice, None), channels(person))
}

/// Prepares a notice whose mails carry a link, or which goes to other addresses than those that the person has now.
pub fn prepare_for(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
    (notice, link): (Notice, Option<&str>),
    addresses: impl IntoIterator<Item = MailAddress>,
) -> Result<Prepared, MailError> {
    let mut mails = Vec::new();
    for address in addresses {
        let content = Content::Notice {
            notice: &notice,
            link,
        };
        let permit = Permit::duty(Duty::Security);
        mails.extend(queue(hub, realm, person, &address, permit, (content, LIFE))?);
    }
    Ok(Prepared {
        row: store::seal(hub, realm, person, &notice)?,
        mails,
    })
}

/// Tells a person something, in a transaction of its own.
pub async fn notify(hub: &Hub, realm: &Realm, person: &Person, notice: Notice) -> Result<(), MailError> {
    let prepared = prepare(hub, realm, person, notice)?;
    hub.store
        .write(move |tx: &Tx| Box::pin(prepared.write(tx)))
        .await
        .map_err(|error: DatabaseError| error.into())
}
