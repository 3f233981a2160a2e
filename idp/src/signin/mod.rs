//! Signing in and out (requirements H9, P10; OpenID Connect Core 1.0 §3.1.2.3), step by step.
//!
//! ```text
//! GET /signin ─▶ form ─▶ POST /signin ─▶ counted ─▶ password checked ─▶ logged
//!                  ▲                        │ too many     │ wrong: logged, counted as a failure
//!                  └────────────────────────┴────────────────┘
//! password right ─┬─ nothing more is there or needed ──────────────────────▶ session {pwd}
//!                 ├─ the person has a factor ─▶ in progress ── shown ───────▶ session {pwd, otp, mfa}, {pwd, pop, …}
//!                 └─ they need one, have none ─▶ in progress ── made, shown ─▶ session {pwd, otp, mfa}
//! session {pwd} and a client that asks for more ─▶ in progress ── shown ─────▶ the same session, worth more
//! ```
//!
//! Invariants: an unknown name costs the same work and gives the same answer as a wrong password; failures are counted,
//! successes are not; nothing is answered that is not counted and logged; every sign-in begins a session of its own, and
//! only if all that was shown for it is still the person's. What is in progress is no session: it is bound to the browser
//! that began it, ends after ten minutes, and is taken in one step by the answer that ends it.

mod begin;
mod confirm;
mod context;
mod endpoints;
mod first;
pub mod pages;
mod place;
mod progress;
#[cfg(test)]
mod tests;
pub(crate) mod throttle;

pub(crate) use begin::{Begun, Opened, begin, complete};
pub(crate) use context::{Context, context};
pub(crate) use first::{Next, after_password};
pub use place::Place;
pub(crate) use progress::InProgress;
pub(crate) use throttle::{Admission, Throttle};

pub(crate) use confirm::{Confirmed, ShownAgain, asks_password, confirm_password, is_fresh, show_again};

use std::sync::Arc;

use crate::http::Call;
use crate::http::pages::SESSION;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::oauth::clients::Client;
use crate::people::Person;
use crate::sessions::Session;

const SIGN_OUT: Action = Action::new("session.end");

/// Somebody who is signed in, in the browser that calls.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Their session.
    pub session: Arc<Session>,
    /// They themselves; they may sign in.
    pub person: Arc<Person>,
}

/// Who is signed in in the browser that calls.
pub async fn signed_in(hub: &Hub, call: &Call) -> Result<Option<SignedIn>, OAuthError> {
    let Some(secret) = call.cookie(SESSION) else {
        return Ok(None);
    };
    let Some(session) = hub.sessions.resume(&call.realm, secret).await? else {
        return Ok(None);
    };
    let person = hub.people.by_id(&call.realm, session.person).await?;
    let person = person.filter(|person| person.may_sign_in());
    Ok(person.map(|person| SignedIn { session, person }))
}

/// Ends a session and what rests on it; the clients that took part in it. `asked_by` is the relying party that asked for
/// it.
pub async fn sign_out(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    asked_by: Option<&Client>,
) -> Result<Vec<String>, OAuthError> {
    let sid = who.session.sid;
    let mut entry = call.permit(SIGN_OUT).person(who.person.id).session(sid);
    entry.client = asked_by.map(|client| client.id.clone());
    entry.key = who.person.key.clone();
    hub.record(entry).await?;
    let clients = hub.sessions.end(&call.realm, who.person.id, sid).await?;
    hub.families
        .revoke_session(&call.realm, sid, hub.clock.now())
        .await?;
    Ok(clients.unwrap_or_default())
}
