//! The code with which a person lets themselves be asked by the back channel (`user_code`, CIBA §7.1).
//!
//! Who set one is asked only by whoever brings it: a client that registered for codes sends what the person told it, and a
//! client that did not cannot ask them. The code is kept like a password, and guesses are counted by client and by person.
//!
//! Invariants: a code is looked at only after the person was found, so that it says nothing of who is here; a person
//! without a code takes as long as one with a wrong one.

mod model;
mod store;

use secrecy::SecretString;

pub use model::{Code, LENGTH, Weakness};
pub use store::Codes;

use crate::credentials::HashingBusy;
use crate::hub::Hub;
use crate::oauth::clients::Client;
use crate::oauth::{ErrorCode, OAuthError};
use crate::people::Person;
use crate::realms::Realm;
use crate::signin::{Admission, Throttle};

const MISSING: OAuthError = OAuthError::new(
    ErrorCode::MissingUserCode,
    "backchannel.user_code.missing",
    "this person is asked only by who brings their user_code",
);
const WRONG: OAuthError = OAuthError::new(
    ErrorCode::InvalidUserCode,
    "backchannel.user_code.wrong",
    "the user_code is not the person's",
);
const THROTTLED: OAuthError = OAuthError::new(
    ErrorCode::TooManyRequests,
    "backchannel.user_code.throttled",
    "too many wrong codes; try again later",
);
const BUSY: OAuthError = OAuthError::new(
    ErrorCode::TemporarilyUnavailable,
    "backchannel.user_code.busy",
    "the code cannot be checked at the moment; try again",
);

/// Whether a client may ask a person with the code that it brings, if it brings one.
pub async fn admit(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    person: &Person,
    offered: Option<&str>,
) -> Result<(), OAuthError> {
    let kept = Codes::new(&hub.store).hash_of(realm, person.id).await?;
    let offered = match (offered, &kept) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(MISSING),
        (Some(offered), _) => SecretString::from(Code::typed(offered)),
    };
    let throttle = Throttle::user_codes(hub, realm, person.id, &client.id);
    if throttle.admit(hub).await? != Admission::Admitted {
        return Err(THROTTLED);
    }
    match hub.hasher.verify(offered, kept).await {
        Ok(true) => Ok(throttle.succeeded(hub).await?),
        Ok(false) => {
            throttle.failed(hub).await?;
            Err(WRONG)
        }
        Err(HashingBusy) => {
            throttle.undecided(hub).await?;
            Err(BUSY)
        }
    }
}
