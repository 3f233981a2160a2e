//! Attacks on the sign-in form.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::StatusCode;
use platform::database::Backend;
use platform::ephemeral::Slot;

use crate::testing::House;

const RIGHT: &str = "correct horse battery staple";
const ATTACKER: &str = "203.0.113.66";
const CLINIC: &str = "192.0.2.10";

async fn house() -> House {
    let house = House::new().await;
    house.person("hanako", RIGHT).await;
    house.person("taro", RIGHT).await;
    house
}

#[tokio::test]
async fn of_a_hundred_guesses_at_once_no_more_than_the_limit_are_answered() {
    let house = house().await;
    let guesses = join_all((0..100).map(|_| house.sign_in(ATTACKER, "hanako", "a wrong guess"))).await;
    let answered = guesses
        .iter()
        .filter(|answer| answer.status == StatusCode::UNAUTHORIZED)
        .count();
    assert_eq!(answered, 10);
    assert_eq!(house.refusals("sign_in.password", "sign_in.throttled").await, 90);
    let late = house.sign_in(ATTACKER, "hanako", RIGHT).await;
    assert_eq!(late.status, StatusCode::TOO_MANY_REQUESTS);
    house.time.advance(Duration::from_mins(16));
    let later = house.sign_in(ATTACKER, "hanako", RIGHT).await;
    assert_eq!(later.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn many_right_passwords_at_once_count_as_no_failure() {
    let house = house().await;
    for _ in 0..3 {
        let all = join_all((0..10).map(|_| house.sign_in(CLINIC, "hanako", RIGHT))).await;
        assert!(all.iter().all(|answer| answer.status == StatusCode::SEE_OTHER));
    }
}

#[tokio::test]
async fn who_fails_at_an_account_closes_it_for_their_own_network_and_not_for_its_owner() {
    let house = house().await;
    for _ in 0..10 {
        let answer = house.sign_in(ATTACKER, "hanako", "a wrong guess").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    let attacker = house.sign_in(ATTACKER, "hanako", RIGHT).await;
    assert_eq!(attacker.status, StatusCode::TOO_MANY_REQUESTS);
    let owner = house.sign_in(CLINIC, "hanako", RIGHT).await;
    assert_eq!(owner.status, StatusCode::SEE_OTHER);
    let other = house.sign_in(ATTACKER, "taro", RIGHT).await;
    assert_eq!(
        other.status,
        StatusCode::SEE_OTHER,
        "nor for others behind the same address"
    );
}

#[tokio::test]
async fn an_account_bears_ten_times_as_many_failures_from_all_networks_and_no_more() {
    let house = house().await;
    let mut answered = 0;
    for guess in 0..110 {
        // One IPv6 subscriber has many addresses and is one network; these are many subscribers.
        let address = format!("2001:db8:0:{:x}::{guess:x}", guess % 12);
        let answer = house.sign_in(&address, "hanako", "a wrong guess").await;
        answered += usize::from(answer.status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(answered, 100);
}

#[tokio::test]
async fn one_ipv6_subscriber_does_not_get_a_limit_for_each_address() {
    let house = house().await;
    let mut answered = 0;
    for guess in 0..12 {
        let answer = house
            .sign_in(&format!("2001:db8::{guess:x}"), "hanako", "a wrong guess")
            .await;
        answered += usize::from(answer.status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(answered, 10);
}

#[tokio::test]
async fn full_interactions_do_not_turn_the_throttle_off() {
    let house = House::on(Backend::Sqlite, 320).await;
    house.person("hanako", RIGHT).await;
    let mut full = false;
    for name in 0..2000 {
        let slot = Slot::new(house.realm.id, "interaction", &name.to_string());
        let stored = house
            .hub
            .ephemeral
            .put(&slot, vec![0; 2000], Duration::from_mins(30));
        full |= stored.await.is_err();
    }
    assert!(full, "the attack reaches the bound");
    for _ in 0..10 {
        let answer = house.sign_in(ATTACKER, "hanako", "a wrong guess").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(house.refusals("sign_in.password", "sign_in.wrong").await, 10);
    let closed = house.sign_in(ATTACKER, "hanako", RIGHT).await;
    assert_eq!(closed.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn who_cannot_be_counted_is_not_answered_even_with_the_right_password_and_that_is_logged() {
    let house = House::on(Backend::Sqlite, 1).await;
    house.person("hanako", RIGHT).await;
    for name in 0..2000 {
        let slot = Slot::new(house.realm.id, "attempts-account", &name.to_string());
        let _ = house
            .hub
            .ephemeral
            .increment(&slot, Duration::from_mins(30))
            .await;
    }
    let answer = house.sign_in(ATTACKER, "hanako", RIGHT).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.session().is_none());
    assert_eq!(house.refusals("sign_in.password", "sign_in.unavailable").await, 1);
}

#[tokio::test]
async fn a_sign_in_that_waited_while_the_password_changed_begins_no_session() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let house = House::on(backend, 1000).await;
        let (person, old) = house.person("hanako", RIGHT).await;
        let (hub, realm) = (&house.hub, &house.realm);
        let prepare = || {
            let prepared = hub.sessions.prepare(realm, &person, "pwd", None, CLINIC);
            prepared.unwrap()
        };
        let before = hub.sessions.begin(realm, prepare(), &old).await.unwrap();
        assert!(before.is_some());
        let new = hub.hasher.hash("another password".into()).await.unwrap();
        hub.passwords.set(realm, person.id, &new).await.unwrap();
        let after = hub.sessions.begin(realm, prepare(), &old).await.unwrap();
        assert!(after.is_none(), "{backend:?}");
        let fresh = hub.sessions.begin(realm, prepare(), &new).await.unwrap();
        assert!(fresh.is_some(), "{backend:?}");
    }
}

/// Whichever of the two comes first, nothing that the old password opened is left.
#[tokio::test]
async fn a_sign_in_that_races_a_change_of_the_password_leaves_no_session_behind() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let house = Arc::new(House::on(backend, 1000).await);
        let (person, mut old) = house.person("hanako", RIGHT).await;
        for round in 0..20 {
            let mut new = old.clone();
            new.salt = [round; 16];
            let (hub, realm) = (&house.hub, &house.realm);
            let prepared = (0..8).map(|_| hub.sessions.prepare(realm, &person, "pwd", None, CLINIC));
            let signing_in = prepared.map(|prepared| {
                let (house, old) = (house.clone(), old.clone());
                tokio::spawn(async move {
                    let sessions = &house.hub.sessions;
                    sessions
                        .begin(&house.realm, prepared.unwrap(), &old)
                        .await
                        .unwrap()
                })
            });
            let signing_in: Vec<_> = signing_in.collect();
            hub.passwords.set(realm, person.id, &new).await.unwrap();
            for outcome in join_all(signing_in).await {
                if let Some(secret) = outcome.unwrap() {
                    let session = hub.sessions.resume(realm, &secret).await.unwrap();
                    assert!(session.is_none(), "{backend:?}, round {round}");
                }
            }
            old = new;
        }
    }
}

#[tokio::test]
async fn a_browser_that_saw_a_page_of_a_realm_over_https_comes_over_https_again() {
    let house = house().await;
    let hub = &house.hub;
    hub.realms
        .create(&hub.clock, &hub.entropy, "Clinic", "https://id.clinic.example")
        .await
        .unwrap();
    let secure = house.open_at("id.clinic.example", "/signin").await;
    assert_eq!(secure.status, StatusCode::OK);
    assert_eq!(secure.headers["strict-transport-security"], "max-age=31536000");
    let cookies: Vec<_> = secure.headers.get_all("set-cookie").iter().collect();
    assert!(!cookies.is_empty());
    for cookie in cookies {
        let cookie = cookie.to_str().unwrap();
        assert!(
            cookie.starts_with("__Host-") && cookie.contains("; Secure"),
            "{cookie}"
        );
    }
    let here = house.open_at(crate::testing::HOME, "/signin").await;
    assert!(!here.headers.contains_key("strict-transport-security"));
}
