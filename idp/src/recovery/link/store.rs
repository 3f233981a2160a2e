//! Links of recovery: made, found, used up.

use std::sync::Arc;
use std::time::Duration;

use platform::database::{DatabaseError, Queries as _, Tx};
use platform::mail::MailAddress;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::contact::{Duty, Permit};
use crate::credentials::{PasswordHash, replace};
use crate::hub::Hub;
use crate::ids::PersonId;
use crate::log::{Action, Entry};
use crate::mail::{MailError, Sent, may_send, queue};
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::pages::Content;
use crate::people::Person;
use crate::realms::Realm;

const KIND: &str = "recovery";
const BEGIN: Action = Action::new("recovery.begin");

#[derive(FromQueryResult)]
struct Owner {
    person_id: Uuid,
}

/// Sends a link to every address that a person has confirmed, and tells them. Links that were sent before still work, so
/// that nobody takes them out of the person's hands by asking again; all end when one is used.
pub async fn begin(hub: &Hub, realm: &Realm, person: &Person) -> Result<(), OAuthError> {
    let mut addresses = Vec::new();
    let channels = notices::channels(person);
    let reason = if channels.is_empty() {
        "recovery.no_address"
    } else {
        "recovery.mails"
    };
    for address in channels {
        if may_send(hub, realm, Sent::ToRecover, &address).await? {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        let entry = Entry::deny(realm.id, BEGIN, reason, person.key.clone());
        return hub.record(entry.subject(person.id)).await;
    }
    let entry = Entry::permit(realm.id, BEGIN, person.key.clone());
    hub.record(entry.subject(person.id)).await?;
    for address in addresses {
        send(hub, realm, person, &address).await?;
    }
    Ok(())
}

async fn send(hub: &Hub, realm: &Realm, person: &Person, address: &MailAddress) -> Result<(), MailError> {
    let minutes = realm.settings.recovery_link_minutes;
    let life = Duration::from_secs(minutes.saturating_mul(60));
    let token = hub.entropy.token()?;
    // Built from the realm's own address: no header of any request has a part in it.
    let url = realm.url(&format!("/recover/link?token={token}"));
    let content = Content::Recovery { url: &url, minutes };
    let letter = queue(
        hub,
        realm,
        person,
        address,
        Permit::duty(Duty::Asked),
        (content, life),
    )?;
    let told = notices::prepare_for(hub, realm, person, (Notice::RecoveryBegun, None), [])?;
    let now = hub.clock.now();
    let values = values![
        realm.token_hash(KIND, &token).to_vec(),
        realm.id.uuid(),
        person.id.uuid(),
        now.as_micros(),
        now.plus(life).as_micros()
    ];
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO recovery_link (hash, realm_id, person_id, created_at, expires_at)
                     VALUES ($1, $2, $3, $4, $5)",
                    values,
                )
                .await?;
                told.write(tx).await?;
                match letter {
                    Some(letter) => letter.write(tx).await,
                    None => Ok(()),
                }
            })
        })
        .await
        .map_err(|error: DatabaseError| error.into())
}

/// Whose link a token is, without using it up.
pub async fn find(hub: &Hub, realm: &Realm, token: &str) -> Result<Option<Arc<Person>>, OAuthError> {
    if !realm.settings.recovery_by_mail {
        return Ok(None);
    }
    let sql = "SELECT person_id FROM recovery_link WHERE hash = $1 AND realm_id = $2 AND expires_at > $3";
    let owner: Option<Owner> = hub.store.fetch_optional(sql, key(hub, realm, token)).await?;
    let Some(Owner { person_id }) = owner else {
        return Ok(None);
    };
    let person = hub.people.by_id(realm, person_id.into()).await?;
    Ok(person.filter(|person| person.may_sign_in()))
}

/// Uses up a link, and with it all others of its person: sets the password, ends what the old one opened, tells the
/// person; all or nothing. Whether the link still worked. Caches of sessions and token families still have to be told.
pub async fn finish(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
    token: &str,
    new: &PasswordHash,
) -> Result<bool, MailError> {
    let told = notices::prepare(hub, realm, person, Notice::RecoveryDone)?;
    let take = key(hub, realm, token);
    let (realm, id, phc, now) = (realm.id, person.id, new.to_phc(), hub.clock.now());
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let owner: Option<Owner> = tx
                    .fetch_optional(
                        "DELETE FROM recovery_link WHERE hash = $1 AND realm_id = $2 AND expires_at > $3
                         RETURNING person_id",
                        take,
                    )
                    .await?;
                if owner.map(|owner| PersonId::from(owner.person_id)) != Some(id) {
                    return Ok(false);
                }
                // With the password in place of the old one, all other links of the person end.
                replace(tx, realm, id, (phc, now), None).await?;
                told.write(tx).await?;
                Ok(true)
            })
        })
        .await
        .map_err(|error: DatabaseError| error.into())
}

fn key(hub: &Hub, realm: &Realm, token: &str) -> Vec<sea_orm::Value> {
    let hash = realm.token_hash(KIND, token).to_vec();
    values![hash, realm.id.uuid(), hub.clock.now().as_micros()]
}
