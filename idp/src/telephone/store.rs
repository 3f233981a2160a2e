//! Numbers that wait to be confirmed.

use std::sync::Arc;
use std::time::Duration;

use platform::database::{DatabaseError, Queries as _, Tx};
use platform::encoding::base64url;
use platform::ephemeral::Slot;
use platform::keys::{Aad, constant_time_eq};
use platform::sms::ShortMessage;
use platform::values;
use sea_orm::FromQueryResult;

use crate::contact::{Duty, Permit};
use crate::email::Code;
use crate::hub::Hub;
use crate::mail::MailError;
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::pages::{Language, Texts, Zone, code_message};
use crate::people::{PeopleError, Person, Telephone, take_telephone};
use crate::realms::Realm;

/// How long a code works.
const LIFE: Duration = Duration::from_mins(30);
/// The time over which messages are counted.
const WINDOW: Duration = Duration::from_hours(1);
/// Tries of one code.
const TRIES: i32 = 5;

/// What became of the wish for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It was handed over.
    Sent,
    /// Too many were sent; the next can be after so many seconds.
    Wait(u64),
    /// What carries messages did not take it.
    NotSent,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The number is the person's.
    Confirmed,
    /// The code is wrong, used, over, or there is none; or the person's number is another one by now.
    Wrong,
    /// The number is somebody else's, or was until too recently.
    Taken,
}

#[derive(FromQueryResult)]
struct Waiting {
    sealed_number: Vec<u8>,
    code_hash: Vec<u8>,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Sends a code to a number; a code that was sent before ends. The row of the log comes before.
pub async fn ask(hub: &Hub, realm: &Realm, person: &Person, number: &Telephone) -> Result<Asked, OAuthError> {
    let most = hub.settings.limits.messages_per_number;
    let counted = [
        format!("number {}", number.as_str()),
        format!("person {}", person.id),
    ];
    for what in counted {
        let name = base64url(realm.token_hash("messages", &what));
        let sent = hub
            .ephemeral
            .increment(&Slot::new(realm.id, "messages", &name), WINDOW)
            .await?;
        if sent > most {
            return Ok(Asked::Wait(WINDOW.as_secs()));
        }
    }
    let code = Code::generate(&hub.entropy)?;
    let language = person.locale.as_deref().and_then(Language::of_tag);
    let zone = Zone::named("Asia/Tokyo").map_err(MailError::from)?;
    let texts = Texts::new(language.unwrap_or(Language::Ja), zone);
    let text = code_message(&texts, &realm.name, code.expose()).map_err(MailError::from)?;
    let sealed = person
        .key
        .seal(&hub.entropy, &aad(realm, person), number.as_str().as_bytes())
        .map_err(PeopleError::from)?;
    let now = hub.clock.now();
    let values = values![
        person.id.uuid(),
        realm.id.uuid(),
        sealed,
        code.hash(realm, person.id, number.as_str()).to_vec(),
        now.as_micros(),
        now.plus(LIFE).as_micros()
    ];
    hub.store
        .change(
            "INSERT INTO phone_change (person_id, realm_id, sealed_number, code_hash, tries, created_at, expires_at)
             VALUES ($1, $2, $3, $4, 0, $5, $6)
             ON CONFLICT (person_id) DO UPDATE SET sealed_number = excluded.sealed_number,
             code_hash = excluded.code_hash, tries = 0, created_at = excluded.created_at,
             expires_at = excluded.expires_at",
            values,
        )
        .await?;
    let message = ShortMessage {
        to: number.as_str().to_owned(),
        text,
        at: now.to_rfc3339(),
    };
    match hub.sms.send(Permit::duty(Duty::Asked), message).await {
        Ok(()) => Ok(Asked::Sent),
        Err(error) => {
            tracing::error!(%error, "a short message was not sent");
            Ok(Asked::NotSent)
        }
    }
}

/// Whether a code waits to be entered.
pub async fn is_asked(hub: &Hub, realm: &Realm, person: &Person) -> Result<bool, DatabaseError> {
    let sql = "SELECT count(*) AS count FROM phone_change
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

/// Takes a code: counted, compared, used up, and the number becomes the person's, all or nothing.
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
            "UPDATE phone_change SET tries = tries + 1
             WHERE person_id = $1 AND realm_id = $2 AND expires_at > $3 AND tries < $4
             RETURNING sealed_number, code_hash",
            values![person.id.uuid(), realm.id.uuid(), now.as_micros(), TRIES],
        )
        .await?;
    let (Some(waiting), Some(code)) = (counted, code) else {
        return Ok(Outcome::Wrong);
    };
    let plain = person.key.open(&aad(realm, person), &waiting.sealed_number);
    let number = String::from_utf8_lossy(&plain.map_err(PeopleError::from)?).into_owned();
    let hash = code.hash(realm, person.id, &number);
    if !constant_time_eq(&hash, &waiting.code_hash) {
        return Ok(Outcome::Wrong);
    }
    let told = notices::prepare(hub, realm, person, Notice::TelephoneConfirmed)?;
    let (shared, who, entropy) = (realm.clone(), person.clone(), hub.entropy.clone());
    let done = hub
        .store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let used = tx
                    .execute(
                        "DELETE FROM phone_change WHERE person_id = $1 AND code_hash = $2",
                        values![who.id.uuid(), hash.to_vec()],
                    )
                    .await?;
                if used == 0 || !take_telephone(tx, (&shared, &who), &number, (&entropy, now)).await? {
                    return Ok(Outcome::Wrong);
                }
                told.write(tx).await?;
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

fn aad(realm: &Realm, person: &Person) -> Aad {
    Aad::new(realm.id.uuid(), "phone.change", person.id.uuid().as_bytes(), b"")
}
