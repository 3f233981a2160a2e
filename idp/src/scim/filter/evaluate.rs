//! Whether a document matches a filter.

use std::cmp::Ordering;

use platform::clock::Instant;
use serde_json::Value;

use super::{Filter, Name, Operator};
use crate::scim::error::{FILTER, ScimError};
use crate::scim::schema::{Attribute, Kind, ResourceType};

/// Whether a document of `kind` matches. A filter that names what is not in the schema is an error, so that a client that
/// mistypes a name is not told that nobody fits.
pub fn matches(filter: &Filter, kind: &ResourceType, document: &Value) -> Result<bool, ScimError> {
    match filter {
        Filter::And(one, other) => Ok(matches(one, kind, document)? & matches(other, kind, document)?),
        Filter::Or(one, other) => Ok(matches(one, kind, document)? | matches(other, kind, document)?),
        Filter::Not(inner) => Ok(!matches(inner, kind, document)?),
        Filter::Present(name) => {
            let (values, _) = values(name, kind, document)?;
            Ok(values.into_iter().any(is_present))
        }
        Filter::Compare(name, operator, sought) => {
            let (values, attribute) = values(name, kind, document)?;
            compare_any(&values, attribute, *operator, sought)
        }
        Filter::Any(name, inner) => {
            let (values, attribute) = values(name, kind, document)?;
            let mut found = false;
            for value in values {
                found |= value_matches(inner, attribute, value)?;
            }
            Ok(found)
        }
    }
}

/// Whether one value of a complex attribute matches a filter on its parts.
pub fn value_matches(filter: &Filter, attribute: &Attribute, value: &Value) -> Result<bool, ScimError> {
    match filter {
        Filter::And(one, other) => {
            Ok(value_matches(one, attribute, value)? & value_matches(other, attribute, value)?)
        }
        Filter::Or(one, other) => {
            Ok(value_matches(one, attribute, value)? | value_matches(other, attribute, value)?)
        }
        Filter::Not(inner) => Ok(!value_matches(inner, attribute, value)?),
        Filter::Present(name) => {
            let part = part(name, attribute)?;
            Ok(is_present(&value[part.name]))
        }
        Filter::Compare(name, operator, sought) => {
            let part = part(name, attribute)?;
            compare_any(&[&value[part.name]], part, *operator, sought)
        }
        Filter::Any(..) => Err(FILTER),
    }
}

fn part(name: &Name, attribute: &Attribute) -> Result<&'static Attribute, ScimError> {
    let plain = name.schema.is_none() && name.part.is_none();
    let text = name.attribute.as_deref().filter(|_| plain).ok_or(FILTER)?;
    attribute.part(text).ok_or(FILTER)
}

/// The values that a name is about, and the attribute that says how they are compared.
fn values<'d>(
    name: &Name,
    kind: &ResourceType,
    document: &'d Value,
) -> Result<(Vec<&'d Value>, &'static Attribute), ScimError> {
    let text = name.attribute.as_deref().ok_or(FILTER)?;
    let (attribute, holder) = match &name.schema {
        Some(schema) if !schema.eq_ignore_ascii_case(kind.schema.id) => {
            let extension = kind.extension(schema).ok_or(FILTER)?;
            (extension.attribute(text), &document[extension.id])
        }
        _ => (kind.attribute(text), document),
    };
    let attribute = attribute.ok_or(FILTER)?;
    let held = &holder[attribute.name];
    let all: Vec<&Value> = match held {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        other => vec![other],
    };
    match &name.part {
        Some(part) => {
            let part = attribute.part(part).ok_or(FILTER)?;
            Ok((all.into_iter().map(|value| &value[part.name]).collect(), part))
        }
        None => Ok((all, attribute)),
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

fn compare_any(
    values: &[&Value],
    attribute: &Attribute,
    operator: Operator,
    sought: &Value,
) -> Result<bool, ScimError> {
    // `ne` is true where there is nothing; every other comparison needs a value.
    if operator == Operator::NotEqual {
        return Ok(!compare_any(values, attribute, Operator::Equal, sought)?);
    }
    if sought.is_null() {
        return match operator {
            Operator::Equal => Ok(!values.iter().any(|value| is_present(value))),
            _ => Err(FILTER),
        };
    }
    let mut found = false;
    for value in values {
        // Where no part is named, it is the part `value` (RFC 7644 §3.4.2.2).
        let (value, attribute) = match attribute.part("value") {
            Some(part) if attribute.kind == Kind::Complex => (&value[part.name], part),
            _ => (*value, attribute),
        };
        found |= compare(value, attribute, operator, sought)?;
    }
    Ok(found)
}

fn compare(
    value: &Value,
    attribute: &Attribute,
    operator: Operator,
    sought: &Value,
) -> Result<bool, ScimError> {
    match (attribute.kind, sought) {
        (Kind::Boolean, Value::Bool(sought)) if operator == Operator::Equal => {
            Ok(value.as_bool() == Some(*sought))
        }
        (Kind::DateTime, Value::String(sought)) => {
            let sought = Instant::from_rfc3339(sought).ok_or(FILTER)?;
            let value = value.as_str().and_then(Instant::from_rfc3339);
            match operator {
                Operator::Contains | Operator::StartsWith | Operator::EndsWith => Err(FILTER),
                _ => Ok(value.is_some_and(|value| holds(operator, value.cmp(&sought)))),
            }
        }
        (Kind::Integer, Value::Number(sought)) => {
            let order = value.as_f64().zip(sought.as_f64());
            let order = order.and_then(|(value, sought)| value.partial_cmp(&sought));
            Ok(order.is_some_and(|order| holds(operator, order)))
        }
        (Kind::String | Kind::Reference, Value::String(sought)) => {
            let Some(value) = value.as_str() else {
                return Ok(false);
            };
            let fold = |text: &str| {
                if attribute.case_exact {
                    text.to_owned()
                } else {
                    text.to_lowercase()
                }
            };
            let (value, sought) = (fold(value), fold(sought));
            Ok(match operator {
                Operator::Contains => value.contains(&sought),
                Operator::StartsWith => value.starts_with(&sought),
                Operator::EndsWith => value.ends_with(&sought),
                other => holds(other, value.cmp(&sought)),
            })
        }
        _ => Err(FILTER),
    }
}

fn holds(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Contains | Operator::StartsWith | Operator::EndsWith => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::filter::{parse_filter, parse_path};
    use crate::scim::schema::USER_TYPE;

    fn holds_of(filter: &str) -> Result<bool, ScimError> {
        let document = json!({
            "id": "2819", "userName": "Bjensen", "active": true, "title": "Tour \"Guide\"", "nickName": "",
            "name": {"familyName": "O'Malley"},
            "emails": [{"value": "work@example.com", "type": "work"}, {"value": "home@example.org", "type": "home"}],
            "meta": {"lastModified": "2024-05-13T04:42:34.000000Z"},
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "701984"},
        });
        matches(&parse_filter(filter)?, &USER_TYPE, &document)
    }

    #[test]
    fn what_the_specification_writes_as_examples_means_what_it_says() {
        for (filter, holds) in [
            (r#"userName eq "bjensen""#, true),
            (r#"USERNAME Eq "BJENSEN""#, true),
            (r#"id eq "2819""#, true),
            (r#"name.familyName co "O'Malley""#, true),
            (r#"userName sw "J""#, false),
            (
                r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B""#,
                true,
            ),
            ("title pr", true),
            ("nickName pr", false),
            (r#"title eq "Tour \"Guide\"""#, true),
            (r#"meta.lastModified gt "2011-05-13T04:42:34Z""#, true),
            (r#"meta.lastModified lt "2011-05-13T04:42:34+09:00""#, false),
            (r#"title pr and userType eq "Employee""#, false),
            (r#"title pr or userType eq "Intern""#, true),
            (
                r#"userType ne "Employee" and not (emails co "example.net")"#,
                true,
            ),
            (
                r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
                false,
            ),
            (r#"emails[type eq "work" and value co "@example.com"]"#, true),
            (r#"emails[type eq "work" and value co "@example.org"]"#, false),
            (r#"emails.type eq "home""#, true),
            ("active eq true", true),
            ("displayName eq null", true),
            (
                r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "701984""#,
                true,
            ),
            // And binds closer than or.
            (r#"title pr or title pr and userName eq "x""#, true),
            (r#"(title pr or title pr) and userName eq "x""#, false),
        ] {
            assert_eq!(holds_of(filter), Ok(holds), "{filter}");
        }
    }

    #[test]
    fn what_is_not_of_the_grammar_or_names_nothing_or_is_too_much_is_refused() {
        let deep = format!("{}title pr{}", "(".repeat(13), ")".repeat(13));
        let many = vec!["title pr"; 61].join(" or ");
        let long = format!(r#"title eq "{}""#, "x".repeat(4000));
        for filter in [
            "",
            "userName",
            "userName eq",
            "userName eq bjensen",
            r#"userName eq "a" extra"#,
            r#"userName eq "a"#,
            r#"userName is "a""#,
            r#"colour eq "blue""#,
            r#"emails.colour eq "blue""#,
            r#"emails[colour eq "blue"]"#,
            r#"emails[emails[type eq "x"]]"#,
            "active gt true",
            r#"active eq "true""#,
            r#"meta.lastModified gt "yesterday""#,
            "not title pr",
            "(title pr",
            "title pr)",
            "title pr and",
            r#"http://x:title eq "a""#,
            "a; drop table",
            &deep,
            &many,
            &long,
        ] {
            assert_eq!(holds_of(filter), Err(FILTER), "{filter}");
        }
    }

    #[test]
    fn paths_name_attributes_parts_values_and_whole_extensions() {
        let path = parse_path(r#"emails[type eq "work"].value"#).unwrap();
        assert_eq!(path.name.part.as_deref(), Some("value"));
        assert!(path.values.is_some());
        let path =
            parse_path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value").unwrap();
        assert_eq!(path.name.attribute.as_deref(), Some("manager"));
        assert_eq!(path.name.part.as_deref(), Some("value"));
        let path = parse_path("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User").unwrap();
        assert_eq!(path.name.attribute, None);
        for bad in [
            "",
            "a b",
            "emails[",
            "emails[type eq \"x\"",
            "emails.value[type eq \"x\"]",
            "members[]",
            "1a",
            "a..b",
        ] {
            assert!(parse_path(bad).is_err(), "{bad}");
        }
    }
}
