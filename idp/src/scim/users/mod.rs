//! Users: documents of members of staff.

mod store;

use std::collections::HashMap;
use std::sync::Arc;

use platform::clock::Instant;
use platform::database::Tx;
use platform::keys::{Aad, keyed_hash, sha256};
use serde_json::{Value, json};

use super::error::{NOT_FOUND, PRECONDITION, ScimError, TOO_MANY, VALUE};
use super::filter::{Filter, Name, Operator};
use super::schema::{ENTERPRISE, Fresh, USER, USER_TYPE};
use super::tenant::Tenant;
use crate::hub::Hub;
use crate::ids::{OrganisationId, PersonId, ScimUserId};
use crate::people::{NewPerson, Person, Prepared, Profile};
use crate::realms::Realm;
use crate::staff::affiliations::{Left, Place, join_new, leave_all, rejoin};
use crate::staff::organisations::{Organisation, enter};
use crate::staff::term::Term;

pub use store::{Member, members};

/// Most users that a filter or an order looks through.
const MOST: u64 = 20_000;

/// A user as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the user is called in the protocol.
    pub id: ScimUserId,
    /// Who that is.
    pub person: PersonId,
    /// The document, sealed under the person's key.
    pub sealed: Vec<u8>,
    /// Changed by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// A user whose document is open.
#[derive(Debug, Clone)]
pub struct User {
    /// As it is kept.
    pub row: Row,
    /// Who that is.
    pub person: Arc<Person>,
    /// What the client wrote.
    pub document: Fresh,
}

fn aad(realm: &Realm, id: ScimUserId) -> Aad {
    Aad::new(realm.id.uuid(), "scim.user", id.uuid().as_bytes(), b"")
}

fn hash(tenant: &Tenant, kind: &str, text: &str) -> Vec<u8> {
    let bound = [tenant.organisation.uuid().as_bytes().as_slice(), text.as_bytes()].concat();
    keyed_hash(&tenant.act.realm.keys.identifiers, kind, &bound).to_vec()
}

/// User names are compared without case, external ids with it (RFC 7643 §3.1, §4.1.1).
fn hashes(tenant: &Tenant, document: &Fresh) -> Result<(Vec<u8>, Option<Vec<u8>>), ScimError> {
    let name = text(document, "userName").ok_or(VALUE)?;
    let external = text(document, "externalId").map(|id| hash(tenant, "scim.external", id));
    Ok((hash(tenant, "scim.name", &name.to_lowercase()), external))
}

fn text<'d>(document: &'d Fresh, name: &str) -> Option<&'d str> {
    document.get(name).and_then(Value::as_str)
}

/// Whether a document says that its user is on the staff. One that says nothing does.
pub fn is_active(document: &Fresh) -> bool {
    document.get("active") != Some(&Value::Bool(false))
}

fn place(tenant: &Tenant, document: &Fresh) -> Place {
    Place {
        organisation: tenant.organisation,
        title: text(document, "title")
            .filter(|title| (1..=100).contains(&title.chars().count()))
            .map(str::to_owned),
        term: Term {
            from: tenant.act.now,
            until: None,
        },
    }
}

/// The name and the address that a new person gets.
fn profile(document: &Fresh) -> Result<Profile, ScimError> {
    let name = document.get("name");
    let part = |part: &str| name.and_then(|name| name[part].as_str());
    let both = || Some(format!("{} {}", part("familyName")?, part("givenName")?));
    let called = part("formatted")
        .map(str::to_owned)
        .or_else(both)
        .or_else(|| text(document, "displayName").map(str::to_owned));
    let called = called.map(|name| {
        name.chars()
            .filter(|letter| !letter.is_control())
            .take(200)
            .collect()
    });
    let emails = document.get("emails").and_then(Value::as_array);
    let emails = emails.map_or(&[][..], Vec::as_slice);
    let preferred = emails
        .iter()
        .find(|one| one["primary"] == true)
        .or(emails.first());
    Ok(Profile {
        login: text(document, "userName").ok_or(VALUE)?.to_owned(),
        name: called,
        email: preferred.and_then(|one| one["value"].as_str()).map(str::to_owned),
        ..Profile::default()
    })
}

/// A user to be made: the person, and the sealed document.
pub struct NewUser {
    person: Prepared,
    row: Row,
    document: Fresh,
}

/// Seals what is to be written of a new user.
pub fn prepare(hub: &Hub, tenant: &Tenant, document: Fresh) -> Result<NewUser, ScimError> {
    let new = NewPerson {
        profile: profile(&document)?,
        locale: None,
        powers: Vec::new(),
    };
    let person = hub.people.prepare(&tenant.act.realm, &new)?;
    let now = tenant.act.now;
    let id = ScimUserId::new(&tenant.act.entropy, now).map_err(|error| ScimError::unavailable(&error))?;
    let row = Row {
        id,
        person: person.person.id,
        sealed: seal(tenant, &person.person, id, &document)?,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    Ok(NewUser {
        person,
        row,
        document,
    })
}

fn seal(tenant: &Tenant, person: &Person, id: ScimUserId, document: &Fresh) -> Result<Vec<u8>, ScimError> {
    let bytes = serde_json::to_vec(document).map_err(|error| ScimError::unavailable(&error))?;
    let sealed = person
        .key
        .seal(&tenant.act.entropy, &aad(&tenant.act.realm, id), &bytes);
    sealed.map_err(|error| ScimError::unavailable(&error))
}

/// Makes a user: a person of the realm and, if active, a member of the tenant's staff.
pub async fn create(tx: &Tx, tenant: &Tenant, new: NewUser) -> Result<User, ScimError> {
    let NewUser {
        person,
        row,
        document,
    } = new;
    let keys = hashes(tenant, &document)?;
    let place = is_active(&document).then(|| place(tenant, &document));
    let person = join_new(tx, &tenant.act, person, place).await?;
    let scope = (tenant.act.realm.id, tenant.organisation);
    store::insert(tx, scope, &row, keys).await?;
    Ok(User {
        row,
        person: Arc::new(person),
        document,
    })
}

/// Replaces the document of a user, and begins or ends what `active` says. The user must be as it was read.
pub async fn replace(
    tx: &Tx,
    tenant: &Tenant,
    user: &User,
    document: Fresh,
) -> Result<(User, Vec<Left>), ScimError> {
    enter(tx, tenant.act.realm.id).await?;
    let keys = hashes(tenant, &document)?;
    let row = Row {
        sealed: seal(tenant, &user.person, user.row.id, &document)?,
        updated_at: tenant.act.now,
        ..user.row.clone()
    };
    let scope = (tenant.act.realm.id, tenant.organisation);
    if !store::update(tx, scope, &row, keys).await? {
        return Err(PRECONDITION);
    }
    let mut left = Vec::new();
    if is_active(&document) {
        rejoin(tx, &tenant.act, row.person, place(tenant, &document)).await?;
    } else {
        left = leave_all(tx, &tenant.act, row.person, tenant.organisation).await?;
    }
    let changed = User {
        row: Row {
            version: row.version + 1,
            ..row
        },
        person: user.person.clone(),
        document,
    };
    Ok((changed, left))
}

/// Removes a user: a leaver, of whom the tenant keeps no document. The person stays a person.
pub async fn delete(tx: &Tx, tenant: &Tenant, user: &User) -> Result<Vec<Left>, ScimError> {
    enter(tx, tenant.act.realm.id).await?;
    let scope = (tenant.act.realm.id, tenant.organisation);
    if !store::delete(tx, scope, &user.row).await? {
        return Err(PRECONDITION);
    }
    Ok(leave_all(tx, &tenant.act, user.row.person, tenant.organisation).await?)
}

async fn open(hub: &Hub, tenant: &Tenant, row: Row) -> Result<Option<User>, ScimError> {
    let realm = &tenant.act.realm;
    // Somebody whose key was destroyed has no document any more.
    let Some(person) = hub.people.by_id(realm, row.person).await? else {
        return Ok(None);
    };
    let opened = person.key.open(&aad(realm, row.id), &row.sealed);
    let opened = opened.map_err(|error| ScimError::unavailable(&error))?;
    let document = serde_json::from_slice(&opened).map_err(|error| ScimError::unavailable(&error))?;
    Ok(Some(User {
        row,
        person,
        document,
    }))
}

/// A user of the tenant.
pub async fn find(hub: &Hub, tenant: &Tenant, id: &str) -> Result<User, ScimError> {
    let id: ScimUserId = id.parse().map_err(|_| NOT_FOUND)?;
    let scope = (tenant.act.realm.id, tenant.organisation);
    let row = store::find(&hub.store, scope, id).await?.ok_or(NOT_FOUND)?;
    open(hub, tenant, row).await?.ok_or(NOT_FOUND)
}

/// Users as they are shown, and how many there are.
pub struct Found {
    /// Those that a filter is to look through, or those of the page.
    pub documents: Vec<Value>,
    /// If they are those of the page: how many there are in all.
    pub total: Option<u64>,
}

/// Users that may match `filter`; without filter and order, those of the page.
pub async fn search(
    hub: &Hub,
    tenant: &Tenant,
    filter: Option<&Filter>,
    page: Option<(u64, u64)>,
) -> Result<Found, ScimError> {
    let scope = (tenant.act.realm.id, tenant.organisation);
    let mut total = None;
    let rows = match (filter.and_then(equals), page) {
        (Some((column, kind, text)), _) => {
            store::find_by_hash(&hub.store, scope, column, hash(tenant, kind, &text)).await?
        }
        (None, Some((skip, count))) => {
            total = Some(store::count(&hub.store, scope).await?);
            store::list(&hub.store, scope, skip, count).await?
        }
        (None, None) => {
            let rows = store::list(&hub.store, scope, 0, MOST + 1).await?;
            if rows.len() as u64 > MOST {
                return Err(TOO_MANY);
            }
            rows
        }
    };
    let groups = groups_of(hub, tenant, None).await?;
    let mut documents = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(user) = open(hub, tenant, row).await? {
            documents.push(show(tenant, &user, groups.get(&user.row.person)));
        }
    }
    Ok(Found { documents, total })
}

/// A filter that the index answers: the whole of it is one comparison of a user name or an external id.
fn equals(filter: &Filter) -> Option<(&'static str, &'static str, String)> {
    let Filter::Compare(
        Name {
            schema: None,
            attribute: Some(attribute),
            part: None,
        },
        Operator::Equal,
        Value::String(text),
    ) = filter
    else {
        return None;
    };
    if attribute.eq_ignore_ascii_case("userName") {
        Some(("user_name_hash", "scim.name", text.to_lowercase()))
    } else if attribute.eq_ignore_ascii_case("externalId") {
        Some(("external_hash", "scim.external", text.clone()))
    } else {
        None
    }
}

/// The groups of the tenant's users, by person.
pub async fn groups_of(
    hub: &Hub,
    tenant: &Tenant,
    person: Option<PersonId>,
) -> Result<HashMap<PersonId, Vec<Value>>, ScimError> {
    let departments = super::groups::departments(&hub.store, tenant).await?;
    let named: HashMap<OrganisationId, &(Organisation, String)> =
        departments.iter().map(|one| (one.0.id, one)).collect();
    let scope = (tenant.act.realm.id, tenant.organisation);
    let mut groups: HashMap<PersonId, Vec<Value>> = HashMap::new();
    for member in members(&hub.store, scope, person, tenant.act.now).await? {
        if let Some((department, number)) = named.get(&member.department) {
            groups.entry(member.person).or_default().push(json!({
                "value": number,
                "$ref": format!("{}/Groups/{number}", tenant.base()),
                "display": department.name,
                "type": "direct",
            }));
        }
    }
    Ok(groups)
}

/// A user as the protocol shows it, with its version.
pub fn show(tenant: &Tenant, user: &User, groups: Option<&Vec<Value>>) -> Value {
    let mut shown = user.document.clone();
    let mut schemas = vec![USER.id];
    if shown.contains_key(ENTERPRISE.id) {
        schemas.push(ENTERPRISE.id);
    }
    shown.insert("schemas".to_owned(), json!(schemas));
    shown.insert("id".to_owned(), user.row.id.to_string().into());
    if let Some(groups) = groups {
        shown.insert("groups".to_owned(), groups.clone().into());
    }
    let location = format!("{}{}/{}", tenant.base(), USER_TYPE.endpoint, user.row.id);
    finish(
        shown,
        USER_TYPE.name,
        (user.row.created_at, user.row.updated_at),
        &location,
    )
}

/// A document with what the hub says of it. The version follows from the rest.
pub(super) fn finish(
    mut shown: Fresh,
    kind: &str,
    (created, changed): (Instant, Instant),
    location: &str,
) -> Value {
    let digest = sha256(Value::from(shown.clone()).to_string().as_bytes());
    let version = platform::encoding::base64url(digest.get(..12).unwrap_or_default());
    shown.insert(
        "meta".to_owned(),
        json!({
            "resourceType": kind,
            "created": created.to_rfc3339(),
            "lastModified": changed.to_rfc3339(),
            "location": location,
            "version": format!("W/\"{version}\""),
        }),
    );
    shown.into()
}
