//! Changes to a document (RFC 7644 §3.5.2). Pure: all of them happen to a copy, or none does.

use serde_json::{Map, Value};

use super::error::{MUTABILITY, PATH, SYNTAX, ScimError, TARGET, TOO_LARGE, VALUE};
use super::filter::{Filter, Path, parse_path, value_matches};
use super::schema::{Attribute, Fresh, Mutability, ResourceType, Schema, check};

/// The schema of the message.
pub const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Most operations in one request.
pub const MOST: usize = 100;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

/// The document after the changes of a message.
pub fn apply(kind: &ResourceType, document: &Fresh, message: &Value) -> Result<Fresh, ScimError> {
    let message = message.as_object().ok_or(SYNTAX)?;
    let schemas = member(message, "schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|schemas| schemas.iter().any(|one| one == SCHEMA)) {
        return Err(SYNTAX);
    }
    let operations = member(message, "Operations").and_then(Value::as_array);
    let operations = operations.filter(|list| !list.is_empty()).ok_or(SYNTAX)?;
    if operations.len() > MOST {
        return Err(TOO_LARGE);
    }
    let mut changed = document.clone();
    for operation in operations {
        operate(kind, &mut changed, operation.as_object().ok_or(SYNTAX)?)?;
    }
    check(kind, &changed.into())
}

fn member<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m Value> {
    members
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn operate(
    kind: &ResourceType,
    document: &mut Fresh,
    operation: &Map<String, Value>,
) -> Result<(), ScimError> {
    let op = member(operation, "op").and_then(Value::as_str).ok_or(SYNTAX)?;
    let op = match op.to_ascii_lowercase().as_str() {
        "add" => Op::Add,
        "replace" => Op::Replace,
        "remove" => Op::Remove,
        _ => return Err(SYNTAX),
    };
    let value = member(operation, "value");
    match member(operation, "path") {
        Some(path) => change(kind, document, op, path.as_str().ok_or(PATH)?, value),
        None if op == Op::Remove => Err(TARGET),
        None => {
            let members = value.and_then(Value::as_object).ok_or(VALUE)?;
            members
                .iter()
                .try_for_each(|(name, value)| change(kind, document, op, name, Some(value)))
        }
    }
}

fn change(
    kind: &ResourceType,
    document: &mut Fresh,
    op: Op,
    path: &str,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    // Names of messages, such as `schemas` beside the members of a value, change nothing.
    if path.eq_ignore_ascii_case("schemas") {
        return Ok(());
    }
    if op != Op::Remove && value.is_none() {
        return Err(VALUE);
    }
    let path = parse_path(path)?;
    let extension = match &path.name.schema {
        Some(schema) if !schema.eq_ignore_ascii_case(kind.schema.id) => {
            Some(kind.extension(schema).ok_or(PATH)?)
        }
        _ => None,
    };
    let Some(name) = path.name.attribute.as_deref() else {
        return whole(kind, document, op, extension, value);
    };
    if super::schema::is_powerful(name) {
        return Err(super::error::POWERS);
    }
    let attribute = match extension {
        Some(extension) => extension.attribute(name),
        None => kind.attribute(name),
    };
    let attribute = attribute.ok_or(PATH)?;
    if attribute.mutability == Mutability::ReadOnly || op == Op::Remove && attribute.required {
        return Err(MUTABILITY);
    }
    let Some(extension) = extension else {
        return within(document, attribute, op, &path, value);
    };
    let mut held = match document.remove(extension.id) {
        Some(Value::Object(held)) => held,
        _ => Map::new(),
    };
    within(&mut held, attribute, op, &path, value)?;
    if !held.is_empty() {
        document.insert(extension.id.to_owned(), held.into());
    }
    Ok(())
}

/// A path that names a schema and no attribute.
fn whole(
    kind: &ResourceType,
    document: &mut Fresh,
    op: Op,
    extension: Option<&'static Schema>,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    let Some(extension) = extension else {
        return Err(PATH);
    };
    if op != Op::Add {
        document.remove(extension.id);
    }
    if op == Op::Remove {
        return Ok(());
    }
    let members = value.and_then(Value::as_object).ok_or(VALUE)?;
    // Some clients name the schema in the value too.
    let mut named = members
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("schemas"));
    named.try_for_each(|(name, value)| {
        let path = format!("{}:{name}", extension.id);
        change(kind, document, op, &path, Some(value))
    })
}

/// A change to one attribute of `holder`.
fn within(
    holder: &mut Map<String, Value>,
    attribute: &'static Attribute,
    op: Op,
    path: &Path,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    let part = match path.name.part.as_deref() {
        Some(part) => Some(attribute.part(part).ok_or(PATH)?),
        None => None,
    };
    if part.is_some_and(|part| part.mutability != Mutability::ReadWrite) {
        return Err(MUTABILITY);
    }
    if let Some(filter) = &path.values {
        return selected(holder, attribute, op, (filter, part), value);
    }
    match part {
        Some(part) => of_part(holder, attribute, op, part, value),
        None if op == Op::Remove => {
            remove(holder, attribute, value);
            Ok(())
        }
        None => {
            let value = value.ok_or(VALUE)?;
            let held = holder.remove(attribute.name);
            let next = match (op, held) {
                (Op::Add, Some(Value::Array(held))) if attribute.multi => added(held, value),
                (Op::Add, Some(Value::Object(held))) if !attribute.multi => merged(held, attribute, value),
                _ if attribute.multi && value.is_object() => Value::Array(vec![value.clone()]),
                _ => value.clone(),
            };
            holder.insert(attribute.name.to_owned(), next);
            Ok(())
        }
    }
}

/// Removes all values, or those that are named in `value` by their part `value`.
fn remove(holder: &mut Map<String, Value>, attribute: &Attribute, value: Option<&Value>) {
    let named: Vec<&Value> = match value {
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value @ Value::Object(_)) => vec![value],
        _ => Vec::new(),
    };
    match holder.get_mut(attribute.name) {
        Some(Value::Array(held)) if !named.is_empty() => {
            held.retain(|one| !named.iter().any(|gone| gone["value"] == one["value"]));
        }
        _ => {
            holder.remove(attribute.name);
        }
    }
}

/// Values with others added; one that is there already is not there twice, and a new primary one takes the place of the
/// old (RFC 7644 §3.5.2.1).
fn added(mut held: Vec<Value>, value: &Value) -> Value {
    let new: Vec<&Value> = match value {
        Value::Array(values) => values.iter().collect(),
        other => vec![other],
    };
    for one in new {
        let is_there = held.iter().any(|known| {
            known == one
                || !one["value"].is_null() && known["value"] == one["value"] && known["type"] == one["type"]
        });
        if is_there {
            held.retain(|known| known["value"] != one["value"] || known["type"] != one["type"]);
        }
        if one["primary"] == true {
            unprefer(&mut held);
        }
        held.push(one.clone());
    }
    held.into()
}

fn unprefer(held: &mut [Value]) {
    for known in held {
        if known["primary"] == true {
            known["primary"] = false.into();
        }
    }
}

fn merged(mut held: Map<String, Value>, attribute: &Attribute, value: &Value) -> Value {
    match value {
        Value::Object(parts) => {
            for (name, value) in parts {
                let name = attribute.part(name).map_or(name.as_str(), |part| part.name);
                held.insert(name.to_owned(), value.clone());
            }
            held.into()
        }
        other => other.clone(),
    }
}

fn set(
    part: &Attribute,
    op: Op,
    into: &mut Map<String, Value>,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    if op == Op::Remove {
        into.remove(part.name);
    } else {
        into.insert(part.name.to_owned(), value.ok_or(VALUE)?.clone());
    }
    Ok(())
}

/// A part of an attribute; of one that has many values, of each of them.
fn of_part(
    holder: &mut Map<String, Value>,
    attribute: &Attribute,
    op: Op,
    part: &Attribute,
    value: Option<&Value>,
) -> Result<(), ScimError> {
    match holder.get_mut(attribute.name) {
        Some(Value::Array(held)) => {
            for one in held.iter_mut().filter_map(Value::as_object_mut) {
                set(part, op, one, value)?;
            }
        }
        Some(Value::Object(held)) => {
            set(part, op, held, value)?;
            if held.is_empty() {
                holder.remove(attribute.name);
            }
        }
        _ if op == Op::Remove => {}
        _ => {
            let mut made = Map::new();
            set(part, op, &mut made, value)?;
            let made = if attribute.multi {
                Value::Array(vec![made.into()])
            } else {
                made.into()
            };
            holder.insert(attribute.name.to_owned(), made);
        }
    }
    Ok(())
}

/// The values that a filter selects, or a part of them.
fn selected(
    holder: &mut Map<String, Value>,
    attribute: &'static Attribute,
    op: Op,
    (filter, part): (&Filter, Option<&'static Attribute>),
    value: Option<&Value>,
) -> Result<(), ScimError> {
    if !attribute.multi || attribute.parts.is_empty() {
        return Err(PATH);
    }
    let held = match holder.get_mut(attribute.name) {
        Some(Value::Array(held)) => std::mem::take(held),
        _ => Vec::new(),
    };
    let mut next = Vec::with_capacity(held.len());
    let mut found = false;
    let prefers = value.is_some_and(|value| match part {
        Some(part) => part.name == "primary" && value == &Value::Bool(true),
        None => value["primary"] == true,
    });
    for mut one in held {
        if !value_matches(filter, attribute, &one)? {
            if prefers {
                unprefer(std::slice::from_mut(&mut one));
            }
            next.push(one);
            continue;
        }
        found = true;
        match (part, op, one) {
            (None, Op::Remove, _) => {}
            (Some(part), _, Value::Object(mut parts)) => {
                set(part, op, &mut parts, value)?;
                next.push(parts.into());
            }
            (None, Op::Add, Value::Object(parts)) => next.push(merged(parts, attribute, value.ok_or(VALUE)?)),
            (_, _, _) => next.push(value.ok_or(VALUE)?.clone()),
        }
    }
    if !found {
        return Err(TARGET);
    }
    if next.is_empty() {
        holder.remove(attribute.name);
    } else {
        holder.insert(attribute.name.to_owned(), next.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::schema::{GROUP_TYPE, USER_TYPE};

    const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    fn user() -> Fresh {
        let sent = json!({"userName": "a", "title": "t", "name": {"familyName": "f"}, "emails": [
            {"value": "w@x.jp", "type": "work", "primary": true}, {"value": "h@x.jp", "type": "home"}]});
        check(&USER_TYPE, &sent).unwrap()
    }

    fn patched(operations: &Value) -> Result<Value, ScimError> {
        let message = json!({"schemas": [SCHEMA], "Operations": operations});
        apply(&USER_TYPE, &user(), &message).map(Value::from)
    }

    #[test]
    fn each_operation_does_what_the_specification_says() {
        for (operation, member, value) in [
            (
                json!({"op": "add", "path": "title", "value": "u"}),
                "title",
                json!("u"),
            ),
            (
                json!({"op": "Replace", "value": {"TITLE": "u"}}),
                "title",
                json!("u"),
            ),
            (json!({"op": "remove", "path": "title"}), "title", Value::Null),
            (
                json!({"op": "add", "path": "name", "value": {"givenName": "g"}}),
                "name",
                json!({"familyName": "f", "givenName": "g"}),
            ),
            (
                json!({"op": "replace", "path": "name", "value": {"givenName": "g"}}),
                "name",
                json!({"givenName": "g"}),
            ),
            (
                json!({"op": "remove", "path": "name.familyName"}),
                "name",
                Value::Null,
            ),
            (
                json!({"op": "add", "path": "emails", "value": [{"value": "o@x.jp", "primary": true}]}),
                "emails",
                json!([{"value": "w@x.jp", "type": "work", "primary": false}, {"value": "h@x.jp", "type": "home"},
                    {"value": "o@x.jp", "primary": true}]),
            ),
            (
                json!({"op": "replace", "path": "emails[type eq \"home\"].value", "value": "n@x.jp"}),
                "emails",
                json!([{"value": "w@x.jp", "type": "work", "primary": true}, {"value": "n@x.jp", "type": "home"}]),
            ),
            (
                json!({"op": "remove", "path": "emails[type eq \"work\"]"}),
                "emails",
                json!([{"value": "h@x.jp", "type": "home"}]),
            ),
            (
                json!({"op": "add", "path": format!("{EXTENSION}:employeeNumber"), "value": "7"}),
                EXTENSION,
                json!({"employeeNumber": "7"}),
            ),
            (
                json!({"op": "replace", "path": EXTENSION,
                    "value": {"schemas": [EXTENSION], "costCenter": "c", "manager": {"value": "m"}}}),
                EXTENSION,
                json!({"costCenter": "c", "manager": {"value": "m"}}),
            ),
            (
                json!({"op": "add", "value": {EXTENSION: {"division": "d"}, "name.givenName": "g"}}),
                EXTENSION,
                json!({"division": "d"}),
            ),
        ] {
            let after = patched(&json!([operation])).unwrap();
            assert_eq!(
                after.get(member).cloned().unwrap_or_default(),
                value,
                "{operation}"
            );
        }
    }

    #[test]
    fn what_cannot_be_changed_or_found_is_refused_and_then_nothing_is_changed() {
        for (operations, error) in [
            (json!([]), SYNTAX),
            (json!([{"op": "spin", "path": "title", "value": "u"}]), SYNTAX),
            (json!([{"op": "add", "path": "title"}]), VALUE),
            (json!([{"op": "add", "value": "u"}]), VALUE),
            (json!([{"op": "remove"}]), TARGET),
            (json!([{"op": "add", "path": "colour", "value": "u"}]), PATH),
            (
                json!([{"op": "add", "path": "title[value eq \"x\"]", "value": "u"}]),
                PATH,
            ),
            (json!([{"op": "replace", "path": "id", "value": "u"}]), MUTABILITY),
            (
                json!([{"op": "add", "path": "groups", "value": [{"value": "g"}]}]),
                MUTABILITY,
            ),
            (json!([{"op": "remove", "path": "userName"}]), MUTABILITY),
            (
                json!([{"op": "remove", "path": "emails[type eq \"other\"]"}]),
                TARGET,
            ),
            (
                json!([{"op": "add", "path": "roles", "value": [{"value": "admin"}]}]),
                super::super::error::POWERS,
            ),
            (
                json!([{"op": "add", "value": {"entitlements": [{"value": "x"}]}}]),
                super::super::error::POWERS,
            ),
            (
                json!([{"op": "replace", "path": "title", "value": "u"}, {"op": "remove", "path": "id"}]),
                MUTABILITY,
            ),
        ] {
            assert_eq!(patched(&operations), Err(error), "{operations}");
        }
        assert_eq!(
            apply(
                &USER_TYPE,
                &user(),
                &json!({"Operations": [{"op": "remove", "path": "title"}]})
            ),
            Err(SYNTAX)
        );
    }

    #[test]
    fn members_come_and_go_by_their_value_and_do_not_change_in_place() {
        let group = json!({"displayName": "g", "members": [{"value": "a"}, {"value": "b"}]});
        let group = check(&GROUP_TYPE, &group).unwrap();
        let patch = |operation: Value| {
            let message = json!({"schemas": [SCHEMA], "Operations": [operation]});
            apply(&GROUP_TYPE, &group, &message)
                .map(|after| after.get("members").cloned().unwrap_or_default())
        };
        let left = patch(json!({"op": "remove", "path": "members", "value": [{"value": "a"}]}));
        assert_eq!(left, Ok(json!([{"value": "b"}])));
        let left = patch(json!({"op": "remove", "path": "members[value eq \"b\"]"}));
        assert_eq!(left, Ok(json!([{"value": "a"}])));
        let more = patch(json!({"op": "add", "path": "members", "value": [{"value": "b"}, {"value": "c"}]}));
        assert_eq!(more, Ok(json!([{"value": "a"}, {"value": "b"}, {"value": "c"}])));
        let changed = patch(json!({"op": "replace", "path": "members[value eq \"a\"].value", "value": "c"}));
        assert_eq!(changed, Err(MUTABILITY));
    }
}
