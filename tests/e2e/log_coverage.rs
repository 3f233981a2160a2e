//! Whatever the hub is asked, there is a row: a walk over every route, as somebody whom nobody knows and as somebody who is
//! signed in.

use harness::{Actor, Backend, Server, party};
use reqwest::Method;
use serde_json::Value;

use crate::attacks::sources::endpoints;
use crate::durability::logged;

/// Every route, with its method; a place for a name has one that nothing has.
async fn routes(server: &Server) -> Vec<(Method, String)> {
    let described = party::http()
        .get(server.url("/api/openapi.json"))
        .send()
        .await
        .unwrap()
        .json::<Value>()
        .await
        .unwrap();
    let mut routes = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        routes.extend(
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(|method| (method.clone(), path.clone())),
        );
    }
    for endpoint in endpoints() {
        routes.extend(
            endpoint
                .methods
                .iter()
                .map(|method| ((*method).to_owned(), endpoint.path.clone())),
        );
    }
    assert!(routes.len() > 200, "the routes were not found");
    let named = |mut path: String| {
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            path.replace_range(from..=to, "01a2191e-3919-7abc-ae2c-2a05dfa59d70");
        }
        path
    };
    routes
        .into_iter()
        .map(|(method, path)| {
            (
                Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                named(path),
            )
        })
        .collect()
}

/// What answers without having let anybody do anything, refused anything, or shown anything of anybody.
fn tells_nothing(method: &Method, path: &str, status: u16, location: &str) -> bool {
    // Documents and pictures that are for everybody, and whether the hub lives.
    let public = [
        "/.well-known/",
        "/assets/",
        "/log/",
        "/scim/v2/ResourceTypes",
        "/scim/v2/Schemas",
    ]
    .iter()
    .any(|start| path.starts_with(start))
        || [
            "/",
            "/api/openapi.json",
            "/healthz",
            "/metrics",
            "/readyz",
            "/oauth/jwks",
            "/oauth/check-session",
            "/scim/v2/ServiceProviderConfig",
            "/fhir/metadata",
            "/fhir/.well-known/smart-configuration",
        ]
        .contains(&path)
        || path.starts_with("/scim/v2/01a2");
    // Empty forms, for anybody who opens them.
    let form = *method == Method::GET
        && status == 200
        && [
            "/signin",
            "/signup",
            "/recover",
            "/recover/family",
            "/recover/sent",
            "/oauth/logout",
            "/device",
        ]
        .contains(&path);
    // Whoever is not signed in is asked to, before anything is looked at; whoever is has no need of the page.
    let asked = status == 303
        && (location.starts_with("/signin")
            || location.starts_with("/device")
            || *method == Method::GET && path.starts_with("/signin"));
    // A form that is only a longer address.
    let same = *method == Method::POST && status == 303 && location.starts_with(path);
    public || form || asked || same
}

async fn walk(server: &Server, browser: &Actor) -> Vec<String> {
    let mut asked: Vec<(String, String)> = Vec::new();
    for (method, path) in routes(server).await {
        let mut request = browser.request(method.clone(), &path);
        if method == Method::POST {
            request = request.form(&[("token", "x"), ("csrf", "x")]);
        }
        let answer = request.send().await.unwrap();
        let text = |name: &str| {
            answer
                .headers()
                .get(name)
                .map_or("", |value| value.to_str().unwrap())
                .to_owned()
        };
        let status = answer.status().as_u16();
        assert!(status < 500, "{method} {path}: {status}");
        if !tells_nothing(&method, &path, status, &text("location")) {
            asked.push((format!("{method} {path} {status}"), text("x-request-id")));
        }
    }
    let told = logged(server);
    asked.retain(|(_, id)| !told.contains(id));
    asked.into_iter().map(|(what, _)| what).collect()
}

#[tokio::test]
async fn every_route_leaves_a_row_of_what_somebody_unknown_was_refused() {
    let server = Server::start(Backend::Sqlite).await;
    let without = walk(&server, &Actor::new(&server)).await;
    assert!(without.is_empty(), "no row of {without:#?}");
}

#[tokio::test]
async fn every_route_leaves_a_row_of_what_somebody_signed_in_was_shown_or_refused() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    browser.account("/account", &hanako).await;
    let without = walk(&server, &browser).await;
    assert!(without.is_empty(), "no row of {without:#?}");
}
