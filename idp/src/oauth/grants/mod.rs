//! The grants of the token endpoint, one a file. Each gets a client that proved who it is.

pub mod authorization_code;
pub mod client_credentials;
pub mod refresh_token;

use crate::http::Call;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::OAuthError;
use crate::oauth::families::Family;

const REVOKE: Action = Action::new("token.revoke");

/// Revokes a family because a code or token of it came again. The row is written first, with the person, so that the
/// one who is concerned sees it.
async fn revoke(hub: &Hub, call: &Call, family: &Family, because: &'static str) -> Result<(), OAuthError> {
    let mut entry = call
        .deny(REVOKE, because)
        .subject(family.person)
        .client(family.client_id.clone());
    entry.session = Some(family.details.signed_in_as);
    if let Some(person) = hub.people.by_id(&call.realm, family.person).await? {
        entry.key = person.key.clone();
    }
    hub.record(entry).await?;
    hub.families
        .revoke(&call.realm, family.id, because, hub.clock.now())
        .await?;
    Ok(())
}
