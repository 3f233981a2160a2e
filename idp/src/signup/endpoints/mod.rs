//! `/signup` and what follows it.

mod confirm;
mod form;

use axum::Router;
use axum::routing::get;
use platform::encoding::hex;
use platform::keys::keyed_hash;

use super::store::create;
use crate::credentials::PasswordHash;
use crate::http::{Call, View};
use crate::hub::{Hub, Shared};
use crate::log::{Action, Entry};
use crate::oauth::OAuthError;
use crate::people::{PeopleError, Profile};
use crate::signin::{Next, Place, after_password};

const CREATE: Action = Action::new("person.create");
const CREATED: Action = Action::new("person.created");
const SIGN_IN: Action = Action::new("sign_in.password");

/// The routes of this folder.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/signup", get(form::show).post(form::submit))
        .route("/signup/confirm", get(confirm::show).post(confirm::submit))
}

/// A row with the name that was given. It may be anything, a password included: the log keeps a keyed hash of it.
fn about(call: &Call, entry: Entry, login: &str) -> Entry {
    let hash = keyed_hash(&call.realm.keys.identifiers, "log.login", login.as_bytes());
    entry.detail("login", hex(hash))
}

/// What became of an account that was to be made.
enum Made {
    /// It is there, and its person goes on.
    Next(Next),
    /// Its name is somebody's, or was until too recently.
    Taken,
}

/// Makes the account, and goes on as after a right password.
async fn make(
    hub: &Hub,
    view: &View<'_>,
    profile: Profile,
    (language, password): (&str, &PasswordHash),
    place: &Place,
) -> Result<Made, OAuthError> {
    let call = view.call;
    let login = profile.login.clone();
    hub.record(about(call, call.permit(CREATE), &login)).await?;
    let person = match create(hub, &call.realm, profile, (language, password)).await {
        Ok(person) => person,
        Err(PeopleError::Taken) => {
            let refused = call.deny(CREATE, "sign_up.taken");
            hub.record(about(call, refused, &login)).await?;
            return Ok(Made::Taken);
        }
        Err(error) => return Err(error.into()),
    };
    // Their key exists only now; the row before is the one that had to be there.
    let mut entry = call.permit(CREATED).person(person.id);
    entry.key = person.key.clone();
    hub.record(entry).await?;
    metrics::counter!("musubi_sign_ups_total").increment(1);
    let next = after_password(hub, view, SIGN_IN, (&person, password), place).await?;
    // Nobody but the person knows the password that was just chosen; still, it may be another one by now.
    Ok(Made::Next(
        next.unwrap_or_else(|| Next::Step(place.on("/signin"))),
    ))
}
