//! Affiliations and occupations in the database.

use platform::clock::Instant;
use platform::database::{Queries, Tx, Value};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Affiliation, Filter, Occupation};
use crate::ids::{AffiliationId, OccupationId, PersonId};
use crate::staff::conditions::Conditions;
use crate::staff::error::StaffError;
use crate::staff::term::Term;
use crate::staff::words::OccupationCode;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    person_id: Uuid,
    organisation_id: Uuid,
    title: Option<String>,
    from_at: i64,
    until_at: Option<i64>,
    ended_at: Option<i64>,
}

const COLUMNS: &str = "affiliation.id, affiliation.person_id, affiliation.organisation_id, affiliation.title,
    affiliation.from_at, affiliation.until_at, affiliation.ended_at";

impl From<Row> for Affiliation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            person: row.person_id.into(),
            organisation: row.organisation_id.into(),
            title: row.title,
            term: Term {
                from: Instant::from_micros(row.from_at),
                until: row.until_at.map(Instant::from_micros),
            },
            ended_at: row.ended_at.map(Instant::from_micros),
        }
    }
}

/// An affiliation by its key.
pub async fn find(
    queries: &impl Queries,
    realm: RealmId,
    id: AffiliationId,
) -> Result<Option<Affiliation>, StaffError> {
    let sql = format!("SELECT {COLUMNS} FROM affiliation WHERE realm_id = $1 AND id = $2");
    let row: Option<Row> = queries
        .fetch_optional(&sql, values![realm.uuid(), id.uuid()])
        .await?;
    Ok(row.map(Affiliation::from))
}

/// The affiliations of a person, oldest first, past ones included; at most two hundred.
pub async fn of_person(
    queries: &impl Queries,
    realm: RealmId,
    person: PersonId,
) -> Result<Vec<Affiliation>, StaffError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM affiliation WHERE realm_id = $1 AND person_id = $2 ORDER BY ended_at IS NOT NULL, id LIMIT 200"
    );
    let rows: Vec<Row> = queries
        .fetch_all(&sql, values![realm.uuid(), person.uuid()])
        .await?;
    Ok(rows.into_iter().map(Affiliation::from).collect())
}

fn conditions(realm: RealmId, filter: &Filter, now: Instant) -> Conditions {
    let mut conditions = Conditions::of_realm("affiliation", realm);
    let above = "EXISTS (SELECT 1 FROM organisation_above AS up WHERE up.organisation_id = affiliation.organisation_id
         AND up.ancestor_id";
    if let Some(roots) = &filter.visible {
        let roots: Vec<Uuid> = roots.iter().map(|root| root.uuid()).collect();
        conditions.and_in(above, &roots, ")");
    }
    if let Some(organisation) = filter.organisation {
        if filter.below {
            conditions.and_in(above, &[organisation.uuid()], ")");
        } else {
            conditions.and("affiliation.organisation_id = ?", [organisation.uuid().into()]);
        }
    }
    if let Some(code) = filter.occupation {
        conditions.and(
            "EXISTS (SELECT 1 FROM occupation WHERE occupation.affiliation_id = affiliation.id
                 AND occupation.ended_at IS NULL AND occupation.code = ?)",
            [code.word().into()],
        );
    }
    if !filter.past {
        conditions.and(
            "affiliation.ended_at IS NULL AND (affiliation.until_at IS NULL OR affiliation.until_at > ?)",
            [now.as_micros().into()],
        );
    }
    conditions
}

fn listing(
    realm: RealmId,
    filter: &Filter,
    now: Instant,
    (after, limit): (Option<AffiliationId>, u32),
) -> (String, Vec<Value>) {
    let mut conditions = conditions(realm, filter, now);
    let after = after.map_or(Uuid::nil(), AffiliationId::uuid);
    conditions.and("affiliation.id > ?", [after.into()]);
    let limit = conditions.value(i64::from(limit));
    let (conditions, values) = conditions.done();
    let sql =
        format!("SELECT {COLUMNS} FROM affiliation WHERE {conditions} ORDER BY affiliation.id LIMIT {limit}");
    (sql, values)
}

/// Those that fit, in the order in which they were made.
pub async fn list(
    queries: &impl Queries,
    realm: RealmId,
    filter: &Filter,
    now: Instant,
    after: Option<AffiliationId>,
    limit: u32,
) -> Result<Vec<Affiliation>, StaffError> {
    let (sql, values) = listing(realm, filter, now, (after, limit));
    let rows: Vec<Row> = queries.fetch_all(&sql, values).await?;
    Ok(rows.into_iter().map(Affiliation::from).collect())
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// How many fit.
pub async fn count(
    queries: &impl Queries,
    realm: RealmId,
    filter: &Filter,
    now: Instant,
) -> Result<u64, StaffError> {
    let (conditions, values) = conditions(realm, filter, now).done();
    let sql = format!("SELECT count(*) AS count FROM affiliation WHERE {conditions}");
    let row: Option<Count> = queries.fetch_optional(&sql, values).await?;
    Ok(row.map_or(0, |row| row.count.unsigned_abs()))
}

#[derive(FromQueryResult)]
struct Code {
    code: String,
}

/// Adds that an affiliation has begun: those of the filter are not over.
fn begun(conditions: &mut Conditions, now: Instant) {
    conditions.and("affiliation.from_at <= ?", [now.as_micros().into()]);
}

/// The occupations in which somebody works now where a filter says, each once, in the order of their words.
pub async fn occupied(
    queries: &impl Queries,
    realm: RealmId,
    filter: &Filter,
    now: Instant,
) -> Result<Vec<OccupationCode>, StaffError> {
    let mut conditions = conditions(realm, filter, now);
    begun(&mut conditions, now);
    conditions.and(
        "(occupation.licence_until IS NULL OR occupation.licence_until > ?)",
        [now.as_micros().into()],
    );
    let (conditions, values) = conditions.done();
    let sql = format!(
        "SELECT DISTINCT occupation.code FROM affiliation
         JOIN occupation ON occupation.affiliation_id = affiliation.id AND occupation.ended_at IS NULL
         WHERE {conditions} ORDER BY occupation.code"
    );
    let rows: Vec<Code> = queries.fetch_all(&sql, values).await?;
    let codes = rows
        .into_iter()
        .map(|row| OccupationCode::parse(&row.code).ok_or(StaffError::Unreadable("occupation")));
    codes.collect()
}

#[derive(FromQueryResult)]
struct Member {
    person_id: Uuid,
}

/// Those of `people` who work now where a filter says.
pub async fn members_among(
    queries: &impl Queries,
    realm: RealmId,
    filter: &Filter,
    people: &[PersonId],
    now: Instant,
) -> Result<Vec<PersonId>, StaffError> {
    let keys: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let mut conditions = conditions(realm, filter, now);
    begun(&mut conditions, now);
    conditions.and_in("affiliation.person_id", &keys, "");
    let (conditions, values) = conditions.done();
    let sql = format!("SELECT DISTINCT affiliation.person_id FROM affiliation WHERE {conditions}");
    let rows: Vec<Member> = queries.fetch_all(&sql, values).await?;
    Ok(rows.into_iter().map(|row| row.person_id.into()).collect())
}

/// Begins one; `false` if the person has one with the organisation that was not ended.
pub async fn insert(tx: &Tx, realm: RealmId, new: &Affiliation, now: Instant) -> Result<bool, StaffError> {
    let made = tx
        .execute(
            "INSERT INTO affiliation (id, realm_id, person_id, organisation_id, title, from_at, until_at, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            values![
                new.id.uuid(),
                realm.uuid(),
                new.person.uuid(),
                new.organisation.uuid(),
                new.title.clone(),
                new.term.from.as_micros(),
                new.term.until.map(Instant::as_micros),
                now.as_micros()
            ],
        )
        .await?;
    Ok(made == 1)
}

/// Ends one with its occupations; whether it had not been ended.
pub async fn end(tx: &Tx, realm: RealmId, id: AffiliationId, now: Instant) -> Result<bool, StaffError> {
    let ended = tx
        .execute(
            "UPDATE affiliation SET ended_at = $3 WHERE realm_id = $1 AND id = $2 AND ended_at IS NULL",
            values![realm.uuid(), id.uuid(), now.as_micros()],
        )
        .await?;
    tx.execute(
        "UPDATE occupation SET ended_at = $3 WHERE realm_id = $1 AND affiliation_id = $2 AND ended_at IS NULL",
        values![realm.uuid(), id.uuid(), now.as_micros()],
    )
    .await?;
    Ok(ended == 1)
}

/// How many affiliations of a person were not ended and are not over.
pub async fn standing(
    queries: &impl Queries,
    realm: RealmId,
    person: PersonId,
    now: Instant,
) -> Result<u64, StaffError> {
    let sql = "SELECT count(*) AS count FROM affiliation WHERE realm_id = $1 AND person_id = $2
         AND ended_at IS NULL AND (until_at IS NULL OR until_at > $3)";
    let values = values![realm.uuid(), person.uuid(), now.as_micros()];
    let row: Option<Count> = queries.fetch_optional(sql, values).await?;
    Ok(row.map_or(0, |row| row.count.unsigned_abs()))
}

#[derive(FromQueryResult)]
struct Lapsed {
    id: Uuid,
    realm_id: Uuid,
}

/// Affiliations that are over by their term and were not ended yet, of every realm.
pub async fn lapsed(
    queries: &impl Queries,
    now: Instant,
    limit: u32,
) -> Result<Vec<(RealmId, AffiliationId)>, StaffError> {
    let sql = "SELECT id, realm_id FROM affiliation WHERE ended_at IS NULL AND until_at <= $1
         ORDER BY until_at LIMIT $2";
    let rows: Vec<Lapsed> = queries
        .fetch_all(sql, values![now.as_micros(), i64::from(limit)])
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.realm_id.into(), row.id.into()))
        .collect())
}

#[derive(FromQueryResult)]
struct OccupationRow {
    id: Uuid,
    person_id: Uuid,
    affiliation_id: Uuid,
    code: String,
    sealed_licence: Option<Vec<u8>>,
    licence_until: Option<i64>,
    ended_at: Option<i64>,
}

const OCCUPATION: &str =
    "SELECT id, person_id, affiliation_id, code, sealed_licence, licence_until, ended_at FROM occupation";

impl TryFrom<OccupationRow> for Occupation {
    type Error = StaffError;

    fn try_from(row: OccupationRow) -> Result<Self, StaffError> {
        Ok(Self {
            id: row.id.into(),
            person: row.person_id.into(),
            affiliation: row.affiliation_id.into(),
            code: OccupationCode::parse(&row.code).ok_or(StaffError::Unreadable("occupation"))?,
            sealed_licence: row.sealed_licence,
            licence_until: row.licence_until.map(Instant::from_micros),
            ended_at: row.ended_at.map(Instant::from_micros),
        })
    }
}

/// The occupations of these affiliations, ended ones included.
pub async fn occupations(
    queries: &impl Queries,
    realm: RealmId,
    affiliations: &[AffiliationId],
) -> Result<Vec<Occupation>, StaffError> {
    let keys: Vec<Uuid> = affiliations.iter().map(|id| id.uuid()).collect();
    let mut conditions = Conditions::of_realm("occupation", realm);
    conditions.and_in("occupation.affiliation_id", &keys, "");
    let (conditions, values) = conditions.done();
    let sql = format!("{OCCUPATION} WHERE {conditions} ORDER BY id LIMIT 2000");
    let rows: Vec<OccupationRow> = queries.fetch_all(&sql, values).await?;
    rows.into_iter().map(Occupation::try_from).collect()
}

/// An occupation by its key.
pub async fn find_occupation(
    queries: &impl Queries,
    realm: RealmId,
    id: OccupationId,
) -> Result<Option<Occupation>, StaffError> {
    let sql = format!("{OCCUPATION} WHERE realm_id = $1 AND id = $2");
    let row: Option<OccupationRow> = queries
        .fetch_optional(&sql, values![realm.uuid(), id.uuid()])
        .await?;
    row.map(Occupation::try_from).transpose()
}

/// Adds one; `false` if the affiliation has one of this code.
pub async fn insert_occupation(
    tx: &Tx,
    realm: RealmId,
    new: &Occupation,
    now: Instant,
) -> Result<bool, StaffError> {
    let made = tx
        .execute(
            "INSERT INTO occupation (id, realm_id, person_id, affiliation_id, code, sealed_licence, licence_until,
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            values![
                new.id.uuid(),
                realm.uuid(),
                new.person.uuid(),
                new.affiliation.uuid(),
                new.code.word(),
                new.sealed_licence.clone(),
                new.licence_until.map(Instant::as_micros),
                now.as_micros()
            ],
        )
        .await?;
    Ok(made == 1)
}

/// Ends one; whether it had not been ended.
pub async fn end_occupation(
    tx: &Tx,
    realm: RealmId,
    id: OccupationId,
    now: Instant,
) -> Result<bool, StaffError> {
    let ended = tx
        .execute(
            "UPDATE occupation SET ended_at = $3 WHERE realm_id = $1 AND id = $2 AND ended_at IS NULL",
            values![realm.uuid(), id.uuid(), now.as_micros()],
        )
        .await?;
    Ok(ended == 1)
}

#[cfg(test)]
mod tests {
    use platform::database::Backend;
    use platform::database::testing::TestDatabase;

    use super::*;

    #[derive(FromQueryResult)]
    struct Plan {
        detail: String,
    }

    #[tokio::test]
    async fn the_staff_of_a_place_are_not_sought_among_all_of_the_realm() {
        let database = TestDatabase::hub(Backend::Sqlite).await;
        let filter = Filter {
            organisation: Some(Uuid::from_u128(2).into()),
            ..Filter::default()
        };
        let (sql, values) = listing(
            Uuid::from_u128(1).into(),
            &filter,
            Instant::from_micros(3),
            (None, 51),
        );
        let plan: Vec<Plan> = database
            .store()
            .fetch_all(&format!("EXPLAIN QUERY PLAN {sql}"), values)
            .await
            .unwrap();
        let plan: Vec<&str> = plan.iter().map(|step| step.detail.as_str()).collect();
        assert_eq!(
            plan,
            [
                "SEARCH affiliation USING INDEX affiliation_by_place (realm_id=? AND organisation_id=? AND id>?)"
            ]
        );
    }
}
