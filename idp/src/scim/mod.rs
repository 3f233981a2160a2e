//! SCIM 2.0: how an organisation's own system keeps its staff and departments here (requirement P7; RFC 7643, RFC 7644,
//! RFC 9865). `/scim/v2`.
//!
//! | file | holds |
//! |---|---|
//! | `schema` | what attributes there are, as they are published, and documents checked by that |
//! | `filter` | the grammar of filters and paths, and whether a document matches |
//! | `patch`, `project`, `page` | changes, the attributes that are asked for, the page of a list |
//! | `users`, `groups` | documents kept as staff and departments of the tenant |
//! | `tenant` | whose client calls |
//! | `endpoints` | the protocol, one resource a file |
//!
//! **The tenant is an organisation.** An administrator binds a client to one ([`crate::oauth::clients::Standing`]); with
//! the scope `musubi:scim` it keeps the staff of that organisation as Users, and the departments directly below it as
//! Groups. All else of the realm is absent. A user is a member of staff: to be one is to have an affiliation with the
//! tenant, to be a member of a group is to have one with the department, and `active: false`, like a deletion, ends all of
//! them as a leaver's do ([`crate::staff::affiliations`]).
//!
//! **A document is the organisation's own record.** It is sealed under the key of the person whom it is about. Only when a
//! user is made does it say what the person is called and where they get mail; later changes of it change nothing that
//! the person signs in with or recovers their account by, so that no organisation can take an account over.
//!
//! **Nothing here carries powers.** No group does, and `roles` and `entitlements` are refused and not left out.

pub mod endpoints;
pub mod error;
pub mod filter;
pub mod groups;
pub mod page;
pub mod patch;
pub mod project;
pub mod schema;
pub mod tenant;
pub mod users;

pub use error::ScimError;

/// A member of a document; null, if it has none of that name.
pub fn member<'d>(document: &'d serde_json::Value, name: &str) -> &'d serde_json::Value {
    document.get(name).unwrap_or(&serde_json::Value::Null)
}
