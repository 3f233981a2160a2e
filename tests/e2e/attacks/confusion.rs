//! Confusion: a thing of one kind is offered as a thing of every other kind. It is taken at its own place only, and being
//! refused elsewhere neither uses it up nor anything else.

use harness::party::ClientKey;
use harness::{Backend, MailSink, Realm, Server};

use super::kinds::{House, Kind, patient};

async fn every_kind_at_every_place(backend: Backend) {
    let (sink, key) = (MailSink::start(), ClientKey::generate());
    let server = Server::start_with(backend, patient(&sink)).await;
    let mut house = House::furnish(Realm::first(&server), &sink, &key, None).await;
    let mut confused = Vec::new();
    for kind in Kind::ALL {
        let value = house.make(kind, None).await;
        for place in Kind::ALL {
            if place == kind || !place.has_place() {
                continue;
            }
            if place == Kind::EmailCode {
                // There is a code to be guessed, and there are tries left.
                house.email_code().await;
            }
            if house.takes(place, &value).await {
                confused.push(format!("{kind:?} was taken for {place:?}"));
            }
        }
        if kind.has_place() && kind != Kind::EmailCode {
            assert!(
                house.takes(kind, &value).await,
                "{kind:?} is not taken at its own place"
            );
        }
    }
    let code = house.make(Kind::EmailCode, None).await;
    assert!(house.takes(Kind::EmailCode, &code).await);
    assert!(confused.is_empty(), "\n{}\n", confused.join("\n"));
    server.assert_log_is_intact();
}

#[tokio::test]
async fn one_time_object_confusion_a_thing_of_one_kind_is_taken_for_no_other_on_sqlite() {
    every_kind_at_every_place(Backend::Sqlite).await;
}

#[tokio::test]
async fn one_time_object_confusion_a_thing_of_one_kind_is_taken_for_no_other_on_postgresql_and_redis() {
    every_kind_at_every_place(Backend::PostgresRedis).await;
}
