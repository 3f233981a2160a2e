//! Passkeys: ceremonies replayed, mixed up, moved to other origins, persons and realms; authenticators that lie.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::authenticator::Authenticator;
use super::*;
use crate::realms::{Authenticator as Model, SignInPolicy};

/// Begins a ceremony at `path`; its id and what the authenticator is asked.
async fn begin(house: &House, path: &str, session: Option<&str>, fields: &[(&str, &str)]) -> (String, Value) {
    let answer = house.submit(HOME, path, session, fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let options: Value = serde_json::from_str(&answer.body).unwrap();
    (options["ceremony"].as_str().unwrap().to_owned(), options)
}

async fn begin_sign_in(house: &House) -> (String, Value) {
    begin(house, "/signin/passkey/begin", None, &[]).await
}

async fn finish(house: &House, ceremony: &str, credential: &str) -> Answer {
    let fields = [("ceremony", ceremony), ("credential", credential)];
    house.submit(HOME, "/signin/passkey", None, &fields).await
}

/// Registers a passkey of an authenticator in a session.
async fn register(house: &House, session: &str, key: &mut Authenticator) -> Answer {
    let path = "/account/security/passkey";
    let (ceremony, options) = begin(house, &format!("{path}/begin"), Some(session), &[]).await;
    let credential = key.register(&options);
    let fields = [
        ("ceremony", ceremony.as_str()),
        ("credential", credential.as_str()),
        ("name", "My key"),
    ];
    house.submit(HOME, path, Some(session), &fields).await
}

/// Somebody who is signed in with a password, and their passkey.
async fn with_key(house: &House, login: &str, id: u8) -> (Person, String, Authenticator) {
    let (person, hash) = house.person(login, PASSWORD).await;
    let (hub, realm) = (&house.hub, &house.realm);
    let prepared = hub.sessions.prepare(realm, &person, "pwd", None, HOME).unwrap();
    let session = hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
    let mut key = Authenticator::new(id);
    let answer = register(house, &session, &mut key).await;
    assert_eq!(answer.body.matches("<li><code>").count(), 10, "{}", answer.body);
    (person, session, key)
}

async fn refused(house: &House, answer: &Answer, reason: &str) {
    assert!(answer.session().is_none(), "{reason}");
    assert_eq!(answer.location(), "/signin?problem=passkey", "{reason}");
    assert_eq!(house.refusals("passkey.verify", reason).await, 1, "{reason}");
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_name_and_is_two_factors_that_no_false_page_gets() {
    let house = House::new().await;
    let (person, _, mut key) = with_key(&house, "hanako", 1).await;
    let (ceremony, options) = begin_sign_in(&house).await;
    assert_eq!(options["publicKey"]["userVerification"], "required");
    assert_eq!(options["publicKey"]["rpId"], "localhost");
    assert_eq!(options["publicKey"]["allowCredentials"], serde_json::json!([]));
    key.counter = 1;
    let answer = finish(&house, &ceremony, &key.assert(&options)).await;
    assert_eq!(answer.location(), "/account");
    let session = answer.session().unwrap();
    assert_eq!(methods(&house, &session).await, "pop user mfa");
    assert_ne!(
        key.handle_bytes(),
        person.id.uuid().as_bytes(),
        "the internal key stays inside"
    );
}

#[tokio::test]
async fn after_a_password_the_passkey_is_the_second_factor_and_only_the_persons_own_counts() {
    let house = House::new().await;
    let (_, _, key) = with_key(&house, "hanako", 1).await;
    let (_, _, other) = with_key(&house, "eve", 2).await;
    let step = first_step(&house, HOME, "hanako").await;
    let fields = [("step", step.as_str())];
    let second = async |key: &Authenticator| {
        let (ceremony, options) = begin(&house, "/signin/passkey/begin", None, &fields).await;
        let allowed = options["publicKey"]["allowCredentials"].as_array().unwrap();
        assert_eq!(allowed.len(), 1);
        let credential = key.assert(&options);
        let fields = [
            ("step", step.as_str()),
            ("ceremony", ceremony.as_str()),
            ("credential", credential.as_str()),
        ];
        house.submit(HOME, "/signin/passkey", None, &fields).await
    };
    let eves = second(&other).await;
    assert!(eves.session().is_none() && eves.location().starts_with("/signin/second?"));
    let session = second(&key).await.session().unwrap();
    assert_eq!(methods(&house, &session).await, "pwd pop user mfa");
}

#[tokio::test]
async fn a_ceremony_is_answered_once_in_its_browser_for_its_purpose_and_in_time() {
    let house = House::new().await;
    let (_, _, mut key) = with_key(&house, "hanako", 1).await;
    let (ceremony, options) = begin_sign_in(&house).await;
    key.counter = 1;
    let credential = key.assert(&options);
    let session = finish(&house, &ceremony, &credential).await.session().unwrap();
    let replayed = finish(&house, &ceremony, &credential).await;
    refused(&house, &replayed, "passkey.ceremony").await;

    let path = "/account/security/passkey/begin";
    let (for_registration, options) = begin(&house, path, Some(&session), &[]).await;
    let answer = finish(&house, &for_registration, &key.assert(&options)).await;
    refused(&house, &answer, "passkey.purpose").await;

    let (ceremony, options) = begin_sign_in(&house).await;
    let (another, _) = begin_sign_in(&house).await;
    let moved = finish(&house, &another, &key.assert(&options)).await;
    refused(&house, &moved, "passkey.invalid").await;
    house.time.advance(Duration::from_mins(5));
    let late = finish(&house, &ceremony, &key.assert(&options)).await;
    assert!(late.session().is_none());
    assert_eq!(house.refusals("passkey.verify", "passkey.ceremony").await, 2);
}

#[tokio::test]
async fn what_was_signed_for_another_origin_or_relying_party_or_by_another_key_is_refused() {
    let house = House::new().await;
    let (_, _, mut key) = with_key(&house, "hanako", 1).await;
    let lies: [fn(&mut Authenticator); 6] = [
        |key| key.origin = "https://evil.example".to_owned(),
        |key| key.origin = "http://localhost:8081".to_owned(),
        |key| key.origin = "https://localhost:8080".to_owned(),
        |key| key.rp_id = "evil.example".to_owned(),
        |key| key.rp_id = String::new(),
        |key| key.verifies = false,
    ];
    for (lie, number) in lies.into_iter().zip(1..) {
        let (ceremony, options) = begin_sign_in(&house).await;
        lie(&mut key);
        let answer = finish(&house, &ceremony, &key.assert(&options)).await;
        assert!(answer.session().is_none(), "lie {number}");
        let invalid = house.refusals("passkey.verify", "passkey.invalid").await;
        assert_eq!(invalid, number, "lie {number}");
        let honest = Authenticator::new(1);
        (key.origin, key.rp_id, key.verifies) = (honest.origin, honest.rp_id, true);
    }
    let (ceremony, options) = begin_sign_in(&house).await;
    let mut impostor = Authenticator::new(1);
    impostor.handle.clone_from(&key.handle);
    let answer = finish(&house, &ceremony, &impostor.assert(&options)).await;
    assert!(answer.session().is_none(), "the same id with another key");
    let (ceremony, options) = begin_sign_in(&house).await;
    let answer = finish(&house, &ceremony, &Authenticator::new(9).assert(&options)).await;
    refused(&house, &answer, "passkey.unknown").await;
    for credential in ["", "{}", "[]", "\u{0}", &"[".repeat(10_000)] {
        let (ceremony, _) = begin_sign_in(&house).await;
        assert!(finish(&house, &ceremony, credential).await.session().is_none());
    }
}

#[tokio::test]
async fn a_key_under_the_handle_of_another_person_or_of_nobody_signs_nobody_in() {
    let house = House::new().await;
    let (_, _, mut key) = with_key(&house, "hanako", 1).await;
    let (_, _, other) = with_key(&house, "eve", 2).await;
    for (handle, count) in [(other.handle.clone(), 1), (None, 2)] {
        let (ceremony, options) = begin_sign_in(&house).await;
        key.handle = handle;
        let answer = finish(&house, &ceremony, &key.assert(&options)).await;
        assert!(answer.session().is_none());
        assert_eq!(
            house.refusals("passkey.verify", "passkey.other_person").await,
            count
        );
    }
}

#[tokio::test]
async fn a_signature_counter_that_goes_back_is_refused_and_logged() {
    let house = House::new().await;
    let (_, _, mut key) = with_key(&house, "hanako", 1).await;
    let at = async |key: &mut Authenticator, counter| {
        let (ceremony, options) = begin_sign_in(&house).await;
        key.counter = counter;
        finish(&house, &ceremony, &key.assert(&options)).await
    };
    assert!(at(&mut key, 7).await.session().is_some());
    let copy = at(&mut key, 7).await;
    refused(&house, &copy, "passkey.counter").await;
    assert!(at(&mut key, 3).await.session().is_none());
    assert!(at(&mut key, 8).await.session().is_some(), "the real one goes on");
}

#[tokio::test]
async fn a_passkey_of_one_realm_is_nothing_in_another() {
    let house = House::new().await;
    let (_, _, key) = with_key(&house, "hanako", 1).await;
    let (hub, host) = (&house.hub, "localhost:9090");
    hub.realms
        .create(&hub.clock, &hub.entropy, "Other", &format!("http://{host}"))
        .await
        .unwrap();
    // The relying party id is the same, since browsers leave out ports; the realms are not.
    let (ceremony, options) = begin_sign_in(&house).await;
    let credential = key.assert(&options);
    let answer = house
        .submit_to(
            host,
            "/signin/passkey",
            &[
                ("ceremony", ceremony.as_str()),
                ("credential", credential.as_str()),
            ],
        )
        .await;
    assert!(answer.session().is_none());
    let begun = house.submit_to(host, "/signin/passkey/begin", &[]).await;
    let options: Value = serde_json::from_str(&begun.body).unwrap();
    let ceremony = options["ceremony"].as_str().unwrap();
    let mut there = key;
    there.origin = format!("http://{host}");
    let credential = there.assert(&options);
    let answer = house
        .submit_to(
            host,
            "/signin/passkey",
            &[("ceremony", ceremony), ("credential", credential.as_str())],
        )
        .await;
    assert!(answer.session().is_none(), "nobody there has this key");
}

#[tokio::test]
async fn codes_that_were_guessed_away_leave_the_passkey_open() {
    let house = House::new().await;
    let (person, _, key) = with_key(&house, "hanako", 1).await;
    let secret = Enrolment::generate(&house.hub.entropy).unwrap();
    let new = NewFactor {
        kind: Kind::Totp,
        name: "",
        handle: None,
        secret: secret.bytes(),
        counter: 0,
    };
    house
        .hub
        .factors
        .add(&house.realm, &person, new, None)
        .await
        .unwrap();
    let step = first_step(&house, ATTACKER, "hanako").await;
    for _ in 0..house.hub.settings.limits.failures_per_account {
        second_step(&house, ATTACKER, &step, &wrong(&house, &secret)).await;
    }
    let closed = second_step(&house, ATTACKER, &step, &code(&house, &secret)).await;
    assert_eq!(closed.status, StatusCode::TOO_MANY_REQUESTS);
    let (ceremony, options) = begin_sign_in(&house).await;
    let answer = finish(&house, &ceremony, &key.assert(&options)).await;
    assert!(answer.session().is_some());
}

#[tokio::test]
async fn the_last_way_to_sign_in_stays() {
    let house = House::new().await;
    let (person, session, key) = with_key(&house, "hanako", 1).await;
    forget_password(&house, &person).await;
    let (ceremony, options) = begin_sign_in(&house).await;
    let answer = finish(&house, &ceremony, &key.assert(&options)).await;
    let own = answer.session().unwrap();
    assert!(!own.is_empty() && is_live(&house, &session).await);
    let remove = async || {
        let factors = house.hub.factors.list(&house.realm, &person).await.unwrap();
        let first = factors.iter().find(|factor| factor.kind.is_passkey()).unwrap();
        let id = first.id.to_string();
        let fields = [("factor", id.as_str())];
        let answer = house
            .submit(HOME, "/account/security/remove", Some(&own), &fields)
            .await;
        answer.location().to_owned()
    };
    assert_eq!(remove().await, "/account/security?done=last");
    let mut second = Authenticator::new(2);
    let added = register(&house, &own, &mut second).await;
    assert_eq!(added.location(), "/account/security?done=added");
    assert_eq!(remove().await, "/account/security?done=removed");
    assert_eq!(remove().await, "/account/security?done=last");
}

#[tokio::test]
async fn a_passkey_is_registered_in_the_session_that_asked_once_and_for_one_person() {
    let house = House::new().await;
    let (_, session, key) = with_key(&house, "hanako", 1).await;
    let (_, eves, _) = with_key(&house, "eve", 2).await;
    let path = "/account/security/passkey";
    // Neither session is worth enough any more: both have a factor now.
    for session in [&session, &eves] {
        let answer = house
            .submit(HOME, &format!("{path}/begin"), Some(session), &[])
            .await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let (ceremony, options) = begin_sign_in(&house).await;
    let own = finish(&house, &ceremony, &key.assert(&options))
        .await
        .session()
        .unwrap();
    let (ceremony, options) = begin(&house, &format!("{path}/begin"), Some(&own), &[]).await;
    let excluded = options["publicKey"]["excludeCredentials"].as_array().unwrap();
    assert_eq!(excluded.len(), 1, "an authenticator is not registered twice");
    assert_eq!(
        options["publicKey"]["authenticatorSelection"]["residentKey"],
        "preferred"
    );
    assert_eq!(options["publicKey"]["attestation"], "none");
    let mut fresh = Authenticator::new(3);
    let credential = fresh.register(&options);
    let fields = [
        ("ceremony", ceremony.as_str()),
        ("credential", credential.as_str()),
        ("name", ""),
    ];
    let first = house.submit(HOME, path, Some(&own), &fields).await;
    assert_eq!(first.location(), "/account/security?done=added");
    let twice = house.submit(HOME, path, Some(&own), &fields).await;
    assert_eq!(twice.location(), "/account/security?done=refused");
    // The id of a key that somebody has is nobody else's to register (Web Authentication Level 2 §7.1 step 22).
    let (ceremony, options) = begin(&house, &format!("{path}/begin"), Some(&own), &[]).await;
    let credential = Authenticator::new(2).register(&options);
    let fields = [
        ("ceremony", ceremony.as_str()),
        ("credential", credential.as_str()),
        ("name", ""),
    ];
    let taken = house.submit(HOME, path, Some(&own), &fields).await;
    assert_eq!(taken.location(), "/account/security?done=refused");
}

#[tokio::test]
async fn a_realm_that_names_authenticators_asks_them_to_say_who_they_are_and_takes_no_others() {
    let house = House::new().await;
    let (_, hash) = house.person("hanako", PASSWORD).await;
    let (hub, realm) = (&house.hub, &house.realm);
    let policy = SignInPolicy {
        authenticators: vec![Model {
            aaguid: uuid::Uuid::from_u128(7),
            name: "Some key".to_owned(),
            certificate: AUTHORITY.to_owned(),
        }],
        related_origins: vec!["https://other.example".to_owned()],
        ..SignInPolicy::default()
    };
    hub.realms.set_sign_in(realm, &policy).await.unwrap();
    let person = hub
        .people
        .by_identifier(realm, crate::people::IdentifierKind::Login, "hanako");
    let person = person.await.unwrap().unwrap();
    let prepared = hub.sessions.prepare(realm, &person, "pwd", None, HOME).unwrap();
    let session = hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
    let path = "/account/security/passkey";
    let (ceremony, options) = begin(&house, &format!("{path}/begin"), Some(&session), &[]).await;
    assert_eq!(options["publicKey"]["attestation"], "direct");
    let credential = Authenticator::new(1).register(&options);
    let fields = [
        ("ceremony", ceremony.as_str()),
        ("credential", credential.as_str()),
        ("name", ""),
    ];
    let answer = house.submit(HOME, path, Some(&session), &fields).await;
    assert_eq!(answer.location(), "/account/security?done=refused");
    assert_eq!(house.refusals("factor.add", "passkey.invalid").await, 1);

    let related = house.open(HOME, "/.well-known/webauthn", None).await;
    let origins: Value = serde_json::from_str(&related.body).unwrap();
    assert_eq!(
        origins["origins"],
        serde_json::json!(["http://localhost:8080", "https://other.example"])
    );
}

/// The certificate of nobody: made for this test, its key thrown away.
const AUTHORITY: &str = include_str!("authority.pem");
