//! Nobody passes on what they do not hold.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::fixture::{FIRST, SECOND, World};
use crate::admin::scope;
use crate::oauth::tokens::{Issue, issue};
use crate::people::PersonState;

#[tokio::test]
async fn a_client_gets_scopes_of_the_api_only_from_who_holds_them() {
    let world = World::new().await;
    let token = world
        .service(&world.first, "musubi:clients.write musubi:people.read")
        .await;
    let wanted = |scope: &str| json!({"grant_types": ["client_credentials"], "scope": scope});
    for scope in [
        "musubi:people.write",
        "musubi:people.read musubi:numbers.write",
        "musubi:realms.write",
        "musubi:everything",
        "openid  musubi:people.write",
    ] {
        let answer = world.post("/api/v1/clients", &token, &wanted(scope)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (403, "power.beyond_own"),
            "{scope}"
        );
    }
    for scope in [
        "musubi:people.read musubi:clients.write",
        "records.read",
        "MUSUBI:people.write",
    ] {
        assert_eq!(
            world.post("/api/v1/clients", &token, &wanted(scope)).await.status,
            201,
            "{scope}"
        );
    }
}

#[tokio::test]
async fn a_person_cannot_pass_on_a_scope_that_only_their_token_claims() {
    let world = World::new().await;
    let clerk = world
        .person(&world.first, "clerk", &["musubi:clients.write"])
        .await;
    let (token, _) = world
        .signed_in(&world.first, clerk.id, &scope::ALL.join(" "))
        .await;
    let wanted = json!({"grant_types": ["client_credentials"], "scope": "musubi:people.write"});
    assert_eq!(
        world.post("/api/v1/clients", &token, &wanted).await.problem(),
        "power.beyond_own"
    );
}

#[tokio::test]
async fn a_realm_that_does_not_govern_the_hub_can_neither_use_nor_pass_on_power_over_it() {
    let world = World::new().await;
    let all = scope::ALL.join(" ");
    let admin = world.person(&world.second, "admin", scope::ALL).await;
    let (by_person, _) = world.signed_in(&world.second, admin.id, &all).await;
    let by_client = world.service(&world.second, &all).await;
    for token in [&by_person, &by_client] {
        let list = world
            .send(&Method::GET, SECOND, "/api/v1/realms", Some(token), None)
            .await;
        assert_eq!(
            (list.status.as_u16(), list.problem().as_str()),
            (403, "token.scope")
        );
        let new = json!({"issuer": "https://mine.example.jp", "name": "Mine"});
        let add = world
            .send(&Method::POST, SECOND, "/api/v1/realms", Some(token), Some(&new))
            .await;
        assert_eq!(
            (add.status.as_u16(), add.problem().as_str()),
            (403, "token.scope")
        );
        let new = json!({"grant_types": ["client_credentials"], "scope": "musubi:realms.write"});
        let pass = world
            .send(&Method::POST, SECOND, "/api/v1/clients", Some(token), Some(&new))
            .await;
        assert_eq!(pass.problem(), "power.beyond_own");
        let people = world
            .send(&Method::GET, SECOND, "/api/v1/people", Some(token), None)
            .await;
        assert_eq!(people.status, 200);
    }
}

#[tokio::test]
async fn who_holds_less_than_somebody_cannot_become_them_by_a_link_or_let_them_in_again() {
    let world = World::new().await;
    let admin = world.person(&world.first, "admin", scope::ALL).await;
    let number = world.number(&world.first, admin.id).await;
    let helpdesk = world
        .service(&world.first, "musubi:people.write musubi:people.read")
        .await;
    let link = world
        .post(
            &format!("/api/v1/people/{number}/password-link"),
            &helpdesk,
            &Value::Null,
        )
        .await;
    assert_eq!(
        (link.status.as_u16(), link.problem().as_str()),
        (403, "power.beyond_own")
    );
    let factors = format!("/api/v1/people/{number}/reset-factors");
    let reset = world.post(&factors, &helpdesk, &Value::Null).await;
    assert_eq!(reset.problem(), "power.beyond_own");
    // To suspend takes power away: it is allowed, and cannot be undone from below.
    let suspend = world
        .post(
            &format!("/api/v1/people/{number}/suspend"),
            &helpdesk,
            &Value::Null,
        )
        .await;
    assert_eq!(suspend.json()["state"], "suspended");
    let resume = world
        .post(
            &format!("/api/v1/people/{number}/resume"),
            &helpdesk,
            &Value::Null,
        )
        .await;
    assert_eq!(resume.problem(), "power.beyond_own");
    let root = world.root().await;
    let resume = world
        .post(&format!("/api/v1/people/{number}/resume"), &root, &Value::Null)
        .await;
    assert_eq!(resume.json()["state"], "active");
    assert_eq!(
        world
            .post(
                &format!("/api/v1/people/{number}/password-link"),
                &root,
                &Value::Null
            )
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn powers_that_are_gone_reach_nothing_though_the_token_is_as_it_was() {
    let world = World::new().await;
    let admin = world.person(&world.first, "admin", scope::ALL).await;
    let (token, _) = world
        .signed_in(&world.first, admin.id, &scope::ALL.join(" "))
        .await;
    assert_eq!(world.get("/api/v1/people", &token).await.status, 200);
    // Suspended past the endpoint, so that the token's family is still live.
    world
        .hub
        .people
        .set_state(&world.first, admin.id, PersonState::Suspended)
        .await
        .unwrap();
    let answer = world.get("/api/v1/people", &token).await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().as_str()),
        (401, "token.access.invalid")
    );
}

#[tokio::test]
async fn the_token_of_a_client_that_was_removed_carries_no_more() {
    let world = World::new().await;
    let client = world.client(&world.first, "musubi:people.read").await;
    let scope = crate::oauth::Scope::parse("musubi:people.read").unwrap();
    let issued = issue(&world.hub, &world.first, Issue::new(&client, &scope))
        .await
        .unwrap();
    let token = serde_json::to_value(&issued).unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(world.get("/api/v1/people", &token).await.status, 200);
    let root = world.root().await;
    let path = format!("/api/v1/clients/{}", client.id);
    assert_eq!(
        world
            .send(&Method::DELETE, FIRST, &path, Some(&root), None)
            .await
            .status,
        204
    );
    assert_eq!(world.get("/api/v1/people", &token).await.status, 401);
    assert_eq!(world.get(&path, &root).await.status, 404);
}

#[tokio::test]
async fn a_registration_token_registers_a_client_once_and_not_after_its_time() {
    let world = World::new().await;
    let root = world.root().await;
    let made = world
        .post(
            "/api/v1/clients/registration-tokens",
            &root,
            &json!({"expires_in": 60}),
        )
        .await
        .json();
    let token = made["registration_token"].as_str().unwrap();
    let (clients, now) = (&world.hub.clients, || world.hub.clock.now());
    assert!(
        !clients
            .use_initial_token(&world.second, now(), token)
            .await
            .unwrap()
    );
    assert!(
        clients
            .use_initial_token(&world.first, now(), token)
            .await
            .unwrap()
    );
    assert!(
        !clients
            .use_initial_token(&world.first, now(), token)
            .await
            .unwrap()
    );
    let made = world
        .post(
            "/api/v1/clients/registration-tokens",
            &root,
            &json!({"expires_in": 60}),
        )
        .await
        .json();
    world.time.advance(Duration::from_mins(1));
    let late = made["registration_token"].as_str().unwrap();
    assert!(
        !clients
            .use_initial_token(&world.first, now(), late)
            .await
            .unwrap()
    );
}
