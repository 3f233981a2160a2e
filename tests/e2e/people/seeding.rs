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
