//! The outbox in the database, on both of them: who gets a mail, and what becomes of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use platform::clock::Instant;
use platform::database::testing::BACKENDS;
use platform::database::{Queries as _, Tx};
use platform::values;

use super::store::{self, Kept};
use crate::ids::MailId;
use crate::testing::House;

const LEASE: Duration = Duration::from_mins(10);

async fn keep(house: &House, count: u64) {
    let (person, _) = house.person("hanako", "correct horse battery staple").await;
    let hub = &house.hub;
    for _ in 0..count {
        let now = hub.clock.now();
        let mail = Kept {
            id: MailId::new(&hub.entropy, now).unwrap(),
            realm: house.realm.id,
            person: Some(person.id),
            kind: "test".to_owned(),
            sealed: vec![1],
            topic: None,
            tries: 0,
            created_at: now,
            expires_at: now.plus(Duration::from_hours(1)),
        };
        let kept = hub
            .store
            .write(move |tx: &Tx| Box::pin(store::insert(tx, mail)))
            .await;
        kept.unwrap();
    }
}

async fn claim(house: &House, now: Instant) -> Option<Kept> {
    store::claim(&house.hub.store, now, now.plus(LEASE))
        .await
        .unwrap()
}

#[tokio::test]
async fn of_many_who_ask_one_gets_a_mail_and_nobody_else_until_the_lease_ends() {
    for backend in BACKENDS {
        let house = Arc::new(House::on(backend, 1000).await);
        keep(&house, 5).await;
        let now = house.hub.clock.now();
        let mut got = BTreeSet::new();
        for _ in 0..10 {
            let asked = (0..8).map(|_| {
                let house = house.clone();
                tokio::spawn(async move { claim(&house, now).await })
            });
            for mail in join_all(asked).await {
                if let Some(mail) = mail.unwrap() {
                    assert!(got.insert(mail.id.to_string()), "{backend:?}: a mail twice");
                    assert_eq!(mail.tries, 1);
                }
            }
        }
        assert_eq!(got.len(), 5, "{backend:?}");
        assert!(claim(&house, now.plus(LEASE / 2)).await.is_none(), "{backend:?}");
        let again = claim(&house, now.plus(LEASE)).await.unwrap();
        assert_eq!(again.tries, 2, "{backend:?}: whoever had it is gone");
    }
}

#[tokio::test]
async fn who_lost_the_claim_neither_deletes_nor_postpones_the_mail() {
    for backend in BACKENDS {
        let house = House::on(backend, 1000).await;
        keep(&house, 1).await;
        let now = house.hub.clock.now();
        let slow = claim(&house, now).await.unwrap();
        let later = now.plus(LEASE);
        let quick = claim(&house, later).await.unwrap();
        let store = &house.hub.store;
        store::delete(store, &slow).await.unwrap();
        store::postpone(store, &slow, Instant::from_micros(i64::MAX))
            .await
            .unwrap();
        assert_eq!(store::waiting(store).await.unwrap(), 1, "{backend:?}");
        store::postpone(store, &quick, later).await.unwrap();
        let third = claim(&house, later).await.unwrap();
        assert_eq!(third.tries, 3, "{backend:?}");
        store::delete(store, &third).await.unwrap();
        assert_eq!(store::waiting(store).await.unwrap(), 0, "{backend:?}");
    }
}

#[tokio::test]
async fn a_letter_is_kept_with_what_it_tells_of_or_not_at_all() {
    for backend in BACKENDS {
        let house = House::on(backend, 1000).await;
        keep(&house, 1).await;
        let count = "DELETE FROM mail WHERE tries < 0";
        let undone = house.hub.store.write(move |tx: &Tx| {
            Box::pin(async move {
                tx.execute("DELETE FROM mail", values![]).await?;
                tx.execute(count, values![]).await?;
                Err::<(), _>(platform::database::DatabaseError::Conflict)
            })
        });
        assert!(undone.await.is_err());
        assert_eq!(store::waiting(&house.hub.store).await.unwrap(), 1, "{backend:?}");
    }
}
