//! Numbers: issued, delivered, assigned, cancelled, reissued.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use platform::clock::UNKNOWN_ERROR_MICROS;
use platform::database::Tx;
use serde_json::{Value, json};

use super::fixture::{FIRST, World};
use crate::numbers::{self, Change, Claim, Holder, Number, look_up};
use crate::people::number_key;

#[tokio::test]
async fn a_block_is_delivered_whole_in_both_forms_and_its_numbers_are_reserved() {
    let world = World::new().await;
    let root = world.root().await;
    let made = world
        .post(
            "/api/v1/numbers/blocks",
            &root,
            &json!({"namespace": 30, "count": 1500}),
        )
        .await;
    let block = made.json();
    assert_eq!((&block["size"], &block["namespace"]), (&json!(1500), &json!(30)));
    let path = made.header("location");
    let csv = world.get(path, &root).await;
    assert_eq!(
        csv.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    let csv = String::from_utf8(csv.bytes).unwrap();
    let mut lines = csv.split_terminator("\r\n");
    assert_eq!(lines.next(), Some("number"));
    let delivered: Vec<&str> = lines.collect();
    assert_eq!(delivered.len(), 1500);
    assert_eq!(
        (block["first"].as_str(), block["last"].as_str()),
        (Some(delivered[0]), Some(delivered[1499]))
    );
    assert_eq!(delivered.iter().collect::<BTreeSet<_>>().len(), 1500);
    assert!(
        delivered
            .iter()
            .all(|number| Number::parse(number).unwrap().code().value() == 30)
    );
    let request = Request::get(path)
        .header("host", FIRST)
        .header("accept", "application/x-ndjson");
    let request = request
        .header("authorization", format!("Bearer {root}"))
        .body(Body::empty())
        .unwrap();
    let lines = String::from_utf8(world.raw(request).await.bytes).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1500);
    assert!(
        lines
            .iter()
            .zip(&delivered)
            .all(|(line, number)| line["number"] == *number)
    );
    let number = world
        .get(&format!("/api/v1/numbers/{}", delivered[700]), &root)
        .await
        .json();
    assert_eq!(
        (&number["state"], number.get("generation")),
        (&json!("reserved"), None)
    );
    let last = world
        .rows()
        .await
        .into_iter()
        .rfind(|row| row.action == "number.deliver")
        .unwrap();
    assert_eq!(last.hits, Some(1500));
}

/// How wrong a clock that asks nobody may be. A rest is over only when it is over at the earliest time that it may be, so
/// a hub without time servers does not reissue in this century.
const UNKNOWN: Duration = Duration::from_micros(UNKNOWN_ERROR_MICROS.unsigned_abs());

async fn members(world: &World, root: &str, cooldown_days: Option<u64>) -> String {
    let mut space = json!({"code": 40, "name": "members", "holder_kind": "person"});
    if let Some(days) = cooldown_days {
        space["cooldown_days"] = json!(days);
    }
    assert_eq!(
        world
            .post("/api/v1/numbers/namespaces", root, &space)
            .await
            .status,
        201
    );
    let block = world
        .post(
            "/api/v1/numbers/blocks",
            root,
            &json!({"namespace": 40, "count": 1}),
        )
        .await
        .json();
    block["first"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_number_goes_from_reserved_to_tombstone_and_each_change_names_the_generation_it_means() {
    let world = World::new().await;
    let root = world.root().await;
    let number = members(&world, &root, None).await;
    let person = world.person(&world.first, "hanako", &[]).await.id;
    let path = |action: &str| format!("/api/v1/numbers/{number}{action}");
    let suspend = world
        .post(&path("/suspend"), &root, &json!({"generation": 1}))
        .await;
    assert_eq!(suspend.problem(), "number.generation");
    let by_number = json!({"number": world.number(&world.first, person).await});
    let assigned = world.post(&path("/assign"), &root, &by_number).await.json();
    assert_eq!(
        (&assigned["state"], &assigned["generation"]),
        (&json!("active"), &json!(1))
    );
    assert_eq!(
        world.post(&path("/assign"), &root, &by_number).await.problem(),
        "number.assigned"
    );
    for (action, state) in [
        ("/suspend", "suspended"),
        ("/resume", "active"),
        ("/cancel", "tombstone"),
    ] {
        let other = world.post(&path(action), &root, &json!({"generation": 2})).await;
        assert_eq!(other.problem(), "number.generation", "{action}");
        let answer = world.post(&path(action), &root, &json!({"generation": 1})).await;
        assert_eq!(answer.json()["state"], state, "{action}");
    }
    assert_eq!(
        world
            .post(&path("/resume"), &root, &json!({"generation": 1}))
            .await
            .problem(),
        "number.state"
    );
    let again = json!({"generation": 1, "login": "hanako"});
    assert_eq!(
        world.post(&path("/reissue"), &root, &again).await.problem(),
        "number.reissue.not_cooling"
    );
    assert_eq!(
        world
            .get(&format!("/api/v1/people/{number}"), &root)
            .await
            .problem(),
        "person.unknown"
    );
    let told: Vec<_> = world
        .rows()
        .await
        .into_iter()
        .filter(|row| row.subject == Some(person.uuid()))
        .collect();
    assert_eq!(
        told.iter()
            .filter(|row| row.action == "number.cancel" && row.decision == "permit")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_number_is_assigned_to_exactly_one_person_who_exists_here() {
    let world = World::new().await;
    let root = world.root().await;
    let number = members(&world, &root, None).await;
    world.person(&world.second, "elsewhere", &[]).await;
    let path = format!("/api/v1/numbers/{number}/assign");
    for (body, problem) in [
        (json!({"login": "elsewhere"}), "person.unknown"),
        (json!({"number": number}), "person.unknown"),
        (json!({"number": "123"}), "number.malformed"),
        (json!({}), "body.rule"),
        (json!({"login": "a", "number": number}), "body.rule"),
        (json!({"login": "a", "generation": 1}), "body.rule"),
    ] {
        assert_eq!(world.post(&path, &root, &body).await.problem(), problem, "{body}");
    }
    let staff = world
        .post(
            "/api/v1/numbers/blocks",
            &root,
            &json!({"namespace": 20, "count": 1}),
        )
        .await
        .json();
    world.person(&world.first, "hanako", &[]).await;
    let path = format!("/api/v1/numbers/{}/assign", staff["first"].as_str().unwrap());
    assert_eq!(
        world
            .post(&path, &root, &json!({"login": "hanako"}))
            .await
            .problem(),
        "number.holder_kind"
    );
}

#[tokio::test]
async fn a_number_is_reissued_after_its_rest_and_not_while_anything_names_its_old_holder() {
    let world = World::new().await;
    let root = world.root().await;
    let number = members(&world, &root, Some(365)).await;
    let old = world.person(&world.first, "old", &[]).await.id;
    world.person(&world.first, "new", &[]).await;
    // Given and taken past the API, so that no row of the log names the old holder.
    let (hub, realm) = (&world.hub, world.first.id);
    let parsed = Number::parse(&number).unwrap();
    let place = look_up(&hub.store, realm, &number_key(&world.first), parsed)
        .await
        .unwrap()
        .place;
    let (now, entropy) = (hub.clock.now(), hub.entropy.clone());
    let taken = hub.store.write(move |tx: &Tx| {
        Box::pin(async move {
            let claim = Claim {
                holder: Holder::person(old),
                by: None,
            };
            let given = numbers::assign(tx, realm, place, claim, now, &entropy).await?;
            numbers::change(tx, realm, given.id, Change::Cancel, now).await?;
            numbers::change(tx, realm, given.id, Change::Cool, now).await
        })
    });
    taken.await.unwrap();
    let path = format!("/api/v1/numbers/{number}/reissue");
    let wanted = json!({"generation": 1, "login": "new"});
    let reissue = async || {
        let root = world.root().await;
        world.post(&path, &root, &wanted).await
    };
    assert_eq!(reissue().await.problem(), "number.reissue.resting");
    world.time.advance(UNKNOWN);
    assert_eq!(reissue().await.problem(), "number.reissue.resting");
    world
        .time
        .advance(Duration::from_hours(365 * 24) - Duration::from_mins(1));
    assert_eq!(reissue().await.problem(), "number.reissue.resting");
    // A link that the old holder may still use.
    hub.passwords
        .create_link(&world.first, old, Duration::from_mins(2))
        .await
        .unwrap();
    world.time.advance(Duration::from_mins(1));
    assert_eq!(reissue().await.problem(), "number.reissue.referenced");
    world.time.advance(Duration::from_mins(1));
    let root = world.root().await;
    let bare = json!({"login": "new"});
    assert_eq!(world.post(&path, &root, &bare).await.problem(), "body.rule");
    let answer = reissue().await.json();
    assert_eq!(
        (&answer["state"], &answer["generation"]),
        (&json!("active"), &json!(2))
    );
    // A late request about the old holder does not hit the new one.
    let late = world
        .post(
            &format!("/api/v1/numbers/{number}/cancel"),
            &root,
            &json!({"generation": 1}),
        )
        .await;
    assert_eq!(late.problem(), "number.generation");
    assert_eq!(reissue().await.problem(), "number.generation");
}

#[tokio::test]
async fn a_row_of_the_access_log_about_the_old_holder_keeps_a_number_from_being_reissued() {
    let world = World::new().await;
    let root = world.root().await;
    let number = members(&world, &root, Some(365)).await;
    world.person(&world.first, "old", &[]).await;
    world.person(&world.first, "new", &[]).await;
    let path = |action: &str| format!("/api/v1/numbers/{number}/{action}");
    assert_eq!(
        world
            .post(&path("assign"), &root, &json!({"login": "old"}))
            .await
            .status,
        200
    );
    let cancelled = world
        .post(&path("cancel"), &root, &json!({"generation": 1}))
        .await
        .json();
    assert_eq!(cancelled["state"], "cooling");
    world.time.advance(UNKNOWN + Duration::from_hours(366 * 24));
    let root = world.root().await;
    let answer = world
        .post(&path("reissue"), &root, &json!({"generation": 1, "login": "new"}))
        .await;
    assert_eq!(answer.problem(), "number.reissue.referenced");
}
