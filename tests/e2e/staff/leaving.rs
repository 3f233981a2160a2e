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

#[tokio::test]
async fn who_is_erased_is_staff_nowhere_and_took_their_work_along_before() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let head = world.administrator("head", &town.hospital).await;
        let nurse = world.member("nurse", &town.surgery).await;
        world
            .give(&head.token, (&nurse, &town.surgery), &["staff.read"], 0)
            .await
            .good();
        let person = format!("/api/v1/people/{}", head.number);
        let contract = json!({"organisation": town.pharmacy, "services": ["Deliveries"], "kinds": ["vitals"],
            "actions": ["read"]});
        let contracts = format!("{person}/contracts");
        let desk = super::service(&world.server, "musubi:contracts.read musubi:contracts.write").await;
        world.post(&desk, &contracts, contract).await.good();

        let export = format!("{person}/export");
        let taken = world.post(&world.root, &export, Value::Null).await.good();
        let place = &taken["staff"]["affiliations"][0];
        assert_eq!(place["organisation"], "Hill Hospital", "{place}");
        let contract = &taken["contracts"][0];
        assert_eq!(
            (&contract["operator"], &contract["services"][0]),
            (&json!("Lake Pharmacy"), &json!("Deliveries"))
        );

        let erase = json!({"confirm": head.number});
        let erased = world
            .post(&world.root, &format!("{person}/erase"), erase)
            .await
            .good();
        let kept: Vec<_> = erased["kept"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["what"])
            .collect();
        for what in ["employment", "consents", "contracts", "emergencies"] {
            assert!(kept.contains(&&json!(what)), "{what} stays: {kept:?}");
        }
        assert!(world.held(&nurse).await.is_empty(), "what hung on it is gone");
        let delegations = world.get(&world.root, "/api/v1/delegations").await.good();
        assert_eq!(delegations["total"], 0);
        let list = format!("/api/v1/organisations/{}/staff", town.hospital);
        let staff = world.get(&world.root, &list).await.good();
        let here = |one: &&Value| one["number"] == head.staff.as_str();
        assert_eq!(
            staff["items"].as_array().unwrap().iter().filter(here).count(),
            0,
            "{staff}"
        );
        let number = world
            .get(&world.root, &format!("/api/v1/numbers/{}", head.staff))
            .await
            .good();
        assert_eq!(number["state"], "tombstone");
        let dead = world.get(&head.token, "/api/v1/staff/self").await;
        dead.refused(401, "token.access.invalid");
        world.server.assert_log_is_intact();
    }
}
