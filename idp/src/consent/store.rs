//! Consents in the database. A version that stands is never changed; the newest one counts.

use platform::clock::Instant;
use platform::database::{DatabaseError, Queries as _, Tx, insert_many};
use platform::entropy::{Entropy, EntropyFailed};
use platform::ids::RealmId;
use platform::keys::{Aad, SealError};
use platform::values;
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::compile::{Head, InvalidConsent, compile, resource};
use super::fhir::{self, Meta, Status};
use super::model::{Draft, Kept, Origin, Summary};
use crate::access::rows::columns;
use crate::hub::Hub;
use crate::ids::{ConsentId, FamilyId, GrantId, PersonId, TieId};
use crate::people::Person;
use crate::realms::Realm;
use crate::ties::holds_in;

/// The most consents that one person has, withdrawn ones included; a thousand times what anybody needs.
const MOST: i64 = 2_000;

/// What is written of each rule, in this order.
pub(super) const GRANTS: &str = "INSERT INTO consent_grant (id, realm_id, subject_id, consent_id, consent_version, effect,
     grantee_kind, grantee_key, organisation_id, occupation, kinds, actions, purposes, depth, data_from, data_until,
     valid_from, valid_until)";

/// A consent could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// It says something that no consent can say.
    #[error(transparent)]
    Invalid(#[from] InvalidConsent),
    /// There is no such consent of this person, or it was withdrawn.
    #[error("there is no such consent")]
    Unknown,
    /// It was changed by somebody else at the same moment.
    #[error("the consent was changed at the same moment")]
    Raced,
    /// The person has too many.
    #[error("the person has too many consents")]
    TooMany,
    /// The database did not answer.
    #[error(transparent)]
    Database(DatabaseError),
    /// A sealed value does not open.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
    /// A row is not what this version writes.
    #[error("a consent cannot be read")]
    Unreadable,
}

impl From<DatabaseError> for ConsentError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Conflict => Self::Raced,
            other => Self::Database(other),
        }
    }
}

impl From<serde_json::Error> for ConsentError {
    fn from(_: serde_json::Error) -> Self {
        Self::Unreadable
    }
}

/// A version that is ready to be written in somebody's transaction.
#[must_use = "a consent that is not written allows nothing"]
#[derive(Debug)]
pub struct Prepared {
    /// The consent's key.
    pub id: ConsentId,
    realm: Uuid,
    subject: Uuid,
    version: i32,
    now: i64,
    row: Vec<Value>,
    grants: Vec<Vec<Value>>,
}

impl Prepared {
    /// The rows of a first version, for many that are written at once.
    pub(super) fn into_rows(mut self) -> (Vec<Value>, Vec<Vec<Value>>) {
        self.row.truncate(self.row.len() - 1);
        (self.row, self.grants)
    }
}

/// Prepares a new consent of `subject`.
pub fn prepare(hub: &Hub, realm: &Realm, subject: &Person, draft: &Draft) -> Result<Prepared, ConsentError> {
    first((&hub.entropy, hub.clock.now()), realm, subject, draft)
}

/// Prepares a first version, where there is no hub yet.
pub(super) fn first(
    (entropy, now): (&Entropy, Instant),
    realm: &Realm,
    subject: &Person,
    draft: &Draft,
) -> Result<Prepared, ConsentError> {
    let id = ConsentId::new(entropy, now)?;
    version((entropy, now), realm, subject, (id, 1), (draft, Status::Active))
}

/// Prepares the next version of a consent: what it said before ends when that is written.
pub fn prepare_change(
    hub: &Hub,
    realm: &Realm,
    subject: &Person,
    before: &Kept,
    draft: &Draft,
) -> Result<Prepared, ConsentError> {
    if !before.is_active() || before.subject != subject.id {
        return Err(ConsentError::Unknown);
    }
    version(
        (&hub.entropy, hub.clock.now()),
        realm,
        subject,
        (before.id, before.version + 1),
        (draft, Status::Active),
    )
}

/// Prepares the withdrawal of a consent: a version that says the same and does not apply.
pub fn prepare_withdrawal(
    hub: &Hub,
    realm: &Realm,
    subject: &Person,
    before: &Kept,
    performer: PersonId,
) -> Result<Prepared, ConsentError> {
    if !before.is_active() || before.subject != subject.id {
        return Err(ConsentError::Unknown);
    }
    let draft = Draft {
        performer,
        origin: before.origin,
        rules: before.rules()?,
    };
    version(
        (&hub.entropy, hub.clock.now()),
        realm,
        subject,
        (before.id, before.version + 1),
        (&draft, Status::Inactive),
    )
}

fn version(
    (entropy, now): (&Entropy, Instant),
    realm: &Realm,
    subject: &Person,
    (id, version): (ConsentId, i32),
    (draft, status): (&Draft, Status),
) -> Result<Prepared, ConsentError> {
    let head = Head {
        subject: subject.id,
        performer: draft.performer,
        given_at: now,
    };
    let resource = fhir::Consent {
        id: Some(id.to_string()),
        meta: Some(Meta {
            version_id: version.to_string(),
            last_updated: now.to_rfc3339(),
        }),
        status,
        ..resource(head, &draft.rules)
    };
    // Rules come from the resource alone, also here.
    let rules = compile(&resource)?;
    let sealed = subject.key.seal(
        entropy,
        &aad(realm, subject.id, id, version),
        &serde_json::to_vec(&resource)?,
    )?;
    let mut grants = Vec::new();
    if status == Status::Active {
        for rule in &rules {
            let mut row = values![
                GrantId::new(entropy, now)?.uuid(),
                realm.id.uuid(),
                subject.id.uuid(),
                id.uuid(),
                version
            ];
            row.extend(columns(rule));
            grants.push(row);
        }
    }
    let status = match status {
        Status::Active => "active",
        Status::Inactive => "inactive",
    };
    Ok(Prepared {
        id,
        realm: realm.id.uuid(),
        subject: subject.id.uuid(),
        version,
        now: now.as_micros(),
        row: values![
            id.uuid(),
            version,
            realm.id.uuid(),
            subject.id.uuid(),
            draft.performer.uuid(),
            draft.origin.as_str(),
            status,
            sealed,
            now.as_micros(),
            MOST
        ],
        grants,
    })
}

/// Writes a version in somebody's transaction, with the rules that it was compiled into; what the version before said
/// ends, and with it every token that lived on it. Of two versions that were prepared at once the later one fails.
pub async fn write_in(tx: &Tx, mut prepared: Prepared) -> Result<ConsentId, ConsentError> {
    let written = tx
        .execute(
            "INSERT INTO consent (id, version, realm_id, subject_id, performer_id, origin, status, sealed_resource,
                 created_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM person WHERE realm_id = $3 AND id = $4
             AND (SELECT count(*) FROM consent WHERE realm_id = $3 AND subject_id = $4) < $10",
            std::mem::take(&mut prepared.row),
        )
        .await?;
    if written == 0 {
        return Err(ConsentError::TooMany);
    }
    if prepared.version > 1 {
        end_in(tx, &prepared).await?;
    }
    insert_many(tx, GRANTS, prepared.grants).await?;
    Ok(prepared.id)
}

async fn end_in(tx: &Tx, prepared: &Prepared) -> Result<(), DatabaseError> {
    tx.execute(
        "UPDATE consent_grant SET ended_at = $4
         WHERE realm_id = $1 AND subject_id = $2 AND consent_id = $3 AND ended_at IS NULL",
        values![prepared.realm, prepared.subject, prepared.id.uuid(), prepared.now],
    )
    .await?;
    tx.execute(
        "UPDATE token_family SET revoked_at = $3, revoked_because = 'consent withdrawn'
         WHERE realm_id = $1 AND revoked_at IS NULL
         AND id IN (SELECT family_id FROM family_consent WHERE realm_id = $1 AND consent_id = $2)",
        values![prepared.realm, prepared.id.uuid(), prepared.now],
    )
    .await
    .map(drop)
}

/// Lets a family of tokens rest on consents, in the transaction that begins it: it ends with any of them. `false` if one
/// of them does not apply any more.
pub async fn rest_in(
    tx: &Tx,
    realm: RealmId,
    family: FamilyId,
    consents: &[ConsentId],
) -> Result<bool, DatabaseError> {
    for consent in consents {
        // Changing nothing it waits for whoever withdraws at this very moment, and then finds nothing.
        let applies = tx
            .execute(
                "UPDATE consent_grant SET ended_at = NULL
                 WHERE realm_id = $1 AND consent_id = $2 AND ended_at IS NULL",
                values![realm.uuid(), consent.uuid()],
            )
            .await?;
        if applies == 0 {
            return Ok(false);
        }
        tx.execute(
            "INSERT INTO family_consent (family_id, consent_id, realm_id) VALUES ($1, $2, $3)",
            values![family.uuid(), consent.uuid(), realm.uuid()],
        )
        .await?;
    }
    Ok(true)
}

/// Ends all that a person ever allowed, when they are erased, and every token that lived on it. What they agreed with
/// operators ends too. The versions stay, unreadable without the person's key.
pub async fn end_all_in(
    tx: &Tx,
    realm: RealmId,
    subject: PersonId,
    now: Instant,
) -> Result<(), DatabaseError> {
    for sql in [
        "UPDATE consent_grant SET ended_at = $3 WHERE realm_id = $1 AND subject_id = $2 AND ended_at IS NULL",
        "UPDATE token_family SET revoked_at = $3, revoked_because = 'person erased'
         WHERE realm_id = $1 AND revoked_at IS NULL AND id IN (SELECT family_id FROM family_consent
             WHERE realm_id = $1 AND consent_id IN (SELECT id FROM consent WHERE realm_id = $1 AND subject_id = $2))",
        "UPDATE contract SET ended_at = $3 WHERE realm_id = $1 AND person_id = $2 AND ended_at IS NULL",
        "UPDATE emergency SET ended_at = $3
         WHERE realm_id = $1 AND (subject_id = $2 OR actor_id = $2) AND ended_at IS NULL",
    ] {
        tx.execute(sql, values![realm.uuid(), subject.uuid(), now.as_micros()])
            .await?;
    }
    Ok(())
}

/// Writes a version in a transaction of its own.
pub async fn write(hub: &Hub, prepared: Prepared) -> Result<ConsentId, ConsentError> {
    let written = hub
        .store
        .write(move |tx: &Tx| Box::pin(write_in(tx, prepared)))
        .await;
    hub.families.forget_all();
    written
}

/// The same by who decides in the person's place, as long as the tie that lets them holds.
pub async fn write_for(
    hub: &Hub,
    realm: &Realm,
    prepared: Prepared,
    tie: Option<TieId>,
) -> Result<ConsentId, ConsentError> {
    let Some(tie) = tie else {
        return write(hub, prepared).await;
    };
    let realm = realm.id;
    let written = hub
        .store
        .write(move |tx: &Tx| {
            Box::pin(async move {
                if !holds_in(tx, realm, tie).await? {
                    return Err(ConsentError::Unknown);
                }
                write_in(tx, prepared).await
            })
        })
        .await;
    hub.families.forget_all();
    written
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    version: i32,
    performer_id: Uuid,
    origin: String,
    sealed_resource: Vec<u8>,
    created_at: i64,
}

const NEWEST: &str =
    "SELECT id, version, performer_id, origin, sealed_resource, created_at FROM consent AS one
    WHERE realm_id = $1 AND subject_id = $2
    AND version = (SELECT max(version) FROM consent AS other WHERE other.id = one.id)";

/// The consents of a person, each in its newest version, the latest first; at most two hundred.
pub async fn list(hub: &Hub, realm: &Realm, subject: &Person) -> Result<Vec<Kept>, ConsentError> {
    let sql = format!("{NEWEST} ORDER BY created_at DESC, id DESC LIMIT 200");
    let rows: Vec<Row> = hub
        .store
        .fetch_all(&sql, values![realm.id.uuid(), subject.id.uuid()])
        .await?;
    rows.into_iter().map(|row| open(realm, subject, &row)).collect()
}

/// Consents of a person in the order in which they were first given, each in its newest version: those of a status, or
/// all; at most `limit` behind `after`.
pub async fn page(
    hub: &Hub,
    realm: &Realm,
    subject: &Person,
    status: Option<&str>,
    (after, limit): (Option<ConsentId>, u32),
) -> Result<Vec<Kept>, ConsentError> {
    let sql = format!("{NEWEST} AND id > $3 AND ($4 = '' OR status = $4) ORDER BY id LIMIT $5");
    let values = values![
        realm.id.uuid(),
        subject.id.uuid(),
        after.map(ConsentId::uuid).unwrap_or_default(),
        status.unwrap_or_default(),
        i64::from(limit)
    ];
    let rows: Vec<Row> = hub.store.fetch_all(&sql, values).await?;
    rows.into_iter().map(|row| open(realm, subject, &row)).collect()
}

/// One consent of a person, in its newest version.
pub async fn find(
    hub: &Hub,
    realm: &Realm,
    subject: &Person,
    id: ConsentId,
) -> Result<Option<Kept>, ConsentError> {
    let sql = format!("{NEWEST} AND id = $3");
    let row: Option<Row> = hub
        .store
        .fetch_optional(&sql, values![realm.id.uuid(), subject.id.uuid(), id.uuid()])
        .await?;
    row.map(|row| open(realm, subject, &row)).transpose()
}

/// Every version of a consent, the first first.
pub async fn history(
    hub: &Hub,
    realm: &Realm,
    subject: &Person,
    id: ConsentId,
) -> Result<Vec<Kept>, ConsentError> {
    let sql = "SELECT id, version, performer_id, origin, sealed_resource, created_at FROM consent
        WHERE realm_id = $1 AND subject_id = $2 AND id = $3 ORDER BY version LIMIT 2000";
    let rows: Vec<Row> = hub
        .store
        .fetch_all(sql, values![realm.id.uuid(), subject.id.uuid(), id.uuid()])
        .await?;
    rows.into_iter().map(|row| open(realm, subject, &row)).collect()
}

#[derive(FromQueryResult)]
struct Outline {
    id: Uuid,
    version: i32,
    performer_id: Uuid,
    origin: String,
    status: String,
    created_at: i64,
}

/// That a person has consents, and how they stand, in the order in which they were first given; nothing is opened.
pub async fn summaries(
    hub: &Hub,
    realm: &Realm,
    subject: PersonId,
    (after, limit): (Option<Uuid>, u32),
) -> Result<Vec<Summary>, ConsentError> {
    let rows: Vec<Outline> = hub
        .store
        .fetch_all(
            "SELECT id, version, performer_id, origin, status, created_at FROM consent AS one
             WHERE realm_id = $1 AND subject_id = $2 AND id > $3
             AND version = (SELECT max(version) FROM consent AS other WHERE other.id = one.id)
             ORDER BY id LIMIT $4",
            values![
                realm.id.uuid(),
                subject.uuid(),
                after.unwrap_or_default(),
                i64::from(limit)
            ],
        )
        .await?;
    let all = rows.into_iter().map(|row| {
        Ok(Summary {
            id: row.id.into(),
            version: row.version,
            status: row.status,
            origin: Origin::parse(&row.origin).ok_or(ConsentError::Unreadable)?,
            by_another: row.performer_id != subject.uuid(),
            at: Instant::from_micros(row.created_at),
        })
    });
    all.collect()
}

fn open(realm: &Realm, subject: &Person, row: &Row) -> Result<Kept, ConsentError> {
    let id = ConsentId::from(row.id);
    let opened = subject
        .key
        .open(&aad(realm, subject.id, id, row.version), &row.sealed_resource)?;
    Ok(Kept {
        id,
        version: row.version,
        subject: subject.id,
        performer: row.performer_id.into(),
        origin: Origin::parse(&row.origin).ok_or(ConsentError::Unreadable)?,
        at: Instant::from_micros(row.created_at),
        resource: serde_json::from_slice(&opened)?,
    })
}

fn aad(realm: &Realm, subject: PersonId, id: ConsentId, version: i32) -> Aad {
    let row = [id.uuid().as_bytes().as_slice(), &version.to_be_bytes()].concat();
    Aad::new(realm.id.uuid(), "consent", subject.uuid().as_bytes(), &row)
}
