//! What a code is good for, on both databases.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use platform::config::SecretUrl;
use platform::database::Queries as _;
use platform::database::testing::BACKENDS;
use platform::keys::Aad;
use platform::values;

use super::*;
use crate::people::{IdentifierKind, Person};
use crate::testing::House;

const CODE: &str = "12345678";

async fn somebody(house: &House, login: &str) -> Arc<Person> {
    let (person, _) = house.person(login, "correct horse battery staple").await;
    Arc::new(person)
}

/// A code for an address, as if it had been sent.
async fn sent(house: &House, person: &Person, address: &str) {
    let (hub, realm) = (&house.hub, &house.realm);
    let place = Aad::new(realm.id.uuid(), "email.change", person.id.uuid().as_bytes(), b"");
    let sealed = person.key.seal(&hub.entropy, &place, address.as_bytes()).unwrap();
    let hash = Code::typed(CODE).unwrap().hash(realm, person.id, address);
    let now = hub.clock.now();
    hub.store
        .execute(
            "DELETE FROM email_change WHERE person_id = $1",
            values![person.id.uuid()],
        )
        .await
        .unwrap();
    let values = values![
        person.id.uuid(),
        realm.id.uuid(),
        sealed,
        hash.to_vec(),
        now.as_micros(),
        now.plus(Duration::from_mins(30)).as_micros()
    ];
    let sql = "INSERT INTO email_change (person_id, realm_id, sealed_address, code_hash, tries, created_at, expires_at)
        VALUES ($1, $2, $3, $4, 0, $5, $6)";
    hub.store.execute(sql, values).await.unwrap();
}

async fn enter(house: &House, person: &Arc<Person>, code: &str) -> Outcome {
    confirm(&house.hub, &house.realm, person, Code::typed(code))
        .await
        .unwrap()
}

async fn of(house: &House, address: &str) -> Option<Person> {
    let people = &house.hub.people;
    people
        .by_identifier(&house.realm, IdentifierKind::Email, address)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_right_code_makes_the_address_the_persons_once_and_a_guess_does_not() {
    for backend in BACKENDS {
        let house = House::on(backend, 1000).await;
        let hanako = somebody(&house, "hanako").await;
        sent(&house, &hanako, "hanako@example.jp").await;
        assert_eq!(enter(&house, &hanako, "87654321").await, Outcome::Wrong);
        assert_eq!(enter(&house, &hanako, "no code").await, Outcome::Wrong);
        assert!(of(&house, "hanako@example.jp").await.is_none());
        assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Confirmed);
        let found = of(&house, "Hanako@example.jp").await.unwrap();
        assert_eq!(found.id, hanako.id, "{backend:?}");
        assert!(found.profile.email_verified);
        assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Wrong, "for once");
    }
}

#[tokio::test]
async fn after_five_tries_or_half_an_hour_even_the_right_code_is_worth_nothing() {
    let house = House::new().await;
    let hanako = somebody(&house, "hanako").await;
    sent(&house, &hanako, "hanako@example.jp").await;
    for _ in 0..5 {
        assert_eq!(enter(&house, &hanako, "00000000").await, Outcome::Wrong);
    }
    assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Wrong);
    sent(&house, &hanako, "hanako@example.jp").await;
    house.time.advance(Duration::from_mins(30));
    assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Wrong);
    assert!(!is_asked(&house.hub, &house.realm, &hanako).await.unwrap());
}

#[tokio::test]
async fn a_code_is_for_one_person_one_address_and_one_realm() {
    let house = House::new().await;
    let (hanako, eve) = (somebody(&house, "hanako").await, somebody(&house, "eve").await);
    sent(&house, &hanako, "hanako@example.jp").await;
    assert_eq!(enter(&house, &eve, CODE).await, Outcome::Wrong);
    let hub = &house.hub;
    let other = hub
        .realms
        .create(&hub.clock, &hub.entropy, "Other", "http://127.0.0.1:8081")
        .await
        .unwrap();
    let elsewhere = confirm(hub, &other, &hanako, Code::typed(CODE)).await.unwrap();
    assert_eq!(elsewhere, Outcome::Wrong);
    let code = Code::typed(CODE).unwrap();
    let here = code.hash(&house.realm, hanako.id, "hanako@example.jp");
    assert_ne!(here, code.hash(&house.realm, hanako.id, "eve@example.jp"));
    assert_ne!(here, code.hash(&house.realm, eve.id, "hanako@example.jp"));
    assert_ne!(here, code.hash(&other, hanako.id, "hanako@example.jp"));
    assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Confirmed);
}

#[tokio::test]
async fn an_address_of_somebody_else_stays_theirs_and_one_that_was_given_up_cools_down() {
    for backend in BACKENDS {
        let house = House::on(backend, 1000).await;
        let (hanako, eve) = (somebody(&house, "hanako").await, somebody(&house, "eve").await);
        sent(&house, &hanako, "h@example.jp").await;
        assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Confirmed);
        sent(&house, &eve, "H@example.jp").await;
        assert_eq!(enter(&house, &eve, CODE).await, Outcome::Taken, "{backend:?}");
        sent(&house, &hanako, "new@example.jp").await;
        assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Confirmed);
        assert!(of(&house, "h@example.jp").await.is_none());
        sent(&house, &eve, "h@example.jp").await;
        assert_eq!(enter(&house, &eve, CODE).await, Outcome::Taken, "too recently");
        sent(&house, &hanako, "h@example.jp").await;
        assert_eq!(
            enter(&house, &hanako, CODE).await,
            Outcome::Confirmed,
            "back to their own"
        );
        sent(&house, &hanako, "new@example.jp").await;
        assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Confirmed);
        house.time.advance(Duration::from_hours(366 * 24));
        sent(&house, &eve, "h@example.jp").await;
        assert_eq!(enter(&house, &eve, CODE).await, Outcome::Confirmed, "{backend:?}");
        assert_eq!(of(&house, "h@example.jp").await.unwrap().id, eve.id);
    }
}

#[tokio::test]
async fn a_code_that_is_entered_many_times_at_once_counts_once() {
    for backend in BACKENDS {
        let house = Arc::new(House::on(backend, 1000).await);
        let hanako = somebody(&house, "hanako").await;
        sent(&house, &hanako, "hanako@example.jp").await;
        let entered = (0..4).map(|_| {
            let (house, hanako) = (house.clone(), hanako.clone());
            tokio::spawn(async move { confirm(&house.hub, &house.realm, &hanako, Code::typed(CODE)).await })
        });
        let outcomes = join_all(entered).await;
        let confirmed = outcomes
            .into_iter()
            .filter(|outcome| matches!(outcome, Ok(Ok(Outcome::Confirmed))))
            .count();
        assert_eq!(confirmed, 1, "{backend:?}");
    }
}

#[tokio::test]
async fn a_link_that_was_sent_to_the_address_before_is_worth_nothing_once_there_is_another() {
    for backend in BACKENDS {
        let house = House::with(backend, 1000, |settings| {
            settings.smtp.url = Some(SecretUrl::new("smtp://127.0.0.1:9".to_owned()));
        })
        .await;
        let (hub, realm) = (&house.hub, &house.realm);
        let hanako = somebody(&house, "hanako").await;
        let now = hub.clock.now();
        let sql = "INSERT INTO recovery_link (hash, realm_id, person_id, created_at, expires_at)
            VALUES ($1, $2, $3, $4, $5)";
        let link = values![
            realm.token_hash("recovery", "sent before").to_vec(),
            realm.id.uuid(),
            hanako.id.uuid(),
            now.as_micros(),
            now.plus(Duration::from_mins(30)).as_micros()
        ];
        hub.store.execute(sql, link).await.unwrap();
        let works = async || {
            let found = crate::recovery::link::find(hub, realm, "sent before").await;
            found.unwrap().is_some()
        };
        sent(&house, &hanako, "new@example.jp").await;
        assert_eq!(enter(&house, &hanako, "00000000").await, Outcome::Wrong);
        assert!(works().await, "{backend:?}");
        assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Confirmed);
        assert!(!works().await, "{backend:?}");
    }
}
