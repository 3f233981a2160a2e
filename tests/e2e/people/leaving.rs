//! All that is kept about a person can be taken away, and erased so that nothing of them can be read any more
//! (requirements H1.4, H1.6, H2, H12.1).

use std::process::Command;

use harness::{Actor, Backend, Party, Server, Service, tools};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::change_details;

/// Everything of hers that a database could give away.
const HERS: &[&str] = &[
    "hanako",
    "Hanako",
    "山田",
    "花子",
    "ヤマダ",
    "1950-04-29",
    "105-0011",
    "芝公園",
    "9012345678",
];

/// All that lies in the databases, as text and as the hexadecimal digits of what PostgreSQL keeps as bytes.
fn everything(server: &Server, backend: Backend) -> Vec<Vec<u8>> {
    match backend {
        Backend::Sqlite => ["hub.sqlite", "hub.sqlite-wal", "log.sqlite", "log.sqlite-wal"]
            .iter()
            .filter_map(|name| std::fs::read(server.data().join(name)).ok())
            .collect(),
        Backend::PostgresRedis => {
            let databases = server.databases();
            let dump = |name: &str| {
                let mut command = Command::new(tools::program("pg_dump", "postgresql"));
                tools::run(command.arg(databases.url(name, None).as_str()), "").into_bytes()
            };
            vec![dump(&databases.hub), dump(&databases.log)]
        }
    }
}

fn has(bytes: &[u8], text: &str) -> bool {
    let digits: String = text
        .bytes()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    [text, &digits]
        .iter()
        .any(|part| bytes.windows(part.len()).any(|window| window == part.as_bytes()))
}

#[tokio::test]
async fn the_export_has_everything_and_no_secret() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.confirmed_person("hanako");
        let browser = Actor::new(&server);
        change_details(&browser, &hanako, &[("family_name", "山田"), ("city", "港区")]).await;
        let page = browser.account("/account/profile", &hanako).await;
        let own = browser.send(&page.form("/account/profile/export")).await;
        let own: serde_json::Value = serde_json::from_str(&own.body).expect("her own export");
        let forged = browser
            .send(&page.form("/account/profile/export").without("csrf"))
            .await;
        assert!(forged.status.is_client_error());
        let (_, codes) = browser.set_up_app().await;
        let party = Party::register(&server).await;
        let tokens = party.sign_in(&browser, &hanako).await;
        let refresh = tokens.text("refresh_token").to_owned();
        let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
        let path = format!("/api/v1/people/{}", service.number_of("hanako").await);
        let answer = service
            .send(Method::POST, &format!("{path}/export"), &[], None)
            .await;
        assert!(answer.header("content-disposition").starts_with("attachment"));
        let all = answer.good();
        assert_eq!(all["profile"]["details"]["family_name"], "山田");
        let kinds: Vec<_> = all["identifiers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["kind"])
            .collect();
        assert!(kinds.contains(&&json!("login")) && kinds.contains(&&json!("email")));
        assert!(all["numbers"][0]["number"].is_string());
        assert!(
            all["history"]
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["field"] == "city")
        );
        assert_eq!(all["client_consents"][0]["client_id"], party.id());
        assert!(!all["sessions"].as_array().unwrap().is_empty());
        assert!(!all["factors"].as_array().unwrap().is_empty());
        assert!(!all["notices"].as_array().unwrap().is_empty());
        let actions: Vec<_> = all["access_log"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["action"])
            .collect();
        assert!(actions.contains(&&json!("profile.update")) && actions.contains(&&json!("person.export")));
        assert_eq!(all["access_log_complete"], true);
        assert_eq!(
            (&own["profile"], &own["history"]),
            (&all["profile"], &all["history"])
        );
        for secret in [&hanako.password, &refresh, &codes[0], &codes[0].replace('-', "")] {
            assert!(
                !answer.text.contains(secret.as_str()),
                "a secret is in the export"
            );
        }
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is one life, to its end and after it")]
async fn nothing_of_who_was_erased_can_be_read_and_what_stays_is_listed() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.confirmed_person("hanako");
        let browser = Actor::new(&server);
        let details = [
            ("family_name", "山田"),
            ("given_name", "花子"),
            ("family_name_kana", "ヤマダ"),
            ("birthdate", "1950-04-29"),
            ("postal_code", "105-0011"),
            ("street", "芝公園4-2-8"),
            ("telephone", "090-1234-5678"),
        ];
        change_details(&browser, &hanako, &details).await;
        let party = Party::register(&server).await;
        let tokens = party.sign_in(&browser, &hanako).await;
        let access = tokens.text("access_token").to_owned();
        let refresh = tokens.text("refresh_token").to_owned();
        let service = Service::with(
            &server,
            "musubi:people.read musubi:people.write musubi:numbers.read",
        )
        .await;
        let number = service.number_of("hanako").await;
        let path = format!("/api/v1/people/{number}");
        let slip = json!({"confirm": "1000000000000000"});
        let slipped = service
            .send(Method::POST, &format!("{path}/erase"), &[], Some(slip))
            .await;
        assert_eq!(
            (slipped.status, slipped.problem().as_str()),
            (422, "person.erase.confirm")
        );
        let erase = json!({"confirm": number});
        let erased = service
            .json(Method::POST, &format!("{path}/erase"), Some(erase.clone()))
            .await;
        let kept: Vec<&str> = erased["kept"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["what"].as_str().unwrap())
            .collect();
        assert!(
            kept.contains(&"access_log") && kept.contains(&"identifier_hashes") && kept.contains(&"number")
        );
        let twice = service
            .send(Method::POST, &format!("{path}/erase"), &[], Some(erase))
            .await;
        assert_eq!(twice.status, 404);
        // Every way in is closed at once.
        assert_eq!(party.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
        ];
        party.token(&form).await.assert_error(400, "invalid_grant");
        assert!(browser.open("/account").await.has_form("/signin"));
        let again = Actor::new(&server);
        let page = again.open("/signin").await;
        assert_eq!(
            again.sign_in(&page, &hanako).await.status,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(service.send(Method::GET, &path, &[], None).await.status, 404);
        let search = service
            .json(
                Method::POST,
                "/api/v1/people/search",
                Some(json!({"name": "山田"})),
            )
            .await;
        assert_eq!(
            (&search["total"], search["items"].as_array().unwrap().len()),
            (&json!(0), 0)
        );
        // The number rests, and the names are nobody's.
        let held = service
            .json(Method::GET, &format!("/api/v1/numbers/{number}"), None)
            .await;
        assert!(!held.to_string().contains("\"active\""), "{held:#}");
        for taken in [
            json!({"login": "hanako"}),
            json!({"login": "other", "email": hanako.email}),
        ] {
            let refused = service
                .send(Method::POST, "/api/v1/people", &[], Some(taken))
                .await;
            assert_eq!(
                (refused.status, refused.problem().as_str()),
                (409, "person.taken")
            );
        }
        server.assert_log_is_intact();
        for bytes in everything(&server, backend) {
            for text in HERS {
                assert!(!has(&bytes, text), "{backend:?}: {text} can be read");
            }
        }
        let log = server.log();
        let row = |action: &str| {
            log.iter()
                .find(|row| row["action"] == action && row["decision"] == "permit")
                .unwrap_or_else(|| panic!("{action}"))
        };
        assert_eq!(row("person.erase")["subject"], row("person.erased")["subject"]);
        // What the same address does later is nothing of hers: somebody new begins with nothing.
        let fresh = json!({"login": "hana"});
        let made = service.json(Method::POST, "/api/v1/people", Some(fresh)).await;
        let new = format!("/api/v1/people/{}", made["number"].as_str().unwrap());
        let history = service.json(Method::GET, &format!("{new}/history"), None).await;
        assert!(history["items"].as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn nobody_exports_or_erases_who_holds_more_than_they_do() {
    let server = Server::start(Backend::Sqlite).await;
    server.musubi(
        &["admin", "create", "--login", "chief", "--password-stdin"],
        "blue kettle on a hill",
    );
    server.person("hanako");
    let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
    let number = service.number_of("chief").await;
    let path = format!("/api/v1/people/{number}");
    let export = service
        .send(Method::POST, &format!("{path}/export"), &[], None)
        .await;
    assert_eq!(
        (export.status, export.problem().as_str()),
        (403, "power.beyond_own")
    );
    let erase = json!({"confirm": number});
    let erased = service
        .send(Method::POST, &format!("{path}/erase"), &[], Some(erase))
        .await;
    assert_eq!(
        (erased.status, erased.problem().as_str()),
        (403, "power.beyond_own")
    );
    let reader = Service::with(&server, "musubi:people.read").await;
    let hers = format!("/api/v1/people/{}", reader.number_of("hanako").await);
    for action in ["export", "erase"] {
        let refused = reader
            .send(Method::POST, &format!("{hers}/{action}"), &[], None)
            .await;
        assert_eq!(refused.status, 403, "{action}");
    }
    assert_eq!(service.send(Method::GET, &path, &[], None).await.status, 200);
}
