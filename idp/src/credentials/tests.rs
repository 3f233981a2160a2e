//! What a new password ends.

use http::StatusCode;
use platform::database::{Backend, FromQueryResult, Queries as _};
use platform::values;
use uuid::Uuid;

use crate::notices::{self, Notice};
use crate::people::Person;
use crate::testing::House;

const OLD: &str = "correct horse battery staple";
const NEW: &str = "another staple of batteries";
const LIFE: std::time::Duration = std::time::Duration::from_hours(1);

#[derive(FromQueryResult)]
struct Revoked {
    revoked_at: Option<i64>,
}

async fn family(house: &House, person: &Person) -> Uuid {
    let (id, now) = (Uuid::from_u128(7), house.hub.clock.now());
    let sql =
        "INSERT INTO token_family (id, realm_id, client_id, person_id, scope, grant_details, generation,
               created_at, expires_at) VALUES ($1, $2, 'rp', $3, 'openid', '{}', 1, $4, $5)";
    let (begun, over) = (now.as_micros(), now.plus(LIFE).as_micros());
    let values = values![id, house.realm.id.uuid(), person.id.uuid(), begun, over];
    house.hub.store.execute(sql, values).await.unwrap();
    id
}

async fn is_revoked(house: &House, family: Uuid) -> bool {
    let sql = "SELECT revoked_at FROM token_family WHERE id = $1";
    let row: Option<Revoked> = house
        .hub
        .store
        .fetch_optional(sql, values![family])
        .await
        .unwrap();
    row.unwrap().revoked_at.is_some()
}

#[tokio::test]
async fn whoever_knew_the_old_password_is_out_once_there_is_a_new_one() {
    let house = House::new().await;
    let (person, _) = house.person("hanako", OLD).await;
    let family = family(&house, &person).await;
    let intruder = house
        .sign_in("203.0.113.66", "hanako", OLD)
        .await
        .session()
        .unwrap();
    let (hub, realm) = (&house.hub, &house.realm);
    assert!(hub.sessions.resume(realm, &intruder).await.unwrap().is_some());
    let token = hub.passwords.create_link(realm, person.id, LIFE).await.unwrap();
    let fields = [
        ("token", token.as_str()),
        ("password", NEW),
        ("password_again", NEW),
    ];
    let set = house.submit("192.0.2.10", "/set-password", None, &fields).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER);
    assert!(hub.sessions.resume(realm, &intruder).await.unwrap().is_none());
    assert!(is_revoked(&house, family).await);
    let again = house.submit("192.0.2.10", "/set-password", None, &fields).await;
    assert_ne!(again.status, StatusCode::SEE_OTHER, "a link is for once");
}

#[tokio::test]
async fn a_password_is_not_new_while_what_the_old_one_opened_lives_on() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let house = House::on(backend, 1000).await;
        let (person, old) = house.person("hanako", OLD).await;
        let intruder = house
            .sign_in("203.0.113.66", "hanako", OLD)
            .await
            .session()
            .unwrap();
        let (hub, realm) = (&house.hub, &house.realm);
        let new = hub.hasher.hash(NEW.into()).await.unwrap();
        let token = hub.passwords.create_link(realm, person.id, LIFE).await.unwrap();
        let told = || notices::prepare(hub, realm, &person, Notice::PasswordChanged).unwrap();
        let rename = async |sql: &str| hub.store.execute(sql, values![]).await.unwrap();
        rename("ALTER TABLE token_family RENAME TO hidden").await;
        let failed = hub.passwords.set_by_link(realm, &token, &new, told()).await;
        assert!(failed.is_err(), "{backend:?}: the families cannot be revoked");
        rename("ALTER TABLE hidden RENAME TO token_family").await;
        let kept = hub.passwords.hash_of(realm, person.id).await.unwrap();
        assert!(kept == Some(old), "{backend:?}: the password is the old one");
        assert!(hub.sessions.resume(realm, &intruder).await.unwrap().is_some());
        let set = hub
            .passwords
            .set_by_link(realm, &token, &new, told())
            .await
            .unwrap();
        assert_eq!(set, Some(person.id), "{backend:?}: and the link is not used up");
    }
}
