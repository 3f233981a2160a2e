//! A document as a client sent it, made into one that follows its schema: names in their own case, values of their types,
//! nothing that the hub alone writes. Pure.

use serde_json::{Map, Value};

use super::{Attribute, EXTERNAL_ID, Kind, Mutability, ResourceType};
use crate::scim::error::{POWERS, SYNTAX, ScimError, VALUE};

/// A checked document: what the client may write, and nothing else.
pub type Fresh = Map<String, Value>;

/// Longest text.
const LONGEST: usize = 1000;
/// Most values of an attribute.
const MOST: usize = 1000;
/// What would carry powers, if anybody here kept it.
const POWERFUL: &[&str] = &["roles", "entitlements", "password", "x509Certificates"];

/// Checks a whole document. What is not in the schema is left out, except what would carry powers or credentials.
pub fn check(kind: &ResourceType, sent: &Value) -> Result<Fresh, ScimError> {
    let sent = sent.as_object().ok_or(SYNTAX)?;
    let mut fresh = Fresh::new();
    for (name, value) in sent {
        if is_powerful(name) && !is_unassigned(value) {
            return Err(POWERS);
        }
        if name.eq_ignore_ascii_case(EXTERNAL_ID.name) {
            keep(&mut fresh, &EXTERNAL_ID, value)?;
        } else if let Some(extension) = kind.extension(name) {
            let mut kept = Fresh::new();
            if !value.is_null() {
                for (name, value) in value.as_object().ok_or(VALUE)? {
                    if let Some(attribute) = extension.attribute(name) {
                        keep(&mut kept, attribute, value)?;
                    }
                }
            }
            if !kept.is_empty() {
                fresh.insert(extension.id.to_owned(), kept.into());
            }
        } else if let Some(attribute) = kind.schema.attribute(name) {
            keep(&mut fresh, attribute, value)?;
        }
    }
    let missing = kind
        .schema
        .attributes
        .iter()
        .any(|one| one.required && !fresh.contains_key(one.name));
    if missing { Err(VALUE) } else { Ok(fresh) }
}

/// Whether a name is one of what would carry powers or credentials.
pub fn is_powerful(name: &str) -> bool {
    POWERFUL.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// Null and an empty list are no value (RFC 7643 §2.5).
fn is_unassigned(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

fn keep(into: &mut Fresh, attribute: &Attribute, value: &Value) -> Result<(), ScimError> {
    if attribute.mutability == Mutability::ReadOnly || is_unassigned(value) {
        return Ok(());
    }
    let kept = if attribute.multi {
        many(attribute, value)?
    } else {
        one(attribute, value)?
    };
    if into.insert(attribute.name.to_owned(), kept).is_some() {
        // The same name twice, in two cases.
        return Err(SYNTAX);
    }
    Ok(())
}

/// Values of an attribute that has many; at most one of them is primary (RFC 7643 §2.4).
fn many(attribute: &Attribute, value: &Value) -> Result<Value, ScimError> {
    let values = value.as_array().ok_or(VALUE)?;
    if values.len() > MOST {
        return Err(VALUE);
    }
    let kept: Vec<Value> = values
        .iter()
        .map(|value| one(attribute, value))
        .collect::<Result<_, _>>()?;
    let primary = kept.iter().filter(|value| value["primary"] == true).count();
    if primary > 1 { Err(VALUE) } else { Ok(kept.into()) }
}

/// One value.
fn one(attribute: &Attribute, value: &Value) -> Result<Value, ScimError> {
    match attribute.kind {
        Kind::String | Kind::Reference | Kind::DateTime => {
            let text = value.as_str().ok_or(VALUE)?;
            let fits = text.chars().count() <= LONGEST && !text.contains('\0');
            let there = !(attribute.required && text.trim().is_empty());
            if fits && there {
                Ok(text.into())
            } else {
                Err(VALUE)
            }
        }
        // Some clients write truth as text.
        Kind::Boolean => match value {
            Value::Bool(flag) => Ok((*flag).into()),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true.into()),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false.into()),
            _ => Err(VALUE),
        },
        Kind::Integer => value.as_i64().map(Value::from).ok_or(VALUE),
        Kind::Complex => {
            let mut kept = Fresh::new();
            for (name, value) in value.as_object().ok_or(VALUE)? {
                if let Some(part) = attribute.part(name) {
                    keep(&mut kept, part, value)?;
                }
            }
            if kept.is_empty() {
                Err(VALUE)
            } else {
                Ok(kept.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::schema::{GROUP_TYPE, USER_TYPE};

    #[test]
    fn names_get_their_own_case_and_what_the_hub_alone_writes_is_left_out() {
        let sent = json!({"USERNAME": "a", "id": "x", "groups": [{"value": "g"}], "Emails": [{"VALUE": "a@b.jp"}],
            "urn:ietf:params:scim:schemas:EXTENSION:enterprise:2.0:User": {"EmployeeNumber": "7"}, "colour": "blue"});
        let fresh = check(&USER_TYPE, &sent).unwrap();
        let expected = json!({"userName": "a", "emails": [{"value": "a@b.jp"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "7"}});
        assert_eq!(Value::from(fresh), expected);
    }

    #[test]
    fn a_value_that_is_not_of_its_type_or_missing_or_powerful_is_refused() {
        for (sent, error) in [
            (json!([]), SYNTAX),
            (json!({}), VALUE),
            (json!({"userName": " "}), VALUE),
            (json!({"userName": 1}), VALUE),
            (json!({"userName": "a", "username": "b"}), SYNTAX),
            (json!({"userName": "a", "active": "maybe"}), VALUE),
            (json!({"userName": "a", "emails": {"value": "x"}}), VALUE),
            (
                json!({"userName": "a", "emails": [{"value": "x", "primary": true}, {"value": "y", "primary": true}]}),
                VALUE,
            ),
            (json!({"userName": "a", "roles": [{"value": "admin"}]}), POWERS),
            (json!({"userName": "a", "Password": "secret"}), POWERS),
            (json!({"userName": "x".repeat(1001)}), VALUE),
        ] {
            assert_eq!(check(&USER_TYPE, &sent), Err(error), "{sent}");
        }
        assert_eq!(check(&GROUP_TYPE, &json!({"displayName": null})), Err(VALUE));
    }
}
