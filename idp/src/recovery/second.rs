//! A second factor is never passed by: who has one shows it before a new password counts.

use crate::factors::{Offered, prove_code};
use crate::http::Call;
use crate::hub::Hub;
use crate::oauth::OAuthError;
use crate::people::Person;
use crate::realms::Realm;

/// What became of the second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Second {
    /// It was shown, or there is none.
    Passed,
    /// It is not right.
    Wrong,
    /// Too many were wrong; the next is looked at after so many seconds.
    Wait(u64),
}

/// Whether a person has one.
pub(super) async fn is_needed(hub: &Hub, realm: &Realm, person: &Person) -> Result<bool, OAuthError> {
    Ok(hub.factors.any_second(realm, person.id).await?)
}

/// Takes a second factor from who has one: a code of their app, or a recovery code. Who has passkeys only, and no recovery
/// codes left, signs in with a passkey and needs no way back; who lost them asks the people whom they trust.
pub(super) async fn prove(
    hub: &Hub,
    call: &Call,
    person: &Person,
    code: Option<&str>,
) -> Result<Second, OAuthError> {
    if !is_needed(hub, &call.realm, person).await? {
        return Ok(Second::Passed);
    }
    let Some(code) = code else {
        return Ok(Second::Wrong);
    };
    Ok(match prove_code(hub, call, person, code).await? {
        Offered::Right { .. } => Second::Passed,
        Offered::Wrong => Second::Wrong,
        Offered::Wait { seconds } => Second::Wait(seconds),
    })
}
