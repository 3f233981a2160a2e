//! The outbox in the database.

use platform::clock::Instant;
use platform::database::{Backend, DatabaseError, Queries as _, Store, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::contact::Topic;
use crate::ids::{MailId, PersonId};

/// A mail as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Which.
    pub id: MailId,
    /// Of which realm.
    pub realm: RealmId,
    /// To whom; `None`: to an address that is nobody's here.
    pub person: Option<PersonId>,
    /// What it is about.
    pub kind: String,
    /// Address, subject and texts.
    pub sealed: Vec<u8>,
    /// About which topic, if it is about one that can be refused.
    pub topic: Option<Topic>,
    /// How often it was tried, this time included.
    pub tries: u32,
    /// When it was written.
    pub created_at: Instant,
    /// When it is of no use any more.
    pub expires_at: Instant,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    realm_id: Uuid,
    person_id: Option<Uuid>,
    kind: String,
    sealed: Vec<u8>,
    topic: Option<String>,
    tries: i32,
    created_at: i64,
    expires_at: i64,
}

#[derive(FromQueryResult)]
struct Waiting {
    count: i64,
}

/// A macro, so that what differs between the databases is one clause.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE mail SET tries = tries + 1, due_at = $2
             WHERE id = (SELECT id FROM mail WHERE due_at <= $1 ORDER BY due_at LIMIT 1",
            $lock,
            ") AND due_at <= $1
             RETURNING id, realm_id, person_id, kind, sealed, topic, tries, created_at, expires_at"
        )
    };
}
const CLAIM: &str = claim!("");
/// Where writers run side by side, what another one is claiming is passed over.
const CLAIM_BESIDE_OTHERS: &str = claim!(" FOR UPDATE SKIP LOCKED");

/// Keeps a mail, to be sent at once.
pub async fn insert(tx: &Tx, mail: Kept) -> Result<(), DatabaseError> {
    let now = mail.created_at.as_micros();
    tx.execute(
        "INSERT INTO mail (id, realm_id, person_id, kind, sealed, tries, due_at, created_at, expires_at, topic)
         VALUES ($1, $2, $3, $4, $5, 0, $6, $6, $7, $8)",
        values![
            mail.id.uuid(),
            mail.realm.uuid(),
            mail.person.map(PersonId::uuid),
            mail.kind,
            mail.sealed,
            now,
            mail.expires_at.as_micros(),
            mail.topic.map(Topic::as_str)
        ],
    )
    .await
    .map(drop)
}

/// How many mails wait, due or not.
pub async fn waiting(store: &Store) -> Result<i64, DatabaseError> {
    let sql = "SELECT count(*) AS count FROM mail";
    let row: Option<Waiting> = store.fetch_optional(sql, values![]).await?;
    Ok(row.map_or(0, |row| row.count))
}

/// Whether a mail is due.
async fn is_due(store: &Store, now: Instant) -> Result<bool, DatabaseError> {
    let sql = "SELECT count(*) AS count FROM (SELECT id FROM mail WHERE due_at <= $1 LIMIT 1) AS due";
    let row: Option<Waiting> = store.fetch_optional(sql, values![now.as_micros()]).await?;
    Ok(row.is_some_and(|row| row.count > 0))
}

/// Takes the mail that has been due for longest, until `lease`: of many who ask, one gets it.
pub async fn claim(store: &Store, now: Instant, lease: Instant) -> Result<Option<Kept>, DatabaseError> {
    // A look costs no write, and mostly there is nothing.
    if !is_due(store, now).await? {
        return Ok(None);
    }
    let sql = match store.backend() {
        Backend::Sqlite => CLAIM,
        Backend::Postgres => CLAIM_BESIDE_OTHERS,
    };
    let row: Option<Row> = store
        .take(sql, values![now.as_micros(), lease.as_micros()])
        .await?;
    Ok(row.map(|row| Kept {
        id: row.id.into(),
        realm: row.realm_id.into(),
        person: row.person_id.map(PersonId::from),
        kind: row.kind,
        sealed: row.sealed,
        topic: row.topic.as_deref().and_then(Topic::parse),
        tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
        created_at: Instant::from_micros(row.created_at),
        expires_at: Instant::from_micros(row.expires_at),
    }))
}

/// Sets when a claimed mail is tried again; nothing if somebody else has claimed it since.
pub async fn postpone(store: &Store, mail: &Kept, due: Instant) -> Result<(), DatabaseError> {
    let sql = "UPDATE mail SET due_at = $3 WHERE id = $1 AND tries = $2";
    let values = values![mail.id.uuid(), tries(mail), due.as_micros()];
    store.change(sql, values).await.map(drop)
}

/// Deletes a claimed mail; nothing if somebody else has claimed it since.
pub async fn delete(store: &Store, mail: &Kept) -> Result<(), DatabaseError> {
    let sql = "DELETE FROM mail WHERE id = $1 AND tries = $2";
    store
        .change(sql, values![mail.id.uuid(), tries(mail)])
        .await
        .map(drop)
}

fn tries(mail: &Kept) -> i32 {
    i32::try_from(mail.tries).unwrap_or(i32::MAX)
}
