//! Joiner, mover, leaver: what ends when somebody's place does.

use harness::{Actor, Backend};
use serde_json::{Value, json};

use super::World;

#[tokio::test]
async fn when_the_last_affiliation_ends_everything_ends_at_once() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let head = world.member("head", &town.surgery).await;
        let nurse = world.member("nurse", &town.surgery).await;
        world
            .give(&chief.token, (&head, &town.surgery), &["staff.write"], 1)
            .await
            .good();
        world
            .give(&head.token, (&nurse, &town.surgery), &["staff.read"], 0)
            .await
            .good();
        let occupations = format!("/api/v1/affiliations/{}/occupations", head.affiliation);
        world
            .post(&chief.token, &occupations, json!({"code": "clerk"}))
            .await
            .good();
        // A session in a browser, and a second place.
        let browser = Actor::new(&world.server);
        browser.account("/account", &head.person).await;
        let path = format!("/api/v1/staff/{}/affiliations", head.staff);
        let second = json!({"organisation": town.kitchen});
        let second = world.post(&chief.token, &path, second).await.good();
        let second = second["affiliations"][0]["id"].as_str().unwrap().to_owned();

        // The first of two places: what hung on it goes, the sign-in stays.
        let end = |id: &str| format!("/api/v1/affiliations/{id}/end");
        world
            .post(&chief.token, &end(&head.affiliation), Value::Null)
            .await
            .good();
        assert!(world.held(&head).await.is_empty());
        assert!(
            world.held(&nurse).await.is_empty(),
            "what she handed on went with it"
        );
        let own = world.get(&head.token, "/api/v1/staff/self").await.good();
        let ended = own["affiliations"].as_array().unwrap();
        let ended = ended
            .iter()
            .find(|one| one["id"] == head.affiliation.as_str())
            .unwrap();
        assert_eq!(ended["occupations"][0]["live"], false);
        assert!(!browser.open("/account").await.has_form("/signin"));

        // The last: her tokens, her sessions, her staff number.
        world.post(&chief.token, &end(&second), Value::Null).await.good();
        let dead = world.get(&head.token, "/api/v1/staff/self").await;
        dead.refused(401, "token.access.invalid");
        assert!(browser.open("/account").await.has_form("/signin"));
        let number = format!("/api/v1/numbers/{}", head.staff);
        let number = world.get(&world.root, &number).await.good();
        assert_eq!(number["state"], "tombstone");
        world
            .post(&chief.token, &end(&second), Value::Null)
            .await
            .refused(409, "staff.over");
        // She is a person still, and signs in as that; coming back she gets another number.
        let again = world.token(&head.person).await;
        assert!(world.get(&again, "/api/v1/staff/self").await.status == 200);
        let path = format!("/api/v1/staff/{}/affiliations", head.number);
        let back = json!({"organisation": town.surgery});
        let back = world.post(&world.root, &path, back).await.good();
        assert_ne!(back["number"], head.staff.as_str());
        assert!(world.held(&head).await.is_empty(), "nothing comes back with her");
    }
}

#[tokio::test]
async fn nobody_is_kept_who_wants_to_leave_but_whoever_leaves_takes_no_power_along() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let chief = world.administrator("chief", &town.hospital).await;
    let path = format!("/api/v1/affiliations/{}/end", chief.affiliation);
    world.post(&chief.token, &path, Value::Null).await.good();
    assert!(world.held(&chief).await.is_empty());
    let list = world.get(&world.root, "/api/v1/delegations").await.good();
    assert_eq!(list["total"], 0);
}
