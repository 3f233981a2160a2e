//! Blocks of numbers that an organisation assigns to its users (requirement H1.2).

use harness::{Backend, party};
use serde_json::json;

use super::World;

#[tokio::test]
async fn a_block_issued_to_an_organisation_is_read_and_assigned_by_its_administrator_and_no_other() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let druggist = world.administrator("druggist", &town.pharmacy).await;
        let patient = world.person("patient").await;
        let space = json!({"code": 40, "name": "patients", "holder_kind": "person"});
        world
            .post(&world.root, "/api/v1/numbers/namespaces", space)
            .await
            .good();
        let block = json!({"namespace": 40, "count": 3, "organisation": town.hospital});
        let by_staff = world
            .post(&chief.token, "/api/v1/numbers/blocks", block.clone())
            .await;
        by_staff.refused(403, "token.scope");
        let block = world
            .post(&world.root, "/api/v1/numbers/blocks", block)
            .await
            .good();
        let path = format!("/api/v1/numbers/blocks/{}/numbers", block["id"].as_str().unwrap());
        world
            .get(&druggist.token, &path)
            .await
            .refused(404, "number.block.unknown");
        let list = party::http()
            .get(world.server.url(&path))
            .bearer_auth(&chief.token)
            .send()
            .await
            .unwrap();
        let list = list.text().await.unwrap();
        let numbers: Vec<&str> = list.lines().skip(1).collect();
        assert_eq!(numbers.len(), 3, "{list}");
        let assign = format!("/api/v1/numbers/{}/assign", numbers[0]);
        let body = json!({"number": patient.number});
        let stranger = world.post(&druggist.token, &assign, body.clone()).await;
        stranger.refused(404, "number.unknown");
        let by_login = world
            .post(&chief.token, &assign, json!({"login": "patient"}))
            .await;
        by_login.refused(404, "person.unknown");
        let assigned = world.post(&chief.token, &assign, body).await.good();
        assert_eq!(assigned["state"], "active");
        // What the realm kept for itself is not the organisation's to assign.
        let own = json!({"namespace": 40, "count": 1});
        let own = world
            .post(&world.root, "/api/v1/numbers/blocks", own)
            .await
            .good();
        let assign = format!("/api/v1/numbers/{}/assign", own["first"].as_str().unwrap());
        let other = world.person("other").await;
        let body = json!({"number": other.number});
        world
            .post(&chief.token, &assign, body)
            .await
            .refused(404, "number.unknown");
    }
}
