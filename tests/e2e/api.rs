//! The hub's own API from outside: numbers in blocks, people, refusals (requirements H1.1, H1.2, H1.5, M3).

use std::collections::HashSet;

use harness::{Backend, Party, Server, Service, party};
use reqwest::Method;
use serde_json::{Value, json};

/// ISO/IEC 7064 MOD 97-10: the number as a whole leaves 1.
fn check_digits_hold(number: &str) -> bool {
    number.parse::<u64>().unwrap() % 97 == 1
}

async fn a_million_numbers(backend: Backend) {
    let server = Server::start(backend).await;
    let service = Service::with(&server, "musubi:numbers.read musubi:numbers.write").await;
    let namespaces = service
        .json(Method::GET, "/api/v1/numbers/namespaces", None)
        .await;
    let code = &namespaces["items"][0]["code"];
    let block = json!({"namespace": code, "count": 1_000_000});
    let block = service
        .json(Method::POST, "/api/v1/numbers/blocks", Some(block))
        .await;
    assert_eq!(block["size"], 1_000_000);
    let next = json!({"namespace": code, "count": 2_000});
    let next = service
        .json(Method::POST, "/api/v1/numbers/blocks", Some(next))
        .await;
    let path = format!("/api/v1/numbers/blocks/{}/numbers", next["id"].as_str().unwrap());
    let (status, list) = service.call(Method::GET, &path, None).await;
    assert_eq!(status, 200);
    let numbers: Vec<&str> = list.lines().filter(|line| line.parse::<u64>().is_ok()).collect();
    assert_eq!(numbers.len(), 2_000);
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 2_000);
    assert!(numbers.iter().all(|number| check_digits_hold(number)));
    for edge in [&block["first"], &block["last"]] {
        let edge = edge.as_str().unwrap();
        assert!(check_digits_hold(edge), "{edge}");
        assert!(!numbers.contains(&edge), "{edge} was issued twice");
    }
}

#[tokio::test]
async fn a_million_numbers_are_one_call_and_none_of_them_is_issued_again_on_sqlite() {
    a_million_numbers(Backend::Sqlite).await;
}

#[tokio::test]
async fn a_million_numbers_are_one_call_and_none_of_them_is_issued_again_on_postgresql() {
    a_million_numbers(Backend::PostgresRedis).await;
}

#[tokio::test]
async fn a_person_is_made_with_a_number_and_signs_in_until_they_are_suspended() {
    let server = Server::start(Backend::Sqlite).await;
    let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
    let hanako = server.person("hanako");
    let people = service.json(Method::GET, "/api/v1/people?limit=50", None).await;
    let found = people["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["login"] == "hanako")
        .unwrap();
    let number = found["number"].as_str().unwrap().replace(' ', "");
    assert!(check_digits_hold(&number), "{number}");

    let party = Party::register(&server).await;
    let actor = harness::Actor::new(&server);
    let tokens = party.sign_in(&actor, &hanako).await.good();
    let access = tokens.text("access_token").to_owned();
    party.userinfo(&access).await.good();

    let path = format!("/api/v1/people/{number}/suspend");
    let (status, text) = service.call(Method::POST, &path, None).await;
    assert!((200..300).contains(&status), "{status} {text}");
    assert_eq!(party.userinfo(&access).await.status, 401);
    let again = harness::Actor::new(&server);
    let page = again.open("/signin").await;
    assert_eq!(again.sign_in(&page, &hanako).await.status, 401);
}

#[tokio::test]
async fn the_api_gives_nothing_without_a_token_that_reaches_it() {
    let server = Server::start(Backend::Sqlite).await;
    let bare = party::http()
        .get(server.url("/api/v1/people"))
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), 401);
    assert!(
        bare.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Bearer")
    );
    let narrow = Service::with(&server, "musubi:numbers.read").await;
    assert_eq!(narrow.call(Method::GET, "/api/v1/people", None).await.0, 403);
    let document = party::http()
        .get(server.url("/api/openapi.json"))
        .send()
        .await
        .unwrap();
    let document: Value = document.json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with('3'));
    assert!(document["paths"]["/api/v1/people"].is_object());
}
