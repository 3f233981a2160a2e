//! Appointments in the database. Each time repeats where it is and whom it is of, so that one index finds a day's.

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::ids::RealmId;
use platform::keys::Aad;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Draft, Role, Time};
use crate::ids::{AppointmentId, OrganisationId, PersonId};
use crate::people::Person;
use crate::realms::Realm;
use crate::staff::act::Act;
use crate::staff::conditions::Conditions;
use crate::staff::error::StaffError;
use crate::staff::words::EncounterKind;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    appointment_id: Uuid,
    organisation_id: Uuid,
    staff_id: Uuid,
    subject_id: Uuid,
    kind: String,
    starts_at: i64,
    ends_at: i64,
    sequence: i32,
    changed_at: i64,
    cancelled_at: Option<i64>,
    sealed_note: Option<Vec<u8>>,
}

#[derive(FromQueryResult)]
struct Whose {
    subject_id: Uuid,
    organisation_id: Uuid,
}

#[derive(FromQueryResult)]
struct Span {
    starts_at: i64,
    ends_at: i64,
}

const COLUMNS: &str =
    "SELECT one.id, one.appointment_id, one.organisation_id, one.staff_id, one.subject_id, whole.kind,
    one.starts_at, one.ends_at, one.sequence, one.changed_at, one.cancelled_at, whole.sealed_note
    FROM appointment_time AS one JOIN appointment AS whole ON whole.id = one.appointment_id";

impl TryFrom<Row> for Time {
    type Error = StaffError;

    fn try_from(row: Row) -> Result<Self, StaffError> {
        Ok(Self {
            id: row.id.into(),
            appointment: row.appointment_id.into(),
            organisation: row.organisation_id.into(),
            staff: row.staff_id.into(),
            subject: row.subject_id.into(),
            kind: EncounterKind::parse(&row.kind).ok_or(StaffError::Unreadable("appointment"))?,
            starts: Instant::from_micros(row.starts_at),
            ends: Instant::from_micros(row.ends_at),
            sequence: row.sequence,
            changed: Instant::from_micros(row.changed_at),
            cancelled: row.cancelled_at.is_some(),
            sealed_note: row.sealed_note,
        })
    }
}

/// Which of an organisation's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// For whom.
    pub subject: Option<PersonId>,
    /// Of whom.
    pub staff: Option<PersonId>,
}

/// Between which times, in which order of them from where on.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// What begins at this time or later.
    pub from: Instant,
    /// What begins before this time.
    pub until: Instant,
    /// What comes after this one, by its start and its key.
    pub after: Option<(Instant, Uuid)>,
    /// How many at the most.
    pub limit: u32,
}

pub(super) fn aad(realm: &Realm, subject: PersonId, id: AppointmentId) -> Aad {
    Aad::new(
        realm.id.uuid(),
        "appointment",
        subject.uuid().as_bytes(),
        id.uuid().as_bytes(),
    )
}

/// Writes an appointment with its times, which learn what is sealed.
pub(super) async fn insert(
    tx: &Tx,
    act: &Act,
    subject: &Person,
    draft: &Draft,
    times: &mut [Time],
) -> Result<(), StaffError> {
    let Some(first) = times.first() else {
        return Ok(());
    };
    let aad = aad(&act.realm, subject.id, first.appointment);
    let seal = |note: &String| subject.key.seal(&act.entropy, &aad, note.as_bytes());
    let sealed = draft.note.as_ref().map(seal).transpose()?;
    tx.execute(
        "INSERT INTO appointment (id, realm_id, organisation_id, subject_id, kind, recurrence, sealed_note, made_by,
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values![
            first.appointment.uuid(),
            act.realm.id.uuid(),
            first.organisation.uuid(),
            subject.id.uuid(),
            draft.kind.word(),
            draft.recurrence.rule().map(str::to_owned),
            sealed.clone(),
            act.caller.person.map(PersonId::uuid),
            act.now.as_micros()
        ],
    )
    .await?;
    for time in times {
        time.sealed_note.clone_from(&sealed);
        tx.execute(
            "INSERT INTO appointment_time (id, realm_id, appointment_id, organisation_id, staff_id, subject_id, starts_at,
             ends_at, sequence, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            values![
                time.id.uuid(),
                act.realm.id.uuid(),
                time.appointment.uuid(),
                time.organisation.uuid(),
                time.staff.uuid(),
                time.subject.uuid(),
                time.starts.as_micros(),
                time.ends.as_micros(),
                time.sequence,
                time.changed.as_micros()
            ],
        )
        .await?;
    }
    Ok(())
}

/// Keeps where a time moved, and who is expected.
pub(super) async fn postpone(tx: &Tx, act: &Act, time: &Time) -> Result<(), StaffError> {
    tx.execute(
        "UPDATE appointment_time SET staff_id = $3, starts_at = $4, ends_at = $5, sequence = $6, changed_at = $7
         WHERE realm_id = $1 AND id = $2",
        values![
            act.realm.id.uuid(),
            time.id.uuid(),
            time.staff.uuid(),
            time.starts.as_micros(),
            time.ends.as_micros(),
            time.sequence,
            time.changed.as_micros()
        ],
    )
    .await?;
    Ok(())
}

/// Cancels one time of an appointment, or all, as far as they are not over.
pub(super) async fn cancel(
    tx: &Tx,
    act: &Act,
    id: AppointmentId,
    at: Option<Instant>,
) -> Result<(), StaffError> {
    tx.execute(
        "UPDATE appointment_time SET cancelled_at = $3, changed_at = $3, sequence = sequence + 1
         WHERE realm_id = $1 AND appointment_id = $2 AND cancelled_at IS NULL AND ends_at > $3
             AND ($5 OR starts_at = $4)",
        values![
            act.realm.id.uuid(),
            id.uuid(),
            act.now.as_micros(),
            at.unwrap_or(act.now).as_micros(),
            at.is_none()
        ],
    )
    .await?;
    Ok(())
}

/// Cancels all that is not over at an organisation that ends.
pub async fn end_at(tx: &Tx, act: &Act, organisation: OrganisationId) -> Result<(), StaffError> {
    tx.execute(
        "UPDATE appointment_time SET cancelled_at = $3, changed_at = $3, sequence = sequence + 1
         WHERE realm_id = $1 AND organisation_id = $2 AND cancelled_at IS NULL AND ends_at > $3",
        values![act.realm.id.uuid(), organisation.uuid(), act.now.as_micros()],
    )
    .await?;
    Ok(())
}

/// When the member of staff of `first` is expected in its organisation before `until`, other than at that time itself.
pub(super) async fn between(
    queries: &impl Queries,
    realm: RealmId,
    first: &Time,
    until: Instant,
) -> Result<Vec<(Instant, Instant)>, StaffError> {
    let rows: Vec<Span> = queries
        .fetch_all(
            "SELECT starts_at, ends_at FROM appointment_time WHERE realm_id = $1 AND staff_id = $2
             AND organisation_id = $3 AND cancelled_at IS NULL AND starts_at < $4 AND ends_at > $5 AND id <> $6",
            values![
                realm.uuid(),
                first.staff.uuid(),
                first.organisation.uuid(),
                until.as_micros(),
                first.starts.as_micros(),
                first.id.uuid()
            ],
        )
        .await?;
    let spans = rows.iter().map(|row| {
        let (starts, ends) = (row.starts_at, row.ends_at);
        (Instant::from_micros(starts), Instant::from_micros(ends))
    });
    Ok(spans.collect())
}

/// The times of one appointment, in their order.
pub(super) async fn find(
    queries: &impl Queries,
    realm: RealmId,
    id: AppointmentId,
) -> Result<Vec<Time>, StaffError> {
    let sql = format!(
        "{COLUMNS} WHERE one.realm_id = $1 AND one.appointment_id = $2 ORDER BY one.starts_at, one.id"
    );
    read(queries.fetch_all(&sql, values![realm.uuid(), id.uuid()]).await?)
}

/// Whom an appointment is for, and of which organisation it is.
pub async fn whose(
    queries: &impl Queries,
    realm: RealmId,
    id: AppointmentId,
) -> Result<Option<(PersonId, OrganisationId)>, StaffError> {
    let row: Option<Whose> = queries
        .fetch_optional(
            "SELECT subject_id, organisation_id FROM appointment WHERE realm_id = $1 AND id = $2",
            values![realm.uuid(), id.uuid()],
        )
        .await?;
    Ok(row.map(|row| (row.subject_id.into(), row.organisation_id.into())))
}

/// What an organisation, or one below it, has in a window, in the order of time, cancelled ones among them.
pub async fn times(
    queries: &impl Queries,
    realm: RealmId,
    organisation: OrganisationId,
    filter: Filter,
    window: Window,
) -> Result<Vec<Time>, StaffError> {
    let sql = format!(
        "{COLUMNS} WHERE one.realm_id = $1 AND one.organisation_id IN
             (SELECT organisation_id FROM organisation_above WHERE realm_id = $1 AND ancestor_id = $2)
         AND ($3 = $9 OR one.subject_id = $3) AND ($4 = $9 OR one.staff_id = $4) AND one.starts_at >= $5
         AND one.starts_at < $6 AND (one.starts_at > $5 OR one.id > $7) ORDER BY one.starts_at, one.id LIMIT $8"
    );
    let from = window.after.map_or(window.from, |(from, _)| from);
    let values = values![
        realm.uuid(),
        organisation.uuid(),
        filter.subject.map(PersonId::uuid).unwrap_or_default(),
        filter.staff.map(PersonId::uuid).unwrap_or_default(),
        from.as_micros(),
        window.until.as_micros(),
        window.after.map(|(_, key)| key).unwrap_or_default(),
        i64::from(window.limit),
        Uuid::nil()
    ];
    read(queries.fetch_all(&sql, values).await?)
}

/// What somebody has that is not over at one time and begins before another, in the order of time.
pub(super) async fn of(
    queries: &impl Queries,
    realm: RealmId,
    (role, person): (Role<'_>, PersonId),
    (from, until): (Instant, Instant),
    limit: u32,
) -> Result<Vec<Time>, StaffError> {
    let mut conditions = Conditions::of_realm("one", realm);
    let whose = match role {
        Role::Subject => "one.subject_id = ?",
        Role::Staff(_) => "one.staff_id = ?",
    };
    conditions.and(whose, [person.uuid().into()]);
    conditions.and("one.ends_at > ?", [from.as_micros().into()]);
    conditions.and("one.starts_at < ?", [until.as_micros().into()]);
    if let Role::Staff(Some(places)) = role {
        let keys: Vec<Uuid> = places.iter().map(|id| id.uuid()).collect();
        conditions.and_in("one.organisation_id", &keys, "");
    }
    let (conditions, values) = conditions.done();
    let sql = format!("{COLUMNS} WHERE {conditions} ORDER BY one.starts_at, one.id LIMIT {limit}");
    read(queries.fetch_all(&sql, values).await?)
}

fn read(rows: Vec<Row>) -> Result<Vec<Time>, StaffError> {
    rows.into_iter().map(Time::try_from).collect()
}
