//! Writing them, many at a time.

use std::sync::Arc;

use platform::clock::{Clock, Instant};
use platform::database::{Queries as _, Store, Tx, Value, insert_many};
use platform::entropy::Entropy;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::ids::{AffiliationId, AssignmentId, OccupationId, OrganisationId};
use crate::numbers::{Code, Issue, NumbersError, issue, namespaces};
use crate::realms::Realm;
use crate::staff::error::StaffError;
use crate::staff::organisations::enter;

/// Organisations or members of staff of one transaction. Whole hospitals: ten organisations each.
const BATCH: u64 = 500;
const TOWNS: [&str; 12] = [
    "東町",
    "西町",
    "南町",
    "北町",
    "中央",
    "緑ヶ丘",
    "桜台",
    "若葉",
    "港",
    "川辺",
    "山手",
    "泉",
];
const DEPARTMENTS: [&str; 9] = [
    "内科",
    "外科",
    "小児科",
    "整形外科",
    "眼科",
    "看護部",
    "薬剤部",
    "栄養科",
    "事務部",
];
const OCCUPATIONS: [&str; 3] = ["clerk", "trainer", "other"];

type Parts<'a> = (&'a Store, &'a Clock, &'a Entropy);

/// Numbers of a namespace for holders, as rows of assignments.
async fn numbers(
    tx: &Tx,
    (realm, entropy, now): (&Realm, &Entropy, Instant),
    (code, kind): (Code, &'static str),
    holders: &[Uuid],
) -> Result<Vec<Vec<Value>>, StaffError> {
    let spaces = namespaces(tx, realm.id).await?;
    let space = spaces.into_iter().find(|space| space.code == code);
    let space = space.ok_or(NumbersError::NotFound)?;
    let wanted = Issue {
        count: holders.len() as u64,
        issued_to: None,
    };
    let block = issue(tx, realm.id, space.id, wanted, now, entropy).await?;
    let at = now.as_micros();
    let mut rows = Vec::with_capacity(holders.len());
    for (counter, holder) in (block.first_counter..).zip(holders) {
        rows.push(values![
            AssignmentId::new(entropy, now)?.uuid(),
            realm.id.uuid(),
            space.id.uuid(),
            i64::try_from(counter).unwrap_or(i64::MAX),
            1,
            "active",
            kind,
            *holder,
            space.sole,
            at,
            at
        ]);
    }
    Ok(rows)
}

const ASSIGNMENTS: &str =
    "INSERT INTO number_assignment (id, realm_id, namespace_id, counter, generation, state,
     holder_kind, holder_id, sole, assigned_at, changed_at)";

/// Makes `count` organisations: hospitals, and after each its departments.
pub async fn seed_organisations(parts: Parts<'_>, realm: &Arc<Realm>, count: u64) -> Result<(), StaffError> {
    let mut done = 0;
    while done < count {
        let (first, batch) = (done, BATCH.min(count - done));
        let (shared, clock, entropy) = (realm.clone(), parts.1.clone(), parts.2.clone());
        parts
            .0
            .write(move |tx: &Tx| {
                Box::pin(async move { tree(tx, (&shared, &entropy, clock.now()), (first, batch)).await })
            })
            .await?;
        done += batch;
    }
    Ok(())
}

/// What an organisation of this place is called.
fn name(place: u64) -> String {
    let pick = |list: &[&'static str], place: u64| {
        let index = usize::try_from(place % list.len() as u64).unwrap_or(0);
        list.get(index).copied().unwrap_or_default()
    };
    match place % 10 {
        0 => format!("{}病院{}", pick(&TOWNS, place / 10), place / 10 + 1),
        other => pick(&DEPARTMENTS, other - 1).to_owned(),
    }
}

async fn tree(
    tx: &Tx,
    (realm, entropy, now): (&Realm, &Entropy, Instant),
    (first, count): (u64, u64),
) -> Result<(), StaffError> {
    enter(tx, realm.id).await?;
    let (at, realm_id) = (now.as_micros(), realm.id.uuid());
    let (mut rows, mut above, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut hospital = None;
    for place in first..first + count {
        let id = OrganisationId::new(entropy, now)?.uuid();
        if place % 10 == 0 {
            hospital = None;
        }
        let kind = if hospital.is_none() {
            "hospital"
        } else {
            "department"
        };
        rows.push(values![
            id,
            realm_id,
            hospital,
            kind,
            name(place),
            "active",
            at,
            at
        ]);
        above.push(values![realm_id, id, id, 0]);
        if let Some(hospital) = hospital {
            above.push(values![realm_id, hospital, id, 1]);
        } else {
            hospital = Some(id);
        }
        ids.push(id);
    }
    let assigned = numbers(tx, (realm, entropy, now), (Code::OPERATOR, "operator"), &ids).await?;
    let organisations =
        "INSERT INTO organisation (id, realm_id, parent_id, kind, name, state, created_at, updated_at)";
    let closure = "INSERT INTO organisation_above (realm_id, ancestor_id, organisation_id, distance)";
    insert_many(tx, organisations, rows).await?;
    insert_many(tx, closure, above).await?;
    insert_many(tx, ASSIGNMENTS, assigned).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Key {
    id: Uuid,
}

/// Makes the first `count` people of the realm who are no staff yet members of staff, of each organisation in turn; how
/// many that were.
pub async fn seed_staff(parts: Parts<'_>, realm: &Arc<Realm>, count: u64) -> Result<u64, StaffError> {
    let mut done = 0;
    while done < count {
        let batch = BATCH.min(count - done);
        let (shared, clock, entropy) = (realm.clone(), parts.1.clone(), parts.2.clone());
        let placed = parts
            .0
            .write(move |tx: &Tx| {
                Box::pin(async move { place(tx, (&shared, &entropy, clock.now()), (done, batch)).await })
            })
            .await?;
        done += placed;
        if placed < batch {
            break;
        }
    }
    Ok(done)
}

async fn place(
    tx: &Tx,
    (realm, entropy, now): (&Realm, &Entropy, Instant),
    (done, count): (u64, u64),
) -> Result<u64, StaffError> {
    enter(tx, realm.id).await?;
    let (at, realm_id) = (now.as_micros(), realm.id.uuid());
    let limit = i64::try_from(count).unwrap_or(i64::MAX);
    let people: Vec<Key> = tx
        .fetch_all(
            "SELECT person.id FROM person WHERE person.realm_id = $1 AND person.sealed_key IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM affiliation WHERE affiliation.person_id = person.id)
             ORDER BY person.id LIMIT $2",
            values![realm_id, limit],
        )
        .await?;
    let places: Vec<Key> = tx
        .fetch_all(
            "SELECT id FROM organisation WHERE realm_id = $1 AND ended_at IS NULL ORDER BY id LIMIT 100000",
            values![realm_id],
        )
        .await?;
    if places.is_empty() {
        return Err(StaffError::OrganisationUnknown);
    }
    let people: Vec<Uuid> = people.into_iter().map(|row| row.id).collect();
    let (mut affiliations, mut occupations) = (Vec::new(), Vec::new());
    for (index, person) in (done..).zip(&people) {
        let turn = usize::try_from(index).unwrap_or(0);
        let Some(organisation) = places.get(turn % places.len()) else {
            continue;
        };
        let id = AffiliationId::new(entropy, now)?.uuid();
        let code = OCCUPATIONS
            .get(turn % OCCUPATIONS.len())
            .copied()
            .unwrap_or("other");
        affiliations.push(values![id, realm_id, *person, organisation.id, at, at]);
        let occupation = OccupationId::new(entropy, now)?.uuid();
        occupations.push(values![occupation, realm_id, *person, id, code, at]);
    }
    let assigned = numbers(tx, (realm, entropy, now), (Code::STAFF, "staff"), &people).await?;
    let affiliation =
        "INSERT INTO affiliation (id, realm_id, person_id, organisation_id, from_at, created_at)";
    let occupation = "INSERT INTO occupation (id, realm_id, person_id, affiliation_id, code, created_at)";
    insert_many(tx, affiliation, affiliations).await?;
    insert_many(tx, occupation, occupations).await?;
    insert_many(tx, ASSIGNMENTS, assigned).await?;
    Ok(people.len() as u64)
}
