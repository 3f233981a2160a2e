//! Administrators find people by what is known of them, and the database tells nothing of it.

use harness::{Backend, Server, Service, tools};
use reqwest::Method;
use serde_json::{Value, json};

const PEOPLE: &str = "/api/v1/people";
const SEARCH: &str = "/api/v1/people/search";

async fn found(service: &Service<'_>, what: Value) -> Vec<String> {
    let found = service.json(Method::POST, SEARCH, Some(what)).await;
    let items = found["items"].as_array().unwrap();
    assert_eq!(found["total"].as_u64(), Some(items.len() as u64));
    items
        .iter()
        .map(|one| one["login"].as_str().unwrap().to_owned())
        .collect()
}

async fn with_people(server: &Server) -> Service<'_> {
    let service = Service::with(server, "musubi:people.read musubi:people.write").await;
    for person in [
        json!({"login": "hanako", "family_name": "山田", "given_name": "花子", "family_name_kana": "やまだ",
            "given_name_kana": "はなこ", "telephone": "090-1111-2222", "email": "hanako@mail.example.jp",
            "birthdate": "1950-04-29"}),
        json!({"login": "taro", "family_name": "山本", "given_name": "太郎", "family_name_kana": "やまもと",
            "given_name_kana": "たろう", "fax": "03-1111-2222", "birthdate": "1950-04-29"}),
        json!({"login": "mary", "name": "Mary Yamada"}),
    ] {
        service.json(Method::POST, PEOPLE, Some(person)).await;
    }
    service
}

#[tokio::test]
async fn people_are_found_by_beginnings_readings_numbers_and_addresses() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let service = with_people(&server).await;
        for (what, who) in [
            (json!({"name": "山"}), vec!["hanako", "taro"]),
            (json!({"name": "山田　花"}), vec!["hanako"]),
            (json!({"name": "花子"}), vec!["hanako"]),
            (json!({"kana": "ﾔﾏﾀﾞ"}), vec!["hanako"]),
            (json!({"kana": "やま"}), vec!["hanako", "taro"]),
            (json!({"name": "mary"}), vec!["mary"]),
            (json!({"name": "田"}), vec![]),
            (json!({"email": "Hanako@mail.example.jp"}), vec!["hanako"]),
            (json!({"telephone": "+81 90 1111 2222"}), vec!["hanako"]),
            (json!({"telephone": "03-1111-2222"}), vec!["taro"]),
            (
                json!({"birthdate": "1950-04-29", "kana": "ヤマモト"}),
                vec!["taro"],
            ),
            (json!({"name": "山本", "email": "hanako@mail.example.jp"}), vec![]),
        ] {
            assert_eq!(found(&service, what.clone()).await, who, "{backend:?} {what}");
        }
        let number = service.number_of("taro").await;
        assert_eq!(found(&service, json!({"number": number})).await, ["taro"]);
        assert_eq!(
            found(&service, json!({"number": number, "name": "山本"})).await,
            ["taro"]
        );
        assert!(
            found(&service, json!({"number": number, "name": "山田"}))
                .await
                .is_empty()
        );
        let first = service
            .json(Method::POST, SEARCH, Some(json!({"name": "山", "limit": 1})))
            .await;
        assert_eq!(
            (&first["total"], &first["items"][0]["login"]),
            (&json!(2), &json!("hanako"))
        );
        let more = json!({"name": "山", "limit": 1, "after": first["next"]});
        let second = service.json(Method::POST, SEARCH, Some(more)).await;
        assert_eq!(second["items"][0]["login"], "taro");
        assert!(second.get("next").is_none());
        // What is changed is found anew in the same moment, and no more by what it was.
        let path = format!("{PEOPLE}/{number}");
        let change = json!({"family_name": "佐藤", "family_name_kana": "さとう"});
        service.json(Method::PATCH, &path, Some(change)).await;
        assert_eq!(found(&service, json!({"kana": "サト"})).await, ["taro"]);
        assert_eq!(found(&service, json!({"name": "佐藤太"})).await, ["taro"]);
        assert_eq!(found(&service, json!({"name": "山"})).await, ["hanako"]);
        let log = server.log();
        let rows: Vec<_> = log
            .iter()
            .filter(|row| row["action"] == "person.search")
            .collect();
        assert!(rows.len() > 15 && rows.iter().all(|row| row["hits"].is_u64()));
        assert!(
            rows.iter().all(|row| !row.to_string().contains("山")),
            "what was searched for is sealed"
        );
    }
}

#[tokio::test]
async fn a_search_needs_its_scope_something_to_search_for_and_its_own_cursor() {
    let server = Server::start(Backend::Sqlite).await;
    let service = with_people(&server).await;
    let other = Service::with(&server, "musubi:numbers.read").await;
    let asked = other
        .send(Method::POST, SEARCH, &[], Some(json!({"name": "山"})))
        .await;
    assert_eq!(asked.status, 403);
    for (body, problem) in [
        (json!({}), "search.nothing"),
        (json!({"limit": 10}), "search.nothing"),
        (json!({"name": ""}), "body.rule"),
        (json!({"name": "山", "limit": 0}), "body.rule"),
        (json!({"street": "芝"}), "body.member"),
    ] {
        let refused = service.send(Method::POST, SEARCH, &[], Some(body.clone())).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (422, problem),
            "{body}"
        );
    }
    let listed = service.json(Method::GET, "/api/v1/people?limit=1", None).await;
    let foreign = json!({"name": "山", "after": listed["next"]});
    let refused = service.send(Method::POST, SEARCH, &[], Some(foreign)).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (400, "cursor.invalid")
    );
}

#[tokio::test]
async fn the_database_says_nobodys_name_address_or_number() {
    let secrets = [
        "山田",
        "花子",
        "ヤマダ",
        "やまだ",
        "hanako@mail",
        "9011112222",
        "1950-04-29",
    ];
    let server = Server::start(Backend::Sqlite).await;
    with_people(&server).await;
    for name in ["hub.sqlite", "hub.sqlite-wal", "log.sqlite", "log.sqlite-wal"] {
        let bytes = std::fs::read(server.data().join(name)).unwrap_or_default();
        for secret in secrets {
            let there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!there, "{secret} in {name}");
        }
    }
    let server = Server::start(Backend::PostgresRedis).await;
    with_people(&server).await;
    let databases = server.databases();
    for name in [&databases.hub, &databases.log] {
        let dump = tools::run(
            std::process::Command::new(tools::program("pg_dump", "postgresql"))
                .arg(databases.url(name, None).as_str()),
            "",
        );
        for secret in secrets {
            assert!(!dump.contains(secret), "{secret} in {name}");
            let hex: String = secret
                .bytes()
                .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
            assert!(!dump.contains(&hex), "{secret} as bytes in {name}");
        }
    }
}
