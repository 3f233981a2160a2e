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

/// What a mail is sent for. Each is counted by itself: whoever has an account can have mails sent to any address, and must
/// not use up those by which its owner gets back into theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// To show that the address is somebody's.
    ToConfirm,
    /// To get back into an account.
    ToRecover,
    /// To make one.
    ToSignUp,
}

impl Sent {
    fn kind(self) -> &'static str {
        match self {
            Self::ToConfirm => "mails",
            Self::ToRecover => "mails-recovery",
            Self::ToSignUp => "mails-sign-up",
        }
    }
}

/// Counts a mail to an address; whether it may be sent.
pub async fn may_send(
    hub: &Hub,
    realm: &Realm,
    sent: Sent,
    address: &MailAddress,
) -> Result<bool, OAuthError> {
    let normal = normalise(IdentifierKind::Email, address.as_str()).unwrap_or_default();
    let name = base64url(realm.token_hash(sent.kind(), &normal));
    let slot = Slot::new(realm.id, sent.kind(), &name);
    let sent = hub.ephemeral.increment(&slot, WINDOW).await?;
    Ok(sent <= hub.settings.limits.mails_per_address)
}
