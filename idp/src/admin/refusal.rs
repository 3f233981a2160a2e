//! Why a call is refused: a stable id, a status, static words. One conversion makes it a problem (RFC 9457).

use std::error::Error;

use http::{HeaderMap, StatusCode};
use platform::http::Problem;

use crate::credentials::PasswordsError;
use crate::factors::FactorsError;
use crate::http::Call;
use crate::numbers::NumbersError;
use crate::oauth::clients::{ClientsError, InvalidMetadata};
use crate::oauth::step_up::Demand;
use crate::oauth::{Challenge, ErrorCode, OAuthError};
use crate::people::{InvalidField, PeopleError};
use crate::realms::RealmError;

/// A refusal. Nothing that was sent is repeated in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// Our stable id (`number.unknown`), also the reason in the access log.
    pub id: &'static str,
    title: &'static str,
    detail: Option<&'static str>,
    /// What would mend it.
    pub challenge: Option<Challenge>,
}

impl Refusal {
    /// A refusal with its stable id and a title for people.
    pub const fn new(status: StatusCode, id: &'static str, title: &'static str) -> Self {
        Self {
            status,
            id,
            title,
            detail: None,
            challenge: None,
        }
    }

    /// What to do about it.
    pub const fn detail(self, detail: &'static str) -> Self {
        Self {
            detail: Some(detail),
            ..self
        }
    }

    /// The `WWW-Authenticate` challenge that goes with it.
    pub const fn challenge(self, challenge: Challenge) -> Self {
        Self {
            challenge: Some(challenge),
            ..self
        }
    }

    /// The sign-in behind the token is not enough (RFC 9470 §3).
    pub const fn step_up(demand: Demand) -> Self {
        let refusal = Self::new(
            StatusCode::UNAUTHORIZED,
            "token.step_up",
            "The sign-in behind the access token is worth too little here, or too long ago",
        );
        refusal
            .detail("Ask for another token with the acr_values and max_age of the challenge.")
            .challenge(Challenge::step_up(demand))
    }

    /// What was named is not in this realm.
    pub const fn not_found(id: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, id, "There is no such thing here")
    }

    /// It cannot be done as things stand.
    pub const fn conflict(id: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, id, title)
    }

    /// A member of the body breaks a rule of its resource.
    pub const fn invalid(id: &'static str, rule: &'static str) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            id,
            "A member of the request is not valid",
        )
        .detail(rule)
    }

    /// A part of the house did not answer. The cause goes to the operator's lines, not to the caller.
    pub fn unavailable(cause: &dyn Error) -> Self {
        tracing::error!(%cause, "a request could not be served");
        UNAVAILABLE
    }

    /// Adds the challenge that goes with it, if one does.
    pub fn write_challenge(&self, call: &Call, headers: &mut HeaderMap) {
        if let Some(challenge) = self.challenge {
            challenge.write(call, headers);
        }
    }

    /// What went wrong, for people.
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// As it goes out, but for the challenge, which depends on who called.
    pub fn problem(self) -> Problem {
        let mut problem = Problem::new(self.status, self.id, self.title);
        if let Some(detail) = self.detail {
            problem = problem.detail(detail);
        }
        problem
    }
}

/// A part of the house did not answer.
pub const UNAVAILABLE: Refusal = Refusal::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "unavailable",
    "The hub cannot answer at the moment",
)
.detail("Try again in a few seconds.");

/// No token.
pub const NO_TOKEN: Refusal = Refusal::new(
    StatusCode::UNAUTHORIZED,
    "token.missing",
    "This needs an access token",
)
.detail("Send an access token of this realm in the Authorization header.")
.challenge(Challenge::NO_TOKEN);

/// A token that does not carry here.
pub const INVALID_TOKEN: Refusal = Refusal::new(
    StatusCode::UNAUTHORIZED,
    "token.access.invalid",
    "The access token is not valid here, or no longer",
)
.challenge(Challenge::code(ErrorCode::InvalidToken));

/// A proof that is not one for this request (RFC 9449 §7.1).
pub const INVALID_PROOF: Refusal = Refusal::new(
    StatusCode::UNAUTHORIZED,
    "token.proof",
    "The DPoP proof is not one for this request",
)
.challenge(Challenge::proof(ErrorCode::InvalidDpopProof));

/// A proof without a nonce of ours (RFC 9449 §9).
pub const USE_NONCE: Refusal = Refusal::new(
    StatusCode::UNAUTHORIZED,
    "token.proof.nonce",
    "The DPoP proof needs the nonce that is in the DPoP-Nonce header",
)
.challenge(Challenge::proof(ErrorCode::UseDpopNonce));

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        match error.code {
            ErrorCode::InvalidToken => Self {
                challenge: Challenge::of(error),
                ..INVALID_TOKEN
            },
            ErrorCode::InvalidDpopProof => INVALID_PROOF,
            ErrorCode::UseDpopNonce => USE_NONCE,
            // What the hub could not do was told to the operator where it happened.
            _ => UNAVAILABLE,
        }
    }
}

impl From<InvalidMetadata> for Refusal {
    fn from(error: InvalidMetadata) -> Self {
        match error {
            InvalidMetadata::RedirectUri(rule) => Self::invalid("client.redirect_uri", rule),
            InvalidMetadata::Other(rule) => Self::invalid("client.metadata", rule),
        }
    }
}

impl From<ClientsError> for Refusal {
    fn from(error: ClientsError) -> Self {
        Self::unavailable(&error)
    }
}

impl From<PasswordsError> for Refusal {
    fn from(error: PasswordsError) -> Self {
        Self::unavailable(&error)
    }
}

impl From<FactorsError> for Refusal {
    fn from(error: FactorsError) -> Self {
        Self::unavailable(&error)
    }
}

impl From<RealmError> for Refusal {
    fn from(error: RealmError) -> Self {
        match error {
            RealmError::Issuer(_) => Self::invalid(
                "realm.issuer",
                "An issuer is an https URL of a host alone, without a slash at its end; http is for loopback hosts only.",
            ),
            RealmError::Taken => Self::conflict("realm.taken", "Another realm has this issuer or host"),
            other => Self::unavailable(&other),
        }
    }
}

impl From<PeopleError> for Refusal {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Identifier(_) => Self::invalid(
                "person.identifier",
                "A login name has 1 to 128 characters, none of them a space; an e-mail address is one.",
            ),
            PeopleError::Taken => Self::conflict(
                "person.taken",
                "This login name or e-mail address is taken, or was another person's until too recently",
            ),
            PeopleError::Field(InvalidField(field)) => Self::invalid(field.problem(), field.rule()),
            PeopleError::Raced => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "person.changed",
                "The person was changed since you read them",
            )
            .detail("Read them again before you decide."),
            other => Self::unavailable(&other),
        }
    }
}

impl From<InvalidField> for Refusal {
    fn from(error: InvalidField) -> Self {
        PeopleError::from(error).into()
    }
}

impl From<NumbersError> for Refusal {
    fn from(error: NumbersError) -> Self {
        match error {
            NumbersError::NotFound => Self::not_found("number.unknown"),
            NumbersError::NameTaken => Self::conflict(
                "number.namespace.taken",
                "Another namespace has this code or name",
            ),
            NumbersError::EmptyBlock => {
                Self::invalid("number.block.empty", "A block has at least one number.")
            }
            NumbersError::Exhausted { .. } => Self::conflict(
                "number.namespace.exhausted",
                "The namespace has fewer numbers left",
            ),
            NumbersError::WrongKind(_) => Self::conflict(
                "number.holder_kind",
                "The numbers of this namespace are for another kind of holder",
            ),
            NumbersError::Assigned(_) => Self::conflict(
                "number.assigned",
                "The number is assigned, or was once and is not to be reissued so",
            ),
            NumbersError::HolderHasNumber => Self::conflict(
                "number.holder_has_one",
                "The holder has a number of this namespace already",
            ),
            NumbersError::Change(_) => Self::conflict(
                "number.state",
                "The number does not stand where this change is possible",
            ),
            NumbersError::NotReissuable(why) => not_reissuable(why),
            NumbersError::Raced => Self::conflict(
                "number.raced",
                "This was changed by somebody else at the same moment",
            )
            .detail("Read it again before you decide."),
            other => Self::unavailable(&other),
        }
    }
}

fn not_reissuable(why: crate::numbers::NotReissuable) -> Refusal {
    use crate::numbers::NotReissuable as Why;
    match why {
        Why::NotCooling(_) => Refusal::conflict("number.reissue.not_cooling", "The number does not rest"),
        Why::Never => Refusal::conflict(
            "number.reissue.never",
            "Numbers of this namespace are never reissued",
        ),
        Why::Resting(_) => {
            Refusal::conflict("number.reissue.resting", "The cooldown of the number is not over")
        }
        Why::Referenced(_) => Refusal::conflict(
            "number.reissue.referenced",
            "Sessions, tokens, links or rows of the access log still name the old holder",
        ),
        Why::Unknown => Refusal::conflict(
            "number.reissue.unknown",
            "It is not known whether something still names the old holder",
        ),
    }
}
