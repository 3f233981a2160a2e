//! Delegations in the database.

use platform::clock::Instant;
use platform::database::{Queries, Tx};
use platform::ids::RealmId;
use platform::values;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Listed, Seeds};
use crate::ids::{DelegationId, OrganisationId, PersonId};
use crate::staff::conditions::Conditions;
use crate::staff::delegation::{Affiliated, Delegation, Facts};
use crate::staff::error::StaffError;
use crate::staff::organisations::tree_above;
use crate::staff::powers::Powers;
use crate::staff::term::Term;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    parent_id: Option<Uuid>,
    giver_id: Option<Uuid>,
    holder_id: Uuid,
    affiliation_id: Uuid,
    organisation_id: Uuid,
    powers: String,
    may_delegate: i32,
    from_at: i64,
    until_at: Option<i64>,
    withdrawn_at: Option<i64>,
    works_as: Uuid,
    works_at: Uuid,
    works_from: i64,
    works_until: Option<i64>,
    works_ended: Option<i64>,
}

const COLUMNS: &str = "delegation.id, delegation.parent_id, delegation.giver_id, delegation.holder_id,
    delegation.affiliation_id, delegation.organisation_id, delegation.powers, delegation.may_delegate,
    delegation.from_at, delegation.until_at, delegation.withdrawn_at, affiliation.person_id AS works_as,
    affiliation.organisation_id AS works_at, affiliation.from_at AS works_from, affiliation.until_at AS works_until,
    affiliation.ended_at AS works_ended";
/// More delegations than this do not belong to one decision.
const MOST: usize = 5000;

fn term(from: i64, until: Option<i64>) -> Term {
    Term {
        from: Instant::from_micros(from),
        until: until.map(Instant::from_micros),
    }
}

impl Row {
    fn open(self) -> Result<(Delegation, Affiliated), StaffError> {
        let unreadable = || StaffError::Unreadable("delegation");
        let words = self.powers.split(' ').filter(|word| !word.is_empty());
        let delegation = Delegation {
            id: self.id.into(),
            parent: self.parent_id.map(Into::into),
            giver: self.giver_id.map(Into::into),
            holder: self.holder_id.into(),
            affiliation: self.affiliation_id.into(),
            organisation: self.organisation_id.into(),
            powers: Powers::parse(words).map_err(|_| unreadable())?,
            may_delegate: u8::try_from(self.may_delegate).map_err(|_| unreadable())?,
            term: term(self.from_at, self.until_at),
            withdrawn: self.withdrawn_at.is_some(),
        };
        let affiliated = Affiliated {
            person: self.works_as.into(),
            organisation: self.works_at.into(),
            term: term(self.works_from, self.works_until),
            ended: self.works_ended.is_some(),
        };
        Ok((delegation, affiliated))
    }
}

/// The delegations that `seeds` names, with all that they hang on, and the tree above their organisations and `targets`.
pub async fn facts(
    queries: &impl Queries,
    realm: RealmId,
    seeds: Seeds<'_>,
    targets: impl IntoIterator<Item = OrganisationId> + Send,
) -> Result<Facts, StaffError> {
    let mut rows: Vec<Row> = Vec::new();
    if seeds.holder.is_some() || seeds.one.is_some() || !seeds.over.is_empty() {
        let over: Vec<Uuid> = seeds.over.iter().map(|id| id.uuid()).collect();
        let mut seed = Conditions::of_realm("seed", realm);
        let holder = seed.value(seeds.holder.map(PersonId::uuid));
        let one = seed.value(seeds.one.map(DelegationId::uuid));
        seed.and_in(
            &format!(
                "(seed.id = {one} OR seed.withdrawn_at IS NULL AND (seed.holder_id = {holder}
                     OR seed.organisation_id"
            ),
            &over,
            "))",
        );
        let (seed, values) = seed.done();
        let sql = format!(
            "WITH RECURSIVE up (id) AS (
                 SELECT seed.id FROM delegation AS seed WHERE {seed}
                 UNION
                 SELECT child.parent_id FROM delegation AS child JOIN up ON child.id = up.id
                 WHERE child.parent_id IS NOT NULL)
             SELECT {COLUMNS} FROM up JOIN delegation ON delegation.id = up.id AND delegation.realm_id = $1
             JOIN affiliation ON affiliation.id = delegation.affiliation_id LIMIT {}",
            MOST + 1
        );
        rows = queries.fetch_all(&sql, values).await?;
    }
    if rows.len() > MOST {
        return Err(StaffError::Unreadable("too many delegations for one decision"));
    }
    let mut facts = Facts::default();
    let mut places: Vec<OrganisationId> = targets.into_iter().collect();
    for row in rows {
        let (delegation, affiliated) = row.open()?;
        places.extend([delegation.organisation, affiliated.organisation]);
        facts.affiliations.insert(delegation.affiliation, affiliated);
        facts.delegations.insert(delegation.id, delegation);
    }
    facts.tree = tree_above(queries, realm, places).await?;
    Ok(facts)
}

/// Those over organisations, of a holder, or both, withdrawn ones too if `past`.
pub async fn list(
    queries: &impl Queries,
    realm: RealmId,
    listed: &Listed,
    after: Option<DelegationId>,
    limit: u32,
) -> Result<Vec<Delegation>, StaffError> {
    let mut conditions = filter(realm, listed);
    let after = after.map_or(Uuid::nil(), DelegationId::uuid);
    conditions.and("delegation.id > ?", [after.into()]);
    let limit = conditions.value(i64::from(limit));
    let (conditions, values) = conditions.done();
    let sql = format!(
        "SELECT {COLUMNS} FROM delegation JOIN affiliation ON affiliation.id = delegation.affiliation_id
         WHERE {conditions} ORDER BY delegation.id LIMIT {limit}"
    );
    let rows: Vec<Row> = queries.fetch_all(&sql, values).await?;
    rows.into_iter().map(|row| Ok(row.open()?.0)).collect()
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// How many fit.
pub async fn count(queries: &impl Queries, realm: RealmId, listed: &Listed) -> Result<u64, StaffError> {
    let (conditions, values) = filter(realm, listed).done();
    let sql = format!("SELECT count(*) AS count FROM delegation WHERE {conditions}");
    let row: Option<Count> = queries.fetch_optional(&sql, values).await?;
    Ok(row.map_or(0, |row| row.count.unsigned_abs()))
}

fn filter(realm: RealmId, listed: &Listed) -> Conditions {
    let mut conditions = Conditions::of_realm("delegation", realm);
    let above =
        "EXISTS (SELECT 1 FROM organisation_above AS up WHERE up.organisation_id = delegation.organisation_id
         AND up.ancestor_id";
    if let Some(roots) = &listed.visible {
        let roots: Vec<Uuid> = roots.iter().map(|root| root.uuid()).collect();
        conditions.and_in(above, &roots, ")");
    }
    if let Some(within) = listed.within {
        conditions.and_in(above, &[within.uuid()], ")");
    }
    if let Some(holder) = listed.holder {
        conditions.and("delegation.holder_id = ?", [holder.uuid().into()]);
    }
    if !listed.past {
        conditions.and("delegation.withdrawn_at IS NULL", []);
    }
    conditions
}

/// Writes one down.
pub async fn insert(tx: &Tx, realm: RealmId, new: &Delegation, now: Instant) -> Result<(), StaffError> {
    tx.execute(
        "INSERT INTO delegation (id, realm_id, parent_id, giver_id, holder_id, affiliation_id, organisation_id,
         powers, may_delegate, from_at, until_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        values![
            new.id.uuid(),
            realm.uuid(),
            new.parent.map(DelegationId::uuid),
            new.giver.map(PersonId::uuid),
            new.holder.uuid(),
            new.affiliation.uuid(),
            new.organisation.uuid(),
            new.powers.to_string(),
            i32::from(new.may_delegate),
            new.term.from.as_micros(),
            new.term.until.map(Instant::as_micros),
            now.as_micros()
        ],
    )
    .await?;
    Ok(())
}

/// Withdraws what `root` selects and all that hangs on it; how many stood until now. `root` is a condition on
/// `delegation` whose parameters begin at `$4`.
pub async fn withdraw(
    tx: &Tx,
    realm: RealmId,
    by: Option<PersonId>,
    now: Instant,
    root: &'static str,
    key: Uuid,
) -> Result<u64, StaffError> {
    let sql = format!(
        "WITH RECURSIVE gone (id) AS (
             SELECT delegation.id FROM delegation WHERE delegation.realm_id = $1 AND delegation.withdrawn_at IS NULL
                 AND {root}
             UNION
             SELECT child.id FROM delegation AS child JOIN gone ON child.parent_id = gone.id)
         UPDATE delegation SET withdrawn_at = $2, withdrawn_by = $3
         WHERE realm_id = $1 AND withdrawn_at IS NULL AND id IN (SELECT id FROM gone)"
    );
    let values = values![realm.uuid(), now.as_micros(), by.map(PersonId::uuid), key];
    Ok(tx.execute(&sql, values).await?)
}

#[derive(FromQueryResult)]
struct Holder {
    holder_id: Uuid,
}

/// Whether somebody administers an organisation: holds a standing delegation over exactly it that came from the realm or
/// from above, with the power to register staff.
pub async fn is_administered(
    queries: &impl Queries,
    realm: RealmId,
    organisation: OrganisationId,
    now: Instant,
) -> Result<bool, StaffError> {
    let sql = "SELECT delegation.holder_id FROM delegation
         JOIN affiliation ON affiliation.id = delegation.affiliation_id AND affiliation.ended_at IS NULL
             AND (affiliation.until_at IS NULL OR affiliation.until_at > $3)
         WHERE delegation.realm_id = $1 AND delegation.organisation_id = $2 AND delegation.withdrawn_at IS NULL
             AND (delegation.until_at IS NULL OR delegation.until_at > $3) AND delegation.powers LIKE '%staff.write%'
         LIMIT 1";
    let values = values![realm.uuid(), organisation.uuid(), now.as_micros()];
    let row: Option<Holder> = queries.fetch_optional(sql, values).await?;
    Ok(row.is_some_and(|row| !row.holder_id.is_nil()))
}
