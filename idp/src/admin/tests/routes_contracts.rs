//! The routes of contracts and emergencies, for the table of all routes; and what is agreed by them.

use http::Method;
use serde_json::{Value, json};

use super::fixture::World;
use super::routes::Route;

/// Their rows, about the person of this number. The right caller reaches the decision: there is no such operator, and no
/// such contract. The rest is below.
pub(super) fn rows(person: &str) -> Vec<Route> {
    let path = format!("/api/v1/people/{person}/contracts");
    let new = json!({
        "organisation": "7999999999999999", "services": ["diary"], "kinds": ["vitals"], "actions": ["read"],
    });
    let row = |method, template, scope, path: &str, body: Value, status| Route {
        method,
        template,
        scope,
        path: path.to_owned(),
        body,
        status,
    };
    let people = "/api/v1/people/{number}/contracts";
    let access = "/api/v1/organisations/{number}/emergency-access";
    let nowhere = "/api/v1/organisations/7999999999999999/emergency-access";
    let emergencies = "musubi:emergencies.write";
    vec![
        row(Method::PUT, access, emergencies, nowhere, Value::Null, 404),
        row(Method::DELETE, access, emergencies, nowhere, Value::Null, 404),
        row(
            Method::GET,
            people,
            "musubi:contracts.read",
            &path,
            Value::Null,
            200,
        ),
        row(Method::POST, people, "musubi:contracts.write", &path, new, 422),
        row(
            Method::POST,
            "/api/v1/contracts/{id}/end",
            "musubi:contracts.write",
            "/api/v1/contracts/00000000-0000-0000-0000-000000000000/end",
            Value::Null,
            404,
        ),
    ]
}

#[tokio::test]
async fn a_contract_is_made_listed_and_ended_and_says_nothing_that_is_not_agreed() {
    let world = World::new().await;
    let root = world.root().await;
    let hanako = world.person(&world.first, "hanako", &[]).await;
    let new = json!({"name": "みなと健康サービス", "kind": "service_operator"});
    let operator = world.post("/api/v1/organisations", &root, &new).await.json();
    let path = format!(
        "/api/v1/people/{}/contracts",
        world.number(&world.first, hanako.id).await
    );
    let good = json!({
        "organisation": operator["number"], "services": ["見守り"], "kinds": ["vitals", "sensors"],
        "actions": ["read", "search"], "until": "2099-01-01T00:00:00Z",
    });
    let made = world.post(&path, &root, &good).await;
    assert_eq!(made.status, 201);
    let contract = made.json();
    assert_eq!(contract["kinds"], json!(["vitals", "sensors"]));
    assert_eq!(world.get(&path, &root).await.json()["items"], json!([contract]));
    for (member, bad) in [
        ("kinds", json!(["genome"])),
        ("kinds", json!([])),
        ("actions", json!(["devour"])),
        ("services", json!([""])),
        ("until", json!("yesterday")),
        ("until", json!("1999-01-01T00:00:00Z")),
        ("organisation", json!("7999999999999999")),
        ("price", json!(1)),
    ] {
        let mut body = good.clone();
        body[member] = bad;
        assert_eq!(world.post(&path, &root, &body).await.status, 422, "{member}");
    }
    let end = format!("/api/v1/contracts/{}/end", contract["id"].as_str().unwrap());
    assert_eq!(world.post(&end, &root, &Value::Null).await.status, 204);
    assert_eq!(
        world.post(&end, &root, &Value::Null).await.problem(),
        "contract.over"
    );
    let elsewhere = world.service(&world.second, "musubi:contracts.write").await;
    let other = world
        .send(
            &Method::POST,
            super::fixture::SECOND,
            &end,
            Some(&elsewhere),
            None,
        )
        .await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn the_realm_says_which_organisation_may_declare_emergencies() {
    let world = World::new().await;
    let root = world.root().await;
    let new = json!({"name": "さくら病院", "kind": "hospital"});
    let hospital = world.post("/api/v1/organisations", &root, &new).await.json();
    let number = hospital["number"].as_str().unwrap();
    let path = format!("/api/v1/organisations/{number}/emergency-access");
    let other = world.service(&world.first, "musubi:organisations.write").await;
    let host = super::fixture::FIRST;
    let refused = world.send(&Method::PUT, host, &path, Some(&other), None).await;
    assert_eq!(
        refused.status, 403,
        "who may change an organisation may not do this"
    );
    for method in [Method::PUT, Method::PUT, Method::DELETE, Method::DELETE] {
        let answer = world.send(&method, host, &path, Some(&root), None).await;
        assert_eq!(answer.status, 204, "{method}");
    }
}
