//! The part of the FHIR R4 Consent resource that is understood. A member that is not listed here is refused, since it might
//! narrow what is said: extensions, `implicitRules`, `verification`, narrative and all else. The one modifier extension that
//! is known is the depth of a provision.

use serde::{Deserialize, Serialize};

/// `Consent.provision.modifierExtension.url` of the depth.
pub const DEPTH: &str = "urn:musubi:fhir:depth";
/// The system of kinds, in `class`.
pub const KINDS: &str = "urn:musubi:fhir:kind";
/// The system of actions, in `action`.
pub const ACTIONS: &str = "urn:musubi:fhir:action";
/// The system of purposes that HL7 has no code for.
pub const PURPOSES: &str = "urn:musubi:fhir:purpose";
/// The system of purposes that HL7 has a code for.
pub const HL7_PURPOSES: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
/// The system of roles of grantees, in `actor.role`.
pub const GRANTEES: &str = "urn:musubi:fhir:grantee";
/// The system of a person's identifier.
pub const PERSON: &str = "urn:musubi:fhir:person";
/// The system of a word for what somebody is to the person.
pub const RELATION: &str = "urn:musubi:fhir:relation";
/// The system of an organisation's identifier.
pub const ORGANISATION: &str = "urn:musubi:fhir:organisation";
/// The system of a client's identifier.
pub const CLIENT: &str = "urn:musubi:fhir:client";
/// The system of the numbers of people, staff and organisations, by which a client names whom it has not read of.
pub const NUMBER: &str = "urn:musubi:fhir:number";
/// The system of occupations.
pub const OCCUPATION: &str = "urn:musubi:fhir:occupation";

/// A Consent resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Consent {
    /// Always `Consent`.
    pub resource_type: ResourceType,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
    /// Whether it applies.
    pub status: Status,
    /// Always `patient-privacy`.
    pub scope: CodeableConcept,
    /// What sort of consent it is.
    pub category: Vec<CodeableConcept>,
    /// Whose data it is about.
    pub patient: Reference,
    /// When it was given (RFC 3339); what a client says of it counts for nothing.
    #[serde(default)]
    pub date_time: String,
    /// Who gave it.
    #[serde(default)]
    pub performer: Vec<Reference>,
    /// Always `OPTIN`: what is not allowed is not.
    pub policy_rule: CodeableConcept,
    /// What is allowed and forbidden.
    pub provision: Base,
}

/// `resourceType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResourceType {
    /// The only one.
    Consent,
}

/// `Consent.status`, as far as a consent of ours can stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It applies.
    Active,
    /// It was withdrawn.
    Inactive,
}

/// `meta`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Meta {
    /// The version.
    pub version_id: String,
    /// Since when (RFC 3339).
    pub last_updated: String,
}

/// A concept by its codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeableConcept {
    /// The codes.
    pub coding: Vec<Coding>,
}

/// A code of a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coding {
    /// The system.
    pub system: String,
    /// The code.
    pub code: String,
}

/// A reference by identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// To what.
    pub identifier: Identifier,
    /// What it is called, for people who read it in a client; never kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
}

/// An identifier of a system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identifier {
    /// The system.
    pub system: String,
    /// The identifier.
    pub value: String,
}

/// The base provision: everything is forbidden, but for what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Always `deny`.
    #[serde(rename = "type")]
    pub effect: ProvisionType,
    /// What is allowed, and what is forbidden in any case.
    pub provision: Vec<Provision>,
}

/// `provision.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProvisionType {
    /// It is allowed.
    Permit,
    /// It is forbidden.
    Deny,
}

/// A provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Provision {
    /// The depth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifier_extension: Vec<DepthExtension>,
    /// Allowed or forbidden.
    #[serde(rename = "type")]
    pub effect: ProvisionType,
    /// When it applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// To whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actor: Vec<Actor>,
    /// What.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub action: Vec<CodeableConcept>,
    /// What for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purpose: Vec<Coding>,
    /// With which kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class: Vec<Coding>,
    /// With data of which time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_period: Option<Period>,
    /// What is forbidden of what is allowed here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provision: Vec<Provision>,
}

/// The depth of a provision; without it a provision that allows reaches the shallowest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DepthExtension {
    /// Always [`DEPTH`].
    pub url: String,
    /// The depth, in its word.
    pub value_code: String,
}

/// `provision.actor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// What sort of grantee, with the occupation or the organisation where there is one.
    pub role: CodeableConcept,
    /// Who.
    pub reference: Reference,
}

/// From the first to the last moment, both in it (RFC 3339).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// The last moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}
