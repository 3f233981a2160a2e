//! What an append promises, and what a person can read of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use platform::database::testing::BACKENDS;
use platform::keys::sealing::DataKey;
use platform::{clock::Clock, entropy::Entropy, ids::RealmId, keys::kek::KeyEncryptionKey};
use uuid::Uuid;

use super::super::{Decision, Entry, LogOpenError, LogUnavailable};
use super::{ACTION, House, Log, REALM, open};
use crate::ids::PersonId;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_callers_get_a_thousand_consecutive_places_and_every_receipt_holds() {
    for backend in BACKENDS {
        let house = House::on(backend).await;
        let tasks: Vec<_> = (0..1000)
            .map(|number| {
                let (log, entry) = (house.log.clone(), house.entry(number));
                tokio::spawn(async move { log.append(entry).await.unwrap() })
            })
            .collect();
        let mut receipts = Vec::new();
        for task in tasks {
            receipts.push(task.await.unwrap());
        }
        let places: BTreeSet<i64> = receipts.iter().map(|receipt| receipt.seq).collect();
        assert_eq!(places, (1..=1000).collect());
        let rows = house.rows().await;
        for receipt in receipts {
            let row = &rows[usize::try_from(receipt.seq - 1).unwrap()];
            assert_eq!((row.writer, row.hash), (receipt.writer, receipt.hash));
        }
        let (_, report) = house.export().await;
        assert!(report.is_intact(), "{report:?}");
    }
}

#[tokio::test]
async fn a_row_is_there_for_another_process_when_the_append_answers() {
    for backend in BACKENDS {
        let house = House::on(backend).await;
        house.log.append(house.entry(1)).await.unwrap();
        let other = open(
            platform::database::Store::open(house.database.url())
                .await
                .unwrap(),
        )
        .await;
        let rows = other
            .recent_for_subject(REALM, PersonId::from(Uuid::from_u128(101)), 10)
            .await
            .unwrap();
        assert_eq!(rows.len(), 1);
    }
}

#[tokio::test]
async fn a_person_sees_the_newest_rows_about_themselves_in_their_realm_and_no_others() {
    for backend in BACKENDS {
        let house = House::on(backend).await;
        let person = PersonId::from(Uuid::from_u128(5));
        for hits in 0..4 {
            let entry = Entry {
                hits: Some(hits),
                ..house.entry(1).subject(person)
            };
            house.log.append(entry).await.unwrap();
        }
        let foreign = Entry {
            realm: RealmId::from(Uuid::from_u128(2)),
            ..house.entry(1).subject(person)
        };
        house.log.append(foreign).await.unwrap();
        house.log.append(house.entry(2)).await.unwrap();
        let rows = house.log.recent_for_subject(REALM, person, 3).await.unwrap();
        assert_eq!(
            rows.iter().map(|row| row.row.hits).collect::<Vec<_>>(),
            [Some(3), Some(2), Some(1)]
        );
        assert_eq!(
            rows[0].row.open_detail(&house.key).unwrap()["address"],
            "192.0.2.1"
        );
        assert_eq!(rows[0].row.decision, Decision::Permit);
    }
}

#[tokio::test]
async fn hostile_text_refuses_no_row_that_shares_its_commit() {
    for backend in BACKENDS {
        let house = House::on(backend).await;
        let hostile = house
            .entry(1)
            .client("\0".repeat(5) + &"\u{1f6d1}".repeat(100_000))
            .detail("query", "\0\u{ffff}");
        let (one, two) = tokio::join!(house.log.append(hostile), house.log.append(house.entry(2)));
        assert!(one.is_ok() && two.is_ok());
        let (_, report) = house.export().await;
        assert!(report.is_intact(), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_writes_what_waits_signs_the_end_and_takes_no_more() {
    for backend in BACKENDS {
        let house = House::on(backend).await;
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let (log, entry) = (house.log.clone(), house.entry(number));
                tokio::spawn(async move { log.append(entry).await })
            })
            .collect();
        house.log.close().await.unwrap();
        let mut kept = 0;
        for task in tasks {
            kept += u64::from(task.await.unwrap().is_ok());
        }
        assert_eq!(house.log.append(house.entry(1)).await, Err(LogUnavailable));
        assert!(!house.log.ready());
        house.log.close().await.unwrap();
        let (_, report) = house.export().await;
        assert!(report.is_intact(), "{report:?}");
        assert_eq!((report.rows, report.unproven), (kept, 0));
    }
}

#[tokio::test]
async fn each_start_is_a_writer_and_commits_to_what_it_finds_once() {
    for backend in BACKENDS {
        let house = House::with_rows(backend, 3).await;
        for _ in 0..3 {
            let next = open(house.database.store().clone()).await;
            next.append(house.entry(9)).await.unwrap();
            next.close().await.unwrap();
        }
        let (export, report) = house.export().await;
        assert!(report.is_intact(), "{report:?}");
        assert_eq!((report.writers, report.rows), (4, 6));
        let commitments = |line: &[u8]| {
            let line: serde_json::Value = serde_json::from_slice(line).ok()?;
            line["writer"]["commitments"].as_array().map(Vec::len)
        };
        let counts: Vec<_> = export
            .split(|byte| *byte == b'\n')
            .filter_map(commitments)
            .collect();
        assert_eq!(
            counts.iter().sum::<usize>(),
            3,
            "each writer that ended is committed to once: {counts:?}"
        );
    }
}

#[tokio::test]
async fn processes_that_start_together_agree_on_one_key_and_neither_is_lost() {
    for backend in BACKENDS {
        let house = House::on(backend).await;
        let second = open(house.database.store().clone()).await;
        assert_eq!(house.log.public_jwk(), second.public_jwk());
        for number in 0..5 {
            house.log.append(house.entry(number)).await.unwrap();
            second.append(house.entry(number)).await.unwrap();
        }
        let (_, report) = house.export().await;
        assert!(report.is_intact(), "{report:?}");
        assert_eq!((report.writers, report.rows), (2, 10));
    }
}

#[tokio::test]
async fn the_log_does_not_open_with_another_key_encryption_key() {
    for backend in BACKENDS {
        let house = House::on(backend).await;
        let other = KeyEncryptionKey::from_bytes([2; 32]).unwrap();
        let opened = Log::open(
            house.database.store().clone(),
            Clock::system(),
            Entropy::system(),
            &other,
        )
        .await;
        assert!(matches!(opened, Err(LogOpenError::Seal(_))));
    }
}

#[tokio::test]
async fn a_chain_verifies_although_the_key_of_a_person_was_destroyed() {
    for backend in BACKENDS {
        let house = House::on(backend).await;
        let person = PersonId::from(Uuid::from_u128(7));
        {
            let key = Arc::new(DataKey::generate(&Entropy::system()).unwrap());
            let entry = Entry::permit(REALM, ACTION, key)
                .person(person)
                .detail("address", "192.0.2.9");
            house.log.append(entry).await.unwrap();
        }
        let row = house
            .log
            .recent_for_subject(REALM, person, 1)
            .await
            .unwrap()
            .remove(0);
        assert!(row.row.open_detail(&house.key).is_err());
        let (_, report) = house.export().await;
        assert!(report.is_intact(), "{report:?}");
    }
}
