//! Nonces that nobody keeps (RFC 9449 §8, §9): the moment at which one was given, and a keyed hash of it.

use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::{base64url, from_base64url};
use platform::keys::constant_time_eq;

use crate::realms::Realm;

/// Bytes of the moment.
const MOMENT: usize = 8;
/// Bytes of the hash.
const MAC: usize = 16;

/// The nonces of a realm.
#[derive(Debug, Clone, Copy)]
pub struct Nonces<'r>(&'r Realm);

impl<'r> Nonces<'r> {
    /// How long one is good for. Whoever sends proofs gets a new one with each answer.
    pub const LIFE: Duration = Duration::from_mins(2);

    /// Those of `realm`.
    pub fn of(realm: &'r Realm) -> Self {
        Self(realm)
    }

    /// The nonce that is given at `now`.
    pub fn at(&self, now: Instant) -> String {
        let moment = now.as_micros();
        let mac = self.0.token_hash("dpop.nonce", &moment.to_string());
        let mut bytes = moment.to_be_bytes().to_vec();
        bytes.extend(mac.iter().take(MAC));
        base64url(bytes)
    }

    /// When a nonce was given; `None` if it is not one of this realm, or too old.
    pub fn given_at(&self, nonce: &str, now: Instant) -> Option<Instant> {
        let bytes = from_base64url(nonce).filter(|bytes| bytes.len() == MOMENT + MAC)?;
        let moment = i64::from_be_bytes(bytes.get(..MOMENT)?.try_into().ok()?);
        let given = Instant::from_micros(moment);
        let ours = constant_time_eq(self.at(given).as_bytes(), nonce.as_bytes());
        (ours && now.since(given) < Self::LIFE).then_some(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;

    #[tokio::test]
    async fn a_nonce_is_good_in_its_realm_for_a_while_and_nowhere_else() {
        let house = House::new().await;
        let (clock, entropy) = (&house.hub.clock, &house.hub.entropy);
        let other = house
            .hub
            .realms
            .create(clock, entropy, "Other", "http://127.0.0.1:8080")
            .await
            .unwrap();
        let now = clock.now();
        let (here, there) = (Nonces::of(&house.realm), Nonces::of(&other));
        let nonce = here.at(now);
        assert_eq!(here.given_at(&nonce, now), Some(now));
        assert_eq!(there.given_at(&nonce, now), None);
        assert_eq!(here.given_at(&nonce, now.plus(Nonces::LIFE)), None);
        for made_up in [
            "",
            "x",
            &"A".repeat(32),
            &format!("{nonce}A"),
            &nonce.to_lowercase(),
        ] {
            assert_eq!(here.given_at(made_up, now), None, "{made_up}");
        }
    }
}
