//! Administrators, what they hand on, and why somebody may do what they may.

use harness::Backend;
use serde_json::{Value, json};

use super::{World, set_password};

#[tokio::test]
async fn the_first_administrator_registers_staff_and_hands_on_a_part_which_says_why_it_carries() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        // The realm's administration registers the first administrator, who sets their own password.
        let path = format!("/api/v1/organisations/{}/administrator", town.hospital);
        let new = json!({"login": "chief", "name": "Chief Yamada", "gender": "female", "birthdate": "1970-02-03",
            "email": "chief@example.jp", "title": "Director"});
        let made = world.post(&world.root, &path, new.clone()).await.good();
        let link = made["password_link"].as_str().unwrap();
        let chief = set_password(&world.server, link, "chief").await;
        let chief = world.token(&chief).await;
        let second = json!({"login": "second", "name": "Another"});
        let again = world.post(&world.root, &path, second).await;
        again.refused(409, "organisation.administered");

        // She registers a nurse with a licence, and gives her a part of what she has.
        let path = format!("/api/v1/organisations/{}/staff", town.surgery);
        let new = json!({"login": "nurse", "name": "Nurse Sato", "gender": "male", "birthdate": "1990-05-06",
            "email": "nurse@example.jp", "occupations": [
                {"code": "nurse", "licence": "N-12345", "licence_until": "2099-01-01T00:00:00Z"}]});
        let made = world.post(&chief, &path, new).await.good();
        let link = made["password_link"].as_str().unwrap().to_owned();
        let staff = &made["staff"];
        let number = staff["number"].as_str().unwrap();
        assert_eq!(number.parse::<u64>().unwrap() % 97, 1);
        assert_eq!(staff["affiliations"][0]["occupations"][0]["licence"], "N-12345");
        let affiliation = staff["affiliations"][0]["id"].as_str().unwrap();
        let body = json!({"affiliation": affiliation, "organisation": town.surgery, "powers": ["staff.write"],
            "until": "2098-01-01T00:00:00Z"});
        world.post(&chief, "/api/v1/delegations", body).await.good();
        let nurse = set_password(&world.server, &link, "nurse").await;
        let nurse = world.token(&nurse).await;
        let helper = json!({"login": "helper", "name": "Helper"});
        world.post(&nurse, &path, helper).await.good();
        let elsewhere = format!("/api/v1/organisations/{}/staff", town.kitchen);
        let cook = json!({"login": "cook", "name": "Cook"});
        world
            .post(&nurse, &elsewhere, cook)
            .await
            .refused(404, "organisation.unknown");

        // Why: from the realm to the chief, from the chief to the nurse.
        let path = format!("/api/v1/staff/{number}/powers");
        let view = world.get(&chief, &path).await.good();
        let held = &view["held"][0];
        assert_eq!(held["powers"], json!(["staff.read", "staff.write"]));
        assert_eq!(held["organisation"]["number"], town.surgery.as_str());
        assert_eq!(held["until"], "2098-01-01T00:00:00.000000Z");
        let why = held["why"].as_array().unwrap();
        assert_eq!(why.len(), 2);
        assert!(why[0].get("parent").is_none());
        assert_eq!(why[1]["parent"], why[0]["id"]);
        assert_eq!(why[1]["giver"], why[0]["holder"]);
        assert_eq!(
            world.get(&nurse, "/api/v1/staff/self/powers").await.good()["held"],
            view["held"]
        );

        // The staff are listed with name, sex, birth, organisation, occupation, e-mail (H3.1).
        let path = format!("/api/v1/organisations/{}/staff?below=true", town.hospital);
        let list = world.get(&chief, &path).await.good();
        assert_eq!(list["total"], 3);
        let nurses = world
            .get(&chief, &format!("{path}&occupation=nurse"))
            .await
            .good();
        let one = &nurses["items"][0];
        for (member, value) in [
            ("name", "Nurse Sato"),
            ("gender", "male"),
            ("birthdate", "1990-05-06"),
            ("email", "nurse@example.jp"),
        ] {
            assert_eq!(one[member], value);
        }
        assert_eq!(one["affiliations"][0]["organisation"]["name"], "Surgery");
        // Each change is on record with what allowed it.
        let rows = world.server.log();
        let registered: Vec<&Value> = rows
            .iter()
            .filter(|row| row["action"] == "staff.register")
            .collect();
        assert!(registered.iter().any(|row| {
            let basis = row["granted_by"].as_str().unwrap_or_default();
            row["decision"] == "permit" && basis.starts_with("delegation:")
        }));
        world.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn withdrawing_a_delegation_withdraws_all_that_hangs_on_it_at_once() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let head = world.member("head", &town.surgery).await;
        let nurse = world.member("nurse", &town.surgery).await;
        let to_head = world
            .give(&chief.token, (&head, &town.surgery), &["staff.write"], 1)
            .await
            .good();
        let to_nurse = world
            .give(&head.token, (&nurse, &town.surgery), &["staff.read"], 0)
            .await
            .good();
        assert_eq!(world.held(&nurse).await.len(), 1);
        // One below cannot take from one above.
        let path = |one: &Value| format!("/api/v1/delegations/{}/withdraw", one["id"].as_str().unwrap());
        let below = world.post(&nurse.token, &path(&to_head), Value::Null).await;
        below.refused(403, "staff.power");
        world
            .post(&chief.token, &path(&to_head), Value::Null)
            .await
            .good();
        assert!(world.held(&head).await.is_empty());
        assert!(world.held(&nurse).await.is_empty());
        let list = format!("/api/v1/organisations/{}/staff", town.surgery);
        world
            .get(&nurse.token, &list)
            .await
            .refused(404, "organisation.unknown");
        let again = world
            .post(&nurse.token, &path(&to_nurse), Value::Null)
            .await
            .good();
        assert_eq!(again["withdrawn"], true, "to hold less is always allowed");
        let past = world
            .get(&world.root, "/api/v1/delegations?past=true")
            .await
            .good();
        let now = world.get(&world.root, "/api/v1/delegations").await.good();
        assert_eq!(
            (past["total"].as_u64(), now["total"].as_u64()),
            (Some(3), Some(1))
        );
    }
}
