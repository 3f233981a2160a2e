//! Why a request is refused: an OperationOutcome (FHIR R4). Nothing that was sent is repeated in it.

use http::StatusCode;
use serde_json::{Value, json};

use crate::admin::{NO_TOKEN, Refusal, UNAVAILABLE};
use crate::consent::{ConsentError, Inside, InvalidConsent};
use crate::oauth::{Challenge, OAuthError};

/// The system of our stable ids.
const IDS: &str = "urn:musubi:problem";

/// A refusal: a status, a code of `issue-type`, our stable id, static words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The status of the answer.
    pub status: StatusCode,
    /// `issue.code`.
    code: &'static str,
    /// Our stable id, also the reason in the access log.
    pub id: &'static str,
    text: &'static str,
    /// What would mend it.
    pub challenge: Option<Challenge>,
}

const fn outcome(status: StatusCode, code: &'static str, id: &'static str, text: &'static str) -> Outcome {
    Outcome {
        status,
        code,
        id,
        text,
        challenge: None,
    }
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const RULE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// There is no such resource of this person, or no such type.
pub const UNKNOWN: Outcome = outcome(
    StatusCode::NOT_FOUND,
    "not-found",
    "fhir.unknown",
    "There is no such resource here",
);
/// It was withdrawn.
pub const GONE: Outcome = outcome(
    StatusCode::GONE,
    "deleted",
    "consent.withdrawn",
    "The consent was withdrawn; give a new one instead of changing it",
);
/// Another method.
pub const METHOD: Outcome = outcome(
    StatusCode::METHOD_NOT_ALLOWED,
    "not-supported",
    "fhir.method",
    "This interaction is not supported here; /fhir/metadata lists those that are",
);
/// Another format than JSON is wanted.
pub const ACCEPT: Outcome = outcome(
    StatusCode::NOT_ACCEPTABLE,
    "not-supported",
    "fhir.accept",
    "Resources are given as application/fhir+json only",
);
/// Another format than JSON was sent.
pub const CONTENT: Outcome = outcome(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "not-supported",
    "fhir.content_type",
    "Send resources as application/fhir+json",
);
/// No JSON, or a member that stands twice.
pub const SYNTAX: Outcome = outcome(
    BAD,
    "structure",
    "fhir.syntax",
    "The body is not JSON in which each member stands once",
);
/// The id in the body is not that of the address.
pub const ID: Outcome = outcome(
    BAD,
    "invalid",
    "fhir.id",
    "The id of the resource must be the one in the address",
);
/// A parameter that is not known, or not of its type: to leave it out would find too much.
pub const PARAMETER: Outcome = outcome(
    BAD,
    "invalid",
    "fhir.parameter",
    "A search parameter is unknown, doubled or malformed; /fhir/metadata lists those that are understood",
);
/// A change without the version that it was decided on.
pub const VERSION_NEEDED: Outcome = outcome(
    StatusCode::PRECONDITION_REQUIRED,
    "required",
    "fhir.if_match",
    "Say in If-Match which version this was decided on, as in the ETag that came with it",
);
/// A change of a version that is not the newest.
pub const CHANGED: Outcome = outcome(
    StatusCode::PRECONDITION_FAILED,
    "conflict",
    "fhir.changed",
    "The consent was changed since; read it again before you decide",
);
/// It names somebody whom the person cannot give it to.
pub const NOBODY: Outcome = outcome(
    RULE,
    "value",
    "consent.nobody",
    "The consent names somebody who is not known, or to whom this person cannot give it",
);
/// It is about somebody else.
pub const OTHER: Outcome = outcome(
    RULE,
    "business-rule",
    "consent.other",
    "patient, and performer if it is there, must be the person behind the token: issuer and sub",
);
/// The client would let itself in.
pub const ITSELF: Outcome = outcome(
    StatusCode::FORBIDDEN,
    "forbidden",
    "consent.itself",
    "A client gives nothing to itself: it asks for that with authorization_details, and the person decides",
);
/// A withdrawal that says something else, too.
pub const WITHDRAWAL: Outcome = outcome(
    RULE,
    "business-rule",
    "consent.withdrawal",
    "A consent becomes inactive as it is: the provisions must be those of the version before",
);
/// The person has as many as one can have.
pub const TOO_MANY: Outcome = outcome(
    RULE,
    "too-costly",
    "consent.too_many",
    "The person has too many consents",
);
/// A token without a person of its own.
pub const PERSON: Outcome = outcome(
    StatusCode::FORBIDDEN,
    "forbidden",
    "fhir.person",
    "This needs the token of a person about their own data",
);
/// No token.
pub const LOGIN: Outcome = Outcome {
    challenge: NO_TOKEN.challenge,
    ..outcome(NO_TOKEN.status, "login", NO_TOKEN.id, NO_TOKEN.title())
};
/// Something did not answer.
pub const TRANSIENT: Outcome = outcome(
    UNAVAILABLE.status,
    "transient",
    UNAVAILABLE.id,
    UNAVAILABLE.title(),
);

impl Outcome {
    /// A token that reaches less far.
    pub const fn scope(needed: &'static str) -> Self {
        Self {
            challenge: Some(Challenge::scope(needed)),
            ..outcome(
                StatusCode::FORBIDDEN,
                "forbidden",
                "token.scope",
                "The access token does not reach this far",
            )
        }
    }

    /// As it goes out.
    pub fn body(self) -> Value {
        resource("error", self.code, (self.id, self.text))
    }
}

/// An OperationOutcome of one issue.
pub fn resource(severity: &str, code: &str, (id, text): (&str, &str)) -> Value {
    json!({
        "resourceType": "OperationOutcome",
        "issue": [{
            "severity": severity,
            "code": code,
            "details": {"coding": [{"system": IDS, "code": id}], "text": text},
        }],
    })
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.status {
            StatusCode::UNAUTHORIZED => "login",
            StatusCode::FORBIDDEN => "forbidden",
            _ => "transient",
        };
        Self {
            challenge: refusal.challenge,
            ..outcome(refusal.status, code, refusal.id, refusal.title())
        }
    }
}

impl From<OAuthError> for Outcome {
    fn from(error: OAuthError) -> Self {
        Refusal::from(error).into()
    }
}

impl From<InvalidConsent> for Outcome {
    fn from(error: InvalidConsent) -> Self {
        let (code, id, text) = match error {
            InvalidConsent::Shape => (
                "structure",
                "consent.shape",
                "The resource is not a Consent of the part of FHIR R4 that is understood; what is not understood might \
                 narrow what is said, so it is refused and not left out",
            ),
            InvalidConsent::Code => (
                "code-invalid",
                "consent.code",
                "A code is not one of those that are known in its place",
            ),
            InvalidConsent::Time => ("value", "consent.time", "A time or a period is not valid"),
            InvalidConsent::Unbounded => (
                "required",
                "consent.unbounded",
                "The base provision must deny, and one that permits must say to whom, what, which kinds and what for",
            ),
            InvalidConsent::Nesting => (
                "business-rule",
                "consent.nesting",
                "Only a provision that permits may have provisions in it, and only such as deny",
            ),
            InvalidConsent::Count => ("too-costly", "consent.count", "A consent has 1 to 64 rules"),
        };
        let status = if error == InvalidConsent::Shape { BAD } else { RULE };
        outcome(status, code, id, text)
    }
}

impl From<ConsentError> for Outcome {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Invalid(error) => error.into(),
            ConsentError::Unknown => UNKNOWN,
            ConsentError::Raced => CHANGED,
            ConsentError::TooMany => TOO_MANY,
            other => Refusal::unavailable(&other).into(),
        }
    }
}

impl From<Inside> for Outcome {
    fn from(error: Inside) -> Self {
        match error {
            Inside::Invalid(error) => error.into(),
            Inside::Other => OTHER,
            Inside::Nobody => NOBODY,
            Inside::Itself => ITSELF,
            Inside::Broken(error) => error.into(),
        }
    }
}
