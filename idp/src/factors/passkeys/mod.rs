//! Passkeys (Web Authentication Level 2 §7.1, §7.2; Level 3 §5.11 for related origins).
//!
//! ```text
//! begin ─▶ ceremony: challenge, realm, browser, purpose ─▶ authenticator ─▶ finish: taken, whatever comes of it
//!   sign-in   discoverable: whoever holds the key says who they are by it        ├─▶ verified, holder verified ─▶ shown
//!   second    the passkeys of the person whose password was right                ├─▶ counter went back: refused, logged
//!   register  bound to the session of who registers it                           └─▶ anything else: refused, logged
//! ```
//!
//! Invariants: a ceremony is for one realm, one browser, one purpose, five minutes and one answer; the holder is always
//! verified, so that a passkey is two factors; the relying party id is the host of the issuer; the user handle tells
//! nothing and is the same at each of a person's passkeys; a realm that names authenticators takes no others.

mod assertion;
mod ceremony;
mod registration;

use std::time::Duration;

use platform::ephemeral::Slot;
use platform::keys::keyed_hash;
use url::Url;
use uuid::Uuid;
use webauthn_rs::prelude::{Webauthn, WebauthnBuilder};

use crate::http::Call;
use crate::hub::Hub;
use crate::ids::PersonId;
use crate::oauth::OAuthError;
use crate::realms::Realm;

pub use assertion::{Asserted, begin_second, begin_sign_in, finish_assertion};
pub use ceremony::Options;
pub use registration::{Registered, begin_registration, finish_registration};

/// How long a person may take with their authenticator.
const LIFE: Duration = Duration::from_mins(5);
/// The time over which ceremonies are counted.
const COUNTED_FOR: Duration = Duration::from_mins(30);

/// The relying party that a realm is; `None` where its issuer has no name, since browsers know passkeys by names only.
fn relying_party(realm: &Realm) -> Option<Webauthn> {
    let origin = Url::parse(&realm.issuer).ok()?;
    let name = origin.domain()?.to_owned();
    let mut builder = WebauthnBuilder::new(&name, &origin)
        .ok()?
        .rp_name(&realm.name)
        .timeout(LIFE);
    for related in &realm.sign_in.related_origins {
        builder = builder.append_allowed_origin(&Url::parse(related).ok()?);
    }
    builder.build().ok()
}

/// Counts a ceremony by network; whether it may begin. Anybody may ask for one: what waits for them must not crowd out what
/// waits for others.
pub async fn may_begin(hub: &Hub, call: &Call) -> Result<bool, OAuthError> {
    let slot = Slot::new(call.realm.id, "ceremonies", &call.origin.network());
    let count = hub.ephemeral.increment(&slot, COUNTED_FOR).await?;
    Ok(count <= hub.settings.limits.interactions_per_address)
}

/// Whether passkeys can be had in a realm.
pub fn available(realm: &Realm) -> bool {
    relying_party(realm).is_some()
}

/// The user handle (§5.4.3): tells nothing about the person, and is the same for each of their passkeys.
fn user_handle(realm: &Realm, person: PersonId) -> Uuid {
    let hash = keyed_hash(&realm.keys.subjects, "passkey.user", person.uuid().as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, known)| *byte = known);
    Uuid::from_bytes(bytes)
}
