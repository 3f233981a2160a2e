//! Every route, by every caller who may not use it and by one who may.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::fixture::{FIRST, SECOND, World};
use super::routes_staff;
use crate::admin::{document, scope};
use crate::oauth::registration::Policy;

/// A route: its template in the document, how it is called in a world, and what the right caller is answered.
pub(super) struct Route {
    pub method: Method,
    pub template: &'static str,
    pub scope: &'static str,
    pub path: String,
    pub body: Value,
    pub status: u16,
}

/// What the calls are about, in the first realm.
struct Things {
    /// A person's number, which is active.
    person: String,
    /// The number of somebody who is suspended.
    suspended: String,
    /// A block with two numbers that nobody holds.
    block: String,
    reserved: String,
    client: String,
    staff: routes_staff::Things,
}

async fn things(world: &World) -> Things {
    let root = world.root().await;
    let person = world.person(&world.first, "hanako", &[]).await.id;
    let other = world.person(&world.first, "jiro", &[]).await.id;
    let (person, suspended) = (
        world.number(&world.first, person).await,
        world.number(&world.first, other).await,
    );
    let path = format!("/api/v1/numbers/{suspended}/suspend");
    assert_eq!(
        world.post(&path, &root, &json!({"generation": 1})).await.status,
        200
    );
    let space = json!({"code": 40, "name": "members", "holder_kind": "person"});
    assert_eq!(
        world
            .post("/api/v1/numbers/namespaces", &root, &space)
            .await
            .status,
        201
    );
    let issued = world
        .post(
            "/api/v1/numbers/blocks",
            &root,
            &json!({"namespace": 40, "count": 2}),
        )
        .await
        .json();
    let client = world.client(&world.first, "profile").await.id;
    let (policies, policy, now) = (&world.hub.policies, Policy::default(), world.hub.clock.now());
    policies.put(&world.first, "default", &policy, now).await.unwrap();
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    Things {
        person,
        suspended,
        block: text("id"),
        reserved: text("first"),
        client,
        staff: routes_staff::things(world, &root).await,
    }
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn table(things: &Things) -> Vec<Route> {
    use http::Method as M;
    let Things {
        person,
        suspended,
        block,
        reserved,
        client,
        staff,
    } = things;
    let one = json!({"generation": 1});
    let row = |method: M, template, scope, path: String, body: &Value, status| Route {
        method,
        template,
        scope,
        path,
        body: body.clone(),
        status,
    };
    let fixed = |method: M, template: &'static str, scope, body: &Value, status| {
        row(method, template, scope, template.to_owned(), body, status)
    };
    let people = |action: &str| format!("/api/v1/people/{person}{action}");
    let number = |number: &str, action: &str| format!("/api/v1/numbers/{number}{action}");
    let new_realm = json!({"issuer": "https://third.example.jp", "name": "Third"});
    let new_space = json!({"code": 41, "name": "guests", "holder_kind": "person", "cooldown_days": 365});
    let new_client = json!({"grant_types": ["client_credentials"], "scope": "records.read"});
    let changed_client =
        json!({"grant_types": ["client_credentials"], "scope": "profile", "first_party": true});
    let mut rows = vec![
        fixed(M::GET, "/api/v1/realms", "musubi:realms.read", &Value::Null, 200),
        fixed(M::POST, "/api/v1/realms", "musubi:realms.write", &new_realm, 201),
        fixed(M::GET, "/api/v1/clock", "musubi:realms.read", &Value::Null, 200),
        fixed(M::GET, "/api/v1/people", "musubi:people.read", &Value::Null, 200),
        fixed(
            M::POST,
            "/api/v1/people",
            "musubi:people.write",
            &json!({"login": "saburo"}),
            201,
        ),
        row(
            M::GET,
            "/api/v1/people/{number}",
            "musubi:people.read",
            people(""),
            &Value::Null,
            200,
        ),
        row(
            M::POST,
            "/api/v1/people/{number}/suspend",
            "musubi:people.write",
            people("/suspend"),
            &Value::Null,
            200,
        ),
        row(
            M::POST,
            "/api/v1/people/{number}/resume",
            "musubi:people.write",
            people("/resume"),
            &Value::Null,
            200,
        ),
        row(
            M::POST,
            "/api/v1/people/{number}/password-link",
            "musubi:people.write",
            people("/password-link"),
            &Value::Null,
            201,
        ),
        row(
            M::POST,
            "/api/v1/people/{number}/reset-factors",
            "musubi:people.write",
            people("/reset-factors"),
            &Value::Null,
            200,
        ),
        row(
            M::GET,
            "/api/v1/people/{number}/consents",
            "musubi:consents.read",
            people("/consents"),
            &Value::Null,
            200,
        ),
        fixed(
            M::GET,
            "/api/v1/numbers/namespaces",
            "musubi:numbers.read",
            &Value::Null,
            200,
        ),
        fixed(
            M::POST,
            "/api/v1/numbers/namespaces",
            "musubi:numbers.write",
            &new_space,
            201,
        ),
        fixed(
            M::POST,
            "/api/v1/numbers/blocks",
            "musubi:numbers.write",
            &json!({"namespace": 10, "count": 1_000_000}),
            201,
        ),
        row(
            M::GET,
            "/api/v1/numbers/blocks/{id}/numbers",
            "musubi:numbers.read",
            format!("/api/v1/numbers/blocks/{block}/numbers"),
            &Value::Null,
            200,
        ),
        row(
            M::GET,
            "/api/v1/numbers/{number}",
            "musubi:numbers.read",
            number(person, ""),
            &Value::Null,
            200,
        ),
        row(
            M::POST,
            "/api/v1/numbers/{number}/assign",
            "musubi:numbers.write",
            number(reserved, "/assign"),
            &json!({"login": "hanako"}),
            200,
        ),
        row(
            M::POST,
            "/api/v1/numbers/{number}/suspend",
            "musubi:numbers.write",
            number(person, "/suspend"),
            &one,
            200,
        ),
        row(
            M::POST,
            "/api/v1/numbers/{number}/resume",
            "musubi:numbers.write",
            number(suspended, "/resume"),
            &one,
            200,
        ),
        row(
            M::POST,
            "/api/v1/numbers/{number}/cancel",
            "musubi:numbers.write",
            number(person, "/cancel"),
            &one,
            200,
        ),
        // The right caller reaches the decision: this namespace never reissues. The rest is in `numbers`.
        row(
            M::POST,
            "/api/v1/numbers/{number}/reissue",
            "musubi:numbers.write",
            number(person, "/reissue"),
            &json!({"generation": 1, "login": "jiro"}),
            409,
        ),
        fixed(
            M::GET,
            "/api/v1/clients",
            "musubi:clients.read",
            &Value::Null,
            200,
        ),
        fixed(
            M::POST,
            "/api/v1/clients",
            "musubi:clients.write",
            &new_client,
            201,
        ),
        row(
            M::GET,
            "/api/v1/clients/{client_id}",
            "musubi:clients.read",
            format!("/api/v1/clients/{client}"),
            &Value::Null,
            200,
        ),
        row(
            M::PUT,
            "/api/v1/clients/{client_id}",
            "musubi:clients.write",
            format!("/api/v1/clients/{client}"),
            &changed_client,
            200,
        ),
        row(
            M::POST,
            "/api/v1/clients/{client_id}/secret",
            "musubi:clients.write",
            format!("/api/v1/clients/{client}/secret"),
            &json!({}),
            201,
        ),
        row(
            M::POST,
            "/api/v1/clients/{client_id}/registration-access-token",
            "musubi:clients.write",
            format!("/api/v1/clients/{client}/registration-access-token"),
            &Value::Null,
            422,
        ),
        row(
            M::DELETE,
            "/api/v1/clients/{client_id}",
            "musubi:clients.write",
            format!("/api/v1/clients/{client}"),
            &Value::Null,
            204,
        ),
        fixed(
            M::POST,
            "/api/v1/clients/registration-tokens",
            "musubi:clients.write",
            &json!({"uses": 2}),
            201,
        ),
        fixed(
            M::GET,
            "/api/v1/registration-policies",
            "musubi:clients.read",
            &Value::Null,
            200,
        ),
        row(
            M::PUT,
            "/api/v1/registration-policies/{name}",
            "musubi:clients.write",
            "/api/v1/registration-policies/default".to_owned(),
            &json!({"open": true}),
            200,
        ),
        row(
            M::GET,
            "/api/v1/registration-policies/{name}",
            "musubi:clients.read",
            "/api/v1/registration-policies/default".to_owned(),
            &Value::Null,
            200,
        ),
        row(
            M::DELETE,
            "/api/v1/registration-policies/{name}",
            "musubi:clients.write",
            "/api/v1/registration-policies/default".to_owned(),
            &Value::Null,
            204,
        ),
    ];
    rows.extend(super::routes_people::rows(person));
    rows.extend(super::routes_contracts::rows(person));
    rows.extend(super::routes_settings::rows());
    rows.extend(routes_staff::rows(staff));
    rows
}

/// Every scope that gives something over the realm, and the one by which people do what was delegated to them.
fn all_scopes() -> String {
    format!("{} {}", scope::ALL.join(" "), scope::OWN_DELEGATIONS.name)
}

impl Route {
    async fn call(&self, world: &World, host: &str, token: Option<&str>) -> super::fixture::Answer {
        let body = if self.body.is_null() {
            None
        } else {
            Some(&self.body)
        };
        world.send(&self.method, host, &self.path, token, body).await
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }
}

#[tokio::test]
async fn every_documented_route_is_in_the_table_with_the_scope_it_documents() {
    let world = World::new().await;
    let table = table(&things(&world).await);
    let document: Value = serde_json::from_slice(document()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation["security"][0]["token"][0].as_str().unwrap_or("public");
            documented.insert(format!("{} {path} {scope}", method.to_uppercase()));
        }
    }
    let mut tested: BTreeSet<String> = table
        .iter()
        .map(|route| format!("{} {}", route.name(), route.scope))
        .collect();
    tested.insert("GET /api/openapi.json public".to_owned());
    assert_eq!(documented, tested);
    assert!(
        tested
            .iter()
            .all(|line| all_scopes().split(' ').any(|one| line.ends_with(one)) || line.ends_with("public"))
    );
}

#[tokio::test]
async fn every_documented_path_takes_its_documented_methods_and_no_other() {
    let world = World::new().await;
    let document: Value = serde_json::from_slice(document()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            let answer = world
                .send(&method.parse().unwrap(), FIRST, path, None, None)
                .await;
            let known = item.get(method.to_lowercase()).is_some();
            assert_eq!(
                answer.status != StatusCode::METHOD_NOT_ALLOWED,
                known,
                "{method} {path}"
            );
            assert_ne!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn without_a_valid_access_token_of_this_realm_every_route_answers_401_and_says_so_on_record() {
    let world = World::new().await;
    let table = table(&things(&world).await);
    let admin = world.person(&world.first, "admin", scope::ALL).await;
    let all = scope::ALL.join(" ");
    let (_, id_token) = world.signed_in(&world.first, admin.id, &all).await;
    let (stranger, _) = {
        let admin = world.person(&world.second, "admin", scope::ALL).await;
        world.signed_in(&world.second, admin.id, &all).await
    };
    let elsewhere = world.service(&world.second, &all).await;
    let ours = world.root().await;
    let forged = {
        let (signed, _) = ours.rsplit_once('.').unwrap();
        format!("{signed}.{}", "A".repeat(86))
    };
    let expired = world.root().await;
    world.time.advance(Duration::from_secs(301));
    let fresh = world.root().await;
    for route in &table {
        let before = world.rows().await.len();
        let answer = route.call(&world, FIRST, None).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (401, "token.missing"),
            "{}",
            route.name()
        );
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"musubi\"");
        let bad = [
            &id_token,
            &stranger,
            &elsewhere,
            &forged,
            &expired,
            &"x.y.z".to_owned(),
            &String::new(),
        ];
        for token in bad {
            let answer = route.call(&world, FIRST, Some(token)).await;
            assert_eq!(answer.status, 401, "{} {token}", route.name());
            assert_eq!(answer.problem(), "token.access.invalid", "{}", route.name());
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge, "Bearer realm=\"musubi\", error=\"invalid_token\"");
        }
        let answer = route.call(&world, SECOND, Some(&fresh)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.problem().as_str()),
            (401, "token.access.invalid")
        );
        let rows = world.rows().await;
        assert_eq!(rows.len() - before, 9, "{}", route.name());
        assert!(
            rows[before..]
                .iter()
                .all(|row| row.decision == "deny" && row.actor.is_none())
        );
    }
}

#[tokio::test]
async fn every_scope_but_the_right_one_is_answered_403_which_names_the_right_one() {
    let world = World::new().await;
    let table = table(&things(&world).await);
    let mut single = Vec::new();
    for one in scope::ALL {
        single.push((*one, world.service(&world.first, one).await));
    }
    for route in &table {
        let others: Vec<_> = scope::ALL
            .iter()
            .copied()
            .filter(|one| *one != route.scope)
            .collect();
        let all_others = world.service(&world.first, &others.join(" ")).await;
        let wrong = single
            .iter()
            .filter(|(one, _)| *one != route.scope)
            .map(|(_, token)| token);
        for token in wrong.chain([&all_others]) {
            let answer = route.call(&world, FIRST, Some(token)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.problem().as_str()),
                (403, "token.scope"),
                "{}",
                route.name()
            );
            let scope = format!("error=\"insufficient_scope\", scope=\"{}\"", route.scope);
            assert!(
                answer.header("www-authenticate").ends_with(&scope),
                "{}",
                route.name()
            );
        }
        let last = world.rows().await.pop().unwrap();
        assert_eq!(
            (last.decision.as_str(), last.reason.as_deref()),
            ("deny", Some("token.scope"))
        );
        assert!(last.client.is_some());
    }
}

#[tokio::test]
async fn the_right_scope_alone_is_enough_and_every_call_is_on_record_with_the_name_of_the_caller() {
    let world = World::new().await;
    // Each route in a world of its own: some of them undo what others need.
    let count = table(&things(&world).await).len();
    for index in 0..count {
        let world = World::new().await;
        let route = table(&things(&world).await).swap_remove(index);
        let admin = world.person(&world.first, "admin", &[route.scope]).await.id;
        let (token, _) = world.signed_in(&world.first, admin, &all_scopes()).await;
        let before = world.rows().await.len();
        let answer = route.call(&world, FIRST, Some(&token)).await;
        assert_eq!(
            answer.status.as_u16(),
            route.status,
            "{} {:?}",
            route.name(),
            answer
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{}", route.name());
        let rows = world.rows().await;
        assert!(rows.len() > before, "{}", route.name());
        assert!(
            rows[before..].iter().all(|row| row.actor == Some(admin.uuid())),
            "{}",
            route.name()
        );
    }
}

#[tokio::test]
async fn what_cannot_be_logged_is_not_answered_and_not_done() {
    let world = World::new().await;
    let table = table(&things(&world).await);
    let root = world.root().await;
    let people = |world: &World| {
        let (people, realm) = (world.hub.people.clone(), world.first.clone());
        async move { people.list(&realm, None, 100).await.unwrap().len() }
    };
    let before = people(&world).await;
    world.break_log().await;
    for route in &table {
        for token in [None, Some(root.as_str())] {
            let answer = route.call(&world, FIRST, token).await;
            assert_eq!(
                (answer.status.as_u16(), answer.problem().as_str()),
                (503, "unavailable"),
                "{}",
                route.name()
            );
        }
    }
    assert_eq!(people(&world).await, before);
    let clients = world.hub.clients.list(&world.first, "", 100).await.unwrap();
    assert!(
        clients
            .iter()
            .any(|client| client.metadata.scope.as_deref() == Some("profile"))
    );
    let spaces = crate::numbers::namespaces(&world.hub.store, world.first.id)
        .await
        .unwrap();
    assert!(!spaces.iter().any(|space| space.code.value() == 41));
    assert!(
        world
            .hub
            .realms
            .by_host("third.example.jp")
            .await
            .unwrap()
            .is_none()
    );
}
