//! Why a request of SCIM is refused (RFC 7644 §3.12).

use http::StatusCode;
use serde_json::{Value, json};

use crate::admin::Refusal;
use crate::people::PeopleError;
use crate::staff::StaffError;

/// A refusal: a status, the detail error keyword if the specification has one, static words, our stable id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScimError {
    /// The status of the answer.
    pub status: StatusCode,
    /// `scimType` (RFC 7644 table 9).
    pub kind: Option<&'static str>,
    /// For people.
    pub detail: &'static str,
    /// Our stable id, the reason in the access log.
    pub id: &'static str,
}

/// The schema of errors.
pub const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

const fn error(
    status: StatusCode,
    kind: Option<&'static str>,
    id: &'static str,
    detail: &'static str,
) -> ScimError {
    ScimError {
        status,
        kind,
        detail,
        id,
    }
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;

/// The body is no JSON, or breaks the structure of the message.
pub const SYNTAX: ScimError = error(
    BAD,
    Some("invalidSyntax"),
    "scim.syntax",
    "The request is not well-formed",
);
/// A filter does not follow the grammar, or is too long.
pub const FILTER: ScimError = error(
    BAD,
    Some("invalidFilter"),
    "scim.filter",
    "The filter is not valid",
);
/// A path of a change does not follow the grammar, or names nothing.
pub const PATH: ScimError = error(BAD, Some("invalidPath"), "scim.path", "The path is not valid");
/// A path with a filter matches nothing.
pub const TARGET: ScimError = error(BAD, Some("noTarget"), "scim.target", "The path matches nothing");
/// A value is missing or not of its type.
pub const VALUE: ScimError = error(
    BAD,
    Some("invalidValue"),
    "scim.value",
    "A required value is missing, or a value is not one that its attribute can have",
);
/// What carries powers.
pub const POWERS: ScimError = error(
    BAD,
    Some("invalidValue"),
    "scim.powers",
    "Roles and entitlements are not given here",
);
/// An attribute that cannot be changed.
pub const MUTABILITY: ScimError = error(
    BAD,
    Some("mutability"),
    "scim.mutability",
    "The attribute cannot be changed",
);
/// More than is answered.
pub const TOO_MANY: ScimError = error(
    BAD,
    Some("tooMany"),
    "scim.too_many",
    "There are too many for one answer",
);
/// The cursor is not one of this list (RFC 9865 §2).
pub const CURSOR: ScimError = error(
    BAD,
    Some("invalidCursor"),
    "scim.cursor",
    "The cursor is not of this list",
);
/// The page is larger than one can be (RFC 9865 §2).
pub const COUNT: ScimError = error(BAD, Some("invalidCount"), "scim.count", "The count is not valid");
/// Another resource has the value.
pub const UNIQUENESS: ScimError = error(
    StatusCode::CONFLICT,
    Some("uniqueness"),
    "scim.uniqueness",
    "Another resource has this name or address",
);
/// There is no such resource in the tenant.
pub const NOT_FOUND: ScimError = error(
    StatusCode::NOT_FOUND,
    None,
    "scim.unknown",
    "There is no such resource here",
);
/// Another method.
pub const METHOD: ScimError = error(
    StatusCode::METHOD_NOT_ALLOWED,
    None,
    "scim.method",
    "This resource does not take that method",
);
/// The resource is not as the client believes.
pub const PRECONDITION: ScimError = error(
    StatusCode::PRECONDITION_FAILED,
    None,
    "scim.precondition",
    "The resource has changed",
);
/// The body is too large, or has too many operations.
pub const TOO_LARGE: ScimError = error(
    StatusCode::PAYLOAD_TOO_LARGE,
    None,
    "scim.too_large",
    "The request has more operations than one may have",
);
/// The client is bound to no organisation that goes on.
pub const NO_TENANT: ScimError = error(
    StatusCode::FORBIDDEN,
    None,
    "scim.tenant",
    "The client is bound to no organisation",
);
/// The hub cannot answer.
pub const UNAVAILABLE: ScimError = error(
    StatusCode::SERVICE_UNAVAILABLE,
    None,
    "unavailable",
    "The hub cannot answer at the moment",
);

impl ScimError {
    /// As it goes out.
    pub fn body(self) -> Value {
        let mut body = json!({
            "schemas": [SCHEMA],
            "status": self.status.as_str(),
            "detail": self.detail,
        });
        if let (Some(kind), Some(members)) = (self.kind, body.as_object_mut()) {
            members.insert("scimType".to_owned(), kind.into());
        }
        body
    }

    /// What the hub could not do is told to the operator where it happened.
    pub fn unavailable(cause: &dyn std::error::Error) -> Self {
        tracing::error!(%cause, "a request of SCIM could not be served");
        UNAVAILABLE
    }
}

impl From<StaffError> for ScimError {
    fn from(cause: StaffError) -> Self {
        match cause {
            StaffError::Affiliated | StaffError::People(PeopleError::Taken) => UNIQUENESS,
            StaffError::People(PeopleError::Identifier(_)) | StaffError::Term => VALUE,
            StaffError::OrganisationUnknown | StaffError::StaffUnknown | StaffError::AffiliationUnknown => {
                NOT_FOUND
            }
            StaffError::Ended => NO_TENANT,
            other => Self::unavailable(&other),
        }
    }
}

impl From<PeopleError> for ScimError {
    fn from(cause: PeopleError) -> Self {
        StaffError::from(cause).into()
    }
}

impl From<platform::database::DatabaseError> for ScimError {
    fn from(cause: platform::database::DatabaseError) -> Self {
        match cause {
            platform::database::DatabaseError::Conflict => UNIQUENESS,
            other => Self::unavailable(&other),
        }
    }
}

impl From<Refusal> for ScimError {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: refusal.status,
            kind: None,
            detail: refusal.title(),
            id: refusal.id,
        }
    }
}
