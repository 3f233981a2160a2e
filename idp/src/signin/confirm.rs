//! Somebody who is signed in shows again that it is they, before something that a thief of the session must not do.

use std::time::Duration;

use secrecy::SecretString;

use super::SignedIn;
use super::throttle::{Admission, Throttle};
use crate::credentials::{Level, PasswordHash};
use crate::http::Call;
use crate::hub::Hub;
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::people::{IdentifierKind, normalise};

const CONFIRM: Action = Action::new("password.confirm");

/// What became of the password that was asked for.
pub(crate) enum Confirmed {
    /// It is theirs.
    Right(PasswordHash),
    /// It is not, or there was none.
    Wrong,
    /// They have none.
    NoPassword,
    /// Too many were wrong; the next is looked at after so many seconds.
    Wait(u64),
    /// It could not be checked.
    Busy,
}

/// Whether the person signed in just now, by a second factor if they have one.
pub(crate) async fn is_fresh(hub: &Hub, call: &Call, who: &SignedIn) -> Result<bool, OAuthError> {
    let fresh = Duration::from_secs(hub.settings.people.change_max_age_seconds);
    if hub.clock.now().since(who.session.authenticated_at) >= fresh {
        return Ok(false);
    }
    Ok(Level::of_methods(&who.session.amr) >= Level::Multi || !has_second(hub, call, who).await?)
}

async fn has_second(hub: &Hub, call: &Call, who: &SignedIn) -> Result<bool, OAuthError> {
    Ok(hub.factors.any_second(&call.realm, who.person.id).await?)
}

/// Whether the password is enough to show again that it is they: they did not sign in just now, have a password, and no
/// second factor, which would have to be shown as well.
pub(crate) async fn asks_password(hub: &Hub, call: &Call, who: &SignedIn) -> Result<bool, OAuthError> {
    let has_password = hub.passwords.hash_of(&call.realm, who.person.id).await?.is_some();
    Ok(has_password && !is_fresh(hub, call, who).await? && !has_second(hub, call, who).await?)
}

/// Checks the present password, counted as a sign-in is.
pub(crate) async fn confirm_password(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    password: Option<&str>,
) -> Result<Confirmed, OAuthError> {
    let (realm, person) = (&call.realm, &who.person);
    let Some(hash) = hub.passwords.hash_of(realm, person.id).await? else {
        return Ok(Confirmed::NoPassword);
    };
    let about = |mut entry: Entry| {
        entry.key = person.key.clone();
        entry.person(person.id).session(who.session.sid)
    };
    let Some(password) = password else {
        return Ok(Confirmed::Wrong);
    };
    let login = normalise(IdentifierKind::Login, &person.profile.login).unwrap_or_default();
    let throttle = Throttle::new(hub, realm, &login, &call.origin.network());
    if let Admission::Wait(time) = throttle.admit(hub).await? {
        hub.record(about(call.deny(CONFIRM, "password.throttled")))
            .await?;
        return Ok(Confirmed::Wait(time.as_secs()));
    }
    let password = SecretString::from(password);
    match hub.hasher.verify(password, Some(hash.clone())).await {
        Ok(true) => {
            hub.record(about(call.permit(CONFIRM))).await?;
            throttle.succeeded(hub).await?;
            Ok(Confirmed::Right(hash))
        }
        Ok(false) => {
            hub.record(about(call.deny(CONFIRM, "password.wrong"))).await?;
            throttle.failed(hub).await?;
            Ok(Confirmed::Wrong)
        }
        Err(_) => {
            throttle.undecided(hub).await?;
            Ok(Confirmed::Busy)
        }
    }
}

/// Whether somebody has shown again that it is they.
pub(crate) enum ShownAgain {
    /// They signed in just now, or their password is right.
    Yes,
    /// The password is not.
    Wrong,
    /// They have none, or a second factor as well, and signed in too long ago.
    SignInAgain,
    /// Too many were wrong; the next is looked at after so many seconds.
    Wait(u64),
    /// It could not be checked.
    Busy,
}

/// Asks for the password of whoever did not sign in just now. Who has a second factor signs in again.
pub(crate) async fn show_again(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    password: Option<&str>,
) -> Result<ShownAgain, OAuthError> {
    if is_fresh(hub, call, who).await? {
        return Ok(ShownAgain::Yes);
    }
    if has_second(hub, call, who).await? {
        return Ok(ShownAgain::SignInAgain);
    }
    Ok(match confirm_password(hub, call, who, password).await? {
        Confirmed::Right(_) => ShownAgain::Yes,
        Confirmed::Wrong => ShownAgain::Wrong,
        Confirmed::NoPassword => ShownAgain::SignInAgain,
        Confirmed::Wait(seconds) => ShownAgain::Wait(seconds),
        Confirmed::Busy => ShownAgain::Busy,
    })
}
