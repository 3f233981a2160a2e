//! How many mails somebody can have sent to an address that need not be theirs.

use std::time::Duration;

use platform::encoding::base64url;
use platform::ephemeral::Slot;
use platform::mail::MailAddress;

use crate::hub::Hub;
use crate::oauth::OAuthError;
use crate::people::{IdentifierKind, normalise};
use crate::realms::Realm;

/// The time over which they are counted.
pub const WINDOW: Duration = Duration::from_hours(1);

/// Counts a mail to an address; whether it may be sent.
pub async fn may_send(hub: &Hub, realm: &Realm, address: &MailAddress) -> Result<bool, OAuthError> {
    let normal = normalise(IdentifierKind::Email, address.as_str()).unwrap_or_default();
    let name = base64url(realm.token_hash("mails", &normal));
    let slot = Slot::new(realm.id, "mails", &name);
    let sent = hub.ephemeral.increment(&slot, WINDOW).await?;
    Ok(sent <= hub.settings.limits.mails_per_address)
}
