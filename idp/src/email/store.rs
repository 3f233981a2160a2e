//! Addresses that wait to be confirmed.

use std::sync::Arc;
use std::time::Duration;

use platform::database::{DatabaseError, Queries as _, Tx};
use platform::keys::{Aad, constant_time_eq};
use platform::mail::MailAddress;
use platform::values;
use sea_orm::FromQueryResult;

use super::model::Code;
use crate::contact::{Duty, Permit};
use crate::hub::Hub;
use crate::mail::{MailError, queue};
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::pages::Content;
use crate::people::{PeopleError, Person, take_address};
use crate::realms::Realm;

/// How long a code works.
const LIFE: Duration = Duration::from_mins(30);
/// Tries of one code: of a hundred million, an attacker guesses five.
const TRIES: i32 = 5;

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The address is the person's.
    Confirmed,
    /// The code is wrong, used, over, or there is none.
    Wrong,
    /// The address is somebody else's, or was until too recently.
    Taken,
}

#[derive(FromQueryResult)]
struct Waiting {
    sealed_address: Vec<u8>,
    code_hash: Vec<u8>,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Sends a code to an address; a code that was sent before ends.
pub async fn ask(hub: &Hub, realm: &Realm, person: &Person, address: &MailAddress) -> Result<(), MailError> {
    let code = Code::generate(&hub.entropy)?;
    let content = Content::ConfirmAddress {
        code: code.expose(),
        minutes: LIFE.as_secs() / 60,
    };
    let letter = queue(
        hub,
        realm,
        person,
        address,
        Permit::duty(Duty::Asked),
        (content, LIFE),
    )?;
    let sealed = person
        .key
        .seal(&hub.entropy, &aad(realm, person), address.as_str().as_bytes())?;
    let now = hub.clock.now();
    let values = values![
        person.id.uuid(),
        realm.id.uuid(),
        sealed,
        code.hash(realm, person.id, address.as_str()).to_vec(),
        now.as_micros(),
        now.plus(LIFE).as_micros()
    ];
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO email_change (person_id, realm_id, sealed_address, code_hash, tries, created_at,
                     expires_at) VALUES ($1, $2, $3, $4, 0, $5, $6)
                     ON CONFLICT (person_id) DO UPDATE SET sealed_address = excluded.sealed_address,
                     code_hash = excluded.code_hash, tries = 0, created_at = excluded.created_at,
                     expires_at = excluded.expires_at",
                    values,
                )
                .await?;
                match letter {
                    Some(letter) => letter.write(tx).await,
                    None => Ok(()),
                }
            })
        })
        .await
        .map_err(|error: DatabaseError| error.into())
}

/// Whether a code waits to be entered.
pub async fn is_asked(hub: &Hub, realm: &Realm, person: &Person) -> Result<bool, DatabaseError> {
    let sql = "SELECT count(*) AS count FROM email_change
        WHERE person_id = $1 AND realm_id = $2 AND expires_at > $3 AND tries < $4";
    let values = values![
        person.id.uuid(),
        realm.id.uuid(),
        hub.clock.now().as_micros(),
        TRIES
    ];
    let row: Option<Count> = hub.store.fetch_optional(sql, values).await?;
    Ok(row.is_some_and(|row| row.count > 0))
}

/// Takes a code: counted, compared, used up, and the address becomes the person's, all or nothing.
pub async fn confirm(
    hub: &Hub,
    realm: &Arc<Realm>,
    person: &Arc<Person>,
    code: Option<Code>,
) -> Result<Outcome, OAuthError> {
    let now = hub.clock.now();
    let counted: Option<Waiting> = hub
        .store
        .take(
            "UPDATE email_change SET tries = tries + 1
             WHERE person_id = $1 AND realm_id = $2 AND expires_at > $3 AND tries < $4
             RETURNING sealed_address, code_hash",
            values![person.id.uuid(), realm.id.uuid(), now.as_micros(), TRIES],
        )
        .await?;
    let (Some(waiting), Some(code)) = (counted, code) else {
        return Ok(Outcome::Wrong);
    };
    let plain = person.key.open(&aad(realm, person), &waiting.sealed_address);
    let plain = plain.map_err(PeopleError::from)?;
    let address = String::from_utf8_lossy(&plain).into_owned();
    let hash = code.hash(realm, person.id, &address);
    if !constant_time_eq(&hash, &waiting.code_hash) {
        return Ok(Outcome::Wrong);
    }
    let told = told(hub, realm, person, &address)?;
    let (shared, who, entropy) = (realm.clone(), person.clone(), hub.entropy.clone());
    let done = hub
        .store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let used = tx
                    .execute(
                        "DELETE FROM email_change WHERE person_id = $1 AND realm_id = $2 AND code_hash = $3",
                        values![who.id.uuid(), shared.id.uuid(), hash.to_vec()],
                    )
                    .await?;
                if used == 0 {
                    return Ok(Outcome::Wrong);
                }
                take_address(tx, (&shared, &who), &address, (&entropy, now)).await?;
                // Who reads the mailbox that was given up must not come in by a letter from before.
                tx.execute(
                    "DELETE FROM recovery_link WHERE person_id = $1 AND realm_id = $2",
                    values![who.id.uuid(), shared.id.uuid()],
                )
                .await?;
                for notice in told {
                    notice.write(tx).await?;
                }
                Ok(Outcome::Confirmed)
            })
        })
        .await;
    hub.people.forget(realm, person.id).await;
    match done {
        Err(PeopleError::Taken) => Ok(Outcome::Taken),
        done => Ok(done?),
    }
}

/// The new address hears that it is the person's, the old one that it is not any more.
fn told(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
    address: &str,
) -> Result<Vec<notices::Prepared>, MailError> {
    let new = MailAddress::parse(address)?;
    let mut before = notices::channels(person);
    before.retain(|known| *known != new);
    let mut told = vec![notices::prepare_for(
        hub,
        realm,
        person,
        (Notice::EmailConfirmed, None),
        [new],
    )?];
    if !before.is_empty() {
        let replaced = (Notice::EmailReplaced, None);
        told.push(notices::prepare_for(hub, realm, person, replaced, before)?);
    }
    Ok(told)
}

fn aad(realm: &Realm, person: &Person) -> Aad {
    Aad::new(realm.id.uuid(), "email.change", person.id.uuid().as_bytes(), b"")
}
