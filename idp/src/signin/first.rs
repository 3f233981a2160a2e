//! What follows a first factor: another one, or a session.

use super::begin::{Opened, about, begin};
use super::place::Place;
use super::progress::{Class, First, InProgress, Wanted, fingerprint};
use crate::credentials::{Level, PasswordHash, method};
use crate::http::View;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::people::Person;
use crate::realms::{Realm, SecondFactor};

const FIRST: Action = Action::new("sign_in.first_factor");

/// What a right password leads to.
pub(crate) enum Next {
    /// A session.
    SignedIn(Opened),
    /// Another step, at this address.
    Step(String),
}

/// Goes on after a password that was shown, or has just been chosen. `None` if it is not the person's any more.
pub(crate) async fn after_password(
    hub: &Hub,
    view: &View<'_>,
    action: Action,
    (person, verified): (&Person, &PasswordHash),
    place: &Place,
) -> Result<Option<Next>, OAuthError> {
    if let Some(address) = another_step(hub, view, person, verified, place).await? {
        return Ok(Some(Next::Step(address)));
    }
    let shown = (method::PASSWORD, verified.into());
    let opened = begin(hub, view.call, person, action, shown).await?;
    Ok(opened.map(Next::SignedIn))
}

/// Where the person goes to show another factor, if they have one, or to make one, if the realm asks for one.
async fn another_step(
    hub: &Hub,
    view: &View<'_>,
    person: &Person,
    verified: &PasswordHash,
    place: &Place,
) -> Result<Option<String>, OAuthError> {
    let realm = &view.call.realm;
    let wanted = if hub.factors.any_second(realm, person.id).await? {
        Wanted::Factor(Class::of(Level::Multi))
    } else if needs_factor(hub, realm, person).await? {
        Wanted::NewFactor
    } else {
        return Ok(None);
    };
    hub.record(about(view.call.permit(FIRST), person)).await?;
    let first = First::Password(fingerprint(realm, verified));
    let id = InProgress::new(&hub.ephemeral, realm)
        .begin(
            &hub.entropy,
            (view.browser(), &view.call.origin.network()),
            person.id,
            (first, wanted),
            place.clone(),
        )
        .await?;
    Ok(Some(match wanted {
        Wanted::Factor(_) => format!("/signin/second?step={id}"),
        Wanted::NewFactor => format!("/signin/enrol?step={id}"),
    }))
}

async fn needs_factor(hub: &Hub, realm: &Realm, person: &Person) -> Result<bool, OAuthError> {
    Ok(match realm.sign_in.second_factor {
        SecondFactor::Optional => false,
        SecondFactor::Everybody => true,
        SecondFactor::Administrators => !hub.people.powers(realm, person.id).await?.is_empty(),
    })
}
