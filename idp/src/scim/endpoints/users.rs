//! `/scim/v2/Users`: the tenant's staff.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::desk::{Good, Precondition, ScimDesk};
use super::query::{answer, by_get, by_message, projection};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::{Action, Entry};
use crate::scim::error::{NOT_FOUND, PRECONDITION, ScimError};
use crate::scim::patch::apply;
use crate::scim::schema::{Fresh, USER_TYPE, check};
use crate::scim::users::{self, User, groups_of, show};
use crate::staff::affiliations::Left;

const LIST: Action = Action::new("scim.user.list");
const READ: Action = Action::new("scim.user.read");
pub(super) const CREATE: Action = Action::new("scim.user.create");
pub(super) const REPLACE: Action = Action::new("scim.user.replace");
pub(super) const PATCH: Action = Action::new("scim.user.patch");
pub(super) const DELETE: Action = Action::new("scim.user.delete");

/// How often a change is tried that another one came before, if the client does not say as what it knows the user.
const TRIES: usize = 3;

/// Lists users.
pub(super) async fn list(State(hub): State<Shared>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, LIST).await {
        Ok(desk) => {
            let outcome = async { answer(&desk, &USER_TYPE, by_get(&desk, &USER_TYPE)?).await };
            let outcome = outcome.await;
            desk.finish(outcome).await
        }
        Err(refused) => refused,
    }
}

/// Searches users.
pub(super) async fn search(State(hub): State<Shared>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, LIST).await {
        Ok(desk) => {
            let outcome = async { answer(&desk, &USER_TYPE, by_message(&desk, USER_TYPE.name)?).await };
            let outcome = outcome.await;
            desk.finish(outcome).await
        }
        Err(refused) => refused,
    }
}

/// Makes a user.
pub(super) async fn create(State(hub): State<Shared>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, CREATE).await {
        Ok(desk) => {
            let outcome = async { make(&desk, &desk.body()?).await };
            let outcome = outcome.await;
            desk.finish(shaped(&desk, outcome)).await
        }
        Err(refused) => refused,
    }
}

/// Shows of a resource what is asked for.
pub(super) fn shaped(desk: &ScimDesk<'_>, outcome: Result<Good, ScimError>) -> Result<Good, ScimError> {
    let good = outcome?;
    let shape = projection(desk.call)?;
    Ok(Good {
        body: good.body.map(|body| shape.apply(&USER_TYPE, &body)),
        ..good
    })
}

fn about(mut row: Entry, user: &User) -> Entry {
    row.key = user.person.key.clone();
    row.subject(user.row.person)
        .resource("scim", [user.row.id.to_string()])
}

pub(super) async fn make(desk: &ScimDesk<'_>, sent: &Value) -> Result<Good, ScimError> {
    projection(desk.call)?;
    let document = check(&USER_TYPE, sent)?;
    let new = users::prepare(desk.hub, &desk.tenant, document)?;
    let made = desk
        .commit(
            CREATE,
            move |tx, tenant| Box::pin(users::create(tx, tenant, new)),
            |row, made: &User| about(row, made),
        )
        .await?;
    Ok(Good::created(show(&desk.tenant, &made, None)))
}

/// Reads a user.
pub(super) async fn read(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, READ).await {
        Ok(desk) => {
            let outcome = one(&desk, &id).await;
            desk.finish(outcome).await
        }
        Err(refused) => refused,
    }
}

pub(super) async fn shown(desk: &ScimDesk<'_>, user: &User) -> Result<Value, ScimError> {
    let groups = groups_of(desk.hub, &desk.tenant, Some(user.row.person)).await?;
    Ok(show(&desk.tenant, user, groups.get(&user.row.person)))
}

async fn one(desk: &ScimDesk<'_>, id: &str) -> Result<Good, ScimError> {
    let shape = projection(desk.call)?;
    let user = users::find(desk.hub, &desk.tenant, id).await?;
    desk.record(about(desk.permit(), &user)).await?;
    let document = shown(desk, &user).await?;
    if desk.has(&document) {
        return Ok(Good {
            status: StatusCode::NOT_MODIFIED,
            body: None,
        });
    }
    Ok(Good::ok(shape.apply(&USER_TYPE, &document)))
}

/// Replaces a user.
pub(super) async fn replace(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, REPLACE).await {
        Ok(desk) => {
            let outcome = async { put(&desk, &id, &desk.body()?, &desk.precondition()).await };
            let outcome = outcome.await;
            desk.finish(shaped(&desk, outcome)).await
        }
        Err(refused) => refused,
    }
}

pub(super) async fn put(
    desk: &ScimDesk<'_>,
    id: &str,
    sent: &Value,
    expected: &Precondition,
) -> Result<Good, ScimError> {
    let document = check(&USER_TYPE, sent)?;
    change(desk, REPLACE, id, expected, |_| Ok(document.clone())).await
}

/// Changes a user.
pub(super) async fn patch(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, PATCH).await {
        Ok(desk) => {
            let outcome = async { amend(&desk, &id, &desk.body()?, &desk.precondition()).await };
            let outcome = outcome.await;
            desk.finish(shaped(&desk, outcome)).await
        }
        Err(refused) => refused,
    }
}

pub(super) async fn amend(
    desk: &ScimDesk<'_>,
    id: &str,
    message: &Value,
    expected: &Precondition,
) -> Result<Good, ScimError> {
    change(desk, PATCH, id, expected, |before| {
        apply(&USER_TYPE, before, message)
    })
    .await
}

async fn change(
    desk: &ScimDesk<'_>,
    action: Action,
    id: &str,
    expected: &Precondition,
    next: impl Fn(&Fresh) -> Result<Fresh, ScimError>,
) -> Result<Good, ScimError> {
    projection(desk.call)?;
    for _ in 0..TRIES {
        let user = users::find(desk.hub, &desk.tenant, id).await?;
        expected.holds(&shown(desk, &user).await?)?;
        let document = next(&user.document)?;
        let done = desk
            .commit(
                action,
                move |tx, tenant| Box::pin(async move { users::replace(tx, tenant, &user, document).await }),
                |row, (user, _): &(User, Vec<Left>)| about(row, user),
            )
            .await;
        match done {
            // Somebody else was faster: look again.
            Err(error) if error == PRECONDITION => {}
            Err(error) => return Err(error),
            Ok((user, left)) => {
                desk.forget(&left);
                return Ok(Good::ok(shown(desk, &user).await?));
            }
        }
    }
    Err(PRECONDITION)
}

/// Removes a user.
pub(super) async fn delete(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, DELETE).await {
        Ok(desk) => {
            let outcome = remove(&desk, &id, &desk.precondition()).await;
            desk.finish(outcome).await
        }
        Err(refused) => refused,
    }
}

pub(super) async fn remove(
    desk: &ScimDesk<'_>,
    id: &str,
    expected: &Precondition,
) -> Result<Good, ScimError> {
    let user = users::find(desk.hub, &desk.tenant, id).await?;
    expected.holds(&shown(desk, &user).await?)?;
    let (person, key, name) = (user.row.person, user.person.key.clone(), user.row.id.to_string());
    let left = desk
        .commit(
            DELETE,
            move |tx, tenant| Box::pin(async move { users::delete(tx, tenant, &user).await }),
            move |mut row, _: &Vec<Left>| {
                row.key = key;
                row.subject(person).resource("scim", [name])
            },
        )
        .await
        .map_err(|error| if error == PRECONDITION { NOT_FOUND } else { error })?;
    desk.forget(&left);
    Ok(Good::gone())
}
