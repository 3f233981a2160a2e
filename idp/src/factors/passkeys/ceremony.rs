//! Ceremonies: what was asked of an authenticator waits here until it answers, once.

use platform::encoding::base64url;
use platform::ephemeral::Slot;
use platform::keys::constant_time_eq;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{
    AttestedPasskeyRegistration, DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration,
};

use super::LIFE;
use crate::http::View;
use crate::hub::Hub;
use crate::ids::{PersonId, SessionId};
use crate::oauth::OAuthError;
use crate::realms::Realm;

/// What a script hands to the browser, and the id of the ceremony that it hands back.
#[derive(Debug, Serialize)]
pub struct Options {
    ceremony: String,
    #[serde(flatten)]
    options: Value,
}

/// How a passkey is registered.
#[derive(Serialize, Deserialize)]
pub(super) enum Registration {
    /// Whatever it is.
    Any(PasskeyRegistration),
    /// By an authenticator that the realm names.
    Attested(AttestedPasskeyRegistration),
}

/// What an answer is for.
#[derive(Serialize, Deserialize)]
pub(super) enum Purpose {
    /// To sign in, by whoever holds the key.
    SignIn(DiscoverableAuthentication),
    /// To show another factor in a sign-in in progress.
    Second {
        /// Which.
        step: String,
        /// Whose.
        person: PersonId,
        /// What was asked.
        state: PasskeyAuthentication,
    },
    /// To register it.
    Register {
        /// For whom.
        person: PersonId,
        /// In which session.
        session: SessionId,
        /// What was asked.
        state: Registration,
    },
}

#[derive(Serialize, Deserialize)]
struct Ceremony {
    browser: String,
    purpose: Purpose,
}

/// Keeps a ceremony for the browser of `view`; what its script gets.
pub(super) async fn begin(
    hub: &Hub,
    view: &View<'_>,
    purpose: Purpose,
    options: Value,
) -> Result<Options, OAuthError> {
    let realm = &view.call.realm;
    let id = hub.entropy.token()?;
    let ceremony = Ceremony {
        browser: browser_hash(realm, view.browser()),
        purpose,
    };
    let bytes = serde_json::to_vec(&ceremony)?;
    hub.ephemeral.put(&slot(realm, &id), bytes, LIFE).await?;
    Ok(Options {
        ceremony: id,
        options,
    })
}

/// Takes a ceremony: it is over, whatever comes of its answer. `None` if there is none for this browser.
pub(super) async fn take(hub: &Hub, view: &View<'_>, id: &str) -> Result<Option<Purpose>, OAuthError> {
    let realm = &view.call.realm;
    let taken = hub.ephemeral.take(&slot(realm, id)).await?;
    let ceremony: Option<Ceremony> = taken.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let same = |ceremony: &Ceremony| {
        let here = browser_hash(realm, view.browser());
        constant_time_eq(here.as_bytes(), ceremony.browser.as_bytes())
    };
    Ok(ceremony.filter(same).map(|ceremony| ceremony.purpose))
}

fn browser_hash(realm: &Realm, browser: &str) -> String {
    base64url(realm.token_hash("passkey.browser", browser))
}

fn slot(realm: &Realm, id: &str) -> Slot {
    Slot::new(
        realm.id,
        "passkey",
        &base64url(realm.token_hash("passkey.ceremony", id)),
    )
}
