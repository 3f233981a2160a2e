//! When staff came and went (requirement H3.3, in part).

use harness::{Backend, party, tools};
use serde_json::{Value, json};

use super::{Answer, World};

fn date(format: &str, at: i64) -> String {
    let mut date = std::process::Command::new(tools::program("date", "coreutils"));
    date.env("TZ", "Asia/Tokyo")
        .args(["--date", &format!("@{at}"), format]);
    tools::run(&mut date, "").trim().to_owned()
}

/// Comes or goes.
async fn clock(world: &World, token: &str, way: &str, affiliation: &str) -> Answer {
    let body = json!({"affiliation": affiliation});
    world
        .post(token, &format!("/api/v1/attendance/{way}"), body)
        .await
}

/// The sheet as a table.
async fn csv(world: &World, token: &str, sheet: &str) -> String {
    let request = party::http()
        .get(world.server.url(sheet))
        .bearer_auth(token)
        .header("accept", "text/csv");
    request.send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn staff_come_and_go_by_themselves_and_others_correct_it_with_a_reason() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let nurse = world.member("nurse", &town.surgery).await;
        let place = &nurse.affiliation;
        let came = clock(&world, &nurse.token, "in", place).await.good();
        assert!(came.get("went").is_none());
        let twice = clock(&world, &nurse.token, "in", place).await;
        twice.refused(409, "attendance.there");
        // Nobody comes or goes for another.
        let other = clock(&world, &chief.token, "in", place).await;
        other.refused(404, "affiliation.unknown");
        let other = clock(&world, &chief.token, "out", place).await;
        other.refused(409, "attendance.not_there");
        let went = clock(&world, &nurse.token, "out", place).await.good();
        assert!(went["went"].is_string());
        // A correction is somebody else's, with a reason, and of the past.
        let path = format!("/api/v1/attendance/{}/correct", came["id"].as_str().unwrap());
        let now = tools::seconds();
        let at = |seconds: i64| date("+%Y-%m-%dT%H:%M:%S%:z", seconds);
        let times =
            json!({"came": at(now - 7200), "went": at(now - 3600), "reason": "The terminal was broken"});
        let own = world.post(&nurse.token, &path, times.clone()).await;
        own.refused(404, "attendance.unknown");
        let future = json!({"came": at(now), "went": at(now + 3600), "reason": "Later"});
        world
            .post(&chief.token, &path, future)
            .await
            .refused(422, "staff.term");
        let silent = json!({"came": at(now - 7200), "went": at(now - 3600), "reason": ""});
        world
            .post(&chief.token, &path, silent)
            .await
            .refused(422, "body.rule");
        let corrected = world.post(&chief.token, &path, times).await.good();
        assert_eq!(corrected["corrected"], true);
        // The sheet of the month, for who may see it.
        let month = date("+%Y-%m", now - 7200);
        let sheet = format!("/api/v1/organisations/{}/attendance?month={month}", town.hospital);
        let list = world.get(&chief.token, &sheet).await.good();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        world
            .get(&nurse.token, &sheet)
            .await
            .refused(404, "organisation.unknown");
        let wrong = sheet.replace(&month, "soon");
        world.get(&chief.token, &wrong).await.refused(400, "query.month");
        let line = [
            nurse.staff.clone(),
            nurse.person.name.clone(),
            "Surgery".to_owned(),
            date("+%Y-%m-%d", now - 7200),
            date("+%H:%M", now - 7200),
            date("+%H:%M", now - 3600),
            "60".to_owned(),
            "yes".to_owned(),
        ];
        assert_eq!(
            csv(&world, &chief.token, &sheet).await.lines().nth(1),
            Some(line.join(",").as_str())
        );
    }
}

#[tokio::test]
async fn who_leaves_an_organisation_is_not_there_any_more() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let nurse = world.member("nurse", &town.surgery).await;
        let place = &nurse.affiliation;
        clock(&world, &nurse.token, "in", place).await.good();
        let end = format!("/api/v1/affiliations/{}/end", nurse.affiliation);
        world.post(&world.root, &end, Value::Null).await.good();
        let token = world.token(&nurse.person).await;
        let late = clock(&world, &token, "out", place).await;
        late.refused(409, "attendance.not_there");
        clock(&world, &token, "in", place)
            .await
            .refused(404, "affiliation.unknown");
    }
}
