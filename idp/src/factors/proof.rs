//! A person offers a code: counted, checked, used up.

use super::codes::{Typed, read};
use super::model::Kind;
use super::totp::Enrolment;
use crate::http::Call;
use crate::hub::Hub;
use crate::ids::FactorId;
use crate::log::{Action, Entry};
use crate::notices::{self, Notice};
use crate::oauth::OAuthError;
use crate::people::Person;
use crate::signin::throttle::{Admission, Throttle};

const VERIFY: Action = Action::new("factor.verify");

/// What came of an offered code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It was one of theirs, and is used up.
    Right {
        /// What it belongs to.
        factor: FactorId,
        /// What that is.
        kind: Kind,
    },
    /// It was none of theirs, or was used before.
    Wrong,
    /// There were too many guesses; it was not looked at.
    Wait {
        /// Until one is looked at again.
        seconds: u64,
    },
}

/// Checks a code that somebody offers as this person, and uses it up: one of an app, or a recovery code. Guesses are
/// counted by person, over all their sessions and browsers.
pub async fn prove_code(hub: &Hub, call: &Call, person: &Person, typed: &str) -> Result<Offered, OAuthError> {
    let about = |entry: Entry| Entry {
        key: person.key.clone(),
        ..entry.person(person.id)
    };
    let throttle = Throttle::codes(hub, &call.realm, person.id);
    if let Admission::Wait(time) = throttle.admit(hub).await? {
        hub.record(about(call.deny(VERIFY, "factor.throttled"))).await?;
        return Ok(Offered::Wait {
            seconds: time.as_secs(),
        });
    }
    let outcome = check(hub, call, person, typed).await;
    match &outcome {
        Ok(Some((factor, kind))) => {
            throttle.succeeded(hub).await?;
            let entry = call.permit(VERIFY).resource(kind.as_str(), [factor.to_string()]);
            hub.record(about(entry)).await?;
        }
        Ok(None) => {
            hub.record(about(call.deny(VERIFY, "factor.wrong"))).await?;
            throttle.failed(hub).await?;
        }
        Err(_) => {
            hub.record(about(call.deny(VERIFY, "factor.unavailable"))).await?;
            throttle.undecided(hub).await?;
        }
    }
    Ok(match outcome? {
        Some((factor, kind)) => Offered::Right { factor, kind },
        None => Offered::Wrong,
    })
}

async fn check(
    hub: &Hub,
    call: &Call,
    person: &Person,
    typed: &str,
) -> Result<Option<(FactorId, Kind)>, OAuthError> {
    let realm = &call.realm;
    match read(typed) {
        Typed::Totp(code) => {
            let now = hub.clock.now();
            let factors = hub.factors.list(realm, person).await?;
            for factor in factors.into_iter().filter(|factor| factor.kind == Kind::Totp) {
                let Some(step) = Enrolment::from_bytes(factor.secret).step_of(&code, now) else {
                    continue;
                };
                // The same code a second time finds its step used (RFC 6238 §5.2).
                if hub.factors.advance(realm, person.id, factor.id, step).await? {
                    return Ok(Some((factor.id, Kind::Totp)));
                }
            }
            Ok(None)
        }
        Typed::Recovery(code) => {
            let told = notices::prepare(hub, realm, person, Notice::RecoveryCodeUsed)?;
            let list = hub.factors.take_code(realm, person.id, &code, told).await?;
            Ok(list.map(|list| (list, Kind::Recovery)))
        }
        Typed::Other => Ok(None),
    }
}
