//! Whose data details are about: what somebody asks for must be within what that person's consents give to somebody, and
//! within that person's contract with whoever runs the client, now, before anybody is asked anything.

use std::sync::Arc;

use platform::clock::Instant;

use super::model::{AuthorizationDetail, AuthorizationDetails};
use crate::access::{self, Action, Asker, Because, Decision, Period, Question, Who};
use crate::hub::Hub;
use crate::ids::{ConsentId, PersonId};
use crate::numbers::Number;
use crate::oauth::{ErrorCode, OAuthError};
use crate::people::{Person, person_by_number};
use crate::realms::Realm;

/// Whether there is no such person, or they allow nothing, or too little: one answer for all of them.
const REFUSED: OAuthError = OAuthError::new(
    ErrorCode::AccessDenied,
    "authorization.details.person",
    "the person whom authorization_details name does not allow this",
);

/// Another person whose data is asked for, and what allows it.
#[derive(Debug, Clone)]
pub struct Other {
    /// Whose data it is.
    pub person: Arc<Person>,
    /// The consents that allow it: what is given ends with any of them.
    pub rests_on: Vec<ConsentId>,
    /// When the earliest of them ends by itself.
    pub until: Option<Instant>,
}

/// What an error of [`others`] is where something was given before: what somebody allowed or agreed once and does not any
/// more gives nothing any more.
pub fn given_up(error: OAuthError, over: OAuthError) -> OAuthError {
    match error.code {
        ErrorCode::AccessDenied => over,
        _ => error,
    }
}

/// The person's own data, by a client of an operator with whom they have no contract that opens it (requirement H5.1).
const NO_CONTRACT: OAuthError = OAuthError::new(
    ErrorCode::AccessDenied,
    "authorization.details.contract",
    "no contract with the operator of this service opens what authorization_details ask for",
);

/// The other person whom `details` name, if they name one and not `asker`; refused unless that person's consents allow
/// `asker` all of it by way of `client`, and, whose data ever it is, a contract opens it where an operator runs `client`.
pub async fn others(
    hub: &Hub,
    realm: &Realm,
    (asker, client): (PersonId, &str),
    details: Option<&AuthorizationDetails>,
) -> Result<Option<Other>, OAuthError> {
    let Some(details) = details else { return Ok(None) };
    let id = match details.person() {
        None => asker,
        Some(number) => {
            let number = Number::parse(number).map_err(|_| REFUSED)?;
            let named = person_by_number(&hub.store, realm, number).await?;
            named.ok_or(REFUSED)?
        }
    };
    let operator = access::operator(hub, realm, client).await?;
    if id == asker && operator.is_none() {
        return Ok(None);
    }
    let refused = if id == asker { NO_CONTRACT } else { REFUSED };
    let person = hub.people.by_id(realm, id).await?.ok_or(REFUSED)?;
    let who = Who {
        asker: Some(asker),
        subject: id,
        operator: operator.as_ref(),
    };
    let loaded = access::load(hub, realm, who).await?;
    let (mut rests_on, mut until) = (Vec::new(), None::<Instant>);
    for AuthorizationDetail::HealthRecord(record) in details.iter() {
        for kind in &record.datatypes {
            let question = Question {
                asker: Asker {
                    person: Some(asker),
                    client: Some(client),
                    operator: operator.as_ref(),
                    reach: None,
                },
                subject: id,
                action: Action::Read,
                kind: *kind,
                depth: record.depth,
                purpose: record.purpose,
                data: Period::ALWAYS,
                at: hub.clock.now(),
            };
            let Decision::Permit(permit) = access::decide(&question, &loaded.facts()) else {
                return Err(refused);
            };
            for because in permit.because {
                match because {
                    Because::Consent { consent, .. } if !rests_on.contains(&consent) => {
                        rests_on.push(consent);
                    }
                    _ => {}
                }
            }
            let ends = permit.obligations.until;
            until = match (until, ends) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }
    if id == asker {
        return Ok(None);
    }
    // An emergency is no consent: a token that outlives it would be one.
    if rests_on.is_empty() {
        return Err(REFUSED);
    }
    Ok(Some(Other {
        person,
        rests_on,
        until,
    }))
}
