//! What may be used once: assertions, proofs, signed requests. The first use is remembered as long as the object could be
//! taken again.

use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::base64url;
use platform::ephemeral::Slot;

use crate::hub::Hub;
use crate::oauth::OAuthError;
use crate::realms::Realm;

/// What came of a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// Nobody used it before, and nobody will again.
    ForTheFirstTime,
    /// It was used before.
    Before,
    /// It was made before the memory of uses began: nobody knows.
    MaybeBefore,
}

/// Uses an object of `kind` by its unique `name`. `made` is when it was made, as far as is known; `memory` is how long it
/// could be taken again.
pub async fn use_once(
    hub: &Hub,
    realm: &Realm,
    kind: &'static str,
    name: &str,
    made: Option<Instant>,
    memory: Duration,
) -> Result<Used, OAuthError> {
    let since = hub.ephemeral.remembers_since().await?;
    if !is_remembered(made, since, hub.clock.now(), memory) {
        return Ok(Used::MaybeBefore);
    }
    let slot = Slot::new(realm.id, kind, &base64url(realm.token_hash(kind, name)));
    let first = hub.ephemeral.put_new(&slot, Vec::new(), memory).await?;
    Ok(if first {
        Used::ForTheFirstTime
    } else {
        Used::Before
    })
}

/// Whether a use would be known: the object was made (to the second, as `iat` is) after what is remembered began, or that
/// is so long ago that all that was used before has expired.
fn is_remembered(made: Option<Instant>, since: Instant, now: Instant, memory: Duration) -> bool {
    now.since(since) >= memory || made.is_some_and(|at| at.as_seconds() >= since.as_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_before_the_memory_of_uses_began_is_uncertain_until_all_such_have_expired() {
        let memory = Duration::from_mins(10);
        let began = Instant::from_micros(5_000_000);
        let soon = began.plus(Duration::from_secs(3));
        let known = |made, now| is_remembered(made, began, now, memory);
        assert!(!known(Some(Instant::from_micros(4_000_000)), soon));
        assert!(!known(None, soon));
        assert!(known(Some(began.plus(Duration::from_secs(1))), soon));
        assert!(known(None, began.plus(memory)));
    }
}
