//! Sign-ins in progress: who has shown something and must show more. They are no sessions: they open nothing.

use std::sync::Arc;
use std::time::Duration;

use platform::encoding::base64url;
use platform::entropy::Entropy;
use platform::ephemeral::{Ephemeral, Slot};
use platform::keys::constant_time_eq;
use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::credentials::{Level, PasswordHash};
use crate::ids::{PersonId, SessionId};
use crate::oauth::{ErrorCode, OAuthError};
use crate::realms::Realm;

/// How long a person may take between two steps.
const LIFE: Duration = Duration::from_mins(10);
/// How many sign-ins of one person may be in progress from one network: what waits for one must not crowd out what waits
/// for others.
const MOST: u64 = 100;

const TOO_MANY: OAuthError = OAuthError::new(
    ErrorCode::TooManyRequests,
    "sign_in.steps",
    "too many sign-ins are in progress",
);

/// What has been shown so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum First {
    /// A password; the keyed hash of its hash, so that it is known whether it is still the person's.
    Password(String),
    /// All that a session rests on.
    Session(SessionId),
}

/// What is still to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wanted {
    /// Another factor, one that makes the sign-in worth this class at least.
    Factor(Class),
    /// A factor that they make now, since they have none and need one.
    NewFactor,
}

/// A level, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    Multi,
    PhishingResistant,
    PhishingResistantHardware,
}

impl Class {
    pub(super) fn of(level: Level) -> Self {
        match level {
            Level::Single | Level::Multi => Self::Multi,
            Level::PhishingResistant => Self::PhishingResistant,
            Level::PhishingResistantHardware => Self::PhishingResistantHardware,
        }
    }

    pub(super) fn level(self) -> Level {
        match self {
            Self::Multi => Level::Multi,
            Self::PhishingResistant => Level::PhishingResistant,
            Self::PhishingResistantHardware => Level::PhishingResistantHardware,
        }
    }
}

/// A sign-in in progress.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Whose it is.
    pub(super) person: PersonId,
    pub(super) first: First,
    pub(super) wanted: Wanted,
    pub(super) place: Place,
    /// Hash of the browser's own value: no other browser can go on with it.
    browser: String,
}

/// Sign-ins in progress, by their random ids.
pub(crate) struct InProgress<'h> {
    ephemeral: &'h Arc<dyn Ephemeral>,
    realm: &'h Realm,
}

impl<'h> InProgress<'h> {
    /// Those of a realm.
    pub(crate) fn new(ephemeral: &'h Arc<dyn Ephemeral>, realm: &'h Realm) -> Self {
        Self { ephemeral, realm }
    }

    /// Keeps one for the browser that began it; the id under which it goes on.
    pub(super) async fn begin(
        &self,
        entropy: &Entropy,
        (browser, network): (&str, &str),
        person: PersonId,
        (first, wanted): (First, Wanted),
        place: Place,
    ) -> Result<String, OAuthError> {
        let begun = Slot::new(self.realm.id, "sign-in-begun", &format!("{person} {network}"));
        if self.ephemeral.increment(&begun, LIFE).await? > MOST {
            return Err(TOO_MANY);
        }
        let id = entropy.token()?;
        let progress = Progress {
            person,
            first,
            wanted,
            place,
            browser: self.browser_hash(browser),
        };
        let bytes = serde_json::to_vec(&progress)?;
        self.ephemeral.put(&self.slot(&id), bytes, LIFE).await?;
        Ok(id)
    }

    /// Reads one that this browser began.
    pub(crate) async fn find(&self, id: &str, browser: &str) -> Result<Option<Progress>, OAuthError> {
        let found = self.ephemeral.get(&self.slot(id)).await?;
        Ok(found.and_then(|bytes| self.of_browser(&bytes, browser)))
    }

    /// Takes one that this browser began, so that it ends here; another's is left as it was.
    pub(super) async fn take(&self, id: &str, browser: &str) -> Result<Option<Progress>, OAuthError> {
        if self.find(id, browser).await?.is_none() {
            return Ok(None);
        }
        let taken = self.ephemeral.take(&self.slot(id)).await?;
        Ok(taken.and_then(|bytes| self.of_browser(&bytes, browser)))
    }

    fn of_browser(&self, bytes: &[u8], browser: &str) -> Option<Progress> {
        let progress: Progress = serde_json::from_slice(bytes).ok()?;
        let same = constant_time_eq(self.browser_hash(browser).as_bytes(), progress.browser.as_bytes());
        same.then_some(progress)
    }

    fn browser_hash(&self, browser: &str) -> String {
        base64url(self.realm.token_hash("sign-in.browser", browser))
    }

    fn slot(&self, id: &str) -> Slot {
        let name = base64url(self.realm.token_hash("sign-in.progress", id));
        Slot::new(self.realm.id, "sign-in", &name)
    }
}

impl Progress {
    /// Where the person goes on.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }
}

/// By what a password that was shown is known again.
pub(super) fn fingerprint(realm: &Realm, verified: &PasswordHash) -> String {
    base64url(realm.token_hash("sign-in.password", &verified.to_phc()))
}
