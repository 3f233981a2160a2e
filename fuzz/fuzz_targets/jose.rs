//! Signed objects, encrypted objects and key sets of strangers: none of them verifies, none opens, none breaks anything.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use platform::clock::Instant;
use platform::keys::{
    AlgorithmSet, KeyEncryptionKey, KeySet, Purpose, ReceivingKeys, RequiredType, SigningAlgorithm, SigningKey,
    VerificationPolicy, verify_compact,
};

static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let keys: Vec<String> = SigningAlgorithm::ALL
        .into_iter()
        .map(|algorithm| {
            let key = SigningKey::generate(algorithm).expect("a key");
            key.public().to_jwk(key.kid(), algorithm)
        })
        .collect();
    KeySet::parse(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).expect("a set")
});

static RECEIVING: LazyLock<ReceivingKeys> = LazyLock::new(|| {
    let key = KeyEncryptionKey::from_bytes([7; 32]).expect("a key");
    let secret = key.derive(Purpose::Receiving, uuid::Uuid::nil());
    ReceivingKeys::derive(&secret, Instant::from_micros(1)).expect("keys")
});

fuzz_target!(|text: &str| {
    let policy = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::JwtOrAbsent);
    assert!(verify_compact(text, &KEYS, &policy).is_err(), "a forgery verifies");
    // Whoever knows the public key can encrypt for it; what is opened is only not to break anything.
    let _ = RECEIVING.open(text);
    if let Ok(keys) = KeySet::parse(text) {
        let _ = verify_compact("eyJhbGciOiJFUzI1NiJ9.e30.AAAA", &keys, &policy);
    }
});
