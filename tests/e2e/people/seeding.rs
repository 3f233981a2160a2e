//! People who are nobody: the same ones everywhere, found as anybody is.

use harness::{Backend, Server, Service};
use reqwest::Method;
use serde_json::{Value, json};

async fn names(server: &Server) -> Vec<Value> {
    let service = Service::with(server, "musubi:people.read").await;
    let list = service.json(Method::GET, "/api/v1/people?limit=200", None).await;
    let all = list["items"].as_array().unwrap().iter();
    let mut names: Vec<Value> = all
        .filter(|one| one["login"].as_str().unwrap().starts_with('p'))
        .map(|one| {
            json!([
                one["login"],
                one["name"],
                one["birthdate"],
                one["prefecture"],
                one["telephone"]
            ])
        })
        .collect();
    names.sort_by_key(ToString::to_string);
    names
}

#[tokio::test]
async fn the_same_people_are_made_on_every_machine_and_each_is_found_once() {
    let mut made = Vec::new();
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let report = server.musubi(&["dev", "seed", "--people", "150"], "");
        assert_eq!(report["people"], 150);
        let all = names(&server).await;
        assert_eq!(all.len(), 150, "{backend:?}");
        let service = Service::with(&server, "musubi:people.read").await;
        let found = service
            .json(
                Method::POST,
                "/api/v1/people/search",
                Some(json!({"email": "P0000042@seed.example.jp"})),
            )
            .await;
        assert_eq!(
            (&found["total"], &found["items"][0]["login"]),
            (&json!(1), &json!("p0000042"))
        );
        assert!(found["items"][0]["number"].is_string());
        let name = found["items"][0]["family_name_kana"].as_str().unwrap().to_owned();
        let kin = service
            .json(
                Method::POST,
                "/api/v1/people/search",
                Some(json!({"kana": name, "limit": 200})),
            )
            .await;
        let logins: Vec<_> = kin["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["login"])
            .collect();
        assert!(logins.contains(&&json!("p0000042")));
        // Whoever is there already is not made again, and nothing of the attempt stays.
        assert!(
            !server
                .output(&["dev", "seed", "--people", "10", "--first", "145"])
                .status
                .success()
        );
        assert_eq!(names(&server).await.len(), 150);
        server.musubi(&["dev", "seed", "--people", "10", "--first", "151"], "");
        assert_eq!(names(&server).await.len(), 160);
        server.assert_log_is_intact();
        made.push(all);
    }
    assert_eq!(made[0], made[1]);
}

#[tokio::test]
async fn seeded_people_say_who_may_see_what_and_the_decision_obeys() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        server.musubi(&["dev", "seed", "--people", "30"], "");
        let nowhere = server.output(&["dev", "seed", "--consents", "20"]);
        let said = String::from_utf8_lossy(&nowhere.stderr);
        assert!(
            !nowhere.status.success() && said.contains("no organisations"),
            "{said}"
        );
        let seed = ["dev", "seed", "--organisations", "10", "--staff", "31"];
        server.musubi(&seed, "");
        let service = Service::with(&server, "musubi:people.read musubi:access.evaluate").await;
        let list = service.json(Method::GET, "/api/v1/people?limit=200", None).await;
        let all = list["items"].as_array().unwrap().iter();
        let number = |login: &str| {
            let mut all = all.clone();
            let one = all.find(|one| one["login"] == login).unwrap();
            one["number"].clone()
        };
        let ask = async |asker: u32, subject: u32, kind: &str| {
            let question = json!({
                "subject": {"type": "person", "id": number(&format!("p{asker:07}"))},
                "action": {"name": "read"},
                "resource": {"type": kind, "id": number(&format!("p{subject:07}")), "properties": {"depth": "daily"}},
                "context": {"purpose": "care"},
            });
            let answer = service
                .json(Method::POST, "/access/v1/evaluation", Some(question))
                .await;
            answer["decision"].as_bool().unwrap()
        };
        let pairs = || (1..=10).flat_map(|asker| (11..=30).map(move |subject| (asker, subject)));
        for (asker, subject) in pairs().step_by(20) {
            assert!(!ask(asker, subject, "vitals").await, "nobody has said anything");
        }
        let report = server.musubi(&["dev", "seed", "--consents", "20"], "");
        assert_eq!(report["consents"], 20);
        let mut permits = 0;
        for (asker, subject) in pairs() {
            permits += u32::from(ask(asker, subject, "vitals").await);
            assert!(!ask(asker, subject, "conditions").await, "nobody allowed that");
        }
        assert!(
            (1..200).contains(&permits),
            "some may and some may not: {permits}"
        );
        // Who has said something is not asked again: eleven are left, the administrator among all.
        let report = server.musubi(&["dev", "seed", "--consents", "40"], "");
        assert_eq!(report["consents"], 11);
        server.assert_log_is_intact();
    }
}
