//! Attendance in the database.

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Attendance, Correction};
use crate::ids::{AffiliationId, AttendanceId, OrganisationId, PersonId};
use crate::staff::error::StaffError;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    person_id: Uuid,
    organisation_id: Uuid,
    in_at: i64,
    out_at: Option<i64>,
    corrected_at: Option<i64>,
}

const COLUMNS: &str = "attendance.id, attendance.person_id, attendance.organisation_id, attendance.in_at,
    attendance.out_at, attendance.corrected_at";
const RETURNED: &str = "id, person_id, organisation_id, in_at, out_at, corrected_at";

impl From<Row> for Attendance {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            person: row.person_id.into(),
            organisation: row.organisation_id.into(),
            came: Instant::from_micros(row.in_at),
            went: row.out_at.map(Instant::from_micros),
            corrected: row.corrected_at.is_some(),
        }
    }
}

/// Notes that somebody came, if the affiliation is theirs and holds, and they are not there already by it.
pub(super) async fn come(
    tx: &Tx,
    realm: RealmId,
    (id, affiliation, person): (AttendanceId, AffiliationId, PersonId),
    now: Instant,
) -> Result<Option<Attendance>, StaffError> {
    let sql = format!(
        "INSERT INTO attendance (id, realm_id, affiliation_id, person_id, organisation_id, in_at)
         SELECT $1, realm_id, id, person_id, organisation_id, $5 FROM affiliation
         WHERE realm_id = $2 AND id = $3 AND person_id = $4 AND ended_at IS NULL AND from_at <= $5
             AND (until_at IS NULL OR until_at > $5)
         ON CONFLICT DO NOTHING RETURNING {RETURNED}"
    );
    let values = values![
        id.uuid(),
        realm.uuid(),
        affiliation.uuid(),
        person.uuid(),
        now.as_micros()
    ];
    let row: Option<Row> = tx.fetch_optional(&sql, values).await?;
    Ok(row.map(Attendance::from))
}

/// Notes that somebody went, if they are there.
pub(super) async fn go(
    tx: &Tx,
    realm: RealmId,
    affiliation: AffiliationId,
    person: PersonId,
    now: Instant,
) -> Result<Option<Attendance>, StaffError> {
    let sql = format!(
        "UPDATE attendance SET out_at = $4 WHERE realm_id = $1 AND affiliation_id = $2 AND person_id = $3
         AND out_at IS NULL RETURNING {RETURNED}"
    );
    let values = values![realm.uuid(), affiliation.uuid(), person.uuid(), now.as_micros()];
    let row: Option<Row> = tx.fetch_optional(&sql, values).await?;
    Ok(row.map(Attendance::from))
}

/// One by its key.
pub(super) async fn find(
    queries: &impl Queries,
    realm: RealmId,
    id: AttendanceId,
) -> Result<Option<Attendance>, StaffError> {
    let sql = format!("SELECT {COLUMNS} FROM attendance WHERE realm_id = $1 AND id = $2");
    let row: Option<Row> = queries
        .fetch_optional(&sql, values![realm.uuid(), id.uuid()])
        .await?;
    Ok(row.map(Attendance::from))
}

/// Changes the times of one, and keeps what they were and why they changed.
pub(super) async fn correct(
    tx: &Tx,
    realm: RealmId,
    correction: &Correction,
    before: &Attendance,
    (key, by, now): (Uuid, Option<PersonId>, Instant),
) -> Result<(), StaffError> {
    tx.execute(
        "INSERT INTO attendance_correction (id, realm_id, attendance_id, in_before, out_before, in_after, out_after,
         reason, corrected_by, corrected_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        values![
            key,
            realm.uuid(),
            before.id.uuid(),
            before.came.as_micros(),
            before.went.map(Instant::as_micros),
            correction.came.as_micros(),
            correction.went.as_micros(),
            correction.reason.clone(),
            by.map(PersonId::uuid),
            now.as_micros()
        ],
    )
    .await?;
    tx.execute(
        "UPDATE attendance SET in_at = $3, out_at = $4, corrected_at = $5 WHERE realm_id = $1 AND id = $2",
        values![
            realm.uuid(),
            before.id.uuid(),
            correction.came.as_micros(),
            correction.went.as_micros(),
            now.as_micros()
        ],
    )
    .await?;
    Ok(())
}

/// Who came to an organisation, or to one below it, from `from` until before `until`, in the order of time.
pub async fn of_organisation(
    queries: &impl Queries,
    realm: RealmId,
    organisation: OrganisationId,
    (from, until): (Instant, Instant),
    limit: u32,
) -> Result<Vec<Attendance>, StaffError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM attendance WHERE attendance.realm_id = $1 AND attendance.in_at >= $3
         AND attendance.in_at < $4 AND attendance.organisation_id IN
             (SELECT organisation_id FROM organisation_above WHERE realm_id = $1 AND ancestor_id = $2)
         ORDER BY attendance.in_at, attendance.id LIMIT $5"
    );
    let values = values![
        realm.uuid(),
        organisation.uuid(),
        from.as_micros(),
        until.as_micros(),
        i64::from(limit)
    ];
    let rows: Vec<Row> = queries.fetch_all(&sql, values).await?;
    Ok(rows.into_iter().map(Attendance::from).collect())
}

/// When somebody came and went, newest first.
pub async fn of_person(
    queries: &impl Queries,
    realm: RealmId,
    person: PersonId,
    limit: u32,
) -> Result<Vec<Attendance>, StaffError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM attendance WHERE attendance.realm_id = $1 AND attendance.person_id = $2
         ORDER BY attendance.in_at DESC LIMIT $3"
    );
    let values = values![realm.uuid(), person.uuid(), i64::from(limit)];
    let rows: Vec<Row> = queries.fetch_all(&sql, values).await?;
    Ok(rows.into_iter().map(Attendance::from).collect())
}
