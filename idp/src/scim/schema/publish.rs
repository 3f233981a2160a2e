//! Schemas and kinds of resources as the protocol shows them.

use serde_json::{Map, Value, json};

use super::{Attribute, Kind, Mutability, ResourceType, Schema};

fn attribute(one: &Attribute) -> Value {
    let kind = match one.kind {
        Kind::String => "string",
        Kind::Boolean => "boolean",
        Kind::Integer => "integer",
        Kind::DateTime => "dateTime",
        Kind::Reference => "reference",
        Kind::Complex => "complex",
    };
    let mutability = match one.mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
    };
    let mut published = Map::new();
    published.insert("name".to_owned(), one.name.into());
    published.insert("type".to_owned(), kind.into());
    published.insert("multiValued".to_owned(), one.multi.into());
    published.insert("description".to_owned(), one.description.into());
    published.insert("required".to_owned(), one.required.into());
    if !one.canonical.is_empty() {
        published.insert("canonicalValues".to_owned(), json!(one.canonical));
    }
    published.insert("caseExact".to_owned(), one.case_exact.into());
    published.insert("mutability".to_owned(), mutability.into());
    published.insert("returned".to_owned(), one.returned.into());
    published.insert("uniqueness".to_owned(), one.uniqueness.into());
    if one.kind == Kind::Reference {
        let to: &[&str] = if one.references.is_empty() {
            &["uri"]
        } else {
            one.references
        };
        published.insert("referenceTypes".to_owned(), json!(to));
    }
    if !one.parts.is_empty() {
        let parts: Vec<Value> = one.parts.iter().map(attribute).collect();
        published.insert("subAttributes".to_owned(), parts.into());
    }
    published.into()
}

/// A schema (RFC 7643 §7), at `base`, which is the address of `/scim/v2`.
pub fn publish_schema(schema: &Schema, base: &str) -> Value {
    let attributes: Vec<Value> = schema.attributes.iter().map(attribute).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.id)},
    })
}

/// A kind of resource (RFC 7643 §6).
pub fn publish_type(kind: &ResourceType, base: &str) -> Value {
    let extensions: Vec<Value> = kind
        .extensions
        .iter()
        .map(|one| json!({"schema": one.id, "required": false}))
        .collect();
    let mut published = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.name,
        "name": kind.name,
        "endpoint": kind.endpoint,
        "description": kind.description,
        "schema": kind.schema.id,
        "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name)},
    });
    if let Some(members) = published.as_object_mut().filter(|_| !extensions.is_empty()) {
        members.insert("schemaExtensions".to_owned(), extensions.into());
    }
    published
}
