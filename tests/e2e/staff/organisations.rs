//! The tree of organisations: made, listed, changed, moved, ended.

use harness::Backend;
use reqwest::Method;
use serde_json::{Value, json};

use super::World;

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn organisations_form_a_tree_with_numbers_that_is_listed_changed_moved_and_ended() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let root = &world.root;
        assert_eq!(
            town.hospital.parse::<u64>().unwrap() % 97,
            1,
            "check digits (H1.5)"
        );
        let all = world.get(root, "/api/v1/organisations").await.good();
        assert_eq!(all["total"], 4);
        let path = format!(
            "/api/v1/organisations?within={}&kind=department&limit=1",
            town.hospital
        );
        let first = world.get(root, &path).await.good();
        assert_eq!((names(&first), &first["total"]), (vec!["Surgery"], &json!(2)));
        let rest = format!("{path}&after={}", first["next"].as_str().unwrap());
        assert_eq!(names(&world.get(root, &rest).await.good()), ["Kitchen"]);
        let named = world.get(root, "/api/v1/organisations?name=lake").await.good();
        assert_eq!(names(&named), ["Lake Pharmacy"]);

        let path = format!("/api/v1/organisations/{}", town.kitchen);
        let new = json!({"name": "Large Kitchen", "kind": "department"});
        world.call(root, Method::PUT, &path, Some(new)).await.good();
        let moved = json!({"parent": town.pharmacy});
        let moved = world.post(root, &format!("{path}/move"), moved).await.good();
        assert_eq!(moved["parent"], town.pharmacy.as_str());
        let within = format!("/api/v1/organisations?within={}", town.pharmacy);
        let within = world.get(root, &within).await.good();
        assert_eq!(names(&within), ["Large Kitchen", "Lake Pharmacy"]);
        // Not below itself, not with a part or staff in it.
        let ring = json!({"parent": town.kitchen});
        let path_of = |number: &str, action: &str| format!("/api/v1/organisations/{number}/{action}");
        let above = world.post(root, &path_of(&town.pharmacy, "move"), ring).await;
        above.refused(409, "organisation.ring");
        let used = world
            .post(root, &path_of(&town.pharmacy, "end"), Value::Null)
            .await;
        used.refused(409, "organisation.in_use");
        let cook = world.member("cook", &town.kitchen).await;
        let used = world
            .post(root, &path_of(&town.kitchen, "end"), Value::Null)
            .await;
        used.refused(409, "organisation.in_use");
        let leave = format!("/api/v1/affiliations/{}/end", cook.affiliation);
        world.post(root, &leave, Value::Null).await.good();
        let ended = world
            .post(root, &path_of(&town.kitchen, "end"), Value::Null)
            .await
            .good();
        assert_eq!(ended["state"], "ended");
        let again = json!({"organisation": town.kitchen});
        let path = format!("/api/v1/staff/{}/affiliations", cook.number);
        world
            .post(root, &path, again)
            .await
            .refused(409, "organisation.ended");
        let active = world.get(root, "/api/v1/organisations?active=true").await.good();
        assert_eq!(active["total"], 3);
    }
}

#[tokio::test]
async fn the_tree_is_at_most_sixteen_organisations_deep() {
    let world = World::new(Backend::Sqlite).await;
    let mut parent = world.organisation("Level 1", "other", None).await;
    for level in 2..=16 {
        parent = world
            .organisation(&format!("Level {level}"), "other", Some(&parent))
            .await;
    }
    let body = json!({"name": "Level 17", "kind": "other", "parent": parent});
    let deeper = world.post(&world.root, "/api/v1/organisations", body).await;
    deeper.refused(409, "organisation.too_deep");
    let all = world.get(&world.root, "/api/v1/organisations").await.good();
    assert_eq!(all["total"], 16, "what was refused left nothing");
}

#[tokio::test]
async fn what_one_may_not_see_is_absent_from_answers_lists_and_totals() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let druggist = world.member("druggist", &town.pharmacy).await;
        let seen = world.get(&chief.token, "/api/v1/organisations").await.good();
        assert_eq!((seen["total"].as_u64(), names(&seen).len()), (Some(3), 3));
        let within = format!("/api/v1/organisations?within={}", town.pharmacy);
        assert_eq!(world.get(&chief.token, &within).await.good()["total"], 0);
        let absent = "10000000000000";
        for number in [town.pharmacy.as_str(), absent] {
            let path = format!("/api/v1/organisations/{number}");
            world
                .get(&chief.token, &path)
                .await
                .refused(404, "organisation.unknown");
            let path = format!("/api/v1/organisations/{number}/staff");
            world
                .get(&chief.token, &path)
                .await
                .refused(404, "organisation.unknown");
        }
        for number in [druggist.staff.as_str(), absent] {
            let path = format!("/api/v1/staff/{number}");
            world.get(&chief.token, &path).await.refused(404, "staff.unknown");
            let path = format!("/api/v1/staff/{number}/powers");
            world.get(&chief.token, &path).await.refused(404, "staff.unknown");
        }
        // Staff without any power see themselves, and nobody else.
        let own = world.get(&druggist.token, "/api/v1/staff/self").await.good();
        assert_eq!(own["number"], druggist.staff.as_str());
        let none = world.get(&druggist.token, "/api/v1/organisations").await.good();
        assert_eq!(none["total"], 0);
        let chief = format!("/api/v1/staff/{}", chief.staff);
        world
            .get(&druggist.token, &chief)
            .await
            .refused(404, "staff.unknown");
    }
}

#[tokio::test]
async fn a_seeded_realm_has_hospitals_with_departments_and_staff_in_each() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let numbers = ["--people", "60", "--organisations", "20", "--staff", "60"];
        let made = world
            .server
            .musubi(&[["dev", "seed"].as_slice(), &numbers].concat(), "");
        assert_eq!((&made["organisations"], &made["staff"]), (&json!(20), &json!(60)));
        let hospitals = world
            .get(&world.root, "/api/v1/organisations?kind=hospital")
            .await
            .good();
        assert_eq!(hospitals["total"], 2);
        let first = hospitals["items"][0]["number"].as_str().unwrap();
        let within = format!("/api/v1/organisations?within={first}");
        assert_eq!(world.get(&world.root, &within).await.good()["total"], 10);
        let staff = format!("/api/v1/organisations/{first}/staff?below=true");
        let staff = world.get(&world.root, &staff).await.good();
        assert_eq!(staff["total"], 30);
        let one = &staff["items"][0];
        assert!(one["number"].is_string() && one["name"].is_string());
    }
}
