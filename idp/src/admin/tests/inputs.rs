//! Bad input gets a clear error and changes nothing.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::fixture::{Answer, FIRST, World};

async fn send(world: &World, path: &str, kind: Option<&str>, body: impl Into<Body>) -> Answer {
    let token = world.root().await;
    let mut request = Request::post(path)
        .header("host", FIRST)
        .header("authorization", format!("Bearer {token}"));
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    world.raw(request.body(body.into()).unwrap()).await
}

/// Routes that take a body.
const WITH_BODY: [&str; 5] = [
    "/api/v1/realms",
    "/api/v1/people",
    "/api/v1/numbers/namespaces",
    "/api/v1/numbers/blocks",
    "/api/v1/clients/registration-tokens",
];

#[tokio::test]
async fn bodies_that_are_not_the_json_they_claim_to_be_are_refused() {
    let world = World::new().await;
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for path in WITH_BODY {
        for kind in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("application/jsonx"),
        ] {
            let answer = send(&world, path, kind, "{}").await;
            assert_eq!(
                (answer.status.as_u16(), answer.problem().as_str()),
                (415, "body.type"),
                "{path} {kind:?}"
            );
        }
        let json = Some("application/json; charset=utf-8");
        for body in ["", "{", "{\"login\":\"a\"", "{}{}", "\u{0}", "{'login':'a'}"] {
            let answer = send(&world, path, json, body.to_owned()).await;
            assert!(answer.status.is_client_error(), "{path} {body:?}");
            assert!(
                ["body.malformed", "body.member"].contains(&answer.problem().as_str()),
                "{path} {body:?}"
            );
        }
        let answer = send(&world, path, json, vec![b'{', b'"', 0xff, b'"', b'}']).await;
        assert!(answer.status.is_client_error(), "{path}");
        let answer = send(&world, path, json, format!("{{\"x\":{deep}}}")).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{path} {answer:?}");
        let answer = send(
            &world,
            path,
            json,
            format!("{{\"login\":\"{}\"}}", "a".repeat(100_000)),
        )
        .await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (413, "body.too_large"),
            "{path}"
        );
        for body in [
            "null",
            "[]",
            " [10, 1]",
            "[\"taro\", null, null, null]",
            "1",
            "\"x\"",
            "{\"unknown\":1}",
            "{\"__proto__\":{}}",
        ] {
            let answer = send(&world, path, json, body).await;
            assert_eq!(
                (answer.status.as_u16(), answer.problem().as_str()),
                (422, "body.member"),
                "{path} {body}"
            );
        }
    }
}

#[tokio::test]
async fn members_that_are_unknown_doubled_or_against_a_rule_are_refused_and_make_nobody() {
    let world = World::new().await;
    let before = world
        .hub
        .people
        .list(&world.first, None, 100)
        .await
        .unwrap()
        .len();
    let long = "a".repeat(129);
    for body in [
        r#"{"login":"taro","powers":["musubi:people.write"]}"#.to_owned(),
        r#"{"login":"taro","login":"jiro"}"#.to_owned(),
        r#"{"login":""}"#.to_owned(),
        r#"{"login":"a\u0000b"}"#.to_owned(),
        r#"{"login":"a b"}"#.to_owned(),
        r#"{"login":"taro","email":"nobody"}"#.to_owned(),
        r#"{"login":"taro","email":"a@b.c\u0000"}"#.to_owned(),
        r#"{"login":"taro","name":"a\u0000"}"#.to_owned(),
        r#"{"login":"taro","locale":"ja\u0000"}"#.to_owned(),
        r#"{"login":"taro","locale":"';DROP TABLE person;--"}"#.to_owned(),
        r#"{"login":["taro"]}"#.to_owned(),
        format!(r#"{{"login":"{long}"}}"#),
    ] {
        let answer = send(&world, "/api/v1/people", Some("application/json"), body.clone()).await;
        assert_eq!(answer.status, 422, "{body} {answer:?}");
    }
    assert_eq!(
        world
            .hub
            .people
            .list(&world.first, None, 100)
            .await
            .unwrap()
            .len(),
        before
    );
    // A quote is a character like others, and comes back as it was.
    let odd = r"';DROP_TABLE_person;--";
    let answer = send(
        &world,
        "/api/v1/people",
        Some("application/json"),
        json!({"login": odd}).to_string(),
    )
    .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["login"]),
        (201, &json!(odd))
    );
}

#[tokio::test]
async fn numbers_and_counts_outside_their_bounds_are_refused() {
    let world = World::new().await;
    let root = world.root().await;
    for body in [
        json!({"namespace": 10, "count": 0}),
        json!({"namespace": 10, "count": 1_000_001}),
        json!({"namespace": 10, "count": -1}),
        json!({"namespace": 10, "count": 1.5}),
        json!({"namespace": 10, "count": "1"}),
        json!({"namespace": 9, "count": 1}),
        json!({"namespace": 256, "count": 1}),
    ] {
        assert_eq!(
            world.post("/api/v1/numbers/blocks", &root, &body).await.status,
            422,
            "{body}"
        );
    }
    let unknown = json!({"namespace": 77, "count": 1});
    assert_eq!(
        world.post("/api/v1/numbers/blocks", &root, &unknown).await.status,
        404
    );
    for (member, value) in [
        ("code", json!(100)),
        ("digits", json!(5)),
        ("digits", json!(15)),
        ("cooldown_days", json!(364)),
        ("holder_kind", json!("nobody")),
        ("name", json!("")),
    ] {
        let mut body = json!({"code": 50, "name": "x", "holder_kind": "person"});
        body[member] = value;
        assert_eq!(
            world
                .post("/api/v1/numbers/namespaces", &root, &body)
                .await
                .status,
            422,
            "{body}"
        );
    }
}

#[tokio::test]
async fn names_in_the_path_that_name_nothing_are_not_found_whatever_they_are_made_of() {
    let world = World::new().await;
    let root = world.root().await;
    let long = "9".repeat(5000);
    for name in [
        "%00",
        "%27%3B--",
        "%ff%fe",
        "..%2f..",
        "0",
        "-1",
        "1%20OR%201=1",
        long.as_str(),
        "%E5%A4%AA",
    ] {
        for path in [
            format!("/api/v1/people/{name}"),
            format!("/api/v1/numbers/{name}"),
            format!("/api/v1/clients/{name}"),
            format!("/api/v1/numbers/blocks/{name}/numbers"),
        ] {
            let answer = world.get(&path, &root).await;
            assert_eq!(answer.status, 404, "{path}");
            answer.problem();
        }
    }
}

#[tokio::test]
async fn queries_and_bodies_that_nobody_asked_for_are_refused() {
    let world = World::new().await;
    let root = world.root().await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=1&limit=2",
        "after=",
        "after=x",
        "after=%00",
        "page=2",
        "after=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "limit=%ff",
    ] {
        for list in ["people", "clients", "realms"] {
            let answer = world.get(&format!("/api/v1/{list}?{query}"), &root).await;
            assert_eq!(answer.status, 400, "{list} {query} {answer:?}");
        }
    }
    assert_eq!(
        world.get("/api/v1/clock?x=1", &root).await.problem(),
        "query.invalid"
    );
    let person = world.person(&world.first, "hanako", &[]).await.id;
    let path = format!(
        "/api/v1/people/{}/suspend",
        world.number(&world.first, person).await
    );
    assert_eq!(
        world.post(&path, &root, &json!({"really": true})).await.problem(),
        "body.unexpected"
    );
    assert_eq!(world.post(&path, &root, &Value::Null).await.status, 200);
}

#[tokio::test]
async fn two_authorization_headers_or_a_token_in_the_query_are_no_token() {
    let world = World::new().await;
    let root = world.root().await;
    let request = Request::get("/api/v1/people").header("host", FIRST);
    let bearer = format!("Bearer {root}");
    let twice = request
        .header("authorization", &bearer)
        .header("authorization", &bearer)
        .body(Body::empty())
        .unwrap();
    assert_eq!(world.raw(twice).await.problem(), "token.missing");
    let query = Request::get(format!("/api/v1/people?access_token={root}")).header("host", FIRST);
    assert_eq!(
        world.raw(query.body(Body::empty()).unwrap()).await.problem(),
        "token.missing"
    );
    let basic = Request::get("/api/v1/people")
        .header("host", FIRST)
        .header("authorization", "Basic YTpi");
    assert_eq!(
        world.raw(basic.body(Body::empty()).unwrap()).await.problem(),
        "token.missing"
    );
}
