//! Failed sign-ins, counted by account and by address. Good ones are not counted: a clinic signs in a thousand times
//! from one address.

use std::net::IpAddr;
use std::time::Duration;

use platform::encoding::base64url;
use platform::ephemeral::{EphemeralError, Slot};
use platform::keys::keyed_hash;

use crate::hub::Hub;
use crate::realms::Realm;

/// The time over which failures are counted, and after which the count starts anew.
pub const WINDOW: Duration = Duration::from_mins(15);

/// The counters of one attempt.
pub struct Throttle {
    account: Slot,
    address: Slot,
}

impl Throttle {
    /// For a login name as it was normalised, from an address. IPv6 counts by /64, which is one subscriber.
    pub fn new(realm: &Realm, login: &str, address: IpAddr) -> Self {
        let network = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
        };
        let name = |context: &str, bytes: &[u8]| base64url(keyed_hash(&realm.keys.tokens, context, bytes));
        Self {
            account: Slot::new(
                realm.id,
                "failures-account",
                &name("throttle.account", login.as_bytes()),
            ),
            address: Slot::new(realm.id, "failures-address", &name("throttle.address", &network)),
        }
    }

    /// Whether the attempt must wait.
    pub async fn is_closed(&self, hub: &Hub) -> Result<bool, EphemeralError> {
        let limits = &hub.settings.limits;
        Ok(
            hub.ephemeral.count(&self.account).await? >= limits.failures_per_account
                || hub.ephemeral.count(&self.address).await? >= limits.failures_per_address,
        )
    }

    /// Counts a failure.
    pub async fn count(&self, hub: &Hub) -> Result<(), EphemeralError> {
        hub.ephemeral.increment(&self.account, WINDOW).await?;
        hub.ephemeral.increment(&self.address, WINDOW).await.map(drop)
    }

    /// A good sign-in clears the account's count, and not the address's: whoever tries many names owns one of them.
    pub async fn clear(&self, hub: &Hub) -> Result<(), EphemeralError> {
        hub.ephemeral.remove(&self.account).await
    }
}
