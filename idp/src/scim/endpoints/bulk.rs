//! `POST /scim/v2/Bulk`: several requests in one (RFC 7644 §3.7). Each is done and logged by itself, in the order in which
//! they come; what one makes, later ones name by its `bulkId`.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::desk::{Good, Precondition, ScimDesk};
use super::{groups, users};
use crate::http::Call;
use crate::hub::Shared;
use crate::log::Action;
use crate::scim::error::{METHOD, NOT_FOUND, SYNTAX, ScimError, TOO_LARGE, VALUE};
use crate::scim::member;

const BULK: Action = Action::new("scim.bulk");
const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// Most operations of one request.
pub(super) const MOST_OPERATIONS: usize = 100;
/// Largest request, in bytes.
pub(super) const LARGEST: usize = 65_536;

/// Carries out several requests.
pub(super) async fn bulk(State(hub): State<Shared>, call: Call) -> Response {
    match ScimDesk::open(&hub, &call, BULK).await {
        Ok(desk) => {
            let outcome = all(&desk).await;
            desk.finish(outcome).await
        }
        Err(refused) => refused,
    }
}

async fn all(desk: &ScimDesk<'_>) -> Result<Good, ScimError> {
    if desk.call.body.len() > LARGEST {
        return Err(TOO_LARGE);
    }
    let message = desk.body()?;
    let schemas = member(&message, "schemas").as_array();
    if !schemas.is_some_and(|schemas| schemas.iter().any(|one| one == REQUEST)) {
        return Err(SYNTAX);
    }
    let operations = member(&message, "Operations").as_array().ok_or(SYNTAX)?;
    if operations.len() > MOST_OPERATIONS {
        return Err(TOO_LARGE);
    }
    let tolerated = match member(&message, "failOnErrors") {
        Value::Null => u64::MAX,
        other => other.as_u64().filter(|number| *number > 0).ok_or(SYNTAX)?,
    };
    let mut row = desk.permit();
    row.hits = Some(operations.len() as u64);
    desk.record(row).await?;
    let (mut made, mut failed, mut told) = (HashMap::new(), 0, Vec::new());
    for operation in operations {
        if failed >= tolerated {
            break;
        }
        let outcome = desk.settle(one(desk, operation, &made).await).await;
        failed += u64::from(outcome.is_err());
        if let (Some(named), Some(id)) = (member(operation, "bulkId").as_str(), new_id(&outcome)) {
            made.insert(named.to_owned(), id);
        }
        told.push(tell(desk, operation, outcome));
    }
    Ok(Good::ok(json!({"schemas": [RESPONSE], "Operations": told})))
}

/// The id of what was made or changed.
fn new_id(outcome: &Result<Good, ScimError>) -> Option<String> {
    let body = outcome.as_ref().ok()?.body.as_ref()?;
    member(body, "id").as_str().map(str::to_owned)
}

/// How an operation ended.
fn tell(desk: &ScimDesk<'_>, operation: &Value, outcome: Result<Good, ScimError>) -> Value {
    let mut answer = Map::new();
    answer.insert("method".to_owned(), member(operation, "method").clone());
    if let Some(named) = member(operation, "bulkId").as_str() {
        answer.insert("bulkId".to_owned(), named.into());
    }
    match outcome {
        Ok(good) => {
            answer.insert("status".to_owned(), good.status.as_str().into());
            if let Some(body) = &good.body {
                let meta = member(body, "meta");
                answer.insert("location".to_owned(), member(meta, "location").clone());
                answer.insert("version".to_owned(), member(meta, "version").clone());
            } else if let Some(path) = member(operation, "path").as_str() {
                let location = format!("{}{path}", desk.tenant.base());
                answer.insert("location".to_owned(), location.into());
            }
        }
        Err(error) => {
            answer.insert("status".to_owned(), error.status.as_str().into());
            answer.insert("response".to_owned(), error.body());
        }
    }
    answer.into()
}

async fn one(
    desk: &ScimDesk<'_>,
    operation: &Value,
    made: &HashMap<String, String>,
) -> Result<Good, ScimError> {
    let method = member(operation, "method")
        .as_str()
        .ok_or(SYNTAX)?
        .to_ascii_uppercase();
    let path = member(operation, "path").as_str().ok_or(SYNTAX)?;
    let data = resolved(member(operation, "data"), made, 0)?;
    let expected = Precondition(member(operation, "version").as_str().map(str::to_owned));
    let mut parts = path.trim_start_matches('/').splitn(2, '/');
    let kind = parts.next().unwrap_or_default();
    let id = match parts.next() {
        Some(id) => Some(named(id, made)?),
        None => None,
    };
    match (method.as_str(), kind, id.as_deref()) {
        ("POST", _, None) if member(operation, "bulkId").as_str().is_none() => Err(SYNTAX),
        ("POST", "Users", None) => users::make(desk, &data).await,
        ("PUT", "Users", Some(id)) => users::put(desk, id, &data, &expected).await,
        ("PATCH", "Users", Some(id)) => users::amend(desk, id, &data, &expected).await,
        ("DELETE", "Users", Some(id)) => users::remove(desk, id, &expected).await,
        ("POST", "Groups", None) => groups::make(desk, &data).await,
        ("PUT", "Groups", Some(id)) => groups::put(desk, id, &data, expected).await,
        ("PATCH", "Groups", Some(id)) => groups::amend(desk, id, &data, expected).await,
        ("DELETE", "Groups", Some(id)) => groups::remove(desk, id, expected).await,
        (_, "Users" | "Groups", _) => Err(METHOD),
        _ => Err(NOT_FOUND),
    }
}

/// What a text stands for: a `bulkId`, or itself.
fn named(text: &str, made: &HashMap<String, String>) -> Result<String, ScimError> {
    match text.strip_prefix("bulkId:") {
        Some(name) => made.get(name).cloned().ok_or(VALUE),
        None => Ok(text.to_owned()),
    }
}

/// The data with every `bulkId` in it replaced.
fn resolved(data: &Value, made: &HashMap<String, String>, depth: usize) -> Result<Value, ScimError> {
    if depth > 16 {
        return Err(SYNTAX);
    }
    Ok(match data {
        Value::String(text) => named(text, made)?.into(),
        Value::Array(values) => values
            .iter()
            .map(|value| resolved(value, made, depth + 1))
            .collect::<Result<Value, _>>()?,
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| Ok((name.clone(), resolved(value, made, depth + 1)?)))
            .collect::<Result<Value, ScimError>>()?,
        other => other.clone(),
    })
}
