//! What a code by message is good for, on both databases.

use std::sync::Arc;
use std::time::Duration;

use platform::database::Queries as _;
use platform::database::testing::BACKENDS;
use platform::keys::Aad;
use platform::values;

use super::*;
use crate::email::Code;
use crate::events::Kind;
use crate::people::{By, Field, IdentifierKind, Patch, Person, change};
use crate::testing::House;

const CODE: &str = "12345678";
const NUMBER: &str = "+819012345678";

async fn somebody(house: &House, login: &str, number: &str) -> Arc<Person> {
    let (person, _) = house.person(login, "correct horse battery staple").await;
    let person = Arc::new(person);
    let patch = Patch::from([(Field::Telephone, Some(number.to_owned()))]);
    change(
        &house.hub,
        &house.realm,
        &person,
        (patch, By::person(person.id)),
        None,
    )
    .await
    .unwrap();
    person
}

/// A code for a number, as if it had been sent.
async fn sent(house: &House, person: &Person, number: &str) {
    let (hub, realm) = (&house.hub, &house.realm);
    let place = Aad::new(realm.id.uuid(), "phone.change", person.id.uuid().as_bytes(), b"");
    let sealed = person.key.seal(&hub.entropy, &place, number.as_bytes()).unwrap();
    let hash = Code::typed(CODE).unwrap().hash(realm, person.id, number);
    let now = hub.clock.now();
    let gone = "DELETE FROM phone_change WHERE person_id = $1";
    hub.store.execute(gone, values![person.id.uuid()]).await.unwrap();
    let values = values![
        person.id.uuid(),
        realm.id.uuid(),
        sealed,
        hash.to_vec(),
        now.as_micros(),
        now.plus(Duration::from_mins(30)).as_micros()
    ];
    let sql = "INSERT INTO phone_change (person_id, realm_id, sealed_number, code_hash, tries, created_at, expires_at)
        VALUES ($1, $2, $3, $4, 0, $5, $6)";
    hub.store.execute(sql, values).await.unwrap();
}

async fn enter(house: &House, person: &Arc<Person>, code: &str) -> Outcome {
    confirm(&house.hub, &house.realm, person, Code::typed(code))
        .await
        .unwrap()
}

async fn holder(house: &House, number: &str) -> Option<Person> {
    let people = &house.hub.people;
    people
        .by_identifier(&house.realm, IdentifierKind::Telephone, number)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_right_code_makes_the_number_the_persons_and_nobody_elses_until_it_has_cooled_down() {
    for backend in BACKENDS {
        let house = House::on(backend, 1000).await;
        let hanako = somebody(&house, "hanako", NUMBER).await;
        let eve = somebody(&house, "eve", NUMBER).await;
        sent(&house, &hanako, NUMBER).await;
        assert_eq!(enter(&house, &hanako, "87654321").await, Outcome::Wrong);
        assert!(holder(&house, NUMBER).await.is_none(), "nobody has shown it");
        assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Confirmed);
        assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Wrong, "for once");
        assert_eq!(
            holder(&house, "090-1234-5678").await.unwrap().id,
            hanako.id,
            "{backend:?}"
        );
        sent(&house, &eve, NUMBER).await;
        assert_eq!(enter(&house, &eve, CODE).await, Outcome::Taken);
        let patch = Patch::from([(Field::Telephone, None)]);
        change(
            &house.hub,
            &house.realm,
            &hanako,
            (patch, By::person(hanako.id)),
            None,
        )
        .await
        .unwrap();
        assert!(holder(&house, NUMBER).await.is_none());
        sent(&house, &eve, NUMBER).await;
        assert_eq!(enter(&house, &eve, CODE).await, Outcome::Taken, "too recently");
        house.time.advance(Duration::from_hours(366 * 24));
        sent(&house, &eve, NUMBER).await;
        assert_eq!(enter(&house, &eve, CODE).await, Outcome::Confirmed, "{backend:?}");
        let told = crate::events::waiting(&house.hub.store, &house.realm, 10)
            .await
            .unwrap();
        let kinds: Vec<_> = told.iter().map(|event| (event.person, event.kind)).collect();
        assert_eq!(
            kinds,
            [
                (hanako.id, Some(Kind::IdentifierChanged)),
                (hanako.id, Some(Kind::IdentifierRecycled))
            ]
        );
    }
}

#[tokio::test]
async fn a_code_for_a_number_that_is_not_the_persons_any_more_confirms_nothing() {
    let house = House::new().await;
    let hanako = somebody(&house, "hanako", "+818087654321").await;
    sent(&house, &hanako, NUMBER).await;
    assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Wrong);
    assert!(holder(&house, NUMBER).await.is_none());
}

#[tokio::test]
async fn after_five_tries_or_half_an_hour_even_the_right_code_is_worth_nothing() {
    let house = House::new().await;
    let hanako = somebody(&house, "hanako", NUMBER).await;
    sent(&house, &hanako, NUMBER).await;
    for _ in 0..5 {
        assert_eq!(enter(&house, &hanako, "00000000").await, Outcome::Wrong);
    }
    assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Wrong);
    sent(&house, &hanako, NUMBER).await;
    house.time.advance(Duration::from_mins(30));
    assert_eq!(enter(&house, &hanako, CODE).await, Outcome::Wrong);
    assert!(!is_asked(&house.hub, &house.realm, &hanako).await.unwrap());
}
