//! The asks in the database: written once, taken once.

use platform::clock::Instant;
use platform::database::{Backend, DatabaseError, Queries as _, Tx};
use platform::ids::RealmId;
use platform::keys::Aad;
use platform::values;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::hub::Hub;
use crate::ids::RecoveryId;
use crate::mail::MailError;
use crate::realms::Realm;

/// How somebody wants back into their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// By a link in a mail.
    Mail,
    /// With the help of people whom they trust.
    Family,
}

/// What was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ask {
    /// What was typed: a login name or an e-mail address, or anything else.
    pub name: String,
    /// How.
    pub way: Way,
    /// The recovery that waits for it, if people of trust are to be asked.
    pub recovery: Option<RecoveryId>,
}

/// An ask as it is taken.
pub(super) struct Taken {
    pub id: Uuid,
    pub realm: RealmId,
    pub created_at: Instant,
    sealed: Vec<u8>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    realm_id: Uuid,
    sealed: Vec<u8>,
    created_at: i64,
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

macro_rules! take {
    ($lock:literal) => {
        concat!(
            "DELETE FROM recovery_ask WHERE id = (SELECT id FROM recovery_ask ORDER BY created_at LIMIT 1",
            $lock,
            ") RETURNING id, realm_id, sealed, created_at"
        )
    };
}
const TAKE: &str = take!("");
/// Where writers run side by side, what another one is taking is passed over.
const TAKE_BESIDE_OTHERS: &str = take!(" FOR UPDATE SKIP LOCKED");

/// An ask that is kept once [`Prepared::write`] is called.
#[must_use = "an ask that is not written is not looked into"]
pub struct Prepared(Vec<sea_orm::Value>);

impl Prepared {
    /// Keeps it.
    pub async fn write(self, tx: &Tx) -> Result<(), DatabaseError> {
        let sql =
            "INSERT INTO recovery_ask (id, realm_id, way, sealed, created_at) VALUES ($1, $2, $3, $4, $5)";
        tx.execute(sql, self.0).await.map(drop)
    }
}

/// Prepares an ask. It is as long and takes as long whatever was typed.
pub fn prepare(hub: &Hub, realm: &Realm, ask: &Ask) -> Result<Prepared, MailError> {
    let now = hub.clock.now();
    let id = hub.entropy.uuid(now)?;
    let plain = padded(serde_json::to_vec(ask)?);
    let sealed = realm.keys.data.seal(&hub.entropy, &aad(realm, id), &plain)?;
    let way = match ask.way {
        Way::Mail => "mail",
        Way::Family => "family",
    };
    Ok(Prepared(values![
        id,
        realm.id.uuid(),
        way,
        sealed,
        now.as_micros()
    ]))
}

/// JSON does not mind spaces at its end.
fn padded(mut plain: Vec<u8>) -> Vec<u8> {
    let length = plain.len().next_multiple_of(2048);
    plain.resize(length, b' ');
    plain
}

/// Takes the oldest ask: of many who take, one gets it.
pub(super) async fn take(hub: &Hub) -> Result<Option<Taken>, DatabaseError> {
    // A look costs no write, and mostly there is nothing.
    let sql = "SELECT count(*) AS count FROM (SELECT id FROM recovery_ask LIMIT 1) AS one";
    let waiting: Option<Count> = hub.store.fetch_optional(sql, values![]).await?;
    if waiting.is_none_or(|row| row.count == 0) {
        return Ok(None);
    }
    let sql = match hub.store.backend() {
        Backend::Sqlite => TAKE,
        Backend::Postgres => TAKE_BESIDE_OTHERS,
    };
    let row: Option<Row> = hub.store.take(sql, values![]).await?;
    Ok(row.map(|row| Taken {
        id: row.id,
        realm: row.realm_id.into(),
        created_at: Instant::from_micros(row.created_at),
        sealed: row.sealed,
    }))
}

impl Taken {
    /// What it asks for.
    pub(super) fn open(&self, realm: &Realm) -> Result<Ask, MailError> {
        let plain = realm.keys.data.open(&aad(realm, self.id), &self.sealed)?;
        Ok(serde_json::from_slice(&plain)?)
    }
}

fn aad(realm: &Realm, id: Uuid) -> Aad {
    Aad::new(realm.id.uuid(), "recovery.ask", b"", id.as_bytes())
}
