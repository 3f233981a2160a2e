//! `/scim/v2/Groups`: the departments directly below the tenant.

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use super::desk::{Good, Precondition, ScimDesk};
use super::query::{answer, by_get, by_message, projection};
use crate::http::Call;
use crate::hub::Shared;
use crate::ids::OrganisationId;
use crate::log::{Action, Entry};
use crate::scim::error::ScimError;
use crate::scim::groups;
use crate::scim::patch::apply;
use crate::scim::schema::{Fresh, GROUP_TYPE, check};
use crate::staff::affiliations::Left;

const LIST: Action = Action::new("scim.group.list");
const READ: Action = Action::new("scim.group.read");
pub(super) const CREATE: Action = Action::new("scim.group.create");
pub(super) const REPLACE: Action = Action::new("scim.group.replace");
pub(super) const PATCH: Action = Action::new("scim.group.patch");
pub(super) const DELETE: Action = Action::new("scim.group.delete");

/// Lists groups.
pub(super) async fn list(State(hub): State<Shared>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, LIST).await {
        Ok(desk) => {
            let outcome = async { answer(&desk, &GROUP_TYPE, by_get(&desk, &GROUP_TYPE)?).await };
            let outcome = outcome.await;
            desk.finish(outcome).await
        }
        Err(refused) => refused,
    }
}

/// Searches groups.
pub(super) async fn search(State(hub): State<Shared>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, LIST).await {
        Ok(desk) => {
            let outcome = async { answer(&desk, &GROUP_TYPE, by_message(&desk, GROUP_TYPE.name)?).await };
            let outcome = outcome.await;
            desk.finish(outcome).await
        }
        Err(refused) => refused,
    }
}

fn shaped(desk: &ScimDesk<'_>, outcome: Result<Good, ScimError>) -> Result<Good, ScimError> {
    let good = outcome?;
    let shape = projection(desk.call)?;
    Ok(Good {
        body: good.body.map(|body| shape.apply(&GROUP_TYPE, &body)),
        ..good
    })
}

fn about(row: Entry, department: OrganisationId) -> Entry {
    row.resource("organisation", [department.to_string()])
}

/// Makes a group.
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

pub(super) async fn make(desk: &ScimDesk<'_>, sent: &Value) -> Result<Good, ScimError> {
    projection(desk.call)?;
    let document = check(&GROUP_TYPE, sent)?;
    let (_, made) = desk
        .commit(
            CREATE,
            move |tx, tenant| Box::pin(async move { groups::create(tx, tenant, &document).await }),
            |row, (department, _): &(OrganisationId, Value)| about(row, *department),
        )
        .await?;
    Ok(Good::created(made))
}

/// Reads a group.
pub(super) async fn read(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, READ).await {
        Ok(desk) => {
            let outcome = one(&desk, &id).await;
            desk.finish(outcome).await
        }
        Err(refused) => refused,
    }
}

async fn one(desk: &ScimDesk<'_>, id: &str) -> Result<Good, ScimError> {
    let shape = projection(desk.call)?;
    let (department, document) = groups::find(&desk.hub.store, &desk.tenant, id).await?;
    desk.record(about(desk.permit(), department)).await?;
    if desk.has(&document) {
        return Ok(Good {
            status: StatusCode::NOT_MODIFIED,
            body: None,
        });
    }
    Ok(Good::ok(shape.apply(&GROUP_TYPE, &document)))
}

/// Replaces a group.
pub(super) async fn replace(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, REPLACE).await {
        Ok(desk) => {
            let outcome = async { put(&desk, &id, &desk.body()?, desk.precondition()).await };
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
    expected: Precondition,
) -> Result<Good, ScimError> {
    let document = check(&GROUP_TYPE, sent)?;
    change(desk, REPLACE, id, move |before| {
        expected.holds(before)?;
        Ok(document)
    })
    .await
}

/// Changes a group.
pub(super) async fn patch(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, PATCH).await {
        Ok(desk) => {
            let outcome = async { amend(&desk, &id, &desk.body()?, desk.precondition()).await };
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
    expected: Precondition,
) -> Result<Good, ScimError> {
    let message = message.clone();
    change(desk, PATCH, id, move |before| {
        expected.holds(before)?;
        apply(&GROUP_TYPE, &check(&GROUP_TYPE, before)?, &message)
    })
    .await
}

async fn change(
    desk: &ScimDesk<'_>,
    action: Action,
    id: &str,
    next: impl FnOnce(&Value) -> Result<Fresh, ScimError> + Send + 'static,
) -> Result<Good, ScimError> {
    projection(desk.call)?;
    let id = id.to_owned();
    let (_, after, left) = desk
        .commit(
            action,
            move |tx, tenant| Box::pin(async move { groups::replace(tx, tenant, &id, next).await }),
            |row, (department, ..): &(OrganisationId, Value, Vec<Left>)| about(row, *department),
        )
        .await?;
    desk.forget(&left);
    Ok(Good::ok(after))
}

/// Removes a group: the department ends.
pub(super) async fn delete(State(hub): State<Shared>, Path(id): Path<String>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, DELETE).await {
        Ok(desk) => {
            let outcome = remove(&desk, &id, desk.precondition()).await;
            desk.finish(outcome).await
        }
        Err(refused) => refused,
    }
}

pub(super) async fn remove(desk: &ScimDesk<'_>, id: &str, expected: Precondition) -> Result<Good, ScimError> {
    let id = id.to_owned();
    let (_, left) = desk
        .commit(
            DELETE,
            move |tx, tenant| {
                Box::pin(async move {
                    groups::delete(tx, tenant, &id, move |before: &Value| expected.holds(before)).await
                })
            },
            |row, (department, _): &(OrganisationId, Vec<Left>)| about(row, *department),
        )
        .await?;
    desk.forget(&left);
    Ok(Good::gone())
}
