//! When staff came and went (requirement H3.3, in part).

use harness::{Backend, party, tools};
use serde_json::{Value, json};

use super::World;

fn date(format: &str, at: i64) -> String {
    let mut date = std::process::Command::new(tools::program("date", "coreutils"));
    date.env("TZ", "Asia/Tokyo")
        .args(["--date", &format!("@{at}"), format]);
    tools::run(&mut date, "").trim().to_owned()
}

#[tokio::test]
async fn staff_come_and_go_by_themselves_and_others_correct_it_with_a_reason() {
    for backend in Backend::ALL {
        let world = World::new(backend).await;
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let nurse = world.member("nurse", &town.surgery).await;
        let presence = json!({"affiliation": nurse.affiliation});
        let came = world
            .post(&nurse.token, "/api/v1/attendance/in", presence.clone())
            .await
            .good();
        assert!(came.get("went").is_none());
        let twice = world
            .post(&nurse.token, "/api/v1/attendance/in", presence.clone())
            .await;
        twice.refused(409, "attendance.there");
        // Nobody comes or goes for another.
        let other = world
            .post(&chief.token, "/api/v1/attendance/in", presence.clone())
            .await;
        other.refused(404, "affiliation.unknown");
        let other = world
            .post(&chief.token, "/api/v1/attendance/out", presence.clone())
            .await;
        other.refused(409, "attendance.not_there");
        let went = world
            .post(&nurse.token, "/api/v1/attendance/out", presence.clone())
            .await
            .good();
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
        let csv = party::http()
            .get(world.server.url(&sheet))
            .bearer_auth(&chief.token)
            .header("accept", "text/csv")
            .send()
            .await
            .unwrap();
        let csv = csv.text().await.unwrap();
        let line = csv.lines().nth(1).unwrap();
        let expected = [
            nurse.staff.clone(),
            nurse.person.name.clone(),
            "Surgery".to_owned(),
            date("+%Y-%m-%d", now - 7200),
            date("+%H:%M", now - 7200),
            date("+%H:%M", now - 3600),
            "60".to_owned(),
            "yes".to_owned(),
        ];
        assert_eq!(line, expected.join(","));
        // Who leaves is not there any more.
        world
            .post(&nurse.token, "/api/v1/attendance/in", presence.clone())
            .await
            .good();
        let end = format!("/api/v1/affiliations/{}/end", nurse.affiliation);
        world.post(&chief.token, &end, Value::Null).await.good();
        let token = world.token(&nurse.person).await;
        let late = world
            .post(&token, "/api/v1/attendance/out", presence.clone())
            .await;
        late.refused(409, "attendance.not_there");
        world
            .post(&token, "/api/v1/attendance/in", presence)
            .await
            .refused(404, "affiliation.unknown");
    }
}
