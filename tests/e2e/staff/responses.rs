//! What staff did for people (requirement H3.3): written down by who did it, read by whom it concerns.

use harness::Page;

use super::consents::{Patient, occupy};
use super::*;

const NOTE: &str = "Blood pressure was high.\nTold her to rest.";

async fn write(world: &World, token: &str, place: &str, body: Value) -> Answer {
    let path = format!("/api/v1/organisations/{place}/responses");
    world.post(token, &path, body).await
}

fn visit(person: &str) -> Value {
    json!({"person": person, "kind": "visit", "note": NOTE})
}

/// The list of an organisation.
async fn list(world: &World, token: &str, place: &str, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/organisations/{place}/responses{query}");
    let found = world.get(token, &path).await.good();
    found["items"].as_array().unwrap().clone()
}

/// Hanako lets the staff of an organisation see reports whole, for care.
async fn lets_see_reports(patient: &Patient, place: &str) {
    let page = patient.browser.open("/account/consents/new").await;
    let mut form = page.form("/account/consents/new");
    form.fields.retain(|(name, _)| name == "csrf");
    for (name, value) in [
        ("effect", "permit"),
        ("who", &format!("tree {place}")),
        ("kind-reports", "1"),
        ("depth", "everything"),
        ("purpose-care", "1"),
        ("until", "year"),
    ] {
        form = form.forge(name, value);
    }
    let meaning = patient.browser.send(&form).await;
    let given = meaning.form("/account/consents/new").press("give");
    let given: Page = patient.browser.send(&given).await;
    assert!(given.body.contains("holds at once"), "{}", given.body);
}

/// Hanako's log says who read what was found, and what let them.
async fn reading_is_on_record(world: &World, patient: &Patient) {
    let log = world.server.log();
    let read = log.iter().filter(|row| row["action"] == "response.read");
    let read: Vec<&Value> = read.collect();
    let by = |row: &Value| row["granted_by"].as_str().unwrap().to_owned();
    assert_eq!(
        read.len(),
        2,
        "the administrator once they might, and who wrote it: {read:#?}"
    );
    assert!(by(read[0]).starts_with("consent:") && by(read[1]) == "author");
    assert!(
        read.iter()
            .all(|row| row["subject"].is_string() && row["actor"] != row["subject"])
    );
    let page = patient.browser.open("/account/log").await;
    for words in [
        "Staff wrote down what was done for you",
        "Staff looked at what was done for you",
    ] {
        assert!(page.body.contains(words), "{words}");
    }
}

#[tokio::test]
async fn what_was_done_is_the_organisations_and_what_was_found_is_whose_it_is_and_who_wrote_it() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let nurse = world.member("nurse", &town.surgery).await;
        let patient = Patient::new(&world).await;
        let hanako = &patient.hanako.number;
        // Nobody writes by having a place alone.
        write(&world, &nurse.token, &town.surgery, visit(hanako))
            .await
            .refused(404, "organisation.unknown");
        let powers = ["responses.write"];
        world
            .give(&chief.token, (&nurse, &town.surgery), &powers, 0)
            .await
            .good();
        let done = write(&world, &nurse.token, &town.surgery, visit(hanako))
            .await
            .good();
        assert_eq!((&done["note"], &done["version"]), (&json!(NOTE), &json!(1)));
        assert_eq!(
            (&done["staff"], &done["person"]),
            (&json!(nurse.staff), &json!(hanako))
        );

        // The administrator learns that something was done, and not what was found, until hanako lets them.
        for narrowed in [
            String::new(),
            format!("?person={hanako}"),
            format!("?staff={}", nurse.staff),
        ] {
            let seen = list(&world, &chief.token, &town.hospital, &narrowed).await;
            assert_eq!(seen.len(), 1, "{narrowed}");
            assert_eq!(
                (&seen[0]["kind"], &seen[0]["note_withheld"]),
                (&json!("visit"), &json!(true))
            );
            assert!(seen[0].get("note").is_none());
        }
        assert!(
            list(
                &world,
                &chief.token,
                &town.hospital,
                &format!("?staff={}", chief.staff)
            )
            .await
            .is_empty()
        );
        assert!(list(&world, &chief.token, &town.kitchen, "").await.is_empty());
        lets_see_reports(&patient, &town.hospital).await;
        let seen = list(&world, &chief.token, &town.hospital, "").await;
        assert_eq!(
            seen[0]["note_withheld"], true,
            "what is deep is for who has a licence"
        );
        occupy(&world, &chief, "physician").await;
        let seen = list(&world, &chief.token, &town.hospital, "").await;
        assert_eq!(seen[0]["note"], NOTE);
        let own = list(&world, &nurse.token, &town.surgery, "").await;
        assert_eq!(own[0]["note"], NOTE);
        reading_is_on_record(&world, &patient).await;
        // The realm's own administration is nobody of the hospital.
        let root = list(&world, &world.root, &town.hospital, "").await;
        assert_eq!((root.len(), root[0].get("note")), (1, None));
    }
}

#[tokio::test]
async fn what_was_written_down_is_written_anew_by_the_same_and_what_stood_before_stays() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let nurse = world.member("nurse", &town.surgery).await;
        let patient = Patient::new(&world).await;
        let hanako = &patient.hanako.number;
        world
            .give(&chief.token, (&nurse, &town.surgery), &["responses.write"], 0)
            .await
            .good();
        let done = write(&world, &nurse.token, &town.surgery, visit(hanako))
            .await
            .good();
        let path = format!("/api/v1/responses/{}/correct", done["id"].as_str().unwrap());
        let anew = json!({"kind": "telephone", "at": done["at"], "note": "It was by telephone.", "reason": "Mistyped"});
        let other = world.post(&chief.token, &path, anew.clone()).await;
        other.refused(404, "response.unknown");
        let second = world.post(&nurse.token, &path, anew).await.good();
        assert_eq!(
            (&second["version"], &second["reason"]),
            (&json!(2), &json!("Mistyped"))
        );
        let seen = list(&world, &nurse.token, &town.surgery, "").await;
        assert_eq!((seen.len(), &seen[0]["kind"]), (1, &json!("telephone")));
        let export = format!("/api/v1/people/{hanako}/export");
        let document = world.post(&world.root, &export, Value::Null).await;
        let told = document.good()["responses"].as_array().unwrap().clone();
        let notes: Vec<&Value> = told.iter().map(|one| &one["note"]).collect();
        assert_eq!(notes, [&json!("It was by telephone."), &json!(NOTE)]);
        assert_eq!(told[0]["organisation"], "Surgery");
        let page = patient.browser.open("/account/care").await;
        for words in [
            "It was by telephone.",
            "Mistyped",
            "Told her to rest.",
            "Written anew later",
        ] {
            assert!(page.body.contains(words), "{words} {}", page.body);
        }

        let log = world.server.log();
        let rows = log.iter().filter(|row| row["decision"] == "permit");
        let written = rows.clone().filter(|row| row["action"] == "response.write");
        assert_eq!(written.clone().count(), 1);
        assert!(
            written
                .clone()
                .all(|row| row["subject"].is_string() && row["organisation"].is_string())
        );
        world.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn nobody_writes_for_another_about_themselves_elsewhere_or_of_what_is_to_come() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let chief = world.administrator("chief", &town.hospital).await;
    let nurse = world.member("nurse", &town.surgery).await;
    let hanako = world.person("hanako").await;
    let powers = ["responses.write"];
    world
        .give(&chief.token, (&nurse, &town.surgery), &powers, 0)
        .await
        .good();
    let good = visit(&hanako.number);
    let with = |name: &str, value: Value| {
        let mut other = good.clone();
        other[name] = value;
        other
    };
    for (body, status, id) in [
        (with("person", json!("1")), 404, "person.unknown"),
        (with("person", json!(town.surgery)), 404, "person.unknown"),
        (with("person", json!(nurse.number)), 403, "response.own"),
        (with("kind", json!("gossip")), 422, "body.rule"),
        (with("at", json!("2999-01-01T00:00:00Z")), 422, "body.rule"),
        (with("at", json!("yesterday")), 422, "body.time"),
        (with("note", json!("")), 422, "body.rule"),
        (with("note", json!("x\u{1b}[2J")), 422, "body.rule"),
        (with("note", json!("x".repeat(4001))), 422, "body.rule"),
        (with("staff", json!(chief.staff)), 422, "body.member"),
    ] {
        write(&world, &nurse.token, &town.surgery, body)
            .await
            .refused(status, id);
    }
    // Beyond the subtree, by a service, and after leaving.
    for place in [&town.hospital, &town.kitchen, &town.pharmacy] {
        for body in [good.clone(), with("person", json!("1"))] {
            write(&world, &nurse.token, place, body)
                .await
                .refused(404, "organisation.unknown");
        }
    }
    write(&world, &world.root, &town.surgery, good.clone())
        .await
        .refused(404, "staff.unknown");
    let done = write(&world, &nurse.token, &town.surgery, good.clone())
        .await
        .good();
    let end = format!("/api/v1/affiliations/{}/end", nurse.affiliation);
    world.post(&world.root, &end, Value::Null).await.good();
    let token = world.token(&nurse.person).await;
    write(&world, &token, &town.surgery, good)
        .await
        .refused(404, "organisation.unknown");
    let path = format!("/api/v1/responses/{}/correct", done["id"].as_str().unwrap());
    let anew = json!({"kind": "visit", "at": done["at"], "note": "Nothing.", "reason": "Gone"});
    world
        .post(&token, &path, anew)
        .await
        .refused(404, "response.unknown");
    assert_eq!(list(&world, &chief.token, &town.hospital, "").await.len(), 1);
}

#[tokio::test]
async fn however_often_it_was_written_anew_the_first_version_is_on_one_of_the_pages() {
    let world = World::new(Backend::Sqlite).await;
    let town = world.town().await;
    let chief = world.administrator("chief", &town.hospital).await;
    let nurse = world.member("nurse", &town.surgery).await;
    let patient = Patient::new(&world).await;
    world
        .give(&chief.token, (&nurse, &town.surgery), &["responses.write"], 0)
        .await
        .good();
    let first = write(&world, &nurse.token, &town.surgery, visit(&patient.hanako.number)).await;
    let first = first.good();
    let path = format!("/api/v1/responses/{}/correct", first["id"].as_str().unwrap());
    for _ in 0..50 {
        let anew =
            json!({"kind": "visit", "at": first["at"], "note": "Nothing was found.", "reason": "Again"});
        world.post(&nurse.token, &path, anew).await.good();
    }
    let newest = patient.browser.open("/account/care").await;
    assert!(!newest.body.contains("Told her to rest."));
    assert_eq!(newest.body.matches("Nothing was found.").count(), 50);
    let start = newest.body.find("/account/care?before=").expect("earlier ones");
    let rest = &newest.body[start..];
    let older = patient.browser.open(&rest[..rest.find('"').unwrap()]).await;
    assert!(older.body.contains("Told her to rest."), "{}", older.body);
    assert!(older.body.contains("Written anew later"), "{}", older.body);
    for place in ["x.1", "1", "."] {
        let none = patient
            .browser
            .open(&format!("/account/care?before={place}"))
            .await;
        assert_eq!(none.status, 400, "{place}");
    }
}
