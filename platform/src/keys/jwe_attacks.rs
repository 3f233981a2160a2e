//! Attacks on encrypted objects, with josekit's defaults as the attacker's tool and as the second implementation.

use josekit::jwe::{self, JweContext, JweHeader};
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jwk::alg::ecx::{EcxCurve, EcxKeyPair};
use josekit::jwk::alg::rsa::RsaKeyPair;
use josekit::jwk::{Jwk, KeyPair as _};

use super::content::ContentEncryption;
use super::header::HeaderError;
use super::jwe::{
    DEFAULT_MAX_CHARS, DecryptionKey, EncryptionKey, JweError, KeyManagement, decrypt_compact,
    encrypt_compact,
};
use crate::encoding::{base64url, from_base64url};

struct Pair {
    ours: DecryptionKey,
    public: Jwk,
}

fn ec(algorithm: KeyManagement, kid: &str) -> Pair {
    let pair = EcKeyPair::generate(EcCurve::P256).unwrap();
    let ours = DecryptionKey::from_pkcs8(algorithm, kid, &pair.to_der_private_key()).unwrap();
    Pair {
        ours,
        public: named(pair.to_jwk_public_key(), kid),
    }
}

fn rsa(kid: &str) -> Pair {
    let pair = RsaKeyPair::generate(2048).unwrap();
    let ours = DecryptionKey::from_pkcs8(KeyManagement::RsaOaep256, kid, &pair.to_der_private_key()).unwrap();
    Pair {
        ours,
        public: named(pair.to_jwk_public_key(), kid),
    }
}

fn named(mut jwk: Jwk, kid: &str) -> Jwk {
    jwk.set_key_id(kid);
    jwk
}

fn pair(algorithm: KeyManagement) -> Pair {
    match algorithm {
        KeyManagement::RsaOaep256 => rsa("k"),
        _ => ec(algorithm, "k"),
    }
}

fn encrypt(pair: &Pair, algorithm: KeyManagement, encryption: ContentEncryption) -> String {
    let key = EncryptionKey::from_jwk(algorithm, &pair.public.to_string()).unwrap();
    encrypt_compact(b"secret", Some("JWT"), encryption, &key).unwrap()
}

fn decrypt(object: &str, keys: &[DecryptionKey]) -> Result<Vec<u8>, JweError> {
    decrypt_compact(object, keys, DEFAULT_MAX_CHARS).map(|decrypted| decrypted.content)
}

fn with_part(object: &str, index: usize, part: &str) -> String {
    let mut parts: Vec<_> = object.split('.').collect();
    parts[index] = part;
    parts.join(".")
}

#[test]
fn every_listed_combination_decrypts_and_names_its_key_and_content() {
    for algorithm in KeyManagement::ALL {
        let pair = pair(algorithm);
        for encryption in ContentEncryption::ALL {
            let object = encrypt(&pair, algorithm, encryption);
            let decrypted =
                decrypt_compact(&object, std::slice::from_ref(&pair.ours), DEFAULT_MAX_CHARS).unwrap();
            assert_eq!(decrypted.content, b"secret");
            assert_eq!(decrypted.header.kid.as_deref(), Some("k"));
            assert_eq!(decrypted.header.cty.as_deref(), Some("JWT"));
        }
    }
}

#[test]
fn an_x25519_key_works_as_well() {
    let pair = EcxKeyPair::generate(EcxCurve::X25519).unwrap();
    let ours = DecryptionKey::from_pkcs8(KeyManagement::EcdhEs, "x", &pair.to_der_private_key()).unwrap();
    let key = EncryptionKey::from_jwk(KeyManagement::EcdhEs, &pair.to_jwk_public_key().to_string()).unwrap();
    let object = encrypt_compact(b"secret", None, ContentEncryption::A256Gcm, &key).unwrap();
    assert_eq!(decrypt(&object, &[ours]).unwrap(), b"secret");
}

#[test]
fn what_josekit_encrypts_with_openssl_alone_we_decrypt() {
    let pair = rsa("k");
    for encryption in ContentEncryption::ALL {
        let mut header = JweHeader::new();
        header.set_content_encryption(encryption.name());
        let encrypter = jwe::RSA_OAEP_256.encrypter_from_jwk(&pair.public).unwrap();
        let object = jwe::serialize_compact(b"secret", &header, &encrypter).unwrap();
        assert_eq!(
            decrypt(&object, std::slice::from_ref(&pair.ours)).unwrap(),
            b"secret"
        );
    }
}

#[test]
fn a_bomb_of_270_kilobytes_that_josekit_inflates_to_200_megabytes_is_refused_without_a_key_being_touched() {
    const INFLATED: usize = 208_000_000;
    let private = RsaKeyPair::generate(2048).unwrap();
    let der = private.to_der_private_key();
    let ours = DecryptionKey::from_pkcs8(KeyManagement::RsaOaep256, "k", &der).unwrap();
    let mut header = JweHeader::new();
    header.set_content_encryption("A128GCM");
    header.set_compression("DEF");
    let encrypter = jwe::RSA_OAEP_256
        .encrypter_from_der(private.to_der_public_key())
        .unwrap();
    let bomb = JweContext::new()
        .serialize_compact(&vec![0; INFLATED], &header, &encrypter)
        .unwrap();
    let decrypter = jwe::RSA_OAEP_256.decrypter_from_der(&der).unwrap();
    let (inflated, _) = JweContext::new().deserialize_compact(&bomb, &decrypter).unwrap();
    assert_eq!(inflated.len(), INFLATED);
    assert!((260_000..280_000).contains(&bomb.len()), "{}", bomb.len());

    assert_eq!(
        decrypt(&bomb, std::slice::from_ref(&ours)),
        Err(JweError::TooLarge)
    );
    let generous = |keys: &[DecryptionKey]| decrypt_compact(&bomb, keys, usize::MAX).unwrap_err();
    assert_eq!(generous(std::slice::from_ref(&ours)), JweError::Compressed);
    // Without a key the answer is the same: nothing was decrypted, so nothing can have been inflated.
    assert_eq!(generous(&[]), JweError::Compressed);
    let ruined = with_part(&bomb, 3, "!");
    assert_eq!(
        decrypt_compact(&ruined, &[], usize::MAX).unwrap_err(),
        JweError::Compressed
    );
}

#[test]
fn compression_is_refused_in_every_form_of_the_member() {
    let pair = rsa("k");
    let object = encrypt(&pair, KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
    for zip in [r#""DEF""#, r#""def""#, r#""GZIP""#, "null", "1", r#"["DEF"]"#] {
        let header = format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":{zip}}}"#);
        let object = with_part(&object, 0, &base64url(header));
        assert_eq!(
            decrypt(&object, std::slice::from_ref(&pair.ours)),
            Err(JweError::Compressed),
            "{zip}"
        );
    }
    let twice = r#"{"alg":"RSA-OAEP-256","zip":"DEF","enc":"A256GCM","zip":null}"#;
    let object = with_part(&object, 0, &base64url(twice));
    assert_eq!(
        decrypt(&object, &[]),
        Err(JweError::Header(HeaderError::Duplicate))
    );
}

#[test]
fn algorithms_that_are_not_listed_are_refused_before_they_cost_anything() {
    let pair = rsa("k");
    let object = encrypt(&pair, KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
    for header in [
        r#"{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2147483647,"p2s":"AAAAAAAAAAA"}"#,
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":1,"p2s":"AA"}"#,
        r#"{"alg":"dir","enc":"A256GCM"}"#,
        r#"{"alg":"A256KW","enc":"A256GCM"}"#,
        r#"{"alg":"RSA1_5","enc":"A256GCM"}"#,
        r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
        r#"{"alg":"none","enc":"A256GCM"}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"A192GCM"}"#,
        r#"{"alg":"RSA-OAEP-256","enc":"none"}"#,
        r#"{"alg":"RSA-OAEP-256"}"#,
    ] {
        let forged = with_part(&object, 0, &base64url(header));
        assert_eq!(
            decrypt(&forged, std::slice::from_ref(&pair.ours)),
            Err(JweError::Algorithm),
            "{header}"
        );
    }
}

#[test]
fn a_key_serves_its_own_algorithm_and_name_only() {
    let (one, other) = (
        ec(KeyManagement::EcdhEs, "one"),
        ec(KeyManagement::EcdhEs, "other"),
    );
    let object = encrypt(&one, KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
    assert_eq!(
        decrypt(&object, std::slice::from_ref(&other.ours)),
        Err(JweError::UnknownKey)
    );
    let wrapping = ec(KeyManagement::EcdhEsA256Kw, "one");
    assert_eq!(decrypt(&object, &[wrapping.ours]), Err(JweError::UnknownKey));
    assert_eq!(decrypt(&object, &[]), Err(JweError::UnknownKey));
    assert_eq!(decrypt(&object, &[other.ours, one.ours]).unwrap(), b"secret");
    let twin = ec(KeyManagement::EcdhEs, "one");
    assert_eq!(decrypt(&object, &[twin.ours]), Err(JweError::Decrypt));
}

#[test]
fn every_altered_part_and_every_shortened_tag_is_refused_with_one_error() {
    for encryption in ContentEncryption::ALL {
        let pair = ec(KeyManagement::EcdhEsA128Kw, "k");
        let object = encrypt(&pair, KeyManagement::EcdhEsA128Kw, encryption);
        let parts: Vec<_> = object
            .split('.')
            .map(|part| from_base64url(part).unwrap())
            .collect();
        for (index, part) in parts.iter().enumerate().skip(1) {
            let mut altered = part.clone();
            altered[0] ^= 1;
            let forged = with_part(&object, index, &base64url(altered));
            assert_eq!(
                decrypt(&forged, std::slice::from_ref(&pair.ours)),
                Err(JweError::Decrypt)
            );
            let forged = with_part(&object, index, "");
            assert_eq!(
                decrypt(&forged, std::slice::from_ref(&pair.ours)),
                Err(JweError::Decrypt)
            );
        }
        for length in 1..parts[4].len() {
            let forged = with_part(&object, 4, &base64url(&parts[4][..length]));
            assert_eq!(
                decrypt(&forged, std::slice::from_ref(&pair.ours)),
                Err(JweError::Decrypt),
                "{length}"
            );
        }
    }
}

#[test]
fn an_ephemeral_key_off_the_curve_or_of_another_curve_is_refused() {
    let pair = ec(KeyManagement::EcdhEs, "k");
    let object = encrypt(&pair, KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
    let (x, zero) = (base64url([1; 32]), base64url([0; 32]));
    let x25519 = format!(r#"{{"kty":"OKP","crv":"X25519","x":"{x}"}}"#);
    let off = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{x}"}}"#);
    let origin = format!(r#"{{"kty":"EC","crv":"P-256","x":"{zero}","y":"{zero}"}}"#);
    let short = r#"{"kty":"EC","crv":"P-256","x":"","y":""}"#.to_owned();
    for epk in [x25519, off, origin, short, "null".to_owned(), "[]".to_owned()] {
        let header = format!(r#"{{"alg":"ECDH-ES","enc":"A256GCM","kid":"k","epk":{epk}}}"#);
        let forged = with_part(&object, 0, &base64url(header));
        assert_eq!(
            decrypt(&forged, std::slice::from_ref(&pair.ours)),
            Err(JweError::Decrypt),
            "{epk}"
        );
    }
}

#[test]
fn headers_with_extensions_or_keys_of_their_own_are_refused() {
    let pair = rsa("k");
    let object = encrypt(&pair, KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
    for (member, reason) in [
        (r#""crit":["exp"]"#, HeaderError::Critical),
        (r#""jku":"https://attacker""#, HeaderError::EmbeddedKey),
        (r#""jwk":{}"#, HeaderError::EmbeddedKey),
        (r#""x5c":[]"#, HeaderError::EmbeddedKey),
    ] {
        let header = format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM",{member}}}"#);
        let forged = with_part(&object, 0, &base64url(header));
        assert_eq!(
            decrypt(&forged, std::slice::from_ref(&pair.ours)),
            Err(JweError::Header(reason))
        );
    }
}

#[test]
fn objects_that_are_cut_padded_prolonged_or_too_large_are_refused() {
    let pair = rsa("k");
    let object = encrypt(&pair, KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
    let keys = std::slice::from_ref(&pair.ours);
    for bad in [
        "",
        ".",
        "....",
        "a.b.c",
        &format!("{object}."),
        &object[..object.rfind('.').unwrap()],
    ] {
        let refused = decrypt(bad, keys).unwrap_err();
        assert!(
            matches!(
                refused,
                JweError::Malformed | JweError::Header(HeaderError::Malformed)
            ),
            "{bad}"
        );
    }
    for bad in [
        format!("{object}="),
        format!("{object}\n"),
        with_part(&object, 1, "!"),
    ] {
        assert_eq!(decrypt(&bad, keys), Err(JweError::Decrypt), "{bad}");
    }
    let exact = decrypt_compact(&object, keys, object.len());
    assert!(exact.is_ok());
    assert_eq!(
        decrypt_compact(&object, keys, object.len() - 1).unwrap_err(),
        JweError::TooLarge
    );
}

#[test]
fn small_private_foreign_and_mismatched_keys_are_not_encrypted_for() {
    let refused = |algorithm, jwk: &Jwk| EncryptionKey::from_jwk(algorithm, &jwk.to_string()).unwrap_err();
    let small = RsaKeyPair::generate(1024).unwrap();
    assert_eq!(
        refused(KeyManagement::RsaOaep256, &small.to_jwk_public_key()),
        JweError::Key
    );
    let ec = EcKeyPair::generate(EcCurve::P256).unwrap();
    assert_eq!(
        refused(KeyManagement::EcdhEs, &ec.to_jwk_private_key()),
        JweError::Key
    );
    assert_eq!(
        refused(KeyManagement::RsaOaep256, &ec.to_jwk_public_key()),
        JweError::Key
    );
    let p521 = EcKeyPair::generate(EcCurve::P521).unwrap();
    assert_eq!(
        refused(KeyManagement::EcdhEs, &p521.to_jwk_public_key()),
        JweError::Key
    );
    let oct = Jwk::generate_oct_key(32).unwrap();
    assert_eq!(refused(KeyManagement::EcdhEs, &oct), JweError::Key);
    assert_eq!(
        EncryptionKey::from_jwk(KeyManagement::EcdhEs, "{}").unwrap_err(),
        JweError::Key
    );
    let der = ec.to_der_private_key();
    assert_eq!(
        DecryptionKey::from_pkcs8(KeyManagement::RsaOaep256, "k", &der).unwrap_err(),
        JweError::Key
    );
}

#[test]
fn keys_print_their_names_only() {
    let pair = ec(KeyManagement::EcdhEs, "k");
    assert_eq!(format!("{:?}", pair.ours), "DecryptionKey(ECDH-ES k)");
}
