//! HL7 FHIR R4 over HTTP, as far as the hub itself keeps resources (requirements H5.2, P9): `/fhir`.
//!
//! | file | holds |
//! |---|---|
//! | `scope` | SMART App Launch scopes: what a client may do with a kind of resource |
//! | `outcome` | why a request is refused, as an OperationOutcome |
//! | `bundle` | lists |
//! | `endpoints` | the interactions, one capability a file |
//!
//! **Consent** is the resource that a person's consents are kept as ([`crate::consent`]). A client reads and writes those of
//! the person whose access token it has, and nobody else's: with a token that acts for somebody else, and with one without a
//! person, there is nothing here. The person stands under the issuer and the `sub` by which the client knows them; other
//! people and organisations under names that are this client's and this person's alone, or, to give them something for the
//! first time, under their numbers, within what the person could choose on their own pages.
//!
//! Invariants: what opens something needs a sign-in of a short while ago, and is told to the person by every channel; a
//! client never lets itself in; a version is never changed, a deletion is a withdrawal; a change names the version that it
//! was decided on; each interaction is on record before it is answered.

pub mod bundle;
pub mod endpoints;
pub mod outcome;
pub mod scope;

/// The media type (FHIR R4, RESTful API, content types).
pub const FHIR_JSON: &str = "application/fhir+json";
