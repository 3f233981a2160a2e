//! What a link is good for, on both databases.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use platform::config::SecretUrl;
use platform::database::testing::BACKENDS;
use platform::database::{Backend, FromQueryResult, Queries as _};
use platform::values;

use super::asks::{Ask, Way, prepare, step};
use super::link;
use crate::people::{NewPerson, Person, Profile};
use crate::testing::House;

const OLD: &str = "correct horse battery staple";

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

async fn house(backend: Backend) -> House {
    House::with(backend, 1000, |settings| {
        settings.smtp.url = Some(SecretUrl::new("smtp://127.0.0.1:9".to_owned()));
    })
    .await
}

async fn somebody(house: &House, login: &str, verified: bool) -> Arc<Person> {
    let new = NewPerson {
        profile: Profile {
            login: login.to_owned(),
            email: Some(format!("{login}@example.jp")),
            email_verified: verified,
            ..Profile::default()
        },
        locale: None,
        powers: Vec::new(),
    };
    let person = house.hub.people.create(&house.realm, new).await.unwrap();
    let hash = house.hub.hasher.hash(OLD.into()).await.unwrap();
    house
        .hub
        .passwords
        .set(&house.realm, person.id, &hash)
        .await
        .unwrap();
    Arc::new(person)
}

async fn count(house: &House, table: &str) -> i64 {
    let sql = format!("SELECT count(*) AS count FROM {table}");
    let row: Option<Count> = house.hub.store.fetch_optional(&sql, values![]).await.unwrap();
    row.unwrap().count
}

async fn ask(house: &House, name: &str) {
    let ask = Ask {
        name: name.to_owned(),
        way: Way::Mail,
        recovery: None,
    };
    let prepared = prepare(&house.hub, &house.realm, &ask).unwrap();
    let kept = house
        .hub
        .store
        .write(move |tx: &platform::database::Tx| Box::pin(prepared.write(tx)));
    kept.await
        .map_err(|error: platform::database::DatabaseError| error)
        .unwrap();
}

/// A link as if it had been mailed.
async fn link(house: &House, person: &Person) -> String {
    let (hub, realm) = (&house.hub, &house.realm);
    let token = hub.entropy.token().unwrap();
    let now = hub.clock.now();
    let values = values![
        realm.token_hash("recovery", &token).to_vec(),
        realm.id.uuid(),
        person.id.uuid(),
        now.as_micros(),
        now.plus(Duration::from_mins(30)).as_micros()
    ];
    let sql = "INSERT INTO recovery_link (hash, realm_id, person_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)";
    hub.store.execute(sql, values).await.unwrap();
    token
}

#[tokio::test]
async fn a_mail_goes_to_a_confirmed_address_whichever_name_was_typed_and_to_nobody_else() {
    for backend in BACKENDS {
        let house = house(backend).await;
        somebody(&house, "hanako", true).await;
        somebody(&house, "jiro", false).await;
        for (name, mails) in [
            ("nobody", 0),
            ("jiro", 0),
            ("jiro@example.jp", 0),
            ("hanako", 1),
            ("hanako@example.jp", 2),
            ("\u{0}", 2),
        ] {
            ask(&house, name).await;
            assert!(step(&house.hub).await.unwrap());
            assert!(!step(&house.hub).await.unwrap(), "taken once");
            assert_eq!(count(&house, "mail").await, mails, "{backend:?} {name}");
            assert_eq!(count(&house, "recovery_link").await, mails, "{backend:?} {name}");
        }
    }
}

#[tokio::test]
async fn however_many_ask_one_address_gets_only_so_many_mails() {
    let house = house(Backend::Sqlite).await;
    somebody(&house, "hanako", true).await;
    for _ in 0..20 {
        ask(&house, "hanako").await;
        step(&house.hub).await.unwrap();
    }
    assert_eq!(count(&house, "mail").await, 5);
}

#[tokio::test]
async fn what_was_typed_is_kept_sealed_and_is_as_long_for_everybody() {
    #[derive(FromQueryResult)]
    struct Bytes {
        sealed: Vec<u8>,
    }
    let house = house(Backend::Sqlite).await;
    for name in ["hanako", "a", "somebody.with.a.long.name@hospital.example.jp"] {
        ask(&house, name).await;
    }
    let rows: Vec<Bytes> = house
        .hub
        .store
        .fetch_all("SELECT sealed FROM recovery_ask", values![])
        .await
        .unwrap();
    let lengths: std::collections::HashSet<usize> = rows.iter().map(|row| row.sealed.len()).collect();
    assert_eq!((rows.len(), lengths.len()), (3, 1));
    assert!(
        rows.iter()
            .all(|row| !row.sealed.windows(6).any(|part| part == b"hanako"))
    );
}

#[tokio::test]
async fn a_link_works_once_for_its_person_its_realm_and_its_time() {
    for backend in BACKENDS {
        let house = house(backend).await;
        let (hub, realm) = (&house.hub, &house.realm);
        let (hanako, eve) = (
            somebody(&house, "hanako", true).await,
            somebody(&house, "eve", true).await,
        );
        let new = hub.hasher.hash("ten quiet green turtles".into()).await.unwrap();
        let other = hub
            .realms
            .create(&hub.clock, &hub.entropy, "Other", "http://127.0.0.1:8081")
            .await
            .unwrap();
        let token = link(&house, &hanako).await;
        assert!(link::find(hub, &other, &token).await.unwrap().is_none());
        assert!(!link::finish(hub, &other, &hanako, &token, &new).await.unwrap());
        let used = link::finish(hub, realm, &eve, &token, &new).await.unwrap();
        assert!(!used, "{backend:?}: it is not hers");
        assert!(
            link::find(hub, realm, &token).await.unwrap().is_none(),
            "and is spent on trying"
        );

        let (token, older) = (link(&house, &hanako).await, link(&house, &hanako).await);
        let session = house.sign_in("192.0.2.1", "hanako", OLD).await.session().unwrap();
        assert!(link::finish(hub, realm, &hanako, &token, &new).await.unwrap());
        hub.sessions.forget_all();
        assert!(hub.sessions.resume(realm, &session).await.unwrap().is_none());
        for spent in [&token, &older] {
            assert!(link::find(hub, realm, spent).await.unwrap().is_none());
            assert!(!link::finish(hub, realm, &hanako, spent, &new).await.unwrap());
        }
        let late = link(&house, &hanako).await;
        house.time.advance(Duration::from_mins(30));
        assert!(!link::finish(hub, realm, &hanako, &late, &new).await.unwrap());
    }
}

#[tokio::test]
async fn a_link_that_is_used_many_times_at_once_sets_one_password() {
    for backend in BACKENDS {
        let house = Arc::new(house(backend).await);
        let hanako = somebody(&house, "hanako", true).await;
        let token = link(&house, &hanako).await;
        let new = house
            .hub
            .hasher
            .hash("ten quiet green turtles".into())
            .await
            .unwrap();
        let uses = (0..5).map(|_| {
            let (house, hanako, token, new) = (house.clone(), hanako.clone(), token.clone(), new.clone());
            tokio::spawn(async move {
                link::finish(&house.hub, &house.realm, &hanako, &token, &new)
                    .await
                    .unwrap()
            })
        });
        let outcomes = join_all(uses)
            .await
            .into_iter()
            .filter(|used| *used.as_ref().unwrap());
        assert_eq!(outcomes.count(), 1, "{backend:?}");
    }
}

#[tokio::test]
async fn links_end_with_the_password_that_they_were_to_replace_however_that_came() {
    for backend in BACKENDS {
        let house = house(backend).await;
        let (hub, realm) = (&house.hub, &house.realm);
        let hanako = somebody(&house, "hanako", true).await;
        let mailed = link(&house, &hanako).await;
        let life = Duration::from_hours(1);
        let by_hand = hub.passwords.create_link(realm, hanako.id, life).await.unwrap();
        let works = async || {
            let mailed = link::find(hub, realm, &mailed).await.unwrap().is_some();
            let by_hand = hub.passwords.person_of_link(realm, &by_hand).await.unwrap();
            (mailed, by_hand.is_some())
        };
        assert_eq!(works().await, (true, true), "{backend:?}");
        let new = hub.hasher.hash("ten quiet green turtles".into()).await.unwrap();
        hub.passwords.set(realm, hanako.id, &new).await.unwrap();
        assert_eq!(works().await, (false, false), "{backend:?}");
    }
}

#[tokio::test]
async fn mails_that_a_stranger_has_sent_take_none_from_those_of_a_recovery() {
    let house = house(Backend::Sqlite).await;
    let (hub, realm) = (&house.hub, &house.realm);
    somebody(&house, "hanako", true).await;
    let address = platform::mail::MailAddress::parse("hanako@example.jp").unwrap();
    for _ in 0..20 {
        crate::mail::may_send(hub, realm, crate::mail::Sent::ToConfirm, &address)
            .await
            .unwrap();
    }
    ask(&house, "hanako").await;
    step(hub).await.unwrap();
    assert_eq!(count(&house, "recovery_link").await, 1);
}
