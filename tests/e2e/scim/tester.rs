//! The public tester of SCIM servers finds nothing wrong.

use harness::{Backend, tools};
use serde_json::{Value, json};

use super::World;

#[tokio::test]
async fn the_public_tester_finds_no_failure() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let given = json!({"base": world.server.url("/scim/v2").as_str(), "token": world.token});
        let text = tools::run(&mut tools::python("scim_tester.py"), &given.to_string());
        let said: Value = serde_json::from_str(&text).unwrap();
        let checks = said["checks"].as_array().unwrap();
        let of = |status: &str| checks.iter().filter(|one| one["status"] == status).count();
        let bad: Vec<&Value> = checks
            .iter()
            .filter(|one| one["status"] != "SUCCESS" && one["status"] != "SKIPPED")
            .collect();
        assert!(bad.is_empty(), "{backend:?}: {bad:#?}");
        assert!(
            of("SUCCESS") > 80,
            "only {} checks were made: {checks:#?}",
            of("SUCCESS")
        );
        world.server.assert_log_is_intact();
    }
}
