//! The routes of the realm's settings, for the table of all routes; and what a change of them does.

use http::Method;
use serde_json::{Value, json};

use super::fixture::{FIRST, World};
use super::routes::Route;

const PATH: &str = "/api/v1/settings";

/// Their rows.
pub(super) fn rows() -> Vec<Route> {
    let row = |method, scope, body| Route {
        method,
        template: PATH,
        scope,
        path: PATH.to_owned(),
        body,
        status: 200,
    };
    vec![
        row(Method::GET, "musubi:settings.read", Value::Null),
        row(
            Method::PATCH,
            "musubi:settings.write",
            json!({"session_idle_minutes": 30}),
        ),
    ]
}

async fn patch(world: &World, token: &str, body: &Value) -> (u16, Value) {
    let answer = world
        .send(&Method::PATCH, FIRST, PATH, Some(token), Some(body))
        .await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn what_is_set_holds_what_is_not_is_the_hubs_and_what_cannot_be_meant_changes_nothing() {
    let world = World::new().await;
    let root = world.root().await;
    let shown = world.get(PATH, &root).await.json();
    assert_eq!(
        (&shown["set"], &shown["holds"]["session_idle_minutes"]),
        (&json!({}), &json!(60))
    );
    let change =
        json!({"session_idle_minutes": 30, "language": "en", "sign_in": {"second_factor": "everybody"}});
    let (status, changed) = patch(&world, &root, &change).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(
        changed["set"],
        json!({"session_idle_minutes": 30, "language": "en"})
    );
    assert_eq!(changed["holds"]["session_idle_minutes"], 30);
    assert_eq!(changed["sign_in"]["second_factor"], "everybody");
    let (_, back) = patch(&world, &root, &json!({"language": null})).await;
    assert_eq!(back["set"], json!({"session_idle_minutes": 30}));
    assert_eq!(
        back["sign_in"]["second_factor"], "everybody",
        "not named, not changed"
    );
    for wrong in [
        json!({"language": "fr"}),
        json!({"session_idle_minutes": 0}),
        json!({"session_idle_minutes": "30"}),
        json!({"recovery_delay_seconds": 1}),
        json!({"unknown": null}),
        json!({"sign_in": {"second_factor": "sometimes"}}),
        json!({"sign_in": {"related_origins": ["http://evil.example"]}}),
    ] {
        let answer = world
            .send(&Method::PATCH, FIRST, PATH, Some(&root), Some(&wrong))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (422, "realm.settings"),
            "{wrong}"
        );
    }
    let realms = &world.hub.realms;
    let first = realms.by_id(world.first.id).await.unwrap().unwrap();
    assert_eq!(serde_json::to_value(&first.chosen).unwrap(), back["set"]);
    let second = realms.by_id(world.second.id).await.unwrap().unwrap();
    assert_eq!(second.chosen, crate::realms::Chosen::default(), "another realm");
}
