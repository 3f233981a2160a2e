//! How often a client may ask whether somebody has answered (RFC 8628 §3.5, CIBA §11).

use std::sync::Arc;
use std::time::Duration;

use platform::ephemeral::{Ephemeral, Slot};

use crate::oauth::OAuthError;
use crate::realms::Realm;

/// By how much each question that came too soon lengthens the pause.
const PENALTY: Duration = Duration::from_secs(5);
/// How long that is remembered; longer than anything can be waited for.
const MEMORY: Duration = Duration::from_hours(1);

/// What is waited for: the kinds of its two entries in short-lived state.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// That it was asked a moment ago.
    pub asked: &'static str,
    /// How often it was asked too soon.
    pub early: &'static str,
}

/// Notes a question; whether it came too soon. `interval` is the pause that the client was told.
pub async fn is_early(
    ephemeral: &Arc<dyn Ephemeral>,
    realm: &Realm,
    waiting: Waiting,
    name: &str,
    interval: Duration,
) -> Result<bool, OAuthError> {
    let asked = Slot::new(realm.id, waiting.asked, name);
    let early = Slot::new(realm.id, waiting.early, name);
    let times = ephemeral.count(&early).await?;
    let pause = interval + PENALTY.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX));
    if ephemeral.put_new(&asked, Vec::new(), pause).await? {
        return Ok(false);
    }
    ephemeral.increment(&early, MEMORY).await?;
    Ok(true)
}
