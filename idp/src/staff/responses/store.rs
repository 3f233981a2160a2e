//! What staff did, in the database. A version that stands is never changed; the newest one counts.

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::ids::RealmId;
use platform::keys::Aad;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Draft, Response};
use crate::ids::{OrganisationId, PersonId, ResponseId};
use crate::people::Person;
use crate::realms::Realm;
use crate::staff::act::Act;
use crate::staff::error::StaffError;
use crate::staff::words::EncounterKind;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    version: i32,
    organisation_id: Uuid,
    author_id: Uuid,
    subject_id: Uuid,
    kind: String,
    at: i64,
    sealed_note: Vec<u8>,
    created_at: i64,
}

impl TryFrom<Row> for Response {
    type Error = StaffError;

    fn try_from(row: Row) -> Result<Self, StaffError> {
        Ok(Self {
            id: row.id.into(),
            version: row.version,
            organisation: row.organisation_id.into(),
            author: row.author_id.into(),
            subject: row.subject_id.into(),
            kind: EncounterKind::parse(&row.kind).ok_or(StaffError::Unreadable("response"))?,
            at: Instant::from_micros(row.at),
            written: Instant::from_micros(row.created_at),
            sealed: row.sealed_note,
        })
    }
}

/// Which of what an organisation's staff did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// For whom.
    pub subject: Option<PersonId>,
    /// By whom.
    pub author: Option<PersonId>,
}

const NEWEST: &str =
    "SELECT id, version, organisation_id, author_id, subject_id, kind, at, sealed_note, created_at
    FROM response AS one WHERE realm_id = $1
    AND version = (SELECT max(version) FROM response AS other WHERE other.id = one.id)";

pub(super) fn aad(realm: &Realm, subject: PersonId, (id, version): (ResponseId, i32)) -> Aad {
    let row = [id.uuid().as_bytes().as_slice(), &version.to_be_bytes()].concat();
    Aad::new(realm.id.uuid(), "response", subject.uuid().as_bytes(), &row)
}

/// Writes a version; of two that were written at once the later one fails.
pub(super) async fn insert(
    tx: &Tx,
    act: &Act,
    ((id, version), organisation, author): ((ResponseId, i32), OrganisationId, PersonId),
    subject: &Person,
    draft: &Draft,
) -> Result<Response, StaffError> {
    let plain = serde_json::to_vec(&draft.note).map_err(|_| StaffError::Unreadable("response"))?;
    let aad = aad(&act.realm, subject.id, (id, version));
    let sealed = subject.key.seal(&act.entropy, &aad, &plain)?;
    tx.execute(
        "INSERT INTO response (id, version, realm_id, organisation_id, author_id, subject_id, kind, at, sealed_note,
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values![
            id.uuid(),
            version,
            act.realm.id.uuid(),
            organisation.uuid(),
            author.uuid(),
            subject.id.uuid(),
            draft.kind.word(),
            draft.at.as_micros(),
            sealed.clone(),
            act.now.as_micros()
        ],
    )
    .await?;
    Ok(Response {
        id,
        version,
        organisation,
        author,
        subject: subject.id,
        kind: draft.kind,
        at: draft.at,
        written: act.now,
        sealed,
    })
}

/// One in its newest version.
pub async fn find(
    queries: &impl Queries,
    realm: RealmId,
    id: ResponseId,
) -> Result<Option<Response>, StaffError> {
    let sql = format!("{NEWEST} AND id = $2");
    let row: Option<Row> = queries
        .fetch_optional(&sql, values![realm.uuid(), id.uuid()])
        .await?;
    row.map(Response::try_from).transpose()
}

/// What the staff of an organisation, or of one below it, did, the latest written first, each in its newest version.
pub async fn list(
    queries: &impl Queries,
    realm: RealmId,
    organisation: OrganisationId,
    filter: Filter,
    (before, limit): (Option<Uuid>, u32),
) -> Result<Vec<Response>, StaffError> {
    let sql = format!(
        "{NEWEST} AND organisation_id IN
             (SELECT organisation_id FROM organisation_above WHERE realm_id = $1 AND ancestor_id = $2)
         AND ($3 = $7 OR subject_id = $3) AND ($4 = $7 OR author_id = $4) AND id < $5 ORDER BY id DESC LIMIT $6"
    );
    let values = values![
        realm.uuid(),
        organisation.uuid(),
        filter.subject.map(PersonId::uuid).unwrap_or_default(),
        filter.author.map(PersonId::uuid).unwrap_or_default(),
        before.unwrap_or(Uuid::max()),
        i64::from(limit),
        Uuid::nil()
    ];
    read(queries.fetch_all(&sql, values).await?)
}

/// What was done for somebody, every version of it, the latest first.
pub async fn about(
    queries: &impl Queries,
    realm: RealmId,
    subject: PersonId,
    before: Option<(ResponseId, i32)>,
    limit: u32,
) -> Result<Vec<Response>, StaffError> {
    let sql = "SELECT id, version, organisation_id, author_id, subject_id, kind, at, sealed_note, created_at
        FROM response WHERE realm_id = $1 AND subject_id = $2 AND (id < $4 OR id = $4 AND version < $5)
        ORDER BY id DESC, version DESC LIMIT $3";
    let (id, version) = before.map_or((Uuid::max(), 0), |(id, version)| (id.uuid(), version));
    let values = values![realm.uuid(), subject.uuid(), i64::from(limit), id, version];
    read(queries.fetch_all(sql, values).await?)
}

/// What somebody did, each in its newest version, the latest first.
pub async fn by(
    queries: &impl Queries,
    realm: RealmId,
    author: PersonId,
    limit: u32,
) -> Result<Vec<Response>, StaffError> {
    let sql = format!("{NEWEST} AND author_id = $2 ORDER BY id DESC LIMIT $3");
    let values = values![realm.uuid(), author.uuid(), i64::from(limit)];
    read(queries.fetch_all(&sql, values).await?)
}

fn read(rows: Vec<Row>) -> Result<Vec<Response>, StaffError> {
    rows.into_iter().map(Response::try_from).collect()
}
