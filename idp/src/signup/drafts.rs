//! Accounts that wait for a code: nobody yet. Kept in short-lived state, sealed, by random ids.

use std::sync::Arc;
use std::time::Duration;

use platform::encoding::base64url;
use platform::ephemeral::{Ephemeral, Slot};
use platform::keys::{Aad, constant_time_eq};
use serde::{Deserialize, Serialize};

use crate::email::Code;
use crate::hub::Hub;
use crate::mail::MailError;
use crate::oauth::OAuthError;
use crate::realms::Realm;
use crate::signin::Place;

/// How long a code works.
pub(super) const LIFE: Duration = Duration::from_mins(30);
/// Tries of one code: of a hundred million, an attacker guesses five.
const TRIES: u64 = 5;

/// An account that waits for a code.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Draft {
    /// The address that it will be known by.
    pub(super) address: String,
    /// The person's full name.
    pub(super) name: Option<String>,
    /// The language that they read.
    pub(super) language: String,
    /// The hash of the password that they chose.
    pub(super) phc: String,
    /// Where they go on.
    pub(super) place: Place,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    draft: Draft,
    /// Hash of the code. Whether anybody was sent it does not show.
    code: String,
    /// Hash of the browser's own value: no other browser can go on with it.
    browser: String,
}

/// What became of a code.
pub(super) enum Entered {
    /// It is right, for the first and only time.
    Right(Draft),
    /// It is not.
    Wrong(Draft),
    /// There is no such draft for this browser, or no more.
    Over,
}

/// The drafts of a realm.
pub(super) struct Drafts<'h> {
    hub: &'h Hub,
    realm: &'h Realm,
}

impl<'h> Drafts<'h> {
    pub(super) fn new(hub: &'h Hub, realm: &'h Realm) -> Self {
        Self { hub, realm }
    }

    /// Keeps one for the browser that began it; the id under which it goes on.
    pub(super) async fn begin(&self, browser: &str, draft: Draft, code: &Code) -> Result<String, OAuthError> {
        let id = self.hub.entropy.token()?;
        let kept = Kept {
            code: self.code_hash(&id, code),
            browser: self.browser_hash(browser),
            draft,
        };
        let plain = serde_json::to_vec(&kept)?;
        let (realm, slot) = (self.realm, self.slot(&id));
        let sealed = realm.keys.data.seal(&self.hub.entropy, &self.aad(&slot), &plain);
        let sealed = sealed.map_err(MailError::from)?;
        self.ephemeral().put(&slot, sealed, LIFE).await?;
        Ok(id)
    }

    /// Reads one that this browser began.
    pub(super) async fn find(&self, id: &str, browser: &str) -> Result<Option<Draft>, OAuthError> {
        Ok(self.kept(id, browser).await?.map(|kept| kept.draft))
    }

    /// Takes a code: counted first, then compared; a right one ends the draft in one step.
    pub(super) async fn enter(
        &self,
        id: &str,
        browser: &str,
        code: Option<&Code>,
    ) -> Result<Entered, OAuthError> {
        let Some(kept) = self.kept(id, browser).await? else {
            return Ok(Entered::Over);
        };
        let slot = self.slot(id);
        let tries = Slot::new(self.realm.id, "sign-up-tries", &self.name(id));
        if self.ephemeral().increment(&tries, LIFE).await? > TRIES {
            self.ephemeral().remove(&slot).await?;
            return Ok(Entered::Over);
        }
        let right = code
            .is_some_and(|code| constant_time_eq(self.code_hash(id, code).as_bytes(), kept.code.as_bytes()));
        if !right {
            return Ok(Entered::Wrong(kept.draft));
        }
        let taken = self.ephemeral().take(&slot).await?;
        let taken = taken.and_then(|sealed| self.open(&slot, &sealed));
        Ok(taken.map_or(Entered::Over, |kept| Entered::Right(kept.draft)))
    }

    async fn kept(&self, id: &str, browser: &str) -> Result<Option<Kept>, OAuthError> {
        let slot = self.slot(id);
        let found = self.ephemeral().get(&slot).await?;
        let kept = found.and_then(|sealed| self.open(&slot, &sealed));
        let own = self.browser_hash(browser);
        Ok(kept.filter(|kept| constant_time_eq(own.as_bytes(), kept.browser.as_bytes())))
    }

    fn open(&self, slot: &Slot, sealed: &[u8]) -> Option<Kept> {
        let plain = self.realm.keys.data.open(&self.aad(slot), sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    fn ephemeral(&self) -> &Arc<dyn Ephemeral> {
        &self.hub.ephemeral
    }

    fn code_hash(&self, id: &str, code: &Code) -> String {
        let bound = format!("{id} {}", code.expose());
        base64url(self.realm.token_hash("sign-up.code", &bound))
    }

    fn browser_hash(&self, browser: &str) -> String {
        base64url(self.realm.token_hash("sign-up.browser", browser))
    }

    fn name(&self, id: &str) -> String {
        base64url(self.realm.token_hash("sign-up", id))
    }

    fn slot(&self, id: &str) -> Slot {
        Slot::new(self.realm.id, "sign-up", &self.name(id))
    }

    fn aad(&self, slot: &Slot) -> Aad {
        Aad::new(self.realm.id.uuid(), "sign-up", b"", slot.as_str().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;

    #[tokio::test]
    async fn an_account_that_waits_for_its_code_is_one_of_its_browser_and_its_realm() {
        let house = House::new().await;
        let hub: &Hub = &house.hub;
        let other = hub
            .realms
            .create(&hub.clock, &hub.entropy, "Other", "http://127.0.0.1:8081")
            .await
            .unwrap();
        let (here, there) = (Drafts::new(hub, &house.realm), Drafts::new(hub, &other));
        let code = Code::generate(&hub.entropy).unwrap();
        let draft = Draft {
            address: "hanako@example.jp".to_owned(),
            name: None,
            language: "ja".to_owned(),
            phc: "a hash".to_owned(),
            place: Place::Account,
        };
        let id = here.begin("hers", draft, &code).await.unwrap();
        for (drafts, browser) in [(&there, "hers"), (&here, "another"), (&here, "")] {
            assert!(drafts.find(&id, browser).await.unwrap().is_none());
            let entered = drafts.enter(&id, browser, Some(&code)).await.unwrap();
            assert!(matches!(entered, Entered::Over), "{browser}");
        }
        let entered = here.enter(&id, "hers", Some(&code)).await.unwrap();
        assert!(matches!(entered, Entered::Right(_)));
        let again = here.enter(&id, "hers", Some(&code)).await.unwrap();
        assert!(matches!(again, Entered::Over));
    }
}
