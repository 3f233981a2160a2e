//! The statements of an erasure.

use platform::clock::Instant;
use platform::database::{Queries as _, Tx};
use platform::values;

use crate::consent;
use crate::events::{Event, Kind};
use crate::factors::remove_all;
use crate::hub::Hub;
use crate::ids::PersonId;
use crate::numbers::{Change, Holder, NumbersError, State, change, held_by};
use crate::oauth::families::revoke_person_in;
use crate::people::{COOLDOWN, PeopleError, Person};
use crate::realms::Realm;
use crate::sessions::end_all_in;
use crate::staff;

/// What is deleted or emptied, by realm (`$1`) and person (`$2`).
pub(super) const STATEMENTS: &[&str] = &[
    "DELETE FROM password WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM one_time_link WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM power WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM client_consent WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM backchannel_code WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM backchannel_request WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM calendar WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM mail WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM known_browser WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM notice WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM email_change WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM phone_change WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM recovery_link WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM family_confirmation WHERE realm_id = $1 AND trusted_id = $2",
    "DELETE FROM family_recovery WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM trusted_person WHERE realm_id = $1 AND (person_id = $2 OR trusted_id = $2)",
    "DELETE FROM tie_invitation WHERE realm_id = $1 AND (person_id = $2 OR invited_id = $2)",
    "DELETE FROM profile_change WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM contact_preference WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM contact_preference_change WHERE realm_id = $1 AND person_id = $2",
    "DELETE FROM search_token WHERE realm_id = $1 AND person_id = $2",
    "UPDATE session SET sealed_origin = NULL WHERE realm_id = $1 AND person_id = $2",
];

/// Erases a person; whether they were still there.
pub async fn erase(hub: &Hub, realm: &Realm, person: &Person) -> Result<bool, PeopleError> {
    let now = hub.clock.now();
    let event = Event::about(person.id, Kind::AccountPurged).prepare(realm, (&hub.entropy, now))?;
    let (realm_id, id) = (realm.id, person.id);
    let erased = hub
        .store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let (scope, at) = (|| values![realm_id.uuid(), id.uuid()], now.as_micros());
                staff::erasure::erase_in(tx, realm_id, id, now).await?;
                let gone = tx
                    .execute(
                        "UPDATE person SET state = 'erased', sealed_key = NULL, sealed_profile = NULL, locale = NULL,
                         updated_at = $3 WHERE realm_id = $1 AND id = $2 AND sealed_key IS NOT NULL",
                        values![realm_id.uuid(), id.uuid(), at],
                    )
                    .await?;
                if gone == 0 {
                    return Ok(false);
                }
                end_all_in(tx, realm_id, id, now).await?;
                revoke_person_in(tx, realm_id, id, now).await?;
                remove_all(tx, realm_id, id).await?;
                for sql in STATEMENTS {
                    tx.execute(sql, scope()).await?;
                }
                consent::end_all_in(tx, realm_id, id, now).await?;
                tx.execute(
                    "UPDATE tie SET state = 'ended', ended_at = $3, ended_via = 'erasure'
                     WHERE realm_id = $1 AND (person_id = $2 OR other_id = $2) AND state = 'active'",
                    values![realm_id.uuid(), id.uuid(), at],
                )
                .await?;
                tx.execute(
                    "UPDATE tie SET sealed_evidence = NULL WHERE realm_id = $1 AND person_id = $2",
                    scope(),
                )
                .await?;
                tx.execute(
                    "UPDATE identifier SET state = 'cooling', sealed_value = NULL,
                     cooling_until = COALESCE(cooling_until, $3) WHERE realm_id = $1 AND person_id = $2",
                    values![realm_id.uuid(), id.uuid(), now.plus(COOLDOWN).as_micros()],
                )
                .await?;
                cancel_numbers(tx, realm_id, id, now).await?;
                event.write(tx).await?;
                Ok::<bool, PeopleError>(true)
            })
        })
        .await?;
    hub.people.forget(realm, person.id).await;
    hub.sessions.forget_all();
    hub.families.forget_all();
    Ok(erased)
}

async fn cancel_numbers(
    tx: &Tx,
    realm: platform::ids::RealmId,
    person: PersonId,
    now: Instant,
) -> Result<(), NumbersError> {
    for held in held_by(tx, realm, Holder::person(person), 1000).await? {
        if matches!(held.state, State::Active | State::Suspended) {
            change(tx, realm, held.id, Change::Cancel, now).await?;
            change(tx, realm, held.id, Change::Cool, now).await?;
        }
    }
    Ok(())
}
