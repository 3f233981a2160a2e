//! An ID token that comes back as a hint (OpenID Connect RP-Initiated Logout 1.0 §2).

use platform::keys::KeySet;

use crate::oauth::tokens::{IdClaims, read_hint};

/// What a text that is offered as an ID token turned out to be.
#[derive(Debug)]
pub enum Hint {
    /// An ID token from here, of whatever age.
    Ours(Box<IdClaims>),
    /// Something encrypted: only the client can open what was made for it.
    Encrypted,
    /// Anything else.
    Other,
}

impl Hint {
    /// Reads a hint.
    pub fn read(text: &str, keys: &KeySet, issuer: &str) -> Self {
        // RFC 7516 §9: a JWE has five parts, a JWS three.
        if text.bytes().filter(|byte| *byte == b'.').count() == 4 {
            return Self::Encrypted;
        }
        read_hint(text, keys, issuer).map_or(Self::Other, |claims| Self::Ours(Box::new(claims)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use platform::keys::{SigningAlgorithm, sign_compact};
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::House;

    async fn signed(house: &House, typ: &str, changes: Value) -> String {
        let now = house.hub.clock.now().as_seconds();
        let mut claims = json!({"iss": house.realm.issuer, "sub": "s", "aud": "rp", "iat": now, "exp": now + 60,
            "amr": ["pwd"], "sid": "the session"});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let keys = &house.hub.keys;
        let key = keys
            .signer(house.realm.id, SigningAlgorithm::Es256)
            .await
            .unwrap();
        sign_compact(&key, Some(typ), claims.to_string().as_bytes()).unwrap()
    }

    async fn read(house: &House, text: &str) -> Hint {
        let keys = house.hub.keys.hint_keys(house.realm.id).await.unwrap();
        Hint::read(text, &keys, &house.realm.issuer)
    }

    #[tokio::test]
    async fn an_id_token_is_read_as_a_hint_after_its_end_and_after_its_key_was_taken_from_the_published_ones()
    {
        let house = House::new().await;
        let token = signed(&house, "JWT", json!({})).await;
        let keys = &house.hub.keys;
        let rotation = keys
            .rotate(house.realm.id, SigningAlgorithm::Es256)
            .await
            .unwrap();
        let wait = rotation.activates_at.since(house.hub.clock.now());
        house
            .time
            .advance(wait + keys.policy().keep_retired + Duration::from_secs(1));
        let published = keys.verification_keys(house.realm.id).await.unwrap();
        assert!(read_hint(&token, &published, &house.realm.issuer).is_none());
        assert!(
            matches!(read(&house, &token).await, Hint::Ours(claims) if claims.sid.as_deref() == Some("the session"))
        );
    }

    #[tokio::test]
    async fn tokens_of_another_kind_issuer_or_key_are_no_hints() {
        let (house, other) = (House::new().await, House::new().await);
        for token in [
            signed(&house, "logout+jwt", json!({})).await,
            signed(&house, "at+jwt", json!({})).await,
            signed(&house, "JWT", json!({"iss": "http://localhost:8081"})).await,
            signed(&other, "JWT", json!({})).await,
            "a.b.c".to_owned(),
            String::new(),
        ] {
            assert!(matches!(read(&house, &token).await, Hint::Other), "{token}");
        }
        assert!(matches!(read(&house, "e30.a.b.c.d").await, Hint::Encrypted));
    }
}
