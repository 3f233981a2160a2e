//! Appointments of staff with people (requirement H3.3): made, moved and cancelled by who may, seen by whom they concern,
//! and read by their calendar programs.

use harness::{MailSink, Options, Realm};
use jiff::{SignedDuration, Timestamp};

use super::consents::Patient;
use super::*;

const NOTE: &str = "Please bring the blood pressure diary.";

/// Nine in the morning in Japan, so many days from now.
async fn morning(world: &World, days: i64) -> Timestamp {
    let token = service(&world.server, "musubi:realms.read").await;
    let clock = world.get(&token, "/api/v1/clock").await.good();
    let now = Timestamp::from_microsecond(clock["at"].as_i64().unwrap()).unwrap();
    let midnight = now.as_second() - now.as_second() % 86_400;
    Timestamp::from_second(midnight + days * 86_400).unwrap()
}

fn hours(at: Timestamp, hours: i64) -> String {
    (at + SignedDuration::from_hours(hours)).to_string()
}

/// When a time of an answer begins.
fn begins(time: &Value) -> Timestamp {
    time["at"].as_str().unwrap().parse().unwrap()
}

fn begin(times: &Value) -> Vec<Timestamp> {
    times.as_array().unwrap().iter().map(begins).collect()
}

/// A surgery whose nurse is expected, whose desk makes appointments, and Hanako, whom they are for.
struct Desk {
    world: World,
    town: Town,
    clerk: Member,
    nurse: Member,
    patient: Patient,
    path: String,
}

impl Desk {
    async fn new(backend: Backend) -> Self {
        Self::of(World::new(backend).await).await
    }

    async fn of(world: World) -> Self {
        let town = world.town().await;
        let chief = world.administrator("chief", &town.hospital).await;
        let clerk = world.member("desk", &town.surgery).await;
        let nurse = world.member("nurse", &town.surgery).await;
        let powers = ["appointments.write"];
        let given = world
            .give(&chief.token, (&clerk, &town.surgery), &powers, 0)
            .await;
        given.good();
        let patient = Patient::new(&world).await;
        let path = format!("/api/v1/organisations/{}/appointments", town.surgery);
        Self {
            world,
            town,
            clerk,
            nurse,
            patient,
            path,
        }
    }

    fn visit(&self, at: &str) -> Value {
        json!({"person": self.patient.hanako.number, "staff": self.nurse.staff, "kind": "visit", "at": at,
            "minutes": 30, "note": NOTE})
    }

    async fn make(&self, body: Value) -> Answer {
        self.world.post(&self.clerk.token, &self.path, body).await
    }

    async fn act(&self, made: &Value, what: &str, body: Value) -> Answer {
        let path = format!("/api/v1/appointments/{}/{what}", made["id"].as_str().unwrap());
        self.world.post(&self.clerk.token, &path, body).await
    }

    async fn list(&self, query: &str) -> Vec<Value> {
        let path = format!("{}{query}", self.path);
        let found = self.world.get(&self.clerk.token, &path).await.good();
        found["items"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn an_appointment_comes_again_moves_is_cancelled_and_is_seen_by_whom_it_concerns() {
    for backend in Backend::ALL {
        let desk = Desk::new(backend).await;
        let first = morning(&desk.world, 3).await;
        let mut body = desk.visit(&first.to_string());
        body["recurrence"] = json!("FREQ=DAILY;INTERVAL=2;COUNT=3");
        let made = desk.make(body).await.good();
        let expected = [0, 48, 96].map(|later| first + SignedDuration::from_hours(later));
        assert_eq!(begin(&made["times"]), expected);

        // Who makes appointments sees who comes when; what is said about it is for the two who meet.
        let seen = desk.list("").await;
        assert_eq!(
            (seen.len(), &seen[0]["person"]),
            (3, &json!(desk.patient.hanako.number))
        );
        assert!(seen.iter().all(|time| time.get("note").is_none()), "{seen:#?}");
        let day = format!("?from={}&until={}", hours(first, 40), hours(first, 50));
        assert_eq!(desk.list(&day).await.len(), 1);
        assert_eq!(desk.list(&format!("?staff={}", desk.clerk.staff)).await.len(), 0);
        let page = desk.patient.browser.open("/account/care").await;
        assert_eq!(page.body.matches(NOTE).count(), 3, "{}", page.body);
        let nurse = Actor::new(&desk.world.server);
        let page = nurse.account("/account/care", &desk.nurse.person).await;
        for words in ["Where you are expected", NOTE, "Surgery"] {
            assert!(page.body.contains(words), "{words} {}", page.body);
        }

        // Two times of one appointment never begin together, whoever is expected.
        let (at, to) = (&made["times"][1]["at"], &made["times"][0]["at"]);
        let onto = json!({"at": at, "to": to, "staff": desk.clerk.staff});
        desk.act(&made, "move", onto)
            .await
            .refused(409, "appointment.taken");
        let moved = json!({"at": made["times"][1]["at"], "to": hours(first, 50), "minutes": 45});
        let moved = desk.act(&made, "move", moved).await.good();
        assert_eq!(begin(&moved["times"]), [first + SignedDuration::from_hours(50)]);
        assert_eq!(moved["times"][0]["sequence"], 1);
        let one = json!({"at": made["times"][0]["at"]});
        let gone = desk.act(&made, "cancel", one.clone()).await.good();
        assert_eq!(gone["times"][0]["cancelled"], true);
        desk.act(&made, "cancel", one).await.refused(409, "staff.over");
        let rest = desk.act(&made, "cancel", json!({})).await.good();
        assert_eq!(rest["times"].as_array().unwrap().len(), 2);
        assert!(desk.list("").await.iter().all(|time| time["cancelled"] == true));
        // Whom they meet, staff learn on their own page as well: on record for each.
        let log = desk.world.server.log();
        let expected = log.iter().filter(|row| row["granted_by"] == "expected");
        let expected: Vec<&Value> = expected.collect();
        assert_eq!(expected.len(), 1, "{expected:#?}");
        assert!(expected[0]["subject"].is_string() && expected[0]["actor"] != expected[0]["subject"]);
        let page = desk.patient.browser.open("/account/log").await;
        for words in [
            "An appointment was made or changed",
            "Your appointments were looked at",
        ] {
            assert!(page.body.contains(words), "{words}");
        }
        desk.world.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn nobody_is_expected_twice_at_once_and_who_is_free_elsewhere_is_not_told() {
    let desk = Desk::new(Backend::Sqlite).await;
    let first = morning(&desk.world, 3).await;
    let made = desk.make(desk.visit(&first.to_string())).await.good();
    // Neither the first nor the last of several times may be one that is taken.
    for begins in [-24, 0] {
        let mut body = desk.visit(&hours(first, begins));
        body["recurrence"] = json!("FREQ=DAILY;COUNT=2");
        desk.make(body).await.refused(409, "appointment.taken");
    }
    let other = desk.make(desk.visit(&hours(first, 1))).await.good();
    let onto = json!({"at": other["times"][0]["at"], "to": first.to_string()});
    desk.act(&other, "move", onto)
        .await
        .refused(409, "appointment.taken");
    let within = json!({"at": made["times"][0]["at"], "to": first.to_string(), "minutes": 20});
    desk.act(&made, "move", within).await.good();
    desk.act(&made, "cancel", json!({})).await.good();
    desk.make(desk.visit(&first.to_string())).await.good();

    // The nurse works at the pharmacy as well: what they do there is the pharmacy's.
    let pharmacy = desk.world.administrator("keeper", &desk.town.pharmacy).await;
    let path = format!("/api/v1/organisations/{}/appointments", desk.town.pharmacy);
    let body = desk.visit(&first.to_string());
    let elsewhere = desk.world.post(&pharmacy.token, &path, body.clone()).await;
    elsewhere.refused(404, "staff.unknown");
    let place = format!("/api/v1/staff/{}/affiliations", desk.nurse.staff);
    let at = json!({"organisation": desk.town.pharmacy});
    let placed = desk.world.post(&desk.world.root, &place, at).await.good();
    desk.world.post(&pharmacy.token, &path, body.clone()).await.good();
    let again = desk.world.post(&pharmacy.token, &path, body).await;
    again.refused(409, "appointment.taken");

    // Who has left is told nothing of what they were expected to, and what is elsewhere stays.
    let note = async |token: &str, path: &str| {
        let found = desk.world.get(token, path).await.good();
        found["items"][0]["note"].clone()
    };
    let powers = ["appointments.read"];
    let affiliation = placed["affiliations"].as_array().unwrap().iter();
    let mut affiliation = affiliation.filter(|one| one["id"] != desk.nurse.affiliation.as_str());
    let keeper = Member {
        affiliation: affiliation.next().unwrap()["id"].as_str().unwrap().to_owned(),
        ..desk.nurse.clone()
    };
    let given = desk
        .world
        .give(&pharmacy.token, (&keeper, &desk.town.pharmacy), &powers, 0)
        .await;
    given.good();
    assert_eq!(note(&desk.nurse.token, &path).await, NOTE);
    let page = Actor::new(&desk.world.server)
        .account("/account/care", &desk.nurse.person)
        .await;
    assert!(page.body.contains("Surgery") && page.body.contains("Lake Pharmacy"));
    let end = format!("/api/v1/affiliations/{}/end", desk.nurse.affiliation);
    desk.world.post(&desk.world.root, &end, Value::Null).await.good();
    let nurse = desk.world.token(&desk.nurse.person).await;
    assert_eq!(note(&nurse, &path).await, NOTE);
    let page = Actor::new(&desk.world.server)
        .account("/account/care", &desk.nurse.person)
        .await;
    assert!(
        !page.body.contains("Surgery") && page.body.contains("Lake Pharmacy"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn what_is_no_appointment_is_refused_and_changes_nothing() {
    let desk = Desk::new(Backend::Sqlite).await;
    let first = morning(&desk.world, 3).await;
    let good = desk.visit(&first.to_string());
    let with = |name: &str, value: Value| {
        let mut other = good.clone();
        other[name] = value;
        other
    };
    for (body, status, id) in [
        (with("at", json!(hours(first, -24 * 4))), 422, "body.rule"),
        (with("at", json!("tomorrow")), 422, "body.time"),
        (with("minutes", json!(0)), 422, "body.rule"),
        (with("kind", json!("party")), 422, "body.rule"),
        (
            with("recurrence", json!("FREQ=WEEKLY")),
            422,
            "appointment.recurrence",
        ),
        (
            with("recurrence", json!("FREQ=SECONDLY;COUNT=9")),
            422,
            "appointment.recurrence",
        ),
        (with("note", json!("\u{7}")), 422, "body.rule"),
        (with("staff", json!("1")), 404, "staff.unknown"),
        (with("person", json!("1")), 404, "person.unknown"),
        (with("person", json!(desk.nurse.number)), 403, "appointment.own"),
    ] {
        let said = body.clone();
        let answer = desk.make(body).await;
        assert_eq!(answer.status, status, "{said} {:#}", answer.json);
        answer.refused(status, id);
    }
    for query in [
        "?from=now",
        "?from=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z",
        "?page=2",
    ] {
        let answer = desk
            .world
            .get(&desk.clerk.token, &format!("{}{query}", desk.path))
            .await;
        assert!([400, 422].contains(&answer.status), "{query} {:#}", answer.json);
    }
    assert!(desk.list("").await.is_empty());

    // Neither who has no power, nor who has it over another organisation, learns that there is one.
    let made = desk.make(good.clone()).await.good();
    let path = format!("/api/v1/appointments/{}/cancel", made["id"].as_str().unwrap());
    let stranger = desk.world.administrator("stranger", &desk.town.pharmacy).await;
    for token in [&desk.nurse.token, &stranger.token, &desk.patient.hanako.token] {
        let answer = desk.world.post(token, &path, json!({})).await;
        answer.refused(404, "appointment.unknown");
        let answer = desk.world.get(token, &desk.path).await;
        answer.refused(404, "organisation.unknown");
        // Nor do they learn whom numbers name.
        for body in [
            good.clone(),
            with("staff", json!("1")),
            with("person", json!("1")),
        ] {
            let answer = desk.world.post(token, &desk.path, body).await;
            answer.refused(404, "organisation.unknown");
        }
        let elsewhere = path.replace("/cancel", "/move");
        let body = json!({"at": good["at"], "to": good["at"], "staff": "1"});
        let answer = desk.world.post(token, &elsewhere, body).await;
        answer.refused(404, "appointment.unknown");
    }
    assert_eq!(desk.list("").await[0]["cancelled"], false);
}

/// The address that a page shows.
fn address(page: &harness::Page) -> String {
    let start = page.body.find("/calendar/").expect("an address");
    let rest = &page.body[start..];
    rest[..rest.find('<').unwrap()].to_owned()
}

#[tokio::test]
async fn a_calendar_is_read_by_its_address_only_while_it_is_on_in_its_own_realm() {
    for backend in Backend::ALL {
        let desk = Desk::new(backend).await;
        let first = morning(&desk.world, 3).await;
        let made = desk.make(desk.visit(&first.to_string())).await.good();
        let (browser, program) = (&desk.patient.browser, Actor::new(&desk.world.server));
        let page = browser.open("/account/care").await;
        let on = page.form("/account/care/calendar/on");
        let one = address(&browser.send(&on).await);
        // No line of the server may hold it.
        desk.world.server.secret(one.trim_start_matches("/calendar/"));
        let read = program.open(&one).await;
        assert_eq!(read.status, 200);
        let begins = first.strftime("DTSTART:%Y%m%dT%H%M%SZ").to_string();
        for line in [
            "BEGIN:VCALENDAR",
            &begins,
            "SUMMARY:訪問 (Surgery)",
            "STATUS:CONFIRMED",
        ] {
            assert!(read.body.contains(line), "{line} {}", read.body);
        }
        for secret in [NOTE, "diary", "anako", "urse", &desk.patient.hanako.number] {
            assert!(!read.body.contains(secret), "{secret} {}", read.body);
        }
        desk.act(&made, "cancel", json!({})).await.good();
        let read = program.open(&one).await;
        assert!(read.body.contains("STATUS:CANCELLED") && read.body.contains("SEQUENCE:1"));

        let elsewhere = Realm::add(&desk.world.server);
        let there = program.open(&format!("{}{one}", elsewhere.issuer())).await;
        assert_eq!(there.status, 404);
        let two = address(&browser.send(&on).await);
        assert_ne!(one, two);
        assert_eq!(program.open(&one).await.status, 404, "the address before");
        assert_eq!(program.open(&two).await.status, 200);
        let page = browser.open("/account/care").await;
        assert!(
            !page.body.contains("class=\"secret\"") && !page.body.contains(&two),
            "shown once"
        );
        let page = browser.send(&page.form("/account/care/calendar/off")).await;
        assert!(page.body.contains("The calendar is off"), "{}", page.body);
        assert_eq!(program.open(&two).await.status, 404);
        let page = browser.open("/account/log").await;
        assert!(
            page.body
                .contains("Your calendar program looked at your appointments")
        );
        let told = browser.open("/account").await;
        assert!(told.body.contains("by a secret address"), "{}", told.body);
        let log = desk.world.server.log();
        let unknown = log.iter().filter(|row| row["reason"] == "calendar.unknown");
        assert_eq!(unknown.count(), 3);
        desk.world.server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn whoever_leaves_is_expected_nowhere_and_a_place_that_ends_cancels_what_was_to_come() {
    let desk = Desk::new(Backend::Sqlite).await;
    let first = morning(&desk.world, 3).await;
    desk.make(desk.visit(&first.to_string())).await.good();
    let nurse = Actor::new(&desk.world.server);
    let page = nurse.account("/account/care", &desk.nurse.person).await;
    assert!(page.body.contains("Where you are expected"));
    let end = format!("/api/v1/affiliations/{}/end", desk.nurse.affiliation);
    desk.world.post(&desk.world.root, &end, Value::Null).await.good();
    let again = Actor::new(&desk.world.server);
    let page = again.account("/account/care", &desk.nurse.person).await;
    assert!(!page.body.contains("Where you are expected"), "{}", page.body);
    assert!(!page.body.contains(NOTE));

    // A place that ends cancels what was to come there.
    let end = format!("/api/v1/affiliations/{}/end", desk.clerk.affiliation);
    desk.world.post(&desk.world.root, &end, Value::Null).await.good();
    let page = desk.patient.browser.open("/account/care").await;
    assert!(!page.body.contains("Cancelled"), "{}", page.body);
    let end = format!("/api/v1/organisations/{}/end", desk.town.surgery);
    desk.world.post(&desk.world.root, &end, Value::Null).await.good();
    let page = desk.patient.browser.open("/account/care").await;
    assert!(page.body.contains("Cancelled"), "{}", page.body);
}

#[tokio::test]
async fn whoever_is_erased_has_no_appointments_and_a_new_password_ends_the_calendar() {
    let desk = Desk::new(Backend::Sqlite).await;
    let first = morning(&desk.world, 3).await;
    desk.make(desk.visit(&first.to_string())).await.good();
    let (browser, hanako) = (&desk.patient.browser, &desk.patient.hanako);
    let turn_on = async || {
        let page = browser.open("/account/care").await;
        address(&browser.send(&page.form("/account/care/calendar/on")).await)
    };
    let program = Actor::new(&desk.world.server);
    let before = turn_on().await;
    assert_eq!(program.open(&before).await.status, 200);
    let page = browser.open("/account/password").await;
    let new = "seven quiet lanterns upriver";
    let form = page
        .form("/account/password")
        .fill("current", &hanako.person.password)
        .fill("password", new)
        .fill("password_again", new);
    let changed = browser.send(&form).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(program.open(&before).await.status, 404);
    let calendar = turn_on().await;
    assert_eq!(program.open(&calendar).await.status, 200);

    let erase = format!("/api/v1/people/{}/erase", desk.patient.hanako.number);
    let erased = desk
        .world
        .post(
            &desk.world.root,
            &erase,
            json!({"confirm": desk.patient.hanako.number}),
        )
        .await;
    assert!((200..300).contains(&erased.status), "{:#}", erased.json);
    let seen = desk.list("").await;
    assert_eq!(
        (seen.len(), &seen[0]["cancelled"]),
        (1, &json!(true)),
        "{seen:#?}"
    );
    assert_eq!(Actor::new(&desk.world.server).open(&calendar).await.status, 404);
}

#[tokio::test]
async fn people_hear_of_their_appointments_by_mail_unless_they_do_not_want_to() {
    let sink = MailSink::start();
    let options = Options {
        configuration: sink.configuration(),
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let (root, app) = (service(&server, ROOT).await, app(&server));
    let desk = Desk::of(World { server, root, app }).await;
    let (first, address) = (morning(&desk.world, 3).await, &desk.patient.hanako.person.email);
    let made = desk.make(desk.visit(&first.to_string())).await.good();
    let mail = sink.wait_for(address, "予約が入りました").await;
    assert!(
        mail.text.contains("/account/care")
            && mail.text.contains("Surgeryの予約")
            && !mail.subject.contains("Surgery")
            && !mail.text.contains(NOTE),
        "{}",
        mail.text
    );
    let moved = json!({"at": made["times"][0]["at"], "to": hours(first, 2)});
    desk.act(&made, "move", moved.clone()).await.good();
    sink.wait_for(address, "予約が変更されました").await;
    // What is refused changes nothing, and nobody is told of it.
    desk.act(&made, "move", moved)
        .await
        .refused(404, "appointment.unknown");

    let page = desk.patient.browser.open("/account/contact").await;
    let mut form = page.form("/account/contact");
    form.fields.retain(|(name, _)| name != "service-email");
    desk.patient.browser.send(&form).await;
    let before = sink.to(address).len();
    desk.act(&made, "cancel", json!({})).await.good();
    let page = desk.patient.browser.open("/account/contact").await;
    let mut form = page.form("/account/contact");
    form.fields
        .retain(|(name, value)| value != "yes" || name == "service-email");
    desk.patient.browser.send(&form).await;
    desk.make(desk.visit(&hours(first, 1))).await.good();
    // What was written before is claimed before: a letter about the cancellation would be there or on its way.
    harness::tools::until("a letter after that", async || sink.to(address).len() > before).await;
    let cancelled = sink.to(address);
    assert!(
        cancelled.iter().all(|mail| !mail.subject.contains("取り消され")),
        "{cancelled:?}"
    );
}
