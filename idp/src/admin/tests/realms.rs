//! What belongs to another realm is as absent as what does not exist.

use http::Method;
use serde_json::{Value, json};

use super::fixture::{FIRST, SECOND, World};
use crate::admin::scope;

#[tokio::test]
async fn what_is_another_realms_is_not_found_by_any_name() {
    let world = World::new().await;
    let root = world.root().await;
    let person = world.person(&world.second, "hanako", &[]).await.id;
    let number = world.number(&world.second, person).await;
    let client = world.client(&world.second, "profile").await.id;
    let theirs = world.service(&world.second, &scope::ALL.join(" ")).await;
    let wanted = json!({"namespace": 10, "count": 3});
    let block = world
        .send(
            &Method::POST,
            SECOND,
            "/api/v1/numbers/blocks",
            Some(&theirs),
            Some(&wanted),
        )
        .await
        .json();
    let block = block["id"].as_str().unwrap();
    for path in [
        format!("/api/v1/people/{number}"),
        format!("/api/v1/numbers/{number}"),
        format!("/api/v1/clients/{client}"),
        format!("/api/v1/numbers/blocks/{block}/numbers"),
    ] {
        assert_eq!(
            world
                .send(&Method::GET, SECOND, &path, Some(&theirs), None)
                .await
                .status,
            200,
            "{path}"
        );
        assert_eq!(
            world
                .send(&Method::GET, FIRST, &path, Some(&root), None)
                .await
                .status,
            404,
            "{path}"
        );
    }
    for action in ["suspend", "resume", "password-link", "reset-factors"] {
        let path = format!("/api/v1/people/{number}/{action}");
        assert_eq!(
            world.post(&path, &root, &Value::Null).await.problem(),
            "person.unknown"
        );
    }
    for action in ["suspend", "resume", "cancel"] {
        let path = format!("/api/v1/numbers/{number}/{action}");
        assert_eq!(
            world
                .post(&path, &root, &json!({"generation": 1}))
                .await
                .problem(),
            "number.unknown"
        );
    }
    let path = format!("/api/v1/clients/{client}");
    assert_eq!(
        world
            .send(&Method::DELETE, FIRST, &path, Some(&root), None)
            .await
            .status,
        404
    );
    assert!(
        world
            .hub
            .clients
            .find(&world.second, &client)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn lists_go_on_where_they_ended_and_a_cursor_fits_one_list_of_one_realm() {
    let world = World::new().await;
    let root = world.root().await;
    for index in 0..5 {
        world.person(&world.first, &format!("person{index}"), &[]).await;
        world.person(&world.second, &format!("person{index}"), &[]).await;
        world.client(&world.first, "profile").await;
    }
    for (list, name, total) in [
        ("people", "login", 5),
        ("clients", "client_id", 6),
        ("realms", "host", 2),
    ] {
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = world
                .get(&format!("/api/v1/{list}?limit=2{next}"), &root)
                .await
                .json();
            for item in page["items"].as_array().unwrap() {
                seen.push(item[name].as_str().unwrap().to_owned());
            }
            let Some(cursor) = page["next"].as_str() else {
                break;
            };
            next = format!("&after={cursor}");
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((count, seen.len()), (total, total), "{list}");
    }
    let page = world.get("/api/v1/people?limit=1", &root).await.json();
    let cursor = page["next"].as_str().unwrap();
    assert_eq!(
        world
            .get(&format!("/api/v1/clients?after={cursor}"), &root)
            .await
            .problem(),
        "cursor.invalid"
    );
    let theirs = world.service(&world.second, "musubi:people.read").await;
    let path = format!("/api/v1/people?after={cursor}");
    let answer = world.send(&Method::GET, SECOND, &path, Some(&theirs), None).await;
    assert_eq!(answer.problem(), "cursor.invalid");
}

#[tokio::test]
async fn a_new_realm_answers_on_its_host_and_cannot_take_anothers() {
    let world = World::new().await;
    let root = world.root().await;
    let new = json!({"issuer": "https://third.example.jp", "name": "Third"});
    let made = world.post("/api/v1/realms", &root, &new).await;
    assert_eq!(
        (made.status.as_u16(), &made.json()["host"]),
        (201, &json!("third.example.jp"))
    );
    let answer = world
        .send(
            &Method::GET,
            "third.example.jp",
            "/api/v1/people",
            Some(&root),
            None,
        )
        .await;
    assert_eq!(answer.problem(), "token.access.invalid");
    assert_eq!(
        world.post("/api/v1/realms", &root, &new).await.problem(),
        "realm.taken"
    );
    for issuer in [
        "http://third.example.jp",
        "https://a.example/x",
        "ftp://a.example",
        "x",
        "https://a.example\u{0}",
    ] {
        let new = json!({"issuer": issuer, "name": "Third"});
        assert_eq!(
            world.post("/api/v1/realms", &root, &new).await.problem(),
            "realm.issuer",
            "{issuer}"
        );
    }
    let answer = world
        .send(
            &Method::GET,
            "unknown.example.jp",
            "/api/v1/people",
            Some(&root),
            None,
        )
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (404, "realm.unknown")
    );
}
