//! Recoveries in the database. Each step is one conditional statement that says what [`next`](super::next) says.

use std::sync::Arc;
use std::time::Duration;

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Tx};
use platform::encoding::base64url;
use platform::keys::constant_time_eq;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::model::{Code, NEEDED, State};
use super::trust::trusted;
use crate::credentials::{PasswordHash, replace};
use crate::factors::remove_all;
use crate::hub::Hub;
use crate::ids::{PersonId, RecoveryId};
use crate::log::{Action, Entry};
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::people::Person;
use crate::realms::Realm;
use crate::recovery::asks::{Ask, Way, prepare};

const BEGIN: Action = Action::new("recovery.family.begin");
const SECRET: &str = "recovery.family";

/// How long the people who are trusted have, and how long the way stays open afterwards.
const LIFE: Duration = Duration::from_hours(72);
/// Wrong codes that end one person's part.
const WRONG: i32 = 5;

/// A recovery as the browser that began it finds it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Which.
    pub id: RecoveryId,
    /// Whose account it is, if it is anybody's.
    pub person: Option<PersonId>,
    /// Where it stands.
    pub state: State,
    /// When the delay is over.
    pub opens_at: Option<Instant>,
}

/// A recovery that a trusted person can confirm.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which.
    pub id: RecoveryId,
    /// Who seems to ask.
    pub name: String,
    /// Whether they have confirmed it already.
    pub confirmed: bool,
}

/// What became of a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// It counts; another one is needed.
    First,
    /// It counts, and there are enough.
    Enough,
    /// The code is wrong.
    Wrong,
    /// There is nothing for them to confirm, or not any more, or not again.
    Nothing,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    person_id: Option<Uuid>,
    state: String,
    opens_at: Option<i64>,
    expires_at: i64,
}

#[derive(FromQueryResult)]
struct Open {
    id: Uuid,
    person_id: Uuid,
    confirmed_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct Held {
    code_hash: Vec<u8>,
}

#[derive(FromQueryResult)]
struct Owner {
    person_id: Option<Uuid>,
}

/// Begins a recovery of whoever has this name, or of nobody: that is found out later. Gives the secret for the browser.
pub async fn begin(hub: &Hub, realm: &Realm, name: String) -> Result<String, OAuthError> {
    let now = hub.clock.now();
    let id = RecoveryId::new(&hub.entropy, now)?;
    let secret = hub.entropy.token()?;
    let ask = Ask {
        name,
        way: Way::Family,
        recovery: Some(id),
    };
    let ask = prepare(hub, realm, &ask)?;
    let values = values![
        id.uuid(),
        realm.id.uuid(),
        realm.token_hash(SECRET, &secret).to_vec(),
        Code::of(realm, &secret).hash(realm, id).to_vec(),
        now.as_micros(),
        now.plus(LIFE).as_micros()
    ];
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO family_recovery (id, realm_id, secret_hash, code_hash, state, began_at, expires_at)
                     VALUES ($1, $2, $3, $4, 'asked', $5, $6)",
                    values,
                )
                .await?;
                ask.write(tx).await
            })
        })
        .await
        .map_err(|error: DatabaseError| OAuthError::from(error))?;
    Ok(secret)
}

/// Makes a recovery that was begun a person's, and tells them and those whom they trust. Nothing, if another one is open
/// or too few are trusted.
pub async fn start(hub: &Hub, realm: &Realm, person: &Person, id: RecoveryId) -> Result<(), OAuthError> {
    let helpers = trusted(hub, realm, person.id).await?;
    if i64::try_from(helpers.len()).unwrap_or(i64::MAX) < NEEDED {
        let entry = Entry::deny(realm.id, BEGIN, "recovery.too_few", person.key.clone());
        return hub.record(entry.subject(person.id)).await;
    }
    let entry = Entry::permit(realm.id, BEGIN, person.key.clone());
    hub.record(entry.subject(person.id)).await?;
    let stop = stop_link(realm, id);
    let asked = (Notice::FamilyAsked, Some(stop.as_str()));
    let mut told = vec![notices::prepare_for(
        hub,
        realm,
        person,
        asked,
        notices::channels(person),
    )?];
    for helper in helpers {
        if let Some(helper) = hub.people.by_id(realm, helper.person).await? {
            let notice = Notice::HelpAsked {
                name: person.display_name().to_owned(),
            };
            told.push(notices::prepare(hub, realm, &helper, notice)?);
        }
    }
    let (realm, who, now) = (realm.id.uuid(), person.id.uuid(), hub.clock.now().as_micros());
    let started = hub.store.write(move |tx: &Tx| {
        Box::pin(async move {
            tx.execute(
                "UPDATE family_recovery SET state = 'over'
                 WHERE person_id = $1 AND realm_id = $2 AND state IN ('asked', 'waiting') AND expires_at <= $3",
                values![who, realm, now],
            )
            .await?;
            let started = tx
                .execute(
                    "UPDATE family_recovery SET person_id = $1 WHERE id = $4 AND realm_id = $2
                     AND person_id IS NULL AND state = 'asked' AND expires_at > $3 AND NOT EXISTS
                     (SELECT 1 FROM family_recovery AS other WHERE other.person_id = $1
                      AND other.state IN ('asked', 'waiting'))",
                    values![who, realm, now, id.uuid()],
                )
                .await?;
            if started == 1 {
                for notice in told {
                    notice.write(tx).await?;
                }
            }
            Ok(())
        })
    });
    match started.await {
        // Another one of the same person was begun in this moment.
        Err(DatabaseError::Conflict) => Ok(()),
        started => Ok(started?),
    }
}

/// The recovery that a browser began.
pub async fn find(hub: &Hub, realm: &Realm, secret: &str) -> Result<Option<Found>, DatabaseError> {
    if !realm.settings.recovery_by_family {
        return Ok(None);
    }
    let sql = "SELECT id, person_id, state, opens_at, expires_at FROM family_recovery
        WHERE secret_hash = $1 AND realm_id = $2";
    let values = values![realm.token_hash(SECRET, secret).to_vec(), realm.id.uuid()];
    let row: Option<Row> = hub.store.fetch_optional(sql, values).await?;
    let now = hub.clock.now();
    Ok(row.map(|row| {
        let opens_at = row.opens_at.map(Instant::from_micros);
        Found {
            id: row.id.into(),
            person: row.person_id.map(Into::into),
            state: State::read(&row.state, opens_at, Instant::from_micros(row.expires_at), now),
            opens_at,
        }
    }))
}

/// The recovery of a person that can still go on.
pub async fn open_of(
    hub: &Hub,
    realm: &Realm,
    person: PersonId,
) -> Result<Option<RecoveryId>, DatabaseError> {
    let sql = "SELECT id, person_id, state, opens_at, expires_at FROM family_recovery
        WHERE person_id = $1 AND realm_id = $2 AND state IN ('asked', 'waiting') AND expires_at > $3";
    let values = values![person.uuid(), realm.id.uuid(), hub.clock.now().as_micros()];
    let row: Option<Row> = hub.store.fetch_optional(sql, values).await?;
    Ok(row.map(|row| row.id.into()))
}

/// The recoveries that wait for somebody's confirmation: of people who trusted them before it was begun.
pub async fn to_confirm(hub: &Hub, realm: &Realm, helper: PersonId) -> Result<Vec<Asked>, OAuthError> {
    let sql =
        "SELECT recovery.id AS id, recovery.person_id AS person_id, confirmation.confirmed_at AS confirmed_at
        FROM family_recovery AS recovery
        JOIN trusted_person AS trust ON trust.person_id = recovery.person_id AND trust.trusted_id = $1
        AND trust.state = 'accepted' AND trust.accepted_at < recovery.began_at
        LEFT JOIN family_confirmation AS confirmation ON confirmation.recovery_id = recovery.id
        AND confirmation.trusted_id = $1
        WHERE recovery.realm_id = $2 AND recovery.state = 'asked' AND recovery.expires_at > $3
        ORDER BY recovery.began_at LIMIT 100";
    let values = values![helper.uuid(), realm.id.uuid(), hub.clock.now().as_micros()];
    let rows: Vec<Open> = hub.store.fetch_all(sql, values).await?;
    let mut asked = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(person) = hub.people.by_id(realm, row.person_id.into()).await? {
            asked.push(Asked {
                id: row.id.into(),
                name: person.display_name().to_owned(),
                confirmed: row.confirmed_at.is_some(),
            });
        }
    }
    Ok(asked)
}

/// Whose recovery it is.
async fn owner(hub: &Hub, realm: &Realm, id: RecoveryId) -> Result<Option<Arc<Person>>, OAuthError> {
    let sql = "SELECT person_id FROM family_recovery WHERE id = $1 AND realm_id = $2";
    let owner: Option<Owner> = hub
        .store
        .fetch_optional(sql, values![id.uuid(), realm.id.uuid()])
        .await?;
    match owner.and_then(|owner| owner.person_id) {
        Some(person) => Ok(hub.people.by_id(realm, person.into()).await?),
        None => Ok(None),
    }
}

/// A trusted person confirms with the code that was read to them.
pub async fn confirm(
    hub: &Hub,
    realm: &Realm,
    helper: PersonId,
    (id, code): (RecoveryId, Option<Code>),
) -> Result<(Confirmation, Option<Arc<Person>>), OAuthError> {
    let Some(person) = owner(hub, realm, id).await? else {
        return Ok((Confirmation::Nothing, None));
    };
    let stop = stop_link(realm, id);
    let confirmed = (Notice::FamilyConfirmed, Some(stop.as_str()));
    let told = notices::prepare_for(hub, realm, &person, confirmed, notices::channels(&person))?;
    let offered = code.map(|code| code.hash(realm, id));
    let now = hub.clock.now();
    let opens = now.plus(Duration::from_secs(realm.settings.recovery_delay_seconds));
    let (recovery, who, realm) = (id.uuid(), helper.uuid(), realm.id.uuid());
    let outcome = hub.store.write(move |tx: &Tx| {
        Box::pin(async move {
            // Who confirms at the same moment waits here, and then counts both.
            let held: Option<Held> = tx
                .fetch_optional(
                    "UPDATE family_recovery SET state = state WHERE id = $1 AND realm_id = $2 AND state = 'asked'
                     AND expires_at > $3 AND EXISTS (SELECT 1 FROM trusted_person AS trust
                     WHERE trust.person_id = family_recovery.person_id AND trust.trusted_id = $4
                     AND trust.state = 'accepted' AND trust.accepted_at < family_recovery.began_at)
                     RETURNING code_hash",
                    values![recovery, realm, now.as_micros(), who],
                )
                .await?;
            let Some(held) = held else {
                return Ok(Confirmation::Nothing);
            };
            tx.execute(
                "INSERT INTO family_confirmation (recovery_id, trusted_id, realm_id, wrong) VALUES ($1, $2, $3, 0)
                 ON CONFLICT (recovery_id, trusted_id) DO NOTHING",
                values![recovery, who, realm],
            )
            .await?;
            if !offered.is_some_and(|offered| constant_time_eq(&offered, &held.code_hash)) {
                let sql = "UPDATE family_confirmation SET wrong = wrong + 1
                    WHERE recovery_id = $1 AND trusted_id = $2 AND wrong < $3";
                tx.execute(sql, values![recovery, who, WRONG]).await?;
                return Ok(Confirmation::Wrong);
            }
            let counted = tx
                .execute(
                    "UPDATE family_confirmation SET confirmed_at = $3
                     WHERE recovery_id = $1 AND trusted_id = $2 AND confirmed_at IS NULL AND wrong < $4",
                    values![recovery, who, now.as_micros(), WRONG],
                )
                .await?;
            if counted == 0 {
                return Ok(Confirmation::Nothing);
            }
            let enough = tx
                .execute(
                    "UPDATE family_recovery SET state = 'waiting', opens_at = $2, expires_at = $3
                     WHERE id = $1 AND state = 'asked' AND (SELECT count(*) FROM family_confirmation
                     WHERE recovery_id = $1 AND confirmed_at IS NOT NULL) >= $4",
                    values![recovery, opens.as_micros(), opens.plus(LIFE).as_micros(), NEEDED],
                )
                .await?;
            if enough == 0 {
                return Ok(Confirmation::First);
            }
            told.write(tx).await?;
            Ok(Confirmation::Enough)
        })
    });
    let outcome = outcome
        .await
        .map_err(|error: DatabaseError| OAuthError::from(error))?;
    Ok((outcome, Some(person)))
}

/// Stops a recovery, in the name of its person; who it was for, if there was anything to stop.
pub async fn cancel(hub: &Hub, realm: &Realm, id: RecoveryId) -> Result<Option<Arc<Person>>, OAuthError> {
    let Some(person) = owner(hub, realm, id).await? else {
        return Ok(None);
    };
    let told = notices::prepare(hub, realm, &person, Notice::FamilyCancelled)?;
    let values = values![id.uuid(), realm.id.uuid(), hub.clock.now().as_micros()];
    let stopped = hub.store.write(move |tx: &Tx| {
        Box::pin(async move {
            let stopped = tx
                .execute(
                    "UPDATE family_recovery SET state = 'cancelled' WHERE id = $1 AND realm_id = $2
                     AND state IN ('asked', 'waiting') AND expires_at > $3",
                    values,
                )
                .await?;
            if stopped == 1 {
                told.write(tx).await?;
            }
            Ok(stopped == 1)
        })
    });
    let stopped = stopped
        .await
        .map_err(|error: DatabaseError| OAuthError::from(error))?;
    Ok(stopped.then_some(person))
}

/// Sets new credentials: the password, and no second factor any more. What the old ones opened ends, and the person is
/// told. Whether the recovery stood open for whoever has its secret.
pub async fn finish(
    hub: &Hub,
    realm: &Realm,
    person: &Person,
    secret: &str,
    new: &PasswordHash,
) -> Result<bool, OAuthError> {
    let told = notices::prepare(hub, realm, person, Notice::FamilyDone)?;
    let now = hub.clock.now();
    let values = values![
        realm.token_hash(SECRET, secret).to_vec(),
        realm.id.uuid(),
        now.as_micros(),
        person.id.uuid()
    ];
    let (realm, id, phc) = (realm.id, person.id, new.to_phc());
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                let finished = tx
                    .execute(
                        "UPDATE family_recovery SET state = 'done' WHERE secret_hash = $1 AND realm_id = $2
                         AND state = 'waiting' AND opens_at <= $3 AND expires_at > $3 AND person_id = $4",
                        values,
                    )
                    .await?;
                if finished == 0 {
                    return Ok(false);
                }
                remove_all(tx, realm, id).await?;
                replace(tx, realm, id, (phc, now), None).await?;
                told.write(tx).await?;
                Ok(true)
            })
        })
        .await
        .map_err(|error: DatabaseError| error.into())
}

/// The link that stops a recovery, for mails to its person. It follows from the recovery; only this hub can make it.
pub fn stop_link(realm: &Realm, id: RecoveryId) -> String {
    let token = stop_token(realm, id);
    realm.url(&format!("/recover/stop?recovery={id}&token={token}"))
}

/// Whether a token is that of a recovery's link.
pub fn verify_stop(realm: &Realm, id: RecoveryId, token: &str) -> bool {
    constant_time_eq(stop_token(realm, id).as_bytes(), token.as_bytes())
}

fn stop_token(realm: &Realm, id: RecoveryId) -> String {
    base64url(realm.token_hash("recovery.stop", &id.to_string()))
}
