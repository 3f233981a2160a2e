//! An organisation's system that asks for more than its organisation's staff.

use harness::{Backend, party};
use reqwest::Method;
use serde_json::{Value, json};

use super::{GROUP, USER, World, id};

#[tokio::test]
async fn what_belongs_to_another_organisation_is_absent() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let pharmacy = world.organisation("Lake Pharmacy").await;
        let theirs = world.system_of(Some(&pharmacy)).await;
        let user = world.user("hanako").await;
        let group = world
            .post("/Groups", json!({"schemas": [GROUP], "displayName": "Surgery"}))
            .await
            .good();
        let call = async |method: Method, path: String, body: Option<Value>| {
            world
                .send(&theirs, method, &format!("/scim/v2{path}"), body, &[])
                .await
        };
        for path in [format!("/Users/{}", id(&user)), format!("/Groups/{}", id(&group))] {
            let whole = json!({"schemas": [USER], "userName": "x", "displayName": "x"});
            call(Method::GET, path.clone(), None).await.refused(404, "");
            call(Method::DELETE, path.clone(), None).await.refused(404, "");
            call(Method::PUT, path, Some(whole)).await.refused(404, "");
        }
        // Nor the tenant itself, or the other's, as a group.
        for number in [&world.hospital, &pharmacy] {
            call(Method::GET, format!("/Groups/{number}"), None)
                .await
                .refused(404, "");
        }
        let lists = call(Method::GET, "/Users".to_owned(), None).await.good();
        assert_eq!(lists["totalResults"], 0);
        // A member of another's staff does not become one of theirs by being named.
        let body = json!({"schemas": [GROUP], "displayName": "Trap", "members": [{"value": id(&user)}]});
        call(Method::POST, "/Groups".to_owned(), Some(body))
            .await
            .refused(400, "invalidValue");
        assert_eq!(world.staff(&pharmacy).await, 0);
    }
}

#[tokio::test]
async fn a_client_that_is_bound_to_no_organisation_or_lacks_the_scope_keeps_nobody() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let unbound = world.system_of(None).await;
        let list = "/scim/v2/Users";
        world
            .send(&unbound, Method::GET, list, None, &[])
            .await
            .refused(403, "");
        world
            .send(&world.root, Method::GET, list, None, &[])
            .await
            .refused(403, "");
        let bare = party::http().get(world.server.url(list)).send().await.unwrap();
        assert_eq!(bare.status().as_u16(), 401);
        assert!(bare.headers().contains_key("www-authenticate"));
        let rows = world.server.log();
        let denied = rows
            .iter()
            .filter(|row| row["action"] == "scim.user.list" && row["decision"] == "deny");
        assert_eq!(denied.count(), 3);
    }
}

#[tokio::test]
async fn roles_and_entitlements_are_refused_and_give_nothing() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        for powers in [
            json!({"roles": [{"value": "administrator"}]}),
            json!({"Entitlements": [{"value": "staff.write"}]}),
            json!({"password": "a secret of theirs"}),
        ] {
            let mut body = json!({"schemas": [USER], "userName": "hanako"});
            for (name, value) in powers.as_object().unwrap() {
                body[name] = value.clone();
            }
            world.post("/Users", body).await.refused(400, "invalidValue");
        }
        assert_eq!(world.staff(&world.hospital).await, 0);
        let user = world.user("hanako").await;
        let path = format!("/Users/{}", id(&user));
        let roles = json!([{"op": "add", "path": "roles", "value": [{"value": "administrator"}]}]);
        world.patch(&path, roles).await.refused(400, "invalidValue");
    }
}

#[tokio::test]
async fn an_organisation_takes_no_account_over_by_changing_its_record_of_a_person() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        // Somebody who is a person of the realm already is not to be had by their login or their address.
        let jiro = world.server.confirmed_person("jiro");
        let by_login = json!({"schemas": [USER], "userName": "jiro"});
        world.post("/Users", by_login).await.refused(409, "uniqueness");
        let by_address = json!({"schemas": [USER], "userName": "other", "emails": [{"value": jiro.email}]});
        world.post("/Users", by_address).await.refused(409, "uniqueness");
        // And what is written of somebody later is not what they recover their account by.
        let user = world.user("hanako").await;
        let path = format!("/Users/{}", id(&user));
        let steal = json!([{"op": "replace", "path": "emails", "value": [{"value": "thief@example.jp"}]},
            {"op": "replace", "path": "userName", "value": "thief"}]);
        let changed = world.patch(&path, steal).await.good();
        assert_eq!(changed["emails"][0]["value"], "thief@example.jp");
        let people = world.api(Method::GET, "/api/v1/people?limit=200", None).await;
        let people = people["items"].as_array().unwrap();
        let hanako = people.iter().find(|one| one["login"] == "hanako").unwrap();
        assert_eq!(hanako["email"], "hanako@example.jp");
        assert!(people.iter().all(|one| one["login"] != "thief"));
    }
}

#[tokio::test]
async fn what_is_not_of_the_protocol_is_told_so_in_its_own_words() {
    let world = World::new(Backend::Sqlite).await;
    world.get("/nothing").await.refused(404, "");
    world
        .scim(Method::PUT, "/Users", Some(json!({})))
        .await
        .refused(405, "");
    world
        .scim(Method::POST, "/Schemas", Some(json!({})))
        .await
        .refused(405, "");
    world.get("/Schemas?filter=id%20pr").await.refused(403, "");
    world
        .post("/Users", json!([]))
        .await
        .refused(400, "invalidSyntax");
    world
        .post("/Users", json!({"schemas": [USER]}))
        .await
        .refused(400, "invalidValue");
    let plain = world
        .send(
            &world.token,
            Method::POST,
            "/scim/v2/Users",
            None,
            &[("content-type", "text/plain")],
        )
        .await;
    plain.refused(400, "invalidSyntax");
    let user = world.user("hanako").await;
    let path = format!("/Users/{}", id(&user));
    for (operations, kind) in [
        (
            json!([{"op": "replace", "path": "id", "value": "x"}]),
            "mutability",
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]),
            "noTarget",
        ),
        (json!([{"op": "add", "path": "a b", "value": "x"}]), "invalidPath"),
        (json!([{"op": "spin"}]), "invalidSyntax"),
    ] {
        world.patch(&path, operations).await.refused(400, kind);
    }
    for schema in ["Schema", "ResourceType", "ServiceProviderConfig", "User", "Group"] {
        let found = world
            .get(&format!(
                "/Schemas/urn:ietf:params:scim:schemas:core:2.0:{schema}"
            ))
            .await;
        assert_eq!(found.good()["name"], schema);
    }
}
