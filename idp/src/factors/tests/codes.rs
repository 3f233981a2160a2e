//! Codes by an app and recovery codes: used twice, by others, and guessed.

use std::time::Duration;

use http::StatusCode;

use super::*;
use platform::clock::Instant;
use platform::database::testing::BACKENDS;
use platform::database::{FromQueryResult, Queries as _};
use platform::entropy::Entropy;

#[test]
fn the_vectors_of_rfc_6238_appendix_b_and_one_step_of_drift() {
    let secret = Enrolment::of(b"12345678901234567890");
    for (seconds, code) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
    ] {
        let at = |seconds: i64| Instant::from_micros(seconds * 1_000_000);
        let step = Some(seconds / 30);
        assert_eq!(secret.step_of(code, at(seconds)), step);
        assert_eq!(secret.step_of(code, at(seconds + 30)), step);
        assert_eq!(secret.step_of(code, at(seconds - 30)), step);
        assert_eq!(secret.step_of(code, at(seconds + 90)), None);
        assert_eq!(secret.step_of(code, at(seconds - 90)), None);
    }
}

#[test]
fn an_app_reads_the_secret_the_issuer_and_the_account_from_the_address() {
    let secret = Enrolment::generate(&Entropy::seeded(9)).unwrap();
    let address = secret.address("みなと: Cloud", "hana:ko@example.jp").unwrap();
    let url = url::Url::parse(&address).unwrap();
    assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")));
    let value = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    };
    assert_eq!(value("secret").unwrap(), secret.text().replace(' ', ""));
    assert_eq!(value("issuer").unwrap(), "みなと  Cloud");
    assert!(value("algorithm").is_none_or(|name| name == "SHA1"));
    assert!(value("digits").is_none_or(|digits| digits == "6"));
    assert!(value("period").is_none_or(|period| period == "30"));
    assert_eq!(secret.text().replace(' ', "").len(), 32, "160 bits");
}

#[tokio::test]
async fn a_code_works_once_even_within_its_thirty_seconds() {
    let house = House::new().await;
    let (_, secret, _) = with_app(&house, "hanako").await;
    let seen = code(&house, &secret);
    let first = first_step(&house, HOME, "hanako").await;
    assert!(second_step(&house, HOME, &first, &seen).await.session().is_some());
    let replay = first_step(&house, ATTACKER, "hanako").await;
    let answer = second_step(&house, ATTACKER, &replay, &seen).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.session().is_none());
    assert_eq!(house.refusals("factor.verify", "factor.wrong").await, 1);
    house.time.advance(Duration::from_secs(30));
    let older = second_step(&house, ATTACKER, &replay, &seen).await;
    assert!(
        older.session().is_none(),
        "nor in the step after, where it would still count"
    );
    let next = code(&house, &secret);
    assert!(
        second_step(&house, HOME, &replay, &next)
            .await
            .session()
            .is_some()
    );
}

#[tokio::test]
async fn the_code_with_which_an_app_was_set_up_signs_nobody_in() {
    let house = House::new().await;
    let (person, hash) = house.person("hanako", PASSWORD).await;
    let (hub, realm) = (&house.hub, &house.realm);
    let prepared = hub.sessions.prepare(realm, &person, "pwd", None, HOME).unwrap();
    let session = hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
    let page = house.open(HOME, "/account/security/app", Some(&session)).await;
    assert!(page.body.contains("<svg class=\"picture\""));
    let offered = page.hidden("offered");
    let waiting = super::super::offered(hub, realm, (&offered, crate::testing::BROWSER), &person);
    let secret = waiting.await.unwrap().unwrap();
    assert!(page.body.contains(&secret.text()));
    let seen = code(&house, &secret);
    let fields = [
        ("offered", offered.as_str()),
        ("code", seen.as_str()),
        ("name", "My phone"),
    ];
    let done = house
        .submit(HOME, "/account/security/app", Some(&session), &fields)
        .await;
    assert_eq!(done.body.matches("<li><code>").count(), 10);
    let again = house
        .submit(HOME, "/account/security/app", Some(&session), &fields)
        .await;
    assert_ne!(again.status, StatusCode::OK, "a secret is set up once");
    let step = first_step(&house, ATTACKER, "hanako").await;
    assert!(
        second_step(&house, ATTACKER, &step, &seen)
            .await
            .session()
            .is_none()
    );
}

#[tokio::test]
async fn the_code_of_one_person_is_none_for_another() {
    let house = House::new().await;
    let (_, _, _) = with_app(&house, "hanako").await;
    let (eve, secret, _) = with_app(&house, "eve").await;
    let codes = house
        .hub
        .factors
        .make_codes(&house.realm, &eve, "", None)
        .await
        .unwrap();
    let step = first_step(&house, ATTACKER, "hanako").await;
    for code in [&code(&house, &secret), &codes[0]] {
        let answer = second_step(&house, ATTACKER, &step, code).await;
        assert!(answer.session().is_none(), "{}", answer.status);
    }
    let left = house.hub.factors.codes_left(&house.realm, eve.id).await.unwrap();
    assert_eq!(left, 10, "and is not used up by it");
}

#[tokio::test]
async fn a_recovery_code_stands_in_once_and_a_new_list_ends_the_old_one() {
    let house = House::new().await;
    let (person, secret, _) = with_app(&house, "hanako").await;
    let (factors, realm) = (&house.hub.factors, &house.realm);
    let codes = factors.make_codes(realm, &person, "", None).await.unwrap();
    assert_eq!(codes.len(), super::super::RECOVERY_CODES);
    let step = first_step(&house, HOME, "hanako").await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    let session = second_step(&house, HOME, &step, &typed).await.session().unwrap();
    assert_eq!(methods(&house, &session).await, "pwd otp mfa");
    assert_eq!(factors.codes_left(realm, person.id).await.unwrap(), 9);
    let step = first_step(&house, ATTACKER, "hanako").await;
    assert!(
        second_step(&house, ATTACKER, &step, &codes[3])
            .await
            .session()
            .is_none()
    );
    let page = house.open(HOME, "/account/security", Some(&session)).await;
    assert!(page.body.contains('9'), "the count is shown");

    let answer = house
        .submit(HOME, "/account/security/codes", Some(&session), &[])
        .await;
    assert_eq!(answer.body.matches("<li><code>").count(), 10);
    assert!(
        second_step(&house, HOME, &step, &codes[4])
            .await
            .session()
            .is_none()
    );
    assert_eq!(factors.codes_left(realm, person.id).await.unwrap(), 10);
    house.time.advance(Duration::from_mins(1));
    let fresh = code(&house, &secret);
    assert!(second_step(&house, HOME, &step, &fresh).await.session().is_some());
}

#[tokio::test]
async fn guesses_are_counted_by_person_over_all_sessions_and_browsers() {
    let house = House::new().await;
    let (_, secret, _) = with_app(&house, "hanako").await;
    let limit = house.hub.settings.limits.failures_per_account;
    let mut answered = 0;
    for guess in 0..limit + 5 {
        // Each guess in a sign-in of its own, from a network of its own.
        let address = format!("2001:db8:{guess:x}::1");
        let step = first_step(&house, &address, "hanako").await;
        let answer = second_step(&house, &address, &step, &wrong(&house, &secret)).await;
        answered += u64::from(answer.status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(answered, limit);
    let step = first_step(&house, ATTACKER, "hanako").await;
    let right = second_step(&house, ATTACKER, &step, &code(&house, &secret)).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    let recovery = second_step(&house, ATTACKER, &step, "00000-00000").await;
    assert_eq!(recovery.status, StatusCode::TOO_MANY_REQUESTS);
    house.time.advance(Duration::from_mins(16));
    let step = first_step(&house, HOME, "hanako").await;
    let later = second_step(&house, HOME, &step, &code(&house, &secret)).await;
    assert!(later.session().is_some());
}

#[tokio::test]
async fn a_day_bears_five_times_as_many_guesses_as_a_quarter_of_an_hour_and_no_more() {
    let house = House::new().await;
    let (_, secret, _) = with_app(&house, "hanako").await;
    let limit = house.hub.settings.limits.failures_per_account;
    let mut answered = 0;
    for _ in 0..8 {
        let step = first_step(&house, HOME, "hanako").await;
        for _ in 0..limit {
            let answer = second_step(&house, HOME, &step, &wrong(&house, &secret)).await;
            answered += u64::from(answer.status == StatusCode::UNAUTHORIZED);
        }
        house.time.advance(Duration::from_mins(16));
    }
    assert_eq!(answered, 5 * limit);
}

#[tokio::test]
async fn a_person_has_room_for_twenty_factors_and_for_recovery_codes_besides() {
    let house = House::new().await;
    let (person, secret, _) = with_app(&house, "hanako").await;
    let mut kept = 1;
    for _ in 0..25 {
        let new = NewFactor {
            kind: Kind::Totp,
            name: "",
            handle: None,
            secret: secret.bytes(),
            counter: 0,
        };
        let added = house
            .hub
            .factors
            .add(&house.realm, &person, new, None)
            .await
            .unwrap();
        kept += usize::from(added.is_some());
    }
    assert_eq!(kept, 20);
    let codes = house
        .hub
        .factors
        .make_codes(&house.realm, &person, "", None)
        .await;
    assert_eq!(codes.unwrap().len(), 10);
}

#[tokio::test]
async fn a_code_that_sets_up_no_app_is_in_the_log() {
    let house = House::new().await;
    let (person, hash) = house.person("hanako", PASSWORD).await;
    let (hub, realm) = (&house.hub, &house.realm);
    let prepared = hub.sessions.prepare(realm, &person, "pwd", None, HOME).unwrap();
    let session = hub.sessions.begin(realm, prepared, &hash).await.unwrap().unwrap();
    let page = house.open(HOME, "/account/security/app", Some(&session)).await;
    let offered = page.hidden("offered");
    for (offered, code, reason) in [
        (offered.as_str(), "no code", "factor.wrong"),
        ("never offered", "000000", "factor.offered"),
    ] {
        let fields = [("offered", offered), ("code", code)];
        let refused = house
            .submit(HOME, "/account/security/app", Some(&session), &fields)
            .await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{reason}");
        assert_eq!(house.refusals("factor.add", reason).await, 1);
    }
}

/// RFC 4226 §7.5: drawn at random, and sealed where it is kept.
#[tokio::test]
async fn the_secret_of_an_app_is_different_for_everybody_and_never_kept_as_it_is() {
    #[derive(FromQueryResult)]
    struct Kept {
        sealed_secret: Vec<u8>,
    }
    for backend in BACKENDS {
        let house = House::on(backend, 1000).await;
        let mut secrets = Vec::new();
        for login in ["hanako", "taro", "jiro"] {
            let (person, secret, _) = with_app(&house, login).await;
            assert!(secret.bytes().len() >= 16, "RFC 4226 §4, R6");
            let sql = "SELECT sealed_secret FROM factor WHERE person_id = $1";
            let kept: Option<Kept> = house
                .hub
                .store
                .fetch_optional(sql, values![person.id.uuid()])
                .await
                .unwrap();
            let kept = kept.unwrap();
            let plain = secret.bytes();
            assert!(
                !kept
                    .sealed_secret
                    .windows(plain.len())
                    .any(|window| window == plain),
                "{backend:?} keeps it as it is"
            );
            assert!(!secrets.contains(&plain.to_vec()));
            secrets.push(plain.to_vec());
        }
    }
}
