//! Known browsers in the database.

use std::time::Duration;

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Tx};
use platform::encoding::base64url;
use platform::ephemeral::Slot;
use platform::ids::RealmId;
use platform::keys::keyed_hash;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::http::Call;
use crate::http::pages::DEVICE;
use crate::hub::Hub;
use crate::ids::{PersonId, SessionId};
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::pages::user_agent;
use crate::people::Person;
use crate::realms::Realm;

/// How long a browser is known after its last sign-in: as long as browsers keep a cookie.
pub const KNOWN_FOR: Duration = Duration::from_hours(400 * 24);
/// The time over which mails are counted.
const WINDOW: Duration = Duration::from_hours(1);

/// Since when a browser is known, and until when if it is not used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Since then.
    pub first_at: Instant,
    /// Until then.
    pub expires_at: Instant,
}

#[derive(FromQueryResult)]
struct Row {
    first_at: i64,
    expires_at: i64,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Notes that a person signed in in the browser of `call`, and tells them if it was not known; gives the value for its
/// cookie.
pub async fn meet(hub: &Hub, call: &Call, person: &Person, sid: SessionId) -> Result<String, OAuthError> {
    let realm = &call.realm;
    let value = match call.cookie(DEVICE).filter(|value| value.len() == 43) {
        Some(known) => known.to_owned(),
        None => hub.entropy.token()?,
    };
    let now = hub.clock.now();
    let values = values![
        realm.id.uuid(),
        person.id.uuid(),
        realm.token_hash("browser.known", &value).to_vec(),
        sid.uuid(),
        now.plus(KNOWN_FOR).as_micros()
    ];
    let known = "UPDATE known_browser SET sid = $4, expires_at = $5
         WHERE realm_id = $1 AND person_id = $2 AND hash = $3 AND forgotten_at IS NULL";
    if hub.store.change(known, values.clone()).await? == 1 {
        return Ok(value);
    }
    let before = "SELECT count(*) AS count FROM known_browser WHERE realm_id = $1 AND person_id = $2";
    let ids = values![realm.id.uuid(), person.id.uuid()];
    let before: Option<Count> = hub.store.fetch_optional(before, ids).await?;
    let told = match before {
        Some(Count { count: 1.. }) => Some(told(hub, call, person).await?),
        _ => None,
    };
    hub.store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO known_browser (realm_id, person_id, hash, sid, expires_at, first_at)
                     VALUES ($1, $2, $3, $4, $5, $6)
                     ON CONFLICT (person_id, hash) DO UPDATE SET sid = excluded.sid,
                     expires_at = excluded.expires_at, forgotten_at = NULL",
                    [values, values![now.as_micros()]].concat(),
                )
                .await?;
                match told {
                    Some(told) => told.write(tx).await,
                    None => Ok(()),
                }
            })
        })
        .await
        .map_err(|error: DatabaseError| error)?;
    Ok(value)
}

async fn told(hub: &Hub, call: &Call, person: &Person) -> Result<notices::Prepared, OAuthError> {
    let device = call.user_agent().and_then(user_agent::describe);
    let notice = Notice::NewDevice {
        device: device.map(|device| device.to_string()),
        address: Some(call.origin.address.to_string()),
    };
    let realm = &call.realm;
    // Counted apart from mails that a stranger can cause: nobody uses up what would tell of them.
    let name = base64url(keyed_hash(
        &realm.keys.tokens,
        "device.mails",
        person.id.uuid().as_bytes(),
    ));
    let slot = Slot::new(realm.id, "device-mails", &name);
    let sent = hub.ephemeral.increment(&slot, WINDOW).await?;
    let channels = if sent <= hub.settings.limits.mails_per_address {
        notices::channels(person)
    } else {
        Vec::new()
    };
    Ok(notices::prepare_for(
        hub,
        realm,
        person,
        (notice, None),
        channels,
    )?)
}

/// The browsers that are known of a person, oldest first; at most a thousand.
pub async fn list(hub: &Hub, realm: &Realm, person: PersonId) -> Result<Vec<Known>, DatabaseError> {
    let sql = "SELECT first_at, expires_at FROM known_browser
         WHERE realm_id = $1 AND person_id = $2 AND forgotten_at IS NULL ORDER BY first_at LIMIT 1000";
    let values = values![realm.id.uuid(), person.uuid()];
    let rows: Vec<Row> = hub.store.fetch_all(sql, values).await?;
    let known = rows.into_iter().map(|row| Known {
        first_at: Instant::from_micros(row.first_at),
        expires_at: Instant::from_micros(row.expires_at),
    });
    Ok(known.collect())
}

/// Forgets a person's browsers but the one in which `kept` goes on, in the caller's transaction.
pub async fn forget_others_in(
    tx: &Tx,
    realm: RealmId,
    person: PersonId,
    kept: Option<SessionId>,
    now: Instant,
) -> Result<(), DatabaseError> {
    let kept = kept.map_or(Uuid::nil(), SessionId::uuid);
    tx.execute(
        "UPDATE known_browser SET forgotten_at = $4
         WHERE realm_id = $1 AND person_id = $2 AND sid <> $3 AND forgotten_at IS NULL",
        values![realm.uuid(), person.uuid(), kept, now.as_micros()],
    )
    .await
    .map(drop)
}
