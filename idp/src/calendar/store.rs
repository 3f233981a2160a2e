//! Whose calendar is on, in the database.

use platform::database::{FromQueryResult, Queries as _, Tx};
use platform::values;
use uuid::Uuid;

use crate::hub::Hub;
use crate::ids::PersonId;
use crate::mail::MailError;
use crate::notices::{self, Notice};
use crate::people::Person;
use crate::realms::Realm;

const KIND: &str = "calendar";

#[derive(FromQueryResult)]
struct Whose {
    person_id: Uuid,
}

/// Turns it on, or gives it another address; the person is told. The secret of the address.
pub async fn turn_on(hub: &Hub, realm: &Realm, person: &Person) -> Result<String, MailError> {
    let secret = hub.entropy.token()?;
    let told = notices::prepare(hub, realm, person, Notice::CalendarOn)?;
    let (realm_id, id, now) = (realm.id, person.id, hub.clock.now());
    let hash = realm.token_hash(KIND, &secret).to_vec();
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO calendar (person_id, realm_id, secret_hash, created_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (person_id) DO UPDATE SET secret_hash = $3, created_at = $4",
                    values![id.uuid(), realm_id.uuid(), hash, now.as_micros()],
                )
                .await?;
                told.write(tx).await
            })
        })
        .await?;
    Ok(secret)
}

/// Turns it off: its address is nothing from now on.
pub async fn turn_off(hub: &Hub, realm: &Realm, person: PersonId) -> Result<(), MailError> {
    let realm = realm.id;
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                tx.execute(
                    "DELETE FROM calendar WHERE realm_id = $1 AND person_id = $2",
                    values![realm.uuid(), person.uuid()],
                )
                .await
                .map(drop)
            })
        })
        .await?;
    Ok(())
}

/// Whether somebody's is on.
pub async fn is_on(hub: &Hub, realm: &Realm, person: PersonId) -> Result<bool, MailError> {
    let row: Option<Whose> = hub
        .store
        .fetch_optional(
            "SELECT person_id FROM calendar WHERE realm_id = $1 AND person_id = $2",
            values![realm.id.uuid(), person.uuid()],
        )
        .await?;
    Ok(row.is_some())
}

/// Whose calendar has this secret.
pub(super) async fn whose(hub: &Hub, realm: &Realm, secret: &str) -> Result<Option<PersonId>, MailError> {
    let hash = realm.token_hash(KIND, secret).to_vec();
    let row: Option<Whose> = hub
        .store
        .fetch_optional(
            "SELECT person_id FROM calendar WHERE realm_id = $1 AND secret_hash = $2",
            values![realm.id.uuid(), hash],
        )
        .await?;
    Ok(row.map(|row| row.person_id.into()))
}
