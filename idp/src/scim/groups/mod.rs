//! Groups: the departments directly below the tenant, with those of its users who work there.

mod store;

use platform::database::{Queries, Tx};
use serde_json::{Value, json};

use super::error::{NOT_FOUND, PRECONDITION, ScimError, TOO_MANY, VALUE};
use super::member;
use super::schema::{Fresh, GROUP, GROUP_TYPE};
use super::tenant::Tenant;
use super::users::{Member, finish, members};
use crate::ids::{OrganisationId, ScimUserId};
use crate::numbers::Number;
use crate::staff::affiliations::{Left, Place, end, rejoin};
use crate::staff::numbering::of_organisations;
use crate::staff::organisations::{self, Filter, Organisation, enter, list};
use crate::staff::term::Term;
use crate::staff::words::OrganisationKind;

/// Most departments of a tenant.
const MOST: u32 = 5000;

/// The departments of a tenant with their numbers, which are their ids.
pub async fn departments(
    queries: &impl Queries,
    tenant: &Tenant,
) -> Result<Vec<(Organisation, String)>, ScimError> {
    let filter = Filter {
        parent: Some(tenant.organisation),
        active: Some(true),
        ..Filter::default()
    };
    let realm = &tenant.act.realm;
    let found = list(queries, realm.id, &filter, None, MOST + 1).await?;
    if found.len() > MOST as usize {
        return Err(TOO_MANY);
    }
    let ids: Vec<OrganisationId> = found.iter().map(|one| one.id).collect();
    let numbers = of_organisations(queries, realm, ids).await?;
    Ok(found
        .into_iter()
        .filter_map(|one| Some((numbers.get(&one.id).map(Number::to_string)?, one)))
        .map(|(number, one)| (one, number))
        .collect())
}

/// All groups of a tenant, as the protocol shows them.
pub async fn all(queries: &impl Queries, tenant: &Tenant) -> Result<Vec<Value>, ScimError> {
    let scope = (tenant.act.realm.id, tenant.organisation);
    let members = members(queries, scope, None, tenant.act.now).await?;
    let external = store::external_ids(queries, scope).await?;
    let departments = departments(queries, tenant).await?;
    Ok(departments
        .iter()
        .map(|(department, number)| {
            let theirs = members.iter().filter(|one| one.department == department.id);
            let external = external.get(&department.id).map(String::as_str);
            show(tenant, (department, number), external, theirs)
        })
        .collect())
}

fn show<'m>(
    tenant: &Tenant,
    (department, number): (&Organisation, &str),
    external_id: Option<&str>,
    members: impl Iterator<Item = &'m Member>,
) -> Value {
    let mut shown = Fresh::new();
    shown.insert("schemas".to_owned(), json!([GROUP.id]));
    shown.insert("id".to_owned(), number.into());
    if let Some(external_id) = external_id {
        shown.insert("externalId".to_owned(), external_id.into());
    }
    shown.insert("displayName".to_owned(), department.name.clone().into());
    let members: Vec<Value> = members
        .map(|one| {
            let user = one.user.to_string();
            json!({"value": user, "$ref": format!("{}/Users/{user}", tenant.base()), "type": "User"})
        })
        .collect();
    if !members.is_empty() {
        shown.insert("members".to_owned(), members.into());
    }
    let location = format!("{}{}/{number}", tenant.base(), GROUP_TYPE.endpoint);
    let times = (department.created_at, department.updated_at);
    finish(shown, GROUP_TYPE.name, times, &location)
}

/// A group of the tenant by its id.
pub async fn find(
    queries: &impl Queries,
    tenant: &Tenant,
    id: &str,
) -> Result<(OrganisationId, Value), ScimError> {
    let found = departments(queries, tenant).await?;
    let (department, number) = found
        .into_iter()
        .find(|(_, number)| number == id)
        .ok_or(NOT_FOUND)?;
    let scope = (tenant.act.realm.id, tenant.organisation);
    let external = store::external_ids(queries, scope).await?;
    let members = members(queries, scope, None, tenant.act.now).await?;
    let theirs = members.iter().filter(|one| one.department == department.id);
    let external = external.get(&department.id).map(String::as_str);
    Ok((
        department.id,
        show(tenant, (&department, &number), external, theirs),
    ))
}

fn name(document: &Fresh) -> Result<String, ScimError> {
    let name = document.get("displayName").and_then(Value::as_str).map(str::trim);
    let fits = |name: &&str| (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    name.filter(fits).map(str::to_owned).ok_or(VALUE)
}

/// Makes a department with its members.
pub async fn create(
    tx: &Tx,
    tenant: &Tenant,
    document: &Fresh,
) -> Result<(OrganisationId, Value), ScimError> {
    let made = organisations::create(
        tx,
        &tenant.act,
        Some(tenant.organisation),
        OrganisationKind::Department,
        name(document)?,
    );
    let (made, _) = made.await?;
    write(tx, tenant, made.id, document).await?;
    shown(tx, tenant, made.id).await
}

/// Replaces a department's name and members. With `version`, it must be as the client believes.
pub async fn replace(
    tx: &Tx,
    tenant: &Tenant,
    id: &str,
    change: impl FnOnce(&Value) -> Result<Fresh, ScimError> + Send,
) -> Result<(OrganisationId, Value, Vec<Left>), ScimError> {
    enter(tx, tenant.act.realm.id).await?;
    let (department, before) = find(tx, tenant, id).await?;
    let document = change(&before)?;
    let called = name(&document)?;
    if member(&before, "displayName") != called.as_str() {
        organisations::change(tx, &tenant.act, department, OrganisationKind::Department, &called).await?;
    }
    let left = write(tx, tenant, department, &document).await?;
    let (_, after) = shown(tx, tenant, department).await?;
    Ok((department, after, left))
}

/// Ends a department; whoever worked there works there no more.
pub async fn delete(
    tx: &Tx,
    tenant: &Tenant,
    id: &str,
    check: impl FnOnce(&Value) -> Result<(), ScimError> + Send,
) -> Result<(OrganisationId, Vec<Left>), ScimError> {
    enter(tx, tenant.act.realm.id).await?;
    let (department, before) = find(tx, tenant, id).await?;
    check(&before)?;
    let scope = (tenant.act.realm.id, tenant.organisation);
    let mut left = Vec::new();
    for member in members(tx, scope, None, tenant.act.now).await? {
        if member.department == department {
            left.push(end(tx, &tenant.act, member.affiliation).await?.0);
        }
    }
    store::set_external_id(tx, scope, department, None).await?;
    // Staff whom the client does not keep, and departments of the department, are not its to end.
    organisations::end(tx, &tenant.act, department)
        .await
        .map_err(|error| match error {
            crate::staff::StaffError::InUse => PRECONDITION,
            other => other.into(),
        })?;
    Ok((department, left))
}

async fn shown(
    tx: &Tx,
    tenant: &Tenant,
    department: OrganisationId,
) -> Result<(OrganisationId, Value), ScimError> {
    let numbers = of_organisations(tx, &tenant.act.realm, [department]).await?;
    let number = numbers.get(&department).ok_or(NOT_FOUND)?.to_string();
    find(tx, tenant, &number).await
}

/// Makes external id and members what the document says. Only users who are on the tenant's staff can be members.
async fn write(
    tx: &Tx,
    tenant: &Tenant,
    department: OrganisationId,
    document: &Fresh,
) -> Result<Vec<Left>, ScimError> {
    let scope = (tenant.act.realm.id, tenant.organisation);
    let external = document.get("externalId").and_then(Value::as_str);
    store::set_external_id(tx, scope, department, external).await?;
    let sent = document.get("members").and_then(Value::as_array);
    let mut wanted: Vec<ScimUserId> = Vec::new();
    for sent in sent.into_iter().flatten() {
        let id = member(sent, "value").as_str().and_then(|id| id.parse().ok());
        let kind = member(sent, "type");
        let of_users = kind.is_null() || kind == "User";
        wanted.push(id.filter(|_| of_users).ok_or(VALUE)?);
    }
    wanted.sort_unstable();
    wanted.dedup();
    let known = members(tx, scope, None, tenant.act.now).await?;
    let mut left = Vec::new();
    let there: Vec<Member> = known
        .iter()
        .filter(|one| one.department == department)
        .copied()
        .collect();
    for member in there {
        if !wanted.contains(&member.user) {
            left.push(end(tx, &tenant.act, member.affiliation).await?.0);
        }
    }
    for user in wanted {
        let on_staff = known
            .iter()
            .find(|one| one.user == user && one.department == tenant.organisation);
        let person = on_staff.ok_or(VALUE)?.person;
        let place = Place {
            organisation: department,
            title: None,
            term: Term {
                from: tenant.act.now,
                until: None,
            },
        };
        rejoin(tx, &tenant.act, person, place).await?;
    }
    Ok(left)
}
