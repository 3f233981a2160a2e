//! Signing in with a passkey (Web Authentication Level 2 §7.2).

use std::sync::Arc;

use platform::http::Parameters;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableKey, Passkey, PublicKeyCredential, WebauthnError,
};

use super::ceremony::{self, Options, Purpose};
use super::{relying_party, user_handle};
use crate::factors::{Factor, FactorsError, Kind};
use crate::http::View;
use crate::hub::Hub;
use crate::ids::FactorId;
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::people::Person;

const VERIFY: Action = Action::new("passkey.verify");

/// A passkey that was shown by its verified holder.
#[derive(Debug, Clone)]
pub struct Asserted {
    /// Whose it is.
    pub person: Arc<Person>,
    /// Which.
    pub factor: FactorId,
    /// What it is worth.
    pub kind: Kind,
    /// The sign-in in progress that it was asked for; a sign-in by itself otherwise.
    pub step: Option<String>,
}

/// Asks for a passkey of whoever holds one; `None` where there are none.
pub async fn begin_sign_in(hub: &Hub, view: &View<'_>) -> Result<Option<Options>, OAuthError> {
    let Some(party) = relying_party(&view.call.realm) else {
        return Ok(None);
    };
    let Ok((options, state)) = party.start_discoverable_authentication() else {
        return Ok(None);
    };
    let options = serde_json::to_value(options)?;
    ceremony::begin(hub, view, Purpose::SignIn(state), options)
        .await
        .map(Some)
}

/// Asks for one of a person's passkeys in the sign-in in progress `step`; `None` if they have none.
pub async fn begin_second(
    hub: &Hub,
    view: &View<'_>,
    person: &Person,
    step: &str,
) -> Result<Option<Options>, OAuthError> {
    let Some(party) = relying_party(&view.call.realm) else {
        return Ok(None);
    };
    let mut keys = Vec::new();
    for factor in hub.factors.list(&view.call.realm, person).await? {
        if factor.kind.is_passkey() {
            keys.push(read(&factor)?);
        }
    }
    if keys.is_empty() {
        return Ok(None);
    }
    let Ok((options, state)) = party.start_passkey_authentication(&keys) else {
        return Ok(None);
    };
    let options = serde_json::to_value(options)?;
    let purpose = Purpose::Second {
        step: step.to_owned(),
        person: person.id,
        state,
    };
    ceremony::begin(hub, view, purpose, options).await.map(Some)
}

pub(super) fn read(factor: &Factor) -> Result<Passkey, FactorsError> {
    serde_json::from_slice(&factor.secret).map_err(|_| FactorsError::Unreadable)
}

/// Takes what an authenticator signed; `None`, and a row that says why, if it is not taken.
pub async fn finish_assertion(
    hub: &Hub,
    view: &View<'_>,
    form: &Parameters,
) -> Result<Option<Asserted>, OAuthError> {
    match verify(hub, view, form).await? {
        Ok(asserted) => Ok(Some(asserted)),
        Err(refused) => {
            let mut entry = view.call.deny(VERIFY, refused.reason);
            if let Some(person) = &refused.whose {
                entry = Entry {
                    key: person.key.clone(),
                    ..entry.subject(person.id)
                };
            }
            hub.record(entry).await?;
            Ok(None)
        }
    }
}

/// Why an answer was not taken, and whose passkey it named, if anybody's.
struct Refused {
    reason: &'static str,
    whose: Option<Arc<Person>>,
}

impl Refused {
    const fn of_nobody(reason: &'static str) -> Self {
        Self { reason, whose: None }
    }
}

async fn verify(
    hub: &Hub,
    view: &View<'_>,
    form: &Parameters,
) -> Result<Result<Asserted, Refused>, OAuthError> {
    let realm = &view.call.realm;
    let id = form.get("ceremony").unwrap_or_default();
    let Some(purpose) = ceremony::take(hub, view, id).await? else {
        return Ok(Err(Refused::of_nobody("passkey.ceremony")));
    };
    let answer = form.get("credential").unwrap_or_default();
    let Ok(answer) = serde_json::from_str::<PublicKeyCredential>(answer) else {
        return Ok(Err(Refused::of_nobody("passkey.malformed")));
    };
    let found = hub.factors.by_handle(realm, answer.get_credential_id()).await?;
    let Some((person, factor)) = found else {
        return Ok(Err(Refused::of_nobody("passkey.unknown")));
    };
    let (Some(party), Some(person)) = (relying_party(realm), hub.people.by_id(realm, person).await?) else {
        return Ok(Err(Refused::of_nobody("passkey.unknown")));
    };
    let factors = hub.factors.list(realm, &person).await?;
    let Some(factor) = factors.into_iter().find(|known| known.id == factor) else {
        return Ok(Err(Refused::of_nobody("passkey.unknown")));
    };
    let theirs = |reason| {
        let whose = Some(person.clone());
        Ok(Err(Refused { reason, whose }))
    };
    if !person.may_sign_in() {
        return theirs("passkey.suspended");
    }
    let mut key = read(&factor)?;
    let handle = answer.get_user_unique_id();
    let is_theirs = |handle: &[u8]| handle == user_handle(realm, person.id).as_bytes();
    let (result, step) = match purpose {
        // Nobody said who they are: the handle must, and must fit the key (§7.2 step 6).
        Purpose::SignIn(state) if handle.is_some_and(is_theirs) => {
            let keys = [DiscoverableKey::from(&key)];
            (
                party.finish_discoverable_authentication(&answer, state, &keys),
                None,
            )
        }
        Purpose::Second {
            step,
            person: asked,
            state,
        } if asked == person.id && handle.is_none_or(is_theirs) => {
            (party.finish_passkey_authentication(&answer, &state), Some(step))
        }
        Purpose::SignIn(_) | Purpose::Second { .. } => return theirs("passkey.other_person"),
        Purpose::Register { .. } => return theirs("passkey.purpose"),
    };
    match result {
        Ok(result) if result.user_verified() => {
            if !note_use(hub, view, &person, (&factor, &mut key), &result).await? {
                return theirs("passkey.raced");
            }
            Ok(Ok(Asserted {
                factor: factor.id,
                kind: factor.kind,
                person,
                step,
            }))
        }
        Ok(_) => theirs("passkey.holder_not_verified"),
        Err(WebauthnError::CredentialPossibleCompromise) => theirs("passkey.counter"),
        Err(_) => theirs("passkey.invalid"),
    }
}

/// Keeps where the signature counter stands; of two uses at once, one is refused.
async fn note_use(
    hub: &Hub,
    view: &View<'_>,
    person: &Person,
    (factor, key): (&Factor, &mut Passkey),
    result: &AuthenticationResult,
) -> Result<bool, OAuthError> {
    key.update_credential(result);
    let secret = serde_json::to_vec(&*key)?;
    let uses = factor.counter.saturating_add(1);
    Ok(hub
        .factors
        .used(&view.call.realm, person, factor, &secret, uses)
        .await?)
}
