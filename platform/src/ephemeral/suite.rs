//! One suite for every implementation.

use std::sync::Arc;
use std::time::Duration;

use super::{Ephemeral, EphemeralError, Memory, Redis, RedisUrl, Slot};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::ids::RealmId;

const MINUTE: Duration = Duration::from_mins(1);

async fn stores() -> Vec<Arc<dyn Ephemeral>> {
    let url =
        std::env::var("MUSUBI_TEST_REDIS_URL").expect("MUSUBI_TEST_REDIS_URL: run `cargo xtask services`");
    let prefix = Entropy::system().token().unwrap();
    vec![
        Arc::new(Memory::new(Clock::system(), 10_000)),
        Arc::new(
            Redis::connect(&RedisUrl::new(url), &prefix, Clock::system())
                .await
                .unwrap(),
        ),
    ]
}

fn realm() -> RealmId {
    let clock = Clock::system();
    RealmId::new(&Entropy::system(), clock.now()).unwrap()
}

#[tokio::test]
async fn a_value_is_read_until_it_is_removed() {
    for store in stores().await {
        let slot = Slot::new(realm(), "code", "a");
        store.put(&slot, vec![0, 255, 10], MINUTE).await.unwrap();
        assert_eq!(store.get(&slot).await.unwrap(), Some(vec![0, 255, 10]));
        store.remove(&slot).await.unwrap();
        assert_eq!(store.get(&slot).await.unwrap(), None);
    }
}

#[tokio::test]
async fn of_many_takers_exactly_one_gets_the_value() {
    for store in stores().await {
        let slot = Slot::new(realm(), "code", "b");
        store.put(&slot, vec![1], MINUTE).await.unwrap();
        let takers = (0..32).map(|_| {
            let (store, slot) = (store.clone(), slot.clone());
            tokio::spawn(async move { store.take(&slot).await.unwrap().is_some() })
        });
        let mut winners = 0;
        for taker in takers.collect::<Vec<_>>() {
            winners += usize::from(taker.await.unwrap());
        }
        assert_eq!(winners, 1);
    }
}

#[tokio::test]
async fn a_value_of_one_realm_or_kind_is_not_found_as_another() {
    for store in stores().await {
        let (ours, theirs) = (realm(), realm());
        store
            .put(&Slot::new(ours, "code", "c"), vec![1], MINUTE)
            .await
            .unwrap();
        assert_eq!(store.take(&Slot::new(theirs, "code", "c")).await.unwrap(), None);
        assert_eq!(
            store.take(&Slot::new(ours, "interaction", "c")).await.unwrap(),
            None
        );
        assert!(store.take(&Slot::new(ours, "code", "c")).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_second_put_new_is_refused_and_changes_nothing() {
    for store in stores().await {
        let slot = Slot::new(realm(), "jti", "d");
        assert!(store.put_new(&slot, vec![1], MINUTE).await.unwrap());
        assert!(!store.put_new(&slot, vec![2], MINUTE).await.unwrap());
        assert_eq!(store.get(&slot).await.unwrap(), Some(vec![1]));
    }
}

#[tokio::test]
async fn a_counter_counts_every_increment_once() {
    for store in stores().await {
        let slot = Slot::new(realm(), "failures", "e");
        let tasks = (0..20).map(|_| {
            let (store, slot) = (store.clone(), slot.clone());
            tokio::spawn(async move { store.increment(&slot, MINUTE).await.unwrap() })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(store.count(&slot).await.unwrap(), 20);
        store.remove(&slot).await.unwrap();
        assert_eq!(store.count(&slot).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_counter_gives_back_what_is_taken_from_it_and_never_more() {
    for store in stores().await {
        let slot = Slot::new(realm(), "failures", "g");
        assert_eq!(store.decrement(&slot).await.unwrap(), 0);
        for expected in 1..=3 {
            assert_eq!(store.increment(&slot, MINUTE).await.unwrap(), expected);
        }
        for expected in [2, 1, 0, 0] {
            assert_eq!(store.decrement(&slot).await.unwrap(), expected);
        }
        assert_eq!(store.increment(&slot, MINUTE).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_store_remembers_since_it_began_and_keeps_to_that() {
    for store in stores().await {
        let since = store.remembers_since().await.unwrap();
        assert!(since <= Clock::system().now());
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(store.remembers_since().await.unwrap(), since);
    }
}

#[tokio::test]
async fn a_redis_that_lost_what_it_held_says_so() {
    let url =
        std::env::var("MUSUBI_TEST_REDIS_URL").expect("MUSUBI_TEST_REDIS_URL: run `cargo xtask services`");
    let prefix = Entropy::system().token().unwrap();
    let (clock, hand) = Clock::manual(crate::clock::Instant::from_micros(1_000_000));
    let store = Redis::connect(&RedisUrl::new(url.clone()), &prefix, clock.clone())
        .await
        .unwrap();
    let before = store.remembers_since().await.unwrap();
    hand.advance(MINUTE);
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::AsyncCommands::del(&mut connection, format!("{prefix}began"))
        .await
        .unwrap();
    assert_eq!(store.remembers_since().await.unwrap(), before.plus(MINUTE));
}

#[tokio::test]
async fn entries_end_after_their_time() {
    for store in stores().await {
        let slot = Slot::new(realm(), "code", "f");
        store
            .put(&slot, vec![1], Duration::from_millis(30))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(store.take(&slot).await.unwrap(), None);
        assert!(store.put_new(&slot, vec![2], MINUTE).await.unwrap());
    }
}

#[tokio::test]
async fn memory_that_is_full_refuses_until_entries_have_ended() {
    let (clock, hand) = Clock::manual(crate::clock::Instant::from_micros(0));
    let (store, realm) = (Memory::new(clock, 16), realm());
    let mut refused = 0;
    for name in 0..200 {
        let outcome = store
            .put(&Slot::new(realm, "code", &name.to_string()), vec![], MINUTE)
            .await;
        refused += usize::from(matches!(outcome, Err(EphemeralError::Full)));
    }
    assert!(refused >= 184);
    hand.advance(MINUTE * 2);
    store
        .put(&Slot::new(realm, "code", "late"), vec![], MINUTE)
        .await
        .unwrap();
}

fn memory() -> (Memory, RealmId, crate::clock::ManualClock) {
    let (clock, hand) = Clock::manual(crate::clock::Instant::from_micros(0));
    (Memory::new(clock, 320), realm(), hand)
}

#[tokio::test]
async fn whoever_fills_the_interactions_has_stopped_neither_counters_nor_codes() {
    let (store, realm, _) = memory();
    let mut full = false;
    for name in 0..1000 {
        let slot = Slot::new(realm, "interaction", &name.to_string());
        full |= store.put(&slot, vec![0; 100], MINUTE).await.is_err();
    }
    assert!(full, "the attack reaches the bound");
    for name in 0..10 {
        let counter = Slot::new(realm, "failures-account", &name.to_string());
        assert_eq!(store.increment(&counter, MINUTE).await.unwrap(), 1);
        let code = Slot::new(realm, "code", &name.to_string());
        store.put(&code, vec![1], MINUTE).await.unwrap();
    }
}

#[tokio::test]
async fn large_values_fill_a_kind_by_their_bytes_and_are_counted_off_again() {
    let (store, realm, hand) = memory();
    let slots: Vec<Slot> = (0..300)
        .map(|name| Slot::new(realm, "interaction", &name.to_string()))
        .collect();
    let mut held = 0;
    for slot in &slots {
        held += usize::from(store.put(slot, vec![0; 24 * 1024], MINUTE).await.is_ok());
    }
    assert!(held > 0 && held * 24 * 1024 <= 16 * 64 * 1024, "{held}");
    for slot in &slots {
        store.take(slot).await.unwrap();
    }
    let mut again = 0;
    for slot in &slots {
        again += usize::from(store.put(slot, vec![0; 24 * 1024], MINUTE).await.is_ok());
    }
    assert_eq!(again, held, "what was taken has left its room");
    for slot in &slots {
        let _ = store.put(slot, vec![], MINUTE).await;
    }
    hand.advance(MINUTE * 2);
    let large = Slot::new(realm, "interaction", "0");
    store.put(&large, vec![0; 60 * 1024], MINUTE).await.unwrap();
}
