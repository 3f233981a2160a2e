//! Registering a passkey (Web Authentication Level 2 §7.1).

use std::collections::BTreeMap;

use platform::http::Parameters;
use serde_json::{Value, json};
use webauthn_rs::prelude::{
    AttestationCaList, AttestationCaListBuilder, Passkey, RegisterPublicKeyCredential,
};

use super::assertion::read;
use super::ceremony::{self, Options, Purpose, Registration};
use super::{may_begin, relying_party, user_handle};
use crate::factors::{Keeping, Kind, NewFactor};
use crate::http::View;
use crate::hub::Hub;
use crate::ids::FactorId;
use crate::log::{Action, Entry};
use crate::notices::Prepared;
use crate::oauth::OAuthError;
use crate::realms::{Authenticator, Realm};
use crate::signin::SignedIn;

const ADD: Action = Action::new("factor.add");

/// What came of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// The passkey is the person's from now on.
    Kept(FactorId),
    /// It is not taken.
    Refused,
}

/// Asks an authenticator to make a passkey for who is signed in; `None` where there are none.
pub async fn begin_registration(
    hub: &Hub,
    view: &View<'_>,
    who: &SignedIn,
) -> Result<Option<Options>, OAuthError> {
    let realm = &view.call.realm;
    let Some(party) = relying_party(realm) else {
        return Ok(None);
    };
    if !may_begin(hub, view.call).await? {
        return Ok(None);
    }
    let mut known = Vec::new();
    for factor in hub.factors.list(realm, &who.person).await? {
        if factor.kind.is_passkey() {
            known.push(read(&factor)?.cred_id().clone());
        }
    }
    let (handle, profile) = (user_handle(realm, who.person.id), &who.person.profile);
    let (login, name) = (profile.login.as_str(), who.person.display_name());
    let (options, state) = match authorities(realm) {
        Ok(None) => match party.start_passkey_registration(handle, login, name, Some(known)) {
            Ok((options, state)) => (serde_json::to_value(options)?, Registration::Any(state)),
            Err(_) => return Ok(None),
        },
        Ok(Some(authorities)) => {
            let asked = party.start_attested_passkey_registration(
                handle,
                login,
                name,
                Some(known),
                authorities,
                None,
            );
            match asked {
                Ok((options, state)) => (serde_json::to_value(options)?, Registration::Attested(state)),
                Err(_) => return Ok(None),
            }
        }
        Err(Unreadable) => {
            tracing::error!(realm = %realm.id, "a certificate among the realm's authenticators cannot be read");
            return Ok(None);
        }
    };
    let purpose = Purpose::Register {
        person: who.person.id,
        session: who.session.sid,
        state,
    };
    ceremony::begin(hub, view, purpose, discoverable(options))
        .await
        .map(Some)
}

/// Asks for a passkey that its holder can be found by, wherever the authenticator has room for one.
fn discoverable(mut options: Value) -> Value {
    if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection") {
        selection["residentKey"] = json!("preferred");
    }
    options
}

/// A certificate of the policy cannot be read.
struct Unreadable;

fn authorities(realm: &Realm) -> Result<Option<AttestationCaList>, Unreadable> {
    let named = &realm.sign_in.authenticators;
    if named.is_empty() {
        return Ok(None);
    }
    let mut list = AttestationCaListBuilder::new();
    for Authenticator {
        aaguid,
        name,
        certificate,
    } in named
    {
        list.insert_device_pem(certificate.as_bytes(), *aaguid, name.clone(), BTreeMap::new())
            .map_err(|_| Unreadable)?;
    }
    Ok(Some(list.build()))
}

/// Takes what an authenticator made for who is signed in, and calls it `name`.
pub async fn finish_registration(
    hub: &Hub,
    view: &View<'_>,
    who: &SignedIn,
    form: &Parameters,
    (name, told): (&str, Prepared),
) -> Result<Registered, OAuthError> {
    let call = view.call;
    let about = |entry: Entry| Entry {
        key: who.person.key.clone(),
        ..entry.person(who.person.id).session(who.session.sid)
    };
    let (key, keeping) = match verify(hub, view, who, form).await? {
        Ok(made) => made,
        Err(reason) => {
            hub.record(about(call.deny(ADD, reason))).await?;
            return Ok(Registered::Refused);
        }
    };
    let kind = Kind::Passkey(keeping);
    hub.record(about(call.permit(ADD)).detail("kind", kind.as_str()))
        .await?;
    let secret = serde_json::to_vec(&key)?;
    let new = NewFactor {
        kind,
        name,
        handle: Some(key.cred_id().as_slice()),
        secret: &secret,
        counter: 0,
    };
    let kept = hub.factors.add(&call.realm, &who.person, new, Some(told)).await?;
    Ok(kept.map_or(Registered::Refused, Registered::Kept))
}

async fn verify(
    hub: &Hub,
    view: &View<'_>,
    who: &SignedIn,
    form: &Parameters,
) -> Result<Result<(Passkey, Keeping), &'static str>, OAuthError> {
    let id = form.get("ceremony").unwrap_or_default();
    let Some(purpose) = ceremony::take(hub, view, id).await? else {
        return Ok(Err("passkey.ceremony"));
    };
    let Purpose::Register {
        person,
        session,
        state,
    } = purpose
    else {
        return Ok(Err("passkey.purpose"));
    };
    if (person, session) != (who.person.id, who.session.sid) {
        return Ok(Err("passkey.other_person"));
    }
    let answer = form.get("credential").unwrap_or_default();
    let Ok(answer) = serde_json::from_str::<RegisterPublicKeyCredential>(answer) else {
        return Ok(Err("passkey.malformed"));
    };
    let Some(party) = relying_party(&view.call.realm) else {
        return Ok(Err("passkey.unknown"));
    };
    let made = match &state {
        Registration::Any(state) => party.finish_passkey_registration(&answer, state).map(|key| {
            let keeping = if is_copied(&key) {
                Keeping::Software
            } else {
                Keeping::Unknown
            };
            (key, keeping)
        }),
        // The authority vouches for the hardware, and passkeys that are copied were ruled out.
        Registration::Attested(state) => party
            .finish_attested_passkey_registration(&answer, state)
            .map(|key| (Passkey::from(key), Keeping::Hardware)),
    };
    Ok(made.map_err(|_| "passkey.invalid"))
}

/// Whether the authenticator may copy the key to other devices (Web Authentication Level 3 §6.1.3).
fn is_copied(key: &Passkey) -> bool {
    let members = serde_json::to_value(key).unwrap_or_default();
    members.pointer("/cred/backup_eligible").and_then(Value::as_bool) == Some(true)
}
