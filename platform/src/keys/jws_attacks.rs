//! Attacks on signed objects, beside the vectors of the standards.

use aws_lc_rs::hmac;

use super::algorithm::{AlgorithmSet, SigningAlgorithm};
use super::header::HeaderError;
use super::jwk::{JwkError, KeySet, VerificationKey};
use super::jws::{
    RequiredType, VerificationPolicy, VerifyError, sign_compact, verify_carrying, verify_compact,
};
use super::signer::SigningKey;
use crate::encoding::{base64url, from_base64url};

const ANY: VerificationPolicy = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::JwtOrAbsent);

const RFC7515_A3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p\
                          c19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const RFC7515_A3_KEY: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                                  "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}

fn set(keys: &[&SigningKey]) -> KeySet {
    let jwks: Vec<_> = keys
        .iter()
        .map(|key| key.public().to_jwk(key.kid(), key.algorithm()))
        .collect();
    KeySet::parse(&format!(r#"{{"keys":[{}]}}"#, jwks.join(","))).unwrap()
}

/// Signs with a header of the attacker's choice.
fn forge(key: &SigningKey, header: &str, payload: &[u8]) -> String {
    let input = format!("{}.{}", base64url(header), base64url(payload));
    let signature = key.sign_with(input.as_bytes(), |bytes| base64url(bytes)).unwrap();
    format!("{input}.{signature}")
}

fn refused(token: &str, keys: &KeySet) -> VerifyError {
    verify_compact(token, keys, &ANY).unwrap_err()
}

#[test]
fn rfc_7515_appendix_a_3_verifies_and_with_one_bit_changed_it_does_not() {
    let keys = KeySet::parse(RFC7515_A3_KEY).unwrap();
    let verified = verify_compact(RFC7515_A3, &keys, &ANY).unwrap();
    assert!(verified.payload.starts_with(b"{\"iss\":\"joe\""));
    assert_eq!(
        refused(&RFC7515_A3.replacen("eyJpc3Mi", "eyJpc3Nj", 1), &keys),
        VerifyError::Signature
    );
}

#[test]
fn rfc_8037_appendix_a_4_verifies() {
    let keys =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWb\
                 hijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let verified = verify_compact(token, &KeySet::parse(keys).unwrap(), &ANY).unwrap();
    assert_eq!(verified.payload, b"Example of Ed25519 signing");
}

#[test]
fn what_every_algorithm_signs_verifies_with_the_published_key() {
    let signers = SigningAlgorithm::ALL.map(key);
    let keys = set(&signers.each_ref());
    for signer in &signers {
        for typ in [None, Some("JWT"), Some("jwt"), Some("application/jwt")] {
            let token = sign_compact(signer, typ, br#"{"sub":"p"}"#).unwrap();
            let verified = verify_compact(&token, &keys, &ANY).unwrap();
            assert_eq!(verified.header.kid.as_deref(), Some(signer.kid()));
            assert_eq!(verified.algorithm, signer.algorithm());
            assert_eq!(verified.claims::<serde_json::Value>().unwrap()["sub"], "p");
        }
    }
}

#[test]
fn an_object_without_a_signature_is_refused_in_every_spelling_of_none() {
    let signer = key(SigningAlgorithm::Es256);
    let keys = set(&[&signer]);
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let header = base64url(format!(r#"{{"alg":"{alg}","kid":"{}"}}"#, signer.kid()));
        assert_eq!(refused(&format!("{header}.e30."), &keys), VerifyError::Malformed);
        assert_eq!(
            refused(&format!("{header}.e30.AA"), &keys),
            VerifyError::Algorithm
        );
    }
}

#[test]
fn a_public_key_used_as_hmac_secret_is_refused() {
    let signer = key(SigningAlgorithm::Rs256);
    let jwk = signer.public().to_jwk(signer.kid(), SigningAlgorithm::Rs256);
    let input = format!(
        "{}.e30",
        base64url(format!(r#"{{"alg":"HS256","kid":"{}"}}"#, signer.kid()))
    );
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, jwk.as_bytes()),
        input.as_bytes(),
    );
    assert_eq!(
        refused(&format!("{input}.{}", base64url(tag)), &set(&[&signer])),
        VerifyError::Algorithm
    );
}

#[test]
fn an_algorithm_outside_the_policy_is_refused_even_if_the_signature_is_right() {
    let signer = key(SigningAlgorithm::Rs256);
    let policy = VerificationPolicy::new(
        AlgorithmSet::of(&[SigningAlgorithm::Es256]),
        RequiredType::JwtOrAbsent,
    );
    let token = sign_compact(&signer, None, b"{}").unwrap();
    assert_eq!(
        verify_compact(&token, &set(&[&signer]), &policy).unwrap_err(),
        VerifyError::Algorithm
    );
}

#[test]
fn a_token_that_names_the_key_of_another_algorithm_is_refused() {
    let (rsa, ec, pss) = (
        key(SigningAlgorithm::Rs256),
        key(SigningAlgorithm::Es256),
        key(SigningAlgorithm::Ps256),
    );
    let keys = set(&[&rsa, &ec, &pss]);
    let under_ec_name = forge(&rsa, &format!(r#"{{"alg":"RS256","kid":"{}"}}"#, ec.kid()), b"{}");
    assert_eq!(refused(&under_ec_name, &keys), VerifyError::KeyAlgorithm);
    let pss_as_pkcs1 = forge(
        &pss,
        &format!(r#"{{"alg":"RS256","kid":"{}"}}"#, pss.kid()),
        b"{}",
    );
    assert_eq!(refused(&pss_as_pkcs1, &keys), VerifyError::KeyAlgorithm);
}

#[test]
fn a_key_identifier_is_compared_and_never_interpreted() {
    let signer = key(SigningAlgorithm::Es256);
    let keys = set(&[&signer]);
    let kid = signer.kid();
    for kid in [
        "",
        "../../dev/null",
        "/dev/null",
        "' OR 1=1 --",
        "*",
        "http://attacker",
        &format!("{kid} "),
        &kid[1..],
    ] {
        let header = serde_json::json!({"alg": "ES256", "kid": kid}).to_string();
        assert_eq!(
            refused(&forge(&signer, &header, b"{}"), &keys),
            VerifyError::UnknownKey,
            "{kid}"
        );
    }
    let twice = format!(r#"{{"alg":"ES256","kid":"{kid}","kid":"other"}}"#);
    assert_eq!(
        refused(&forge(&signer, &twice, b"{}"), &keys),
        VerifyError::Header(HeaderError::Duplicate)
    );
}

#[test]
fn without_a_key_identifier_only_the_single_possible_key_is_tried() {
    let (one, two, rsa) = (
        key(SigningAlgorithm::Es256),
        key(SigningAlgorithm::Es256),
        key(SigningAlgorithm::Rs256),
    );
    let token = forge(&one, r#"{"alg":"ES256"}"#, b"{}");
    assert!(verify_compact(&token, &set(&[&one, &rsa]), &ANY).is_ok());
    assert_eq!(refused(&token, &set(&[&one, &two])), VerifyError::UnknownKey);
    assert_eq!(refused(&token, &set(&[&rsa])), VerifyError::UnknownKey);
    assert_eq!(refused(&token, &KeySet::default()), VerifyError::UnknownKey);
}

#[test]
fn an_id_token_is_no_access_token_and_the_other_way_round() {
    let signer = key(SigningAlgorithm::Es256);
    let keys = set(&[&signer]);
    let at = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::Exactly("at+jwt"));
    for typ in [
        None,
        Some("JWT"),
        Some("logout+jwt"),
        Some("at+jwt2"),
        Some("x/at+jwt"),
        Some(""),
    ] {
        let token = sign_compact(&signer, typ, b"{}").unwrap();
        assert_eq!(
            verify_compact(&token, &keys, &at).unwrap_err(),
            VerifyError::Type,
            "{typ:?}"
        );
    }
    let access = sign_compact(&signer, Some("at+jwt"), b"{}").unwrap();
    assert_eq!(refused(&access, &keys), VerifyError::Type);
    for typ in ["at+jwt", "application/at+jwt", "Application/AT+JWT"] {
        verify_compact(&sign_compact(&signer, Some(typ), b"{}").unwrap(), &keys, &at).unwrap();
    }
}

#[test]
fn objects_that_are_cut_padded_prolonged_or_written_otherwise_are_refused() {
    let signer = key(SigningAlgorithm::Es256);
    let keys = set(&[&signer]);
    let token = sign_compact(&signer, None, br#"{"a":1}"#).unwrap();
    let parts: Vec<_> = token.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{header}.{payload}.{signature}.a.b"),
        format!("{token}="),
        format!("{token}\n"),
        format!("{header}.{payload}.{}", signature.replace(['-', '_'], "+")) + "+",
    ] {
        assert_eq!(refused(&bad, &keys), VerifyError::Malformed, "{bad}");
    }
    assert_eq!(
        refused(&format!(" {token}"), &keys),
        VerifyError::Header(HeaderError::Malformed)
    );
    assert_eq!(
        refused(&format!("{header}=.{payload}.{signature}"), &keys),
        VerifyError::Header(HeaderError::Malformed)
    );
    assert_eq!(refused(&token[..token.len() - 2], &keys), VerifyError::Signature);
    let longer = [from_base64url(signature).unwrap(), vec![0]].concat();
    assert_eq!(
        refused(&format!("{header}.{payload}.{}", base64url(longer)), &keys),
        VerifyError::Signature
    );
}

#[test]
fn a_second_spelling_of_the_same_signature_is_refused() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let signer = key(SigningAlgorithm::Es256);
    let token = sign_compact(&signer, None, b"{}").unwrap();
    // 64 bytes leave four unused bits in the last character: fifteen other spellings of the same bytes.
    let (rest, last) = token.split_at(token.len() - 1);
    let canonical = ALPHABET.find(last).unwrap();
    for bits in 1..16 {
        let twin = format!("{rest}{}", ALPHABET.chars().nth(canonical | bits).unwrap());
        assert_eq!(refused(&twin, &set(&[&signer])), VerifyError::Malformed);
    }
}

#[test]
fn a_payload_in_a_second_spelling_is_refused_even_if_it_is_signed_so() {
    let signer = key(SigningAlgorithm::Es256);
    for payload in ["e31", "e30=", "e3 0", "e30+"] {
        let input = format!("{}.{payload}", base64url(r#"{"alg":"ES256"}"#));
        let token = format!(
            "{input}.{}",
            signer
                .sign_with(input.as_bytes(), |bytes| base64url(bytes))
                .unwrap()
        );
        assert_eq!(
            refused(&token, &set(&[&signer])),
            VerifyError::Malformed,
            "{payload}"
        );
    }
}

#[test]
fn oversized_objects_are_refused_before_anything_is_read() {
    let signer = key(SigningAlgorithm::Es256);
    let keys = set(&[&signer]);
    let token = sign_compact(&signer, None, &vec![b' '; 13_000]).unwrap();
    assert_eq!(refused(&token, &keys), VerifyError::TooLarge);
    assert!(
        verify_compact(
            &token,
            &keys,
            &VerificationPolicy {
                max_chars: 20_000,
                ..ANY
            }
        )
        .is_ok()
    );
    assert_eq!(refused(&"A".repeat(1_000_000), &keys), VerifyError::TooLarge);
}

#[test]
fn an_object_that_brings_its_own_key_or_extensions_is_refused_though_correctly_signed() {
    let signer = key(SigningAlgorithm::Es256);
    let jwk = signer.public().required_members();
    let kid = signer.kid();
    for (member, reason) in [
        (format!(r#""jwk":{jwk}"#), HeaderError::EmbeddedKey),
        (
            r#""jku":"https://attacker/jwks""#.to_owned(),
            HeaderError::EmbeddedKey,
        ),
        (
            r#""x5u":"https://attacker/x""#.to_owned(),
            HeaderError::EmbeddedKey,
        ),
        (r#""x5c":["MIIB"]"#.to_owned(), HeaderError::EmbeddedKey),
        (r#""crit":["exp"],"exp":1"#.to_owned(), HeaderError::Critical),
        (r#""crit":["b64"],"b64":false"#.to_owned(), HeaderError::Critical),
    ] {
        let token = forge(
            &signer,
            &format!(r#"{{"alg":"ES256","kid":"{kid}",{member}}}"#),
            b"{}",
        );
        assert_eq!(
            refused(&token, &set(&[&signer])),
            VerifyError::Header(reason),
            "{member}"
        );
    }
}

#[test]
fn the_ecdsa_signature_of_zeros_is_refused() {
    let signer = key(SigningAlgorithm::Es256);
    let token = sign_compact(&signer, None, b"{}").unwrap();
    let (input, _) = token.rsplit_once('.').unwrap();
    let psychic = format!("{input}.{}", base64url([0; 64]));
    assert_eq!(refused(&psychic, &set(&[&signer])), VerifyError::Signature);
}

#[test]
fn claims_that_occur_twice_are_refused_where_they_matter() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    struct Claims {
        sub: String,
    }
    let signer = key(SigningAlgorithm::EdDsa);
    let token = sign_compact(&signer, None, br#"{"sub":"me","sub":"you"}"#).unwrap();
    let verified = verify_compact(&token, &set(&[&signer]), &ANY).unwrap();
    assert_eq!(verified.claims::<Claims>().unwrap_err(), VerifyError::Malformed);
}

#[test]
fn an_rsa_key_whose_owner_named_no_algorithm_verifies_both_and_with_one_named_only_that() {
    let signer = key(SigningAlgorithm::Ps256);
    let token = forge(&signer, r#"{"alg":"PS256"}"#, b"{}");
    let open = KeySet::new(vec![
        VerificationKey::from_jwk(&signer.public().required_members()).unwrap(),
    ])
    .unwrap();
    assert!(verify_compact(&token, &open, &ANY).is_ok());
    let named = VerificationKey::from_jwk(&signer.public().to_jwk("k", SigningAlgorithm::Rs256)).unwrap();
    assert_eq!(
        refused(&token, &KeySet::new(vec![named]).unwrap()),
        VerifyError::UnknownKey
    );
}

const PROOF: VerificationPolicy =
    VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::Exactly("dpop+jwt"));

/// An object that carries `jwk`, signed with `key`.
fn carrying(key: &SigningKey, jwk: &str) -> String {
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"{}","jwk":{jwk}}}"#, key.algorithm());
    forge(key, &header, b"{}")
}

#[test]
fn an_object_that_carries_its_key_proves_that_key_and_no_other() {
    for algorithm in SigningAlgorithm::ALL {
        let (own, other) = (key(algorithm), key(algorithm));
        let members = own.public().required_members();
        let (_, proven) = verify_carrying(&carrying(&own, &members), &PROOF).unwrap();
        assert_eq!(proven.thumbprint(), own.public().thumbprint());
        assert_eq!(
            verify_carrying(&carrying(&other, &members), &PROOF).unwrap_err(),
            VerifyError::Signature
        );
    }
}

#[test]
fn a_carried_key_that_is_private_symmetric_doubled_or_absent_proves_nothing() {
    let own = key(SigningAlgorithm::Es256);
    let members = own.public().required_members();
    let open = members.trim_end_matches('}');
    for (jwk, error) in [
        (format!(r#"{open},"d":"AAAA"}}"#), JwkError::PrivateKey.into()),
        (
            r#"{"kty":"oct","k":"c2VjcmV0"}"#.to_owned(),
            JwkError::SymmetricKey.into(),
        ),
        (format!(r#"{open},"use":"enc"}}"#), JwkError::Unsupported.into()),
        (
            format!(r#"{open},"alg":"EdDSA"}}"#),
            VerifyError::CarriedKey(JwkError::Key(super::public::PublicKeyError::Algorithm)),
        ),
        ("null".to_owned(), HeaderError::Member.into()),
        (format!("[{members}]"), HeaderError::Member.into()),
        (
            format!(r#"{members},"jwk":{members}"#),
            HeaderError::Duplicate.into(),
        ),
        (format!(r#"{members},"x5c":[]"#), HeaderError::EmbeddedKey.into()),
        (
            format!(r#"{members},"crit":["exp"]"#),
            HeaderError::Critical.into(),
        ),
    ] {
        let refused: VerifyError = error;
        assert_eq!(
            verify_carrying(&carrying(&own, &jwk), &PROOF).unwrap_err(),
            refused,
            "{jwk}"
        );
    }
    let bare = forge(&own, r#"{"typ":"dpop+jwt","alg":"ES256"}"#, b"{}");
    assert_eq!(
        verify_carrying(&bare, &PROOF).unwrap_err(),
        HeaderError::Member.into()
    );
    let untyped = forge(&own, &format!(r#"{{"alg":"ES256","jwk":{members}}}"#), b"{}");
    assert_eq!(verify_carrying(&untyped, &PROOF).unwrap_err(), VerifyError::Type);
    let elsewhere = verify_compact(&carrying(&own, &members), &set(&[&own]), &PROOF);
    assert_eq!(elsewhere.unwrap_err(), HeaderError::EmbeddedKey.into());
}
