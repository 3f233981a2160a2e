//! Lists of resources (FHIR R4, Bundle).

use serde_json::{Value, json};

/// What a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// What a search found.
    Searchset,
    /// The versions of a resource, the newest first.
    History,
}

/// A list: its entries, where it is, and where it goes on.
pub fn bundle(sort: Sort, entries: &[Value], (here, next): (&str, Option<&str>)) -> Value {
    let mut links = vec![json!({"relation": "self", "url": here})];
    links.extend(next.map(|url| json!({"relation": "next", "url": url})));
    let mut bundle = json!({
        "resourceType": "Bundle",
        "type": match sort {
            Sort::Searchset => "searchset",
            Sort::History => "history",
        },
        "link": links,
    });
    // A list without entries has no member for them: FHIR has no empty arrays.
    if !entries.is_empty()
        && let Some(members) = bundle.as_object_mut()
    {
        members.insert("entry".to_owned(), Value::from(entries));
    }
    bundle
}
