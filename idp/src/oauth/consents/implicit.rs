//! The consent that an administrator gives once for all, for the operator's own clients: people are not asked, and find it
//! among their connected applications and in their access log like any other.

use super::Recipient;
use crate::http::Call;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::clients::Client;
use crate::oauth::tokens::subject;
use crate::oauth::{OAuthError, Scope};
use crate::signin::SignedIn;

const GRANT: Action = Action::new("consent.first_party");

/// Writes down that `who` lets a first party have `scope` without having been asked.
pub async fn grant(
    hub: &Hub,
    call: &Call,
    who: &SignedIn,
    (client, recipient): (&Client, &Recipient),
    scope: &Scope,
) -> Result<(), OAuthError> {
    let mut entry = call
        .permit(GRANT)
        .person(who.person.id)
        .session(who.session.sid)
        .client(recipient.client_id.clone())
        .detail("scope", scope.to_string())
        .detail("place", recipient.place.clone());
    entry.key = who.person.key.clone();
    hub.record(entry).await?;
    let now = hub.clock.now();
    let known_as = subject(&call.realm, who.person.id, client);
    hub.consents
        .grant(&call.realm, who.person.id, (recipient, known_as), scope, now)
        .await?;
    Ok(())
}
