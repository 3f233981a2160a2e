//! People: made, read, suspended, let in again.

use serde_json::{Value, json};

use super::fixture::World;
use crate::numbers::Number;

#[tokio::test]
async fn a_person_is_made_with_a_number_and_read_by_it_and_no_internal_key_is_shown() {
    let world = World::new().await;
    let root = world.root().await;
    let new = json!({"login": "Taro", "email": "taro@example.jp", "name": "山田 太郎", "locale": "ja"});
    let made = world.post("/api/v1/people", &root, &new).await;
    assert_eq!(made.status, 201);
    let person = made.json();
    let number = person["number"].as_str().unwrap().to_owned();
    assert_eq!(Number::parse(&number).unwrap().code().value(), 10);
    assert_eq!(made.header("location"), format!("/api/v1/people/{number}"));
    assert_eq!(world.get(made.header("location"), &root).await.json(), person);
    assert_eq!(
        (&person["state"], &person["email_verified"]),
        (&json!("active"), &json!(false))
    );
    let id = world.hub.people.list(&world.first, None, 1).await.unwrap()[0].id;
    assert!(!String::from_utf8(made.bytes).unwrap().contains(&id.to_string()));
    for taken in [
        json!({"login": "ＴＡＲＯ"}),
        json!({"login": "other", "email": "TARO@example.jp"}),
    ] {
        assert_eq!(
            world.post("/api/v1/people", &root, &taken).await.problem(),
            "person.taken"
        );
    }
    // The person finds in their own log that they were made and read, and by which client.
    let rows: Vec<_> = world
        .rows()
        .await
        .into_iter()
        .filter(|row| row.subject == Some(id.uuid()))
        .collect();
    let actions: Vec<_> = rows.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["person.created", "person.read"]);
    assert!(rows.iter().all(|row| row.client.is_some() && row.actor.is_none()));
    world.get("/api/v1/people", &root).await;
    let list = world.rows().await.pop().unwrap();
    assert_eq!((list.action.as_str(), list.hits), ("person.list", Some(1)));
}

#[tokio::test]
async fn who_is_suspended_loses_every_session_and_token_and_gets_none_of_them_back() {
    let world = World::new().await;
    let root = world.root().await;
    let person = world
        .person(&world.first, "hanako", &["musubi:people.read"])
        .await;
    let hash = world.hub.hasher.hash("a password of hers".into()).await.unwrap();
    let passwords = &world.hub.passwords;
    passwords.set(&world.first, person.id, &hash).await.unwrap();
    let (token, _) = world
        .signed_in(&world.first, person.id, "musubi:people.read")
        .await;
    let sessions = &world.hub.sessions;
    let prepared = sessions
        .prepare(&world.first, &person, "pwd", None, "192.0.2.1")
        .unwrap();
    let begun = sessions.begin(&world.first, prepared, &hash).await.unwrap();
    let secret = begun.unwrap();
    assert!(sessions.resume(&world.first, &secret).await.unwrap().is_some());
    assert_eq!(world.get("/api/v1/people", &token).await.status, 200);
    let path = format!("/api/v1/people/{}", world.number(&world.first, person.id).await);
    let answer = world.post(&format!("{path}/suspend"), &root, &Value::Null).await;
    assert_eq!(answer.json()["state"], "suspended");
    for action in ["", "/resume"] {
        if !action.is_empty() {
            assert_eq!(
                world
                    .post(&format!("{path}{action}"), &root, &Value::Null)
                    .await
                    .status,
                200
            );
        }
        assert!(
            sessions.resume(&world.first, &secret).await.unwrap().is_none(),
            "{action}"
        );
        assert_eq!(world.get("/api/v1/people", &token).await.status, 401, "{action}");
    }
    assert_eq!(world.get(&path, &root).await.json()["state"], "active");
}

#[tokio::test]
async fn a_link_belongs_to_the_person_whose_number_it_was_asked_for_and_the_one_before_it_ends() {
    let world = World::new().await;
    let root = world.root().await;
    let person = world.person(&world.first, "hanako", &[]).await;
    let path = format!(
        "/api/v1/people/{}/password-link",
        world.number(&world.first, person.id).await
    );
    let mut links = Vec::new();
    for _ in 0..2 {
        let link = world.post(&path, &root, &Value::Null).await.json();
        let url = link["url"].as_str().unwrap().to_owned();
        links.push(
            url.strip_prefix("http://localhost:8080/set-password?token=")
                .unwrap()
                .to_owned(),
        );
    }
    let owner = async |token: &str| {
        world
            .hub
            .passwords
            .person_of_link(&world.first, token)
            .await
            .unwrap()
    };
    assert_eq!(owner(&links[0]).await, None);
    assert_eq!(owner(&links[1]).await, Some(person.id));
    world.time.advance(std::time::Duration::from_hours(24));
    assert_eq!(owner(&links[1]).await, None);
}

#[tokio::test]
async fn an_administrator_sees_that_there_is_a_consent_and_neither_what_it_says_nor_to_whom() {
    let world = World::new().await;
    let root = world.root().await;
    let hanako = world.person(&world.first, "hanako", &[]).await;
    let taro = world.person(&world.first, "taro", &[]).await;
    let rules = crate::consent::Level::Open.rules();
    let draft = crate::consent::Draft {
        performer: taro.id,
        origin: crate::consent::Origin::Tie,
        rules,
    };
    let prepared = crate::consent::prepare(&world.hub, &world.first, &hanako, &draft).unwrap();
    let id = crate::consent::write(&world.hub, prepared).await.unwrap();
    let path = format!(
        "/api/v1/people/{}/consents",
        world.number(&world.first, hanako.id).await
    );
    let listed = world.get(&path, &root).await.json();
    let one = &listed["items"][0];
    assert_eq!(one["id"], id.to_string());
    assert_eq!(
        (&one["status"], &one["by_another"]),
        (&json!("active"), &json!(true))
    );
    let mut members: Vec<&String> = one.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(
        members,
        ["by_another", "given_at", "id", "origin", "status", "version"]
    );
    for method in [http::Method::POST, http::Method::PUT, http::Method::DELETE] {
        let answer = world
            .send(
                &method,
                super::fixture::FIRST,
                &path,
                Some(&root),
                Some(&json!({})),
            )
            .await;
        assert_eq!(answer.status, 405, "{method}");
    }
}
