//! Who may change factors: somebody who has just proved all that their account asks for.

use std::time::Duration;

use crate::credentials::Level;
use crate::http::Call;
use crate::hub::Hub;
use crate::oauth::OAuthError;
use crate::signin::{SignedIn, signed_in};

/// How long a proof is fresh.
const FRESH: Duration = Duration::from_mins(10);

/// Whether somebody may change their factors.
#[derive(Debug, Clone)]
pub enum Fresh {
    /// They may.
    Yes(SignedIn),
    /// They must do something first, at this local address.
    First(&'static str),
}

/// Whether who is signed in may change their factors: they signed in a moment ago, by a second factor if they have one.
pub async fn fresh(hub: &Hub, call: &Call) -> Result<Fresh, OAuthError> {
    const SIGN_IN: Fresh = Fresh::First("/signin?to=security");
    let Some(who) = signed_in(hub, call).await? else {
        return Ok(SIGN_IN);
    };
    if hub.clock.now().since(who.session.authenticated_at) > FRESH {
        return Ok(SIGN_IN);
    }
    let held = Level::of_methods(&who.session.amr);
    if held < Level::Multi && hub.factors.any_second(&call.realm, who.person.id).await? {
        return Ok(Fresh::First("/signin/step-up?to=security"));
    }
    Ok(Fresh::Yes(who))
}
