//! Attacks on key documents.

use super::algorithm::SigningAlgorithm;
use super::jwk::{JwkError, KeySet, MAX_KEYS, VerificationKey};
use super::public::PublicKeyError;
use super::signer::SigningKey;

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}

#[test]
fn key_documents_that_show_secrets_are_refused_whole() {
    let good = key(SigningAlgorithm::Es256).public().required_members();
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        let private = good.replacen('{', &format!(r#"{{"{member}":"AA","#), 1);
        let document = format!(r#"{{"keys":[{good},{private}]}}"#);
        assert_eq!(
            KeySet::parse(&document).unwrap_err(),
            JwkError::PrivateKey,
            "{member}"
        );
    }
    assert_eq!(
        KeySet::parse(r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#).unwrap_err(),
        JwkError::SymmetricKey
    );
    assert_eq!(
        KeySet::parse(r#"{"keys":[{"kty":"oct"}]}"#).unwrap_err(),
        JwkError::SymmetricKey
    );
}

#[test]
fn key_documents_beyond_the_bounds_are_refused() {
    let key = |kid: usize| {
        key(SigningAlgorithm::Es256).public().required_members().replacen(
            '{',
            &format!(r#"{{"kid":"k{kid}","#),
            1,
        )
    };
    let document = |count: usize| {
        format!(
            r#"{{"keys":[{}]}}"#,
            (0..count).map(key).collect::<Vec<_>>().join(",")
        )
    };
    assert_eq!(KeySet::parse(&document(MAX_KEYS)).unwrap().keys().len(), MAX_KEYS);
    assert_eq!(
        KeySet::parse(&document(MAX_KEYS + 1)).unwrap_err(),
        JwkError::TooManyKeys
    );
    let padded = format!(r#"{{"keys":[],"pad":"{}"}}"#, "x".repeat(200_000));
    assert_eq!(KeySet::parse(&padded).unwrap_err(), JwkError::TooLarge);
    let overlong = key(0).replacen("k0", &"k".repeat(600), 1);
    assert_eq!(
        KeySet::parse(&format!(r#"{{"keys":[{overlong}]}}"#)).unwrap_err(),
        JwkError::KeyId
    );
}

#[test]
fn two_keys_of_one_name_or_an_empty_name_are_refused() {
    let named = |kid: &str| {
        key(SigningAlgorithm::Es256).public().required_members().replacen(
            '{',
            &format!(r#"{{"kid":"{kid}","#),
            1,
        )
    };
    let document = format!(r#"{{"keys":[{},{}]}}"#, named("a"), named("a"));
    assert_eq!(KeySet::parse(&document).unwrap_err(), JwkError::DuplicateKeyId);
    assert_eq!(
        KeySet::parse(&format!(r#"{{"keys":[{}]}}"#, named(""))).unwrap_err(),
        JwkError::KeyId
    );
}

#[test]
fn malformed_key_documents_are_refused() {
    for document in [
        "",
        "[]",
        "{}",
        "null",
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
        r#"{"keys":[{"kid":"x"}]}"#,
    ] {
        assert_eq!(
            KeySet::parse(document).unwrap_err(),
            JwkError::Malformed,
            "{document}"
        );
    }
    let doubled = r#"{"keys":[{"kty":"EC","kty":"oct","crv":"P-256","x":"AA","y":"AA"}]}"#;
    assert_eq!(KeySet::parse(doubled).unwrap_err(), JwkError::Malformed);
    let short = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#;
    assert_eq!(
        KeySet::parse(short).unwrap_err(),
        JwkError::Key(PublicKeyError::NotOnCurve)
    );
    let mismatched = key(SigningAlgorithm::Es256)
        .public()
        .to_jwk("k", SigningAlgorithm::Rs256);
    assert_eq!(
        VerificationKey::from_jwk(&mismatched).unwrap_err(),
        JwkError::Key(PublicKeyError::Algorithm)
    );
}

#[test]
fn keys_for_other_uses_and_unknown_kinds_are_passed_over() {
    let good = key(SigningAlgorithm::Es256).public().required_members();
    let with = |member: &str| good.replacen('{', &format!("{{{member},"), 1);
    let document = format!(
        r#"{{"keys":[{},{},{},{{"kty":"EC","crv":"P-521","x":"A","y":"A"}},{{"kty":"AKP","pub":"A"}},{}]}}"#,
        with(r#""use":"enc""#),
        with(r#""key_ops":["deriveKey"]"#),
        with(r#""alg":"ECDH-ES""#),
        with(r#""key_ops":["verify"],"use":"sig","kid":"it""#),
    );
    let keys = KeySet::parse(&document).unwrap();
    assert_eq!(
        keys.keys().iter().map(VerificationKey::kid).collect::<Vec<_>>(),
        [Some("it")]
    );
    assert_eq!(
        VerificationKey::from_jwk(&with(r#""use":"enc""#)).unwrap_err(),
        JwkError::Unsupported
    );
}

#[test]
fn the_published_key_has_no_private_member() {
    for algorithm in SigningAlgorithm::ALL {
        let signer = key(algorithm);
        let jwk: serde_json::Value =
            serde_json::from_str(&signer.public().to_jwk(signer.kid(), algorithm)).unwrap();
        assert_eq!(
            (&jwk["kid"], &jwk["alg"], &jwk["use"]),
            (&signer.kid().into(), &algorithm.name().into(), &"sig".into())
        );
        assert!(
            ["d", "p", "q", "dp", "dq", "qi", "k"]
                .iter()
                .all(|member| jwk.get(member).is_none())
        );
        let again = VerificationKey::from_jwk(&jwk.to_string()).unwrap();
        assert_eq!(again.public(), signer.public());
    }
}
