//! A client as an administrator describes it, in the API and in files.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::metadata::{InvalidMetadata, Metadata, Translations};
use super::standing::Standing;

/// Members that are no metadata: what an administrator says of the client.
const STANDING: [&str; 5] = [
    "first_party",
    "consent",
    "request_by_reference",
    "allowed_actor",
    "organisation",
];

/// Why a description is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDescribed {
    /// A member that clients do not have: it was not meant, or would not be kept.
    #[error("there is a member that no client has, or one of another type")]
    Unknown,
    /// Metadata that is refused.
    #[error(transparent)]
    Invalid(#[from] InvalidMetadata),
}

/// The metadata in a description, and what is said of the client if anything is.
pub fn described(
    mut members: Map<String, Value>,
    secure: bool,
) -> Result<(Metadata, Option<Standing>), NotDescribed> {
    let said: Map<_, _> = STANDING
        .iter()
        .filter_map(|name| members.remove_entry(*name))
        .collect();
    if !members.keys().all(|name| is_member(name)) {
        return Err(NotDescribed::Unknown);
    }
    let standing = (!said.is_empty()).then(|| serde_json::from_value(Value::Object(said)));
    let standing: Option<Standing> = standing.transpose().map_err(|_| NotDescribed::Unknown)?;
    if standing
        .as_ref()
        .is_some_and(|standing| !standing.is_well_formed())
    {
        return Err(NotDescribed::Unknown);
    }
    Ok((Metadata::from_json(&Value::Object(members), secure)?, standing))
}

/// The members that client metadata has, as the description of the API tells.
static MEMBERS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut others = Vec::new();
    Metadata::schemas(&mut others);
    let mut members = BTreeSet::new();
    collect(&Metadata::schema(), &others, &mut members);
    members
});

fn collect(schema: &RefOr<Schema>, others: &[(String, RefOr<Schema>)], members: &mut BTreeSet<String>) {
    match schema {
        RefOr::T(Schema::Object(object)) => members.extend(object.properties.keys().cloned()),
        RefOr::T(Schema::AllOf(all)) => {
            for one in &all.items {
                collect(one, others, members);
            }
        }
        RefOr::T(_) => {}
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            if let Some((_, schema)) = others.iter().find(|(other, _)| other == name) {
                collect(schema, others, members);
            }
        }
    }
}

/// Whether client metadata has a member of that name; for the reader of a language where it says so (`client_name#ja`).
fn is_member(name: &str) -> bool {
    match name.split_once('#') {
        Some((member, _)) => Translations::MEMBERS.contains(&member),
        None => MEMBERS.contains(name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: Value) -> Result<(Metadata, Option<Standing>), NotDescribed> {
        let Value::Object(members) = value else {
            panic!("a description is an object")
        };
        described(members, false)
    }

    #[test]
    fn every_member_of_metadata_is_known_and_no_other() {
        let full = json!({"redirect_uris": ["https://rp.example/cb"], "client_name": "Clinic", "client_name#ja": "診療所",
            "scope": "openid", "jwks_uri": "https://rp.example/keys", "software_id": "x", "first_party": true});
        let (metadata, standing) = of(full).unwrap();
        assert!(standing.unwrap().first_party);
        for name in serde_json::to_value(&metadata)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
        {
            assert!(is_member(name), "{name}");
        }
        for (name, value) in [
            ("client_nmae", json!("x")),
            ("client_id", json!("x")),
            ("password#ja", json!("x")),
            ("consent", json!("never")),
            ("first_party", json!("yes")),
            ("allowed_actor", json!("")),
            ("allowed_actor", json!({"sub": "x"})),
            ("allowed_actor", json!("x".repeat(201))),
        ] {
            let mut wrong = json!({"redirect_uris": ["https://rp.example/cb"]});
            wrong[name] = value;
            assert_eq!(of(wrong).unwrap_err(), NotDescribed::Unknown, "{name}");
        }
    }
}
