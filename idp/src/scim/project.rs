//! Which attributes of a document are shown (RFC 7644 §3.9). Pure.

use serde_json::{Map, Value};

use super::error::{PATH, ScimError};
use super::filter::{Name, parse_path};
use super::schema::{Attribute, ResourceType};

/// What of a document is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Projection {
    /// All.
    #[default]
    All,
    /// These, and what is always shown.
    Only(Vec<Name>),
    /// All but these; what is always shown stays.
    Without(Vec<Name>),
}

/// Most names in one request.
const MOST: usize = 100;

impl Projection {
    /// From lists of names; both at once is an error.
    pub fn of(attributes: Option<&[String]>, excluded: Option<&[String]>) -> Result<Self, ScimError> {
        let names = |list: &[String]| {
            if list.len() > MOST {
                return Err(PATH);
            }
            let named = list
                .iter()
                .map(|text| text.trim())
                .filter(|text| !text.is_empty());
            named
                .map(|text| {
                    let path = parse_path(text)?;
                    if path.values.is_some() {
                        Err(PATH)
                    } else {
                        Ok(path.name)
                    }
                })
                .collect::<Result<Vec<Name>, ScimError>>()
        };
        match (attributes, excluded) {
            (None, None) => Ok(Self::All),
            (Some(list), None) => Ok(Self::Only(names(list)?)),
            (None, Some(list)) => Ok(Self::Without(names(list)?)),
            (Some(_), Some(_)) => Err(super::error::SYNTAX),
        }
    }

    /// The document as far as it is asked for.
    pub fn apply(&self, kind: &ResourceType, document: &Value) -> Value {
        let Some(members) = document.as_object() else {
            return document.clone();
        };
        let mut shown = Map::new();
        for (name, value) in members {
            if name == "schemas" {
                shown.insert(name.clone(), value.clone());
            } else if let Some(extension) = kind.extension(name) {
                let inner = value.as_object().into_iter().flatten();
                let kept: Map<String, Value> = inner
                    .filter_map(|(name, value)| {
                        let attribute = extension.attribute(name)?;
                        let kept = self.member(Some(extension.id), kind, attribute, value)?;
                        Some((name.clone(), kept))
                    })
                    .collect();
                if !kept.is_empty() {
                    shown.insert(name.clone(), kept.into());
                }
            } else if let Some(attribute) = kind.attribute(name)
                && let Some(kept) = self.member(None, kind, attribute, value)
            {
                shown.insert(name.clone(), kept);
            }
        }
        shown.into()
    }

    /// A member as far as it is asked for; `extension` names the one that it belongs to.
    fn member(
        &self,
        extension: Option<&str>,
        kind: &ResourceType,
        attribute: &Attribute,
        value: &Value,
    ) -> Option<Value> {
        let about = |names: &[Name]| -> Vec<Name> {
            let theirs = names.iter().filter(|name| is_of(name, extension, kind));
            let named = theirs.filter(|name| {
                name.attribute
                    .as_deref()
                    .is_none_or(|text| text.eq_ignore_ascii_case(attribute.name))
            });
            named.cloned().collect()
        };
        let always = attribute.returned == "always";
        match self {
            Self::All => Some(value.clone()),
            Self::Only(names) => {
                let names = about(names);
                if always || names.iter().any(|name| name.part.is_none()) {
                    return Some(value.clone());
                }
                let parts: Vec<&str> = names.iter().filter_map(|name| name.part.as_deref()).collect();
                (!parts.is_empty()).then(|| with_parts(value, |part| is_among(part, &parts)))
            }
            Self::Without(names) => {
                let names = about(names);
                if always || names.is_empty() {
                    return Some(value.clone());
                }
                if names.iter().any(|name| name.part.is_none()) {
                    return None;
                }
                let parts: Vec<&str> = names.iter().filter_map(|name| name.part.as_deref()).collect();
                Some(with_parts(value, |part| !is_among(part, &parts)))
            }
        }
    }
}

/// Whether a name is about the extension, or about the schema itself where there is none.
fn is_of(name: &Name, extension: Option<&str>, kind: &ResourceType) -> bool {
    match (&name.schema, extension) {
        (Some(schema), Some(extension)) => schema.eq_ignore_ascii_case(extension),
        (Some(schema), None) => schema.eq_ignore_ascii_case(kind.schema.id),
        (None, Some(_)) => false,
        (None, None) => name.attribute.is_some(),
    }
}

fn is_among(part: &str, parts: &[&str]) -> bool {
    parts.iter().any(|one| one.eq_ignore_ascii_case(part))
}

fn with_parts(value: &Value, keep: impl Fn(&str) -> bool + Copy) -> Value {
    match value {
        Value::Array(values) => values.iter().map(|value| with_parts(value, keep)).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| keep(name));
            Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scim::schema::USER_TYPE;

    #[test]
    fn what_is_asked_for_is_shown_and_what_is_always_shown_stays() {
        let document = json!({"schemas": ["s"], "id": "1", "userName": "a", "title": "t",
            "emails": [{"value": "x", "type": "work"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "7", "division": "d"}});
        let show = |only: Option<&str>, without: Option<&str>| {
            let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
            let projection = Projection::of(only.map(list).as_deref(), without.map(list).as_deref()).unwrap();
            projection.apply(&USER_TYPE, &document)
        };
        let base = json!({"schemas": ["s"], "id": "1", "userName": "a"});
        let with = |more: Value| {
            let mut all = base.clone();
            for (name, value) in more.as_object().unwrap() {
                all[name] = value.clone();
            }
            all
        };
        assert_eq!(show(Some("title"), None), with(json!({"title": "t"})));
        assert_eq!(
            show(Some("emails.value"), None),
            with(json!({"emails": [{"value": "x"}]}))
        );
        let number = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
        let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        assert_eq!(
            show(Some(number), None),
            with(json!({extension: {"employeeNumber": "7"}}))
        );
        let rest = show(None, Some("emails, id ,title"));
        assert_eq!(
            rest,
            with(json!({extension: {"employeeNumber": "7", "division": "d"}}))
        );
        assert_eq!(show(None, Some(extension)).get(extension), None);
        assert!(Projection::of(Some(&["a".to_owned()]), Some(&["b".to_owned()])).is_err());
        assert!(Projection::of(Some(&["a b".to_owned()]), None).is_err());
    }
}
