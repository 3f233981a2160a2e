//! Users and groups by the protocol, and what they are in the hub.

use harness::Backend;
use reqwest::Method;
use serde_json::{Value, json};

use super::{ENTERPRISE, GROUP, USER, World, id, query};

#[tokio::test]
async fn a_user_is_a_member_of_staff_and_active_false_makes_a_leaver() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let made = world.user("hanako").await;
        assert_eq!(made["meta"]["resourceType"], "User");
        let location = made["meta"]["location"].as_str().unwrap();
        assert_eq!(
            location,
            world
                .server
                .url(&format!("/scim/v2/Users/{}", id(&made)))
                .as_str()
        );
        assert_eq!(world.staff(&world.hospital).await, 1);
        let again = json!({"schemas": [USER], "userName": "HANAKO"});
        world.post("/Users", again).await.refused(409, "uniqueness");
        // Off the staff, and on again.
        let path = format!("/Users/{}", id(&made));
        let off = world
            .patch(
                &path,
                json!([{"op": "replace", "path": "active", "value": false}]),
            )
            .await
            .good();
        assert_eq!(
            (off["active"].as_bool(), world.staff(&world.hospital).await),
            (Some(false), 0)
        );
        let on = world
            .patch(&path, json!([{"op": "Replace", "value": {"active": "True"}}]))
            .await
            .good();
        assert_eq!(
            (on["active"].as_bool(), world.staff(&world.hospital).await),
            (Some(true), 1)
        );
        // The whole of it anew: what is not sent is gone.
        let whole = json!({"schemas": [USER, ENTERPRISE], "userName": "hanako.s", "displayName": "Hanako",
            ENTERPRISE: {"employeeNumber": "7"}});
        let replaced = world.scim(Method::PUT, &path, Some(whole)).await.good();
        assert_eq!(replaced["userName"], "hanako.s");
        assert!(replaced.get("title").is_none() && replaced.get("externalId").is_none());
        assert_eq!(replaced["schemas"], json!([USER, ENTERPRISE]));
        assert_eq!(world.scim(Method::DELETE, &path, None).await.status, 204);
        world.get(&path).await.refused(404, "");
        assert_eq!(world.staff(&world.hospital).await, 0);
    }
}

#[tokio::test]
async fn a_group_is_a_department_and_its_members_work_there() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let (hanako, jiro) = (world.user("hanako").await, world.user("jiro").await);
        let body = json!({"schemas": [GROUP], "displayName": "Surgery", "externalId": "s",
            "members": [{"value": id(&hanako)}]});
        let group = world.post("/Groups", body).await.good();
        let number = id(&group).to_owned();
        let seen = world
            .api(Method::GET, &format!("/api/v1/organisations/{number}"), None)
            .await;
        assert_eq!(
            (&seen["name"], &seen["kind"]),
            (&json!("Surgery"), &json!("department"))
        );
        assert_eq!(seen["parent"], world.hospital.as_str());
        assert_eq!(world.staff(&number).await, 1);
        let user = world.get(&format!("/Users/{}", id(&hanako))).await.good();
        assert_eq!(user["groups"][0]["value"], number.as_str());
        let path = format!("/Groups/{number}");
        let more = json!([{"op": "add", "path": "members", "value": [{"value": id(&jiro)}]}]);
        let more = world.patch(&path, more).await.good();
        assert_eq!(more["members"].as_array().unwrap().len(), 2);
        let gone = format!("members[value eq \"{}\"]", id(&hanako));
        let fewer = world
            .patch(&path, json!([{"op": "remove", "path": gone}]))
            .await
            .good();
        assert_eq!(fewer["members"][0]["value"], id(&jiro));
        assert_eq!(world.staff(&number).await, 1);
        // A leaver is a member of nothing, and cannot become one.
        let leaver = format!("/Users/{}", id(&jiro));
        world
            .patch(
                &leaver,
                json!([{"op": "replace", "path": "active", "value": false}]),
            )
            .await
            .good();
        assert!(world.get(&path).await.good().get("members").is_none());
        let back = json!([{"op": "add", "path": "members", "value": [{"value": id(&jiro)}]}]);
        world.patch(&path, back).await.refused(400, "invalidValue");
        assert_eq!(world.scim(Method::DELETE, &path, None).await.status, 204);
        world.get(&path).await.refused(404, "");
        let ended = world
            .api(Method::GET, &format!("/api/v1/organisations/{number}"), None)
            .await;
        assert_eq!(ended["state"], "ended");
    }
}

#[tokio::test]
async fn lists_are_filtered_ordered_and_paged_by_index_and_by_cursor() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        for name in ["dai", "aki", "chie", "bunta", "emi"] {
            world.user(name).await;
        }
        let names = |list: &Value| -> Vec<String> {
            let all = list["Resources"].as_array().unwrap().iter();
            all.map(|one| one["userName"].as_str().unwrap().to_owned())
                .collect()
        };
        let list = async |pairs: &[(&str, &str)]| world.get(&format!("/Users?{}", query(pairs))).await;
        let found = list(&[("filter", "userName eq \"AKI\"")]).await.good();
        assert_eq!(
            (names(&found), &found["totalResults"]),
            (vec!["aki".to_owned()], &json!(1))
        );
        let found = list(&[("filter", "externalId eq \"x-emi\"")]).await.good();
        assert_eq!(names(&found), ["emi"]);
        let filter = "emails[type eq \"work\" and value co \"i@\"] and not (userName sw \"e\")";
        let found = list(&[
            ("filter", filter),
            ("sortBy", "userName"),
            ("sortOrder", "descending"),
        ])
        .await;
        assert_eq!(names(&found.good()), ["dai", "aki"]);
        let page = list(&[("sortBy", "userName"), ("startIndex", "2"), ("count", "2")])
            .await
            .good();
        assert_eq!(names(&page), ["bunta", "chie"]);
        assert_eq!(
            (&page["totalResults"], &page["startIndex"], &page["itemsPerPage"]),
            (&json!(5), &json!(2), &json!(2))
        );
        // By cursor, to the end, each once.
        let (mut cursor, mut all) = (String::new(), Vec::new());
        loop {
            let page = list(&[("sortBy", "userName"), ("count", "2"), ("cursor", &cursor)])
                .await
                .good();
            assert!(page.get("startIndex").is_none());
            all.extend(names(&page));
            match page["nextCursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(all, ["aki", "bunta", "chie", "dai", "emi"]);
        list(&[("sortBy", "userName"), ("cursor", "x")])
            .await
            .refused(400, "invalidCursor");
        // A cursor of another list is none of this one.
        list(&[("sortBy", "title"), ("cursor", &cursor)])
            .await
            .refused(400, "invalidCursor");
        list(&[("cursor", ""), ("count", "100000")])
            .await
            .refused(400, "invalidCount");
        list(&[("filter", "userName eq")])
            .await
            .refused(400, "invalidFilter");
        list(&[("filter", "colour eq \"blue\"")])
            .await
            .refused(400, "invalidFilter");
        let slim = list(&[("attributes", "userName,emails.value"), ("count", "1")])
            .await
            .good();
        let one = &slim["Resources"][0];
        assert!(one.get("title").is_none() && one["emails"][0].get("type").is_none());
        list(&[("attributes", "userName"), ("excludedAttributes", "title")])
            .await
            .refused(400, "invalidSyntax");
        let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": "userName sw \"b\"", "attributes": ["title"], "count": 5});
        for path in ["/Users/.search", "/.search"] {
            let found = world.post(path, search.clone()).await.good();
            assert_eq!(
                (&found["totalResults"], &found["Resources"][0]["title"]),
                (&json!(1), &json!("Nurse"))
            );
        }
    }
}

/// RFC 9865 §2.3.
#[tokio::test]
async fn a_search_by_post_goes_on_by_cursor_to_the_end() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        for name in ["dai", "aki", "chie", "bunta", "emi"] {
            world.user(name).await;
        }
        let (mut cursor, mut all) = (String::new(), Vec::new());
        loop {
            let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
                "sortBy": "userName", "count": 2, "cursor": cursor});
            let page = world.post("/Users/.search", search).await.good();
            let resources = page["Resources"].as_array().unwrap().iter();
            all.extend(resources.map(|one| one["userName"].as_str().unwrap().to_owned()));
            match page["nextCursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(all, ["aki", "bunta", "chie", "dai", "emi"]);
    }
}

#[tokio::test]
async fn a_change_by_somebody_who_knows_an_older_version_is_refused() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let user = world.user("hanako").await;
        let path = format!("/scim/v2/Users/{}", id(&user));
        let read = world.send(&world.token, Method::GET, &path, None, &[]).await;
        let version = read.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(read.json["meta"]["version"], version.as_str());
        let same = world
            .send(
                &world.token,
                Method::GET,
                &path,
                None,
                &[("if-none-match", &version)],
            )
            .await;
        assert_eq!(same.status, 304);
        let body = |title: &str| {
            Some(
                json!({"schemas": [super::PATCH], "Operations": [{"op": "replace", "path": "title", "value": title}]}),
            )
        };
        let known = [("if-match", version.as_str())];
        let first = world
            .send(&world.token, Method::PATCH, &path, body("One"), &known)
            .await;
        assert_eq!(first.good()["title"], "One");
        let late = world
            .send(&world.token, Method::PATCH, &path, body("Two"), &known)
            .await;
        late.refused(412, "");
        let late = world
            .send(&world.token, Method::DELETE, &path, None, &known)
            .await;
        late.refused(412, "");
    }
}

#[tokio::test]
async fn many_requests_come_in_one_and_name_what_earlier_ones_made() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let operations = json!([
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"schemas": [USER], "userName": "hanako"}},
            {"method": "POST", "path": "/Groups", "bulkId": "g",
                "data": {"schemas": [GROUP], "displayName": "Surgery", "members": [{"value": "bulkId:u"}]}},
            {"method": "POST", "path": "/Users", "bulkId": "v", "data": {"schemas": [USER], "userName": "hanako"}},
            {"method": "DELETE", "path": "/Users/bulkId:u"},
        ]);
        let message = |stop: Option<u64>| {
            let mut message = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
                "Operations": operations});
            if let Some(stop) = stop {
                message["failOnErrors"] = stop.into();
            }
            message
        };
        let done = world.post("/Bulk", message(None)).await.good();
        let statuses: Vec<&str> = done["Operations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["status"].as_str().unwrap())
            .collect();
        assert_eq!(statuses, ["201", "201", "409", "204"]);
        assert_eq!(done["Operations"][2]["response"]["scimType"], "uniqueness");
        let groups = world.get("/Groups").await.good();
        assert_eq!(groups["totalResults"], 1);
        assert!(
            groups["Resources"][0].get("members").is_none(),
            "its member is gone again"
        );
        // What nothing has made yet is named by nobody, neither in a circle nor beyond the end (RFC 7644 §3.7.2).
        let circle = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
            {"method": "POST", "path": "/Groups", "bulkId": "a",
                "data": {"schemas": [GROUP], "displayName": "A", "members": [{"value": "bulkId:b"}]}},
            {"method": "POST", "path": "/Groups", "bulkId": "b",
                "data": {"schemas": [GROUP], "displayName": "B", "members": [{"value": "bulkId:a"}]}},
            {"method": "PATCH", "path": "/Users/bulkId:nobody",
                "data": {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                    "Operations": [{"op": "replace", "path": "active", "value": false}]}},
        ]});
        let done = world.post("/Bulk", circle).await.good();
        for operation in done["Operations"].as_array().unwrap() {
            assert!(
                operation["status"].as_str().unwrap().starts_with('4'),
                "{operation}"
            );
        }
        let groups = world.get("/Groups").await.good();
        assert_eq!(groups["totalResults"], 1, "nothing came of the circle");
        // The login of a person who was is not free at once, so the first fails, and that is the end.
        let stopped = world.post("/Bulk", message(Some(1))).await.good();
        assert_eq!(stopped["Operations"].as_array().unwrap().len(), 1);
        let many: Vec<Value> = (0..101).map(|_| operations[0].clone()).collect();
        let many =
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": many});
        world.post("/Bulk", many).await.refused(413, "");
    }
}

#[tokio::test]
async fn who_was_provisioned_is_a_person_of_the_realm_and_who_is_let_go_leaves_the_staff() {
    let world = World::new(Backend::Sqlite).await;
    let user = world.user("hanako").await;
    let people = world.api(Method::GET, "/api/v1/people?limit=200", None).await;
    let people = people["items"].as_array().unwrap();
    assert!(
        people
            .iter()
            .any(|one| one["login"] == "hanako" && one["name"] == "Sato hanako")
    );
    let path = format!("/Users/{}", id(&user));
    assert_eq!(world.scim(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(world.staff(&world.hospital).await, 0);
    let rows = world.server.log();
    let gone = rows
        .iter()
        .find(|row| row["action"] == "scim.user.delete")
        .unwrap();
    assert_eq!(
        (gone["decision"].as_str(), gone["service"].as_str()),
        (Some("permit"), Some("scim"))
    );
    assert!(gone["subject"].is_string() && gone["organisation"].is_string());
}
