//! The task that sends what is due.

use std::sync::Arc;
use std::time::Duration;

use platform::keys::DataKey;
use platform::mail::{MailAddress, Mailer, Message, NotSent};

use super::letter::{MailError, open};
use super::model::{Fate, Patience, after_failure};
use super::store::{self, Kept};
use crate::contact::{Channel, may_contact};
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::realms::Realm;

/// Between two looks when there is nothing to send.
const PAUSE: Duration = Duration::from_secs(1);
/// After the database or the log did not answer.
const RECOVERY: Duration = Duration::from_secs(10);
/// How long a claim lasts: if its holder dies, somebody else sends the mail after this.
const LEASE: Duration = Duration::from_mins(10);
/// A conversation with the mail server ends well before the claim does.
const LONGEST: Duration = Duration::from_mins(5);

const SEND: Action = Action::new("mail.send");

/// Sends what is due, for ever.
pub async fn run(hub: Shared, mailer: Mailer) {
    loop {
        match step(&hub, &mailer).await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(PAUSE).await,
            Err(error) => {
                tracing::warn!(id = error.id, "mail rests for a moment");
                tokio::time::sleep(RECOVERY).await;
            }
        }
    }
}

/// Sends one mail, if one is due.
pub(super) async fn step(hub: &Hub, mailer: &Mailer) -> Result<bool, OAuthError> {
    let now = hub.clock.now();
    let Some(mail) = store::claim(&hub.store, now, now.plus(LEASE)).await? else {
        return Ok(false);
    };
    if let Ok(waiting) = u32::try_from(store::waiting(&hub.store).await?) {
        metrics::gauge!("musubi_mails_waiting").set(waiting);
    }
    let Some((realm, key)) = addressee(hub, &mail).await? else {
        // Nobody holds the key to it any more.
        store::delete(&hub.store, &mail).await?;
        return Ok(true);
    };
    if let (Some(topic), Some(person)) = (mail.topic, mail.person) {
        let permit = may_contact(&hub.store, &realm, person, Channel::Email, topic).await?;
        if permit.is_none() {
            let entry = Entry::deny(realm.id, SEND, "contact.refused", key.clone());
            hub.record(about(entry, &mail)).await?;
            store::delete(&hub.store, &mail).await?;
            return Ok(true);
        }
    }
    let fault = match message(hub, &realm, &key, &mail) {
        Ok(message) if now < mail.expires_at => {
            if mail.tries == 1 {
                hub.record(about(Entry::permit(realm.id, SEND, key.clone()), &mail))
                    .await?;
            }
            match send(mailer, &message).await {
                Ok(()) => {
                    metrics::counter!("musubi_mails_sent_total").increment(1);
                    store::delete(&hub.store, &mail).await?;
                    return Ok(true);
                }
                Err(NotSent::Refused) => "mail.refused",
                Err(NotSent::Later) => match after_failure(patience(hub), mail.tries, now, mail.expires_at) {
                    Fate::Again(due) => {
                        metrics::counter!("musubi_mail_failures_total").increment(1);
                        store::postpone(&hub.store, &mail, due).await?;
                        return Ok(true);
                    }
                    Fate::GivenUp => "mail.given_up",
                },
            }
        }
        Ok(_) => "mail.given_up",
        Err(error) => {
            tracing::error!(%error, "a letter cannot be read");
            "mail.unreadable"
        }
    };
    let entry = Entry::fault(realm.id, SEND, fault, key);
    hub.record(about(entry, &mail)).await?;
    metrics::counter!("musubi_mails_given_up_total").increment(1);
    tracing::warn!(kind = %mail.kind, reason = fault, "a mail was given up");
    store::delete(&hub.store, &mail).await?;
    Ok(true)
}

/// The realm of a mail, and the key that opens it: its reader's or, where that is nobody, the realm's.
async fn addressee(hub: &Hub, mail: &Kept) -> Result<Option<(Arc<Realm>, Arc<DataKey>)>, OAuthError> {
    let Some(realm) = hub.realms.by_id(mail.realm).await? else {
        return Ok(None);
    };
    let key = match mail.person {
        Some(person) => {
            let person = hub.people.by_id(&realm, person).await?;
            person.map(|person| person.key.clone())
        }
        None => Some(realm.keys.data.clone()),
    };
    Ok(key.map(|key| (realm, key)))
}

async fn send(mailer: &Mailer, message: &Message) -> Result<(), NotSent> {
    let sent = tokio::time::timeout(LONGEST, mailer.send(message)).await;
    sent.unwrap_or(Err(NotSent::Later))
}

fn message(hub: &Hub, realm: &Realm, key: &DataKey, mail: &Kept) -> Result<Message, MailError> {
    let letter = open(realm, key, mail)?;
    Ok(Message {
        id: mail.id.to_string(),
        from_name: realm.name.clone(),
        to: MailAddress::parse(&letter.to)?,
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        date: mail.created_at,
        boundary: hub.entropy.token()?,
    })
}

fn about(entry: Entry, mail: &Kept) -> Entry {
    let entry = entry.resource("mail", [mail.kind.clone()]);
    match mail.person {
        Some(person) => entry.subject(person),
        None => entry,
    }
}

fn patience(hub: &Hub) -> Patience {
    let smtp = &hub.settings.smtp;
    Patience {
        first: Duration::from_secs(smtp.retry_seconds),
        tries: smtp.most_tries,
    }
}
