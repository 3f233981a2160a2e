//! An app that is being set up: its secret waits, sealed, until a code of it was shown.

use std::time::Duration;

use platform::encoding::base64url;
use platform::ephemeral::Slot;
use platform::keys::{Aad, constant_time_eq};
use serde::{Deserialize, Serialize};

use super::model::Kind;
use super::store::NewFactor;
use super::totp::Enrolment;
use crate::http::Call;
use crate::hub::Hub;
use crate::ids::{FactorId, PersonId};
use crate::log::{Action, Entry};
use crate::notices::Prepared;
use crate::oauth::{ErrorCode, OAuthError};
use crate::people::Person;
use crate::realms::Realm;

const ADD: Action = Action::new("factor.add");
/// How long setting up an app may take.
const LIFE: Duration = Duration::from_mins(20);
/// How many secrets one person may have waiting: what waits must not crowd out what waits for others.
const MOST: u64 = 50;

const TOO_MANY: OAuthError = OAuthError::new(
    ErrorCode::TooManyRequests,
    "factor.offers",
    "too many apps are being set up",
);

#[derive(Serialize, Deserialize)]
struct Waiting {
    person: PersonId,
    sealed: String,
    browser: String,
}

/// What came of a code of an app that is being set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// The app is the person's from now on.
    Kept(FactorId),
    /// It was no code of this secret.
    Wrong,
    /// The secret is not kept any more, or the person has as many factors as they can have.
    Gone,
}

/// Keeps a fresh secret for `person` in the browser that calls; the id under which it waits.
pub async fn offer(hub: &Hub, realm: &Realm, browser: &str, person: &Person) -> Result<String, OAuthError> {
    let begun = Slot::new(realm.id, "factor-offers", &person.id.to_string());
    if hub.ephemeral.increment(&begun, LIFE).await? > MOST {
        return Err(TOO_MANY);
    }
    let id = hub.entropy.token()?;
    let secret = Enrolment::generate(&hub.entropy)?;
    let sealed = person
        .key
        .seal(&hub.entropy, &aad(realm, person.id), secret.bytes())
        .map_err(crate::factors::FactorsError::from)?;
    let waiting = Waiting {
        person: person.id,
        sealed: base64url(sealed),
        browser: browser_hash(realm, browser),
    };
    let bytes = serde_json::to_vec(&waiting)?;
    hub.ephemeral.put(&slot(realm, &id), bytes, LIFE).await?;
    Ok(id)
}

/// The secret that waits under `id` for this person in this browser.
pub async fn offered(
    hub: &Hub,
    realm: &Realm,
    (id, browser): (&str, &str),
    person: &Person,
) -> Result<Option<Enrolment>, OAuthError> {
    let found = hub.ephemeral.get(&slot(realm, id)).await?;
    open(realm, found.as_deref(), browser, person)
}

/// Keeps the app for good if `code` is one of the secret that waits under `id`. Its step is used up by that.
pub async fn confirm(
    hub: &Hub,
    call: &Call,
    (id, browser): (&str, &str),
    person: &Person,
    (code, name): (&str, &str),
    told: Prepared,
) -> Result<Confirmed, OAuthError> {
    let realm = &call.realm;
    let Some(secret) = offered(hub, realm, (id, browser), person).await? else {
        return refuse(hub, call, person, ("factor.offered", Confirmed::Gone)).await;
    };
    let step = match super::codes::read(code) {
        super::codes::Typed::Totp(code) => secret.step_of(&code, hub.clock.now()),
        _ => None,
    };
    let Some(step) = step else {
        return refuse(hub, call, person, ("factor.wrong", Confirmed::Wrong)).await;
    };
    let taken = hub.ephemeral.take(&slot(realm, id)).await?;
    if open(realm, taken.as_deref(), browser, person)?.is_none() {
        return refuse(hub, call, person, ("factor.offered", Confirmed::Gone)).await;
    }
    let entry = Entry {
        key: person.key.clone(),
        ..call.permit(ADD).person(person.id)
    };
    hub.record(entry.detail("kind", Kind::Totp.as_str())).await?;
    let new = NewFactor {
        kind: Kind::Totp,
        name,
        handle: None,
        secret: secret.bytes(),
        counter: step,
    };
    let kept = hub.factors.add(realm, person, new, Some(told)).await?;
    Ok(kept.map_or(Confirmed::Gone, Confirmed::Kept))
}

/// The app is not taken, and the person finds that in their log.
async fn refuse(
    hub: &Hub,
    call: &Call,
    person: &Person,
    (reason, outcome): (&'static str, Confirmed),
) -> Result<Confirmed, OAuthError> {
    let entry = Entry {
        key: person.key.clone(),
        ..call.deny(ADD, reason).person(person.id)
    };
    hub.record(entry).await?;
    Ok(outcome)
}

fn open(
    realm: &Realm,
    waiting: Option<&[u8]>,
    browser: &str,
    person: &Person,
) -> Result<Option<Enrolment>, OAuthError> {
    let waiting: Option<Waiting> = waiting.and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(waiting) = waiting.filter(|waiting| {
        let same = browser_hash(realm, browser);
        waiting.person == person.id && constant_time_eq(same.as_bytes(), waiting.browser.as_bytes())
    }) else {
        return Ok(None);
    };
    let sealed = platform::encoding::from_base64url(&waiting.sealed).unwrap_or_default();
    let secret = person
        .key
        .open(&aad(realm, person.id), &sealed)
        .map_err(crate::factors::FactorsError::from)?;
    Ok(Some(Enrolment::from_bytes(secret)))
}

fn aad(realm: &Realm, person: PersonId) -> Aad {
    Aad::new(realm.id.uuid(), "factor.offered", person.uuid().as_bytes(), b"")
}

fn browser_hash(realm: &Realm, browser: &str) -> String {
    base64url(realm.token_hash("factor.browser", browser))
}

fn slot(realm: &Realm, id: &str) -> Slot {
    Slot::new(
        realm.id,
        "factor-offered",
        &base64url(realm.token_hash("factor.offered", id)),
    )
}
