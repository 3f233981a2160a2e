//! Keys that clients keep elsewhere, from a server that is there, that is gone, and that is not who it was.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use platform::keys::jwe::KeyManagement;
use platform::keys::{
    AlgorithmSet, RequiredType, SigningAlgorithm, SigningKey, VerificationPolicy, VerifyError, sign_compact,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::keys::{self, KeysError};
use super::{Client, Metadata, Registration};
use crate::testing::House;

/// A site that answers every request with the same, and counts them.
struct Site {
    port: u16,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Site {
    async fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (answer, asked) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicUsize::new(0)));
        let (given, counted) = (answer.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 2048];
                let _ = stream.read(&mut request).await;
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = given.lock().unwrap().clone();
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { port, answer, asked }
    }

    fn says(&self, status: &str, body: &str) {
        let length = body.len();
        *self.answer.lock().unwrap() = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/jwk-set+json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
    }

    fn publishes(&self, keys: &[&SigningKey]) {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| key.public().to_jwk(key.kid(), key.algorithm()))
            .collect();
        self.says("200 OK", &format!(r#"{{"keys":[{}]}}"#, keys.join(",")));
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn metadata(&self) -> serde_json::Value {
        json!({
            "redirect_uris": ["http://localhost:1/cb"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": format!("http://127.0.0.1:{}/keys", self.port),
        })
    }
}

async fn register(house: &House, metadata: &serde_json::Value) -> Client {
    let metadata = Metadata::from_json(metadata, false).unwrap();
    let (hub, now) = (&house.hub, house.hub.clock.now());
    let made = hub
        .clients
        .register(&house.realm, &hub.entropy, now, &metadata, true)
        .await;
    made.unwrap().client
}

fn key() -> SigningKey {
    SigningKey::generate(SigningAlgorithm::Es256).unwrap()
}

fn signed(key: &SigningKey) -> String {
    sign_compact(key, None, b"{}").unwrap()
}

async fn verify(house: &House, client: &Client, jws: &str) -> Result<(), KeysError> {
    let policy = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::JwtOrAbsent);
    keys::verify(&house.hub, &house.realm, client, jws, &policy)
        .await
        .map(drop)
}

#[tokio::test]
async fn keys_are_fetched_once_and_serve_until_they_are_old() {
    let (house, site, key) = (House::new().await, Site::new().await, key());
    site.publishes(&[&key]);
    let client = register(&house, &site.metadata()).await;
    for _ in 0..3 {
        assert_eq!(verify(&house, &client, &signed(&key)).await, Ok(()));
    }
    assert_eq!(site.asked(), 1);
    house.time.advance(Duration::from_mins(11));
    assert_eq!(verify(&house, &client, &signed(&key)).await, Ok(()));
    assert_eq!(site.asked(), 2);
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_strangers_cannot_make_the_hub_ask_again_and_again() {
    let (house, site) = (House::new().await, Site::new().await);
    let (old, new, stranger) = (key(), key(), key());
    site.publishes(&[&old]);
    let client = register(&house, &site.metadata()).await;
    assert_eq!(verify(&house, &client, &signed(&old)).await, Ok(()));
    site.publishes(&[&new]);
    house.time.advance(Duration::from_secs(31));
    assert_eq!(verify(&house, &client, &signed(&new)).await, Ok(()));
    assert_eq!(
        verify(&house, &client, &signed(&old)).await,
        Err(KeysError::Verify(VerifyError::UnknownKey))
    );
    for _ in 0..20 {
        assert_eq!(
            verify(&house, &client, &signed(&stranger)).await,
            Err(KeysError::Verify(VerifyError::UnknownKey))
        );
    }
    assert_eq!(site.asked(), 2);
    house.time.advance(Duration::from_secs(31));
    assert!(verify(&house, &client, &signed(&stranger)).await.is_err());
    assert_eq!(site.asked(), 3);
}

#[tokio::test]
async fn keys_serve_for_a_day_while_their_owner_is_out_of_reach_and_not_longer() {
    let (house, site, key) = (House::new().await, Site::new().await, key());
    site.publishes(&[&key]);
    let client = register(&house, &site.metadata()).await;
    assert_eq!(verify(&house, &client, &signed(&key)).await, Ok(()));
    for (status, body) in [
        ("500 Broken", "{}"),
        ("404 Not Found", "{}"),
        ("200 OK", "<html>"),
        ("200 OK", r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#),
    ] {
        site.says(status, body);
        house.time.advance(Duration::from_hours(5));
        assert_eq!(verify(&house, &client, &signed(&key)).await, Ok(()), "{body}");
    }
    house.time.advance(Duration::from_hours(5));
    assert_eq!(
        verify(&house, &client, &signed(&key)).await,
        Err(KeysError::Unavailable)
    );
    site.publishes(&[&key]);
    assert_eq!(
        verify(&house, &client, &signed(&key)).await,
        Err(KeysError::Unavailable),
        "an address is not asked twice in half a minute"
    );
    house.time.advance(Duration::from_secs(31));
    assert_eq!(verify(&house, &client, &signed(&key)).await, Ok(()));
}

#[tokio::test]
async fn those_who_need_keys_at_the_same_time_share_one_call() {
    let (house, site, key) = (House::new().await, Site::new().await, key());
    site.publishes(&[&key]);
    let client = register(&house, &site.metadata()).await;
    let jws = signed(&key);
    let all = (0..20).map(|_| verify(&house, &client, &jws));
    for outcome in futures_util::future::join_all(all).await {
        assert_eq!(outcome, Ok(()));
    }
    assert_eq!(site.asked(), 1);
}

#[tokio::test]
async fn a_key_for_encryption_is_the_one_that_says_so() {
    let (house, site, signing) = (House::new().await, Site::new().await, key());
    let for_encryption = key();
    let mut jwk: serde_json::Value =
        serde_json::from_str(&for_encryption.public().to_jwk("enc-1", SigningAlgorithm::Es256)).unwrap();
    jwk["use"] = json!("enc");
    jwk["alg"] = json!("ECDH-ES");
    let sig = signing.public().to_jwk("sig-1", SigningAlgorithm::Es256);
    site.says("200 OK", &format!(r#"{{"keys":[{sig},{jwk}]}}"#));
    let client = register(&house, &site.metadata()).await;
    let key = async |algorithm| {
        keys::encryption_key(&house.hub, &house.realm, &client, algorithm)
            .await
            .map(|key| format!("{key:?}"))
    };
    assert_eq!(
        key(KeyManagement::EcdhEs).await,
        Ok("EncryptionKey(ECDH-ES)".to_owned())
    );
    for other in [KeyManagement::RsaOaep256, KeyManagement::EcdhEsA128Kw] {
        assert_eq!(key(other).await, Err(KeysError::None));
    }
    // What encrypts does not verify.
    assert_eq!(
        verify(&house, &client, &signed(&for_encryption)).await,
        Err(KeysError::Verify(VerifyError::UnknownKey))
    );
}

#[tokio::test]
async fn keys_by_value_are_never_looked_for_elsewhere() {
    let (house, own, stranger) = (House::new().await, key(), key());
    let jwks: serde_json::Value =
        serde_json::from_str(&own.public().to_jwk(own.kid(), own.algorithm())).unwrap();
    let metadata = json!({
        "redirect_uris": ["http://localhost:1/cb"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [jwks]},
    });
    let client = register(&house, &metadata).await;
    assert_eq!(verify(&house, &client, &signed(&own)).await, Ok(()));
    assert_eq!(
        verify(&house, &client, &signed(&stranger)).await,
        Err(KeysError::Verify(VerifyError::UnknownKey))
    );
    let public = json!({"redirect_uris": ["http://localhost:1/cb"]});
    let without = register(&house, &public).await;
    assert_eq!(
        verify(&house, &without, &signed(&own)).await,
        Err(KeysError::None)
    );
}

#[tokio::test]
async fn a_secret_that_is_over_proves_nothing_and_a_change_of_the_registration_gives_a_new_one() {
    let house = House::new().await;
    let (hub, realm) = (&house.hub, &house.realm);
    let metadata = Metadata::from_json(&json!({"redirect_uris": ["http://localhost:1/cb"]}), false).unwrap();
    let new = Registration {
        own: true,
        secret_life: Some(Duration::from_hours(24)),
        ..Registration::of(&metadata)
    };
    let made = hub
        .clients
        .enter(realm, &hub.entropy, hub.clock.now(), new.clone())
        .await
        .unwrap();
    let (client, first) = (made.client, made.secret.unwrap());
    assert!(client.has_secret(realm, &first, hub.clock.now()));
    let kept = hub
        .clients
        .update(realm, &hub.entropy, hub.clock.now(), &client, new.clone())
        .await;
    assert!(kept.unwrap().unwrap().secret.is_none(), "one that is good stays");
    house.time.advance(Duration::from_hours(24));
    let found = hub.clients.find(realm, &client.id).await.unwrap().unwrap();
    assert!(!found.has_secret(realm, &first, hub.clock.now()));
    let changed = hub
        .clients
        .update(realm, &hub.entropy, hub.clock.now(), &found, new)
        .await;
    let second = changed.unwrap().unwrap().secret.unwrap();
    let found = hub.clients.find(realm, &client.id).await.unwrap().unwrap();
    assert!(found.has_secret(realm, &second, hub.clock.now()));
    assert!(!found.has_secret(realm, &first, hub.clock.now()));
}

#[tokio::test]
async fn of_two_changes_from_one_secret_one_takes_effect_and_the_former_secret_ends_by_itself() {
    let house = House::new().await;
    let (hub, realm) = (&house.hub, &house.realm);
    let metadata = json!({"redirect_uris": ["http://localhost:1/cb"]});
    let client = register(&house, &metadata).await;
    let hour = (Duration::from_hours(1), None);
    let change = || {
        hub.clients
            .change_secret(realm, &hub.entropy, hub.clock.now(), &client, hour)
    };
    let (one, other) = futures_util::future::join(change(), change()).await;
    let made: Vec<_> = [one.unwrap(), other.unwrap()].into_iter().flatten().collect();
    assert_eq!(made.len(), 1);
    let found = hub.clients.find(realm, &client.id).await.unwrap().unwrap();
    assert!(found.has_secret(realm, &made[0].secret, hub.clock.now()));
    let former = found.secrets.former.clone().unwrap();
    assert_eq!(former.ends, Some(hub.clock.now().plus(Duration::from_hours(1))));
    house.time.advance(Duration::from_hours(1));
    assert!(found.has_secret(realm, &made[0].secret, hub.clock.now()));
    assert!(!found.secrets.accept(&former.hash, hub.clock.now()));
}
