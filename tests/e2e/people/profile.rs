//! All that is kept about a person, and every change of it (requirement H2.1).

use harness::{Actor, Backend, Options, Party, Server, Service};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::change_details;

const EVERYTHING: &[(&str, &str)] = &[
    ("family_name", "髙﨑"),
    ("given_name", "花子"),
    ("family_name_kana", "たかさき"),
    ("given_name_kana", "ﾊﾅｺ"),
    ("sex", "female"),
    ("birthdate", "1950/04/29"),
    ("postal_code", "〒１０５－００１１"),
    ("prefecture", "東京都"),
    ("city", "港区"),
    ("street", "芝公園４丁目２番８号"),
    ("telephone", "０９０-1234-5678"),
    ("fax", "03(1234)5678"),
];

#[tokio::test]
async fn what_a_person_tells_of_themselves_is_kept_in_one_form_shown_to_them_and_given_to_services_as_claims()
{
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let browser = Actor::new(&server);
        let kept = change_details(&browser, &hanako, EVERYTHING).await;
        assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
        for shown in [
            "髙﨑 花子",
            "タカサキ ハナコ",
            "1950-04-29",
            "〒105-0011",
            "芝公園4丁目2番8号",
            "+819012345678",
            "+81312345678",
        ] {
            assert!(kept.body.contains(shown), "{shown}: {}", kept.body);
        }
        let service = Service::with(&server, "musubi:people.read").await;
        let number = service.number_of("hanako").await;
        let read = service
            .json(Method::GET, &format!("/api/v1/people/{number}"), None)
            .await;
        for (name, value) in [
            ("name", "髙﨑 花子"),
            ("family_name_kana", "タカサキ"),
            ("given_name_kana", "ハナコ"),
            ("sex", "female"),
            ("birthdate", "1950-04-29"),
            ("postal_code", "105-0011"),
            ("prefecture", "東京都"),
            ("telephone", "+819012345678"),
            ("fax", "+81312345678"),
        ] {
            assert_eq!(read[name], value, "{name}");
        }
        let party = Party::register_with(&server, json!({"scope": "openid profile phone address"})).await;
        let pkce = harness::party::Pkce::new();
        let scope = [("scope", "openid profile phone address")];
        let code = party.code(&browser, &hanako, &pkce, &scope).await;
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        let claims = party.userinfo(tokens.text("access_token")).await.good().json;
        assert_eq!(claims["family_name"], "髙﨑");
        assert_eq!(claims["family_name#ja-Kana-JP"], "タカサキ");
        assert_eq!(claims["name#ja-Kana-JP"], "タカサキ ハナコ");
        assert_eq!(claims["birthdate"], "1950-04-29");
        assert_eq!(claims["phone_number"], "+819012345678");
        assert_eq!(claims["phone_number_verified"], false);
        assert_eq!(claims["address"]["postal_code"], "105-0011");
    }
}

#[tokio::test]
async fn what_no_field_can_have_changes_nothing_and_is_named() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    for (field, value) in [
        ("birthdate", "2150-01-01"),
        ("postal_code", "105-001"),
        ("prefecture", "江戸"),
        ("telephone", "1234"),
        ("family_name_kana", "山田"),
    ] {
        let refused = change_details(&browser, &hanako, &[("nickname", "はな"), (field, value)]).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{field}");
        assert!(
            refused.body.contains(&format!("href=\"#{field}\"")),
            "{field}: {}",
            refused.body
        );
    }
    let page = browser.account("/account/profile", &hanako).await;
    assert!(!page.body.contains("はな"), "nothing of a refused form is kept");
    let forged = change_details(
        &browser,
        &hanako,
        &[
            ("login", "admin"),
            ("email", "x@example.jp"),
            ("email_verified", "true"),
            ("telephone_verified", "true"),
        ],
    )
    .await;
    assert_eq!(forged.status, StatusCode::OK, "{}", forged.body);
    let service = Service::with(&server, "musubi:people.read").await;
    let number = service.number_of("hanako").await;
    let read = service
        .json(Method::GET, &format!("/api/v1/people/{number}"), None)
        .await;
    assert_eq!(
        read["login"], "hanako",
        "fields that the form has not are not taken from it"
    );
    assert_eq!(read["email"], hanako.email);
    assert_eq!(
        (&read["email_verified"], &read["telephone_verified"]),
        (&json!(false), &json!(false))
    );
}

#[tokio::test]
async fn every_change_is_in_the_history_with_who_made_it_for_the_person_and_for_administrators() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let browser = Actor::new(&server);
        change_details(&browser, &hanako, &[("nickname", "はな")]).await;
        let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
        let number = service.number_of("hanako").await;
        let path = format!("/api/v1/people/{number}");
        let change = json!({"nickname": null, "city": "札幌市"});
        let merge = [("content-type", "application/merge-patch+json")];
        let changed = service
            .send(Method::PATCH, &path, &merge, Some(change))
            .await
            .good();
        assert_eq!(
            (&changed["nickname"], &changed["city"]),
            (&Value::Null, &json!("札幌市"))
        );
        let history = service.json(Method::GET, &format!("{path}/history"), None).await;
        let items = history["items"].as_array().unwrap();
        let of = |field: &str, via: &str| {
            let found = items
                .iter()
                .find(|one| one["field"] == field && one["via"] == via);
            found
                .unwrap_or_else(|| panic!("no {field} {via} in {history:#}"))
                .clone()
        };
        assert_eq!(of("nickname", "person")["after"], "はな");
        assert_eq!(of("nickname", "person")["by"], number);
        let taken = of("nickname", "administrator");
        assert_eq!(
            (&taken["before"], &taken["after"]),
            (&json!("はな"), &Value::Null)
        );
        assert!(taken["client_id"].is_string() && taken["by"].is_null());
        let page = browser.account("/account/profile/history", &hanako).await;
        for shown in ["はな", "札幌市", "An administrator"] {
            assert!(page.body.contains(shown), "{shown}: {}", page.body);
        }
        let told = browser.account("/account", &hanako).await;
        assert!(told.body.contains("Somebody else changed what is kept about you"));
        let first = service
            .json(Method::GET, &format!("{path}/history?limit=1"), None)
            .await;
        let next = first["next"].as_str().unwrap();
        let second = service
            .json(Method::GET, &format!("{path}/history?limit=1&after={next}"), None)
            .await;
        assert_ne!(first["items"][0], second["items"][0]);
        let log = server.log();
        let rows: Vec<_> = log
            .iter()
            .filter(|row| row["action"] == "person.update")
            .collect();
        assert_eq!(rows.len(), 1);
        assert!(
            !rows[0].to_string().contains("札幌"),
            "values stand in no row in the clear"
        );
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn who_saw_another_state_than_the_present_one_changes_nothing() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        server.person("hanako");
        let service = Service::with(&server, "musubi:people.read musubi:people.write").await;
        let path = format!("/api/v1/people/{}", service.number_of("hanako").await);
        let read = service.send(Method::GET, &path, &[], None).await;
        let tag = read.header("etag");
        let moved_to = |city: &str| Some(json!({"city": city}));
        let matching = [("if-match", tag.as_str())];
        let first = service
            .send(Method::PATCH, &path, &matching, moved_to("港区"))
            .await;
        assert_eq!(first.status, 200, "{}", first.text);
        assert_ne!(first.header("etag"), tag);
        let late = service
            .send(Method::PATCH, &path, &matching, moved_to("北区"))
            .await;
        assert_eq!((late.status, late.problem().as_str()), (412, "person.changed"));
        let any = [("if-match", "*")];
        assert_eq!(
            service
                .send(Method::PATCH, &path, &any, moved_to("南区"))
                .await
                .status,
            200
        );
        let now = service.json(Method::GET, &path, None).await;
        assert_eq!(now["city"], "南区");
        // Two at once: each field of both is kept, or one of them is told.
        let (one, other) = tokio::join!(
            service.send(Method::PATCH, &path, &[], Some(json!({"nickname": "a"}))),
            service.send(Method::PATCH, &path, &[], Some(json!({"street": "b"}))),
        );
        let now = service.json(Method::GET, &path, None).await;
        assert_eq!(one.status == 200, now["nickname"] == "a", "{}", one.text);
        assert_eq!(other.status == 200, now["street"] == "b", "{}", other.text);
    }
}

#[tokio::test]
async fn a_sign_in_of_long_ago_changes_nothing_on_pages_and_by_tokens() {
    let configuration = "[people]\nchange_max_age_seconds = 0\n".to_owned();
    let options = Options {
        configuration,
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    let refused = change_details(&browser, &hanako, &[("nickname", "thief")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    let wrong = change_details(
        &browser,
        &hanako,
        &[("nickname", "thief"), ("current", "a guess")],
    )
    .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let right = change_details(
        &browser,
        &hanako,
        &[("nickname", "hers"), ("current", &hanako.password)],
    )
    .await;
    assert_eq!(right.status, StatusCode::OK, "{}", right.body);
    let page = browser.account("/account/profile", &hanako).await;
    assert!(page.body.contains("hers") && !page.body.contains("thief"));
    let token = chiefs_token(&server).await;
    let chief = Service::bearing(&server, &token);
    let path = format!("/api/v1/people/{}", chief.number_of("hanako").await);
    let refused = chief
        .send(Method::PATCH, &path, &[], Some(json!({"nickname": "thief"})))
        .await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (401, "token.step_up")
    );
    let challenge = refused.header("www-authenticate");
    for part in ["insufficient_user_authentication", "max_age=\"0\""] {
        assert!(challenge.contains(part), "{challenge}");
    }
    let service = Service::with(&server, "musubi:people.write").await;
    let by_service = service
        .send(Method::PATCH, &path, &[], Some(json!({"nickname": "はな"})))
        .await;
    assert_eq!(
        by_service.status, 200,
        "a service has no sign-in that could be old"
    );
}

/// An access token of an administrator who has just signed in at a console.
async fn chiefs_token(server: &Server) -> String {
    let admin = harness::Person {
        login: "chief".to_owned(),
        password: format!("blue kettle {}", harness::tools::unique()),
        name: String::new(),
        email: String::new(),
    };
    server.secret(&admin.password);
    server.musubi(
        &["admin", "create", "--login", "chief", "--password-stdin"],
        &admin.password,
    );
    let scope = "openid musubi:people.read musubi:people.write";
    let clerk = Service::with(
        server,
        "musubi:clients.write musubi:people.read musubi:people.write",
    )
    .await;
    let wanted =
        json!({"client_name": "Console", "redirect_uris": [harness::party::CALLBACK], "scope": scope});
    let made = clerk.json(Method::POST, "/api/v1/clients", Some(wanted)).await;
    server.secret(made["client_secret"].as_str().unwrap());
    let party = Party::of(server, made);
    let (browser, pkce) = (Actor::new(server), harness::party::Pkce::new());
    let code = party.code(&browser, &admin, &pkce, &[("scope", scope)]).await;
    let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
    tokens.text("access_token").to_owned()
}

#[tokio::test]
async fn an_administrator_who_has_just_signed_in_changes_somebody_and_is_named_in_the_history() {
    let server = Server::start(Backend::Sqlite).await;
    server.person("hanako");
    let token = chiefs_token(&server).await;
    let chief = Service::bearing(&server, &token);
    let path = format!("/api/v1/people/{}", chief.number_of("hanako").await);
    let changed = chief
        .send(Method::PATCH, &path, &[], Some(json!({"nickname": "はな"})))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let number = chief.number_of("chief").await;
    let history = chief.json(Method::GET, &format!("{path}/history"), None).await;
    assert_eq!(history["items"][0]["by"], number.as_str());
}

#[tokio::test]
async fn a_change_needs_a_token_that_reaches_it_a_person_of_this_realm_and_fields_that_exist() {
    let server = Server::start(Backend::Sqlite).await;
    server.person("hanako");
    server.person("jiro");
    let reader = Service::with(&server, "musubi:people.read").await;
    let path = format!("/api/v1/people/{}", reader.number_of("hanako").await);
    let change = || Some(json!({"city": "港区"}));
    assert_eq!(reader.send(Method::PATCH, &path, &[], change()).await.status, 403);
    let writer = Service::with(&server, "musubi:people.write").await;
    for (body, problem) in [
        (json!({"blood_type": "A"}), "body.member"),
        (json!({"email_verified": "true"}), "body.member"),
        (json!({"city": 1}), "body.member"),
        (json!({"login": null}), "person.login"),
        (json!({"postal_code": "1"}), "person.postal_code"),
        (json!({"birthdate": "1950-13-01"}), "person.birthdate"),
    ] {
        let refused = writer.send(Method::PATCH, &path, &[], Some(body.clone())).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (422, problem),
            "{body}"
        );
        assert!(
            !refused.text.contains("1950"),
            "nothing that was sent is repeated"
        );
    }
    let taken = writer
        .send(Method::PATCH, &path, &[], Some(json!({"login": "JIRO"})))
        .await;
    assert_eq!((taken.status, taken.problem().as_str()), (409, "person.taken"));
    let login = writer
        .send(Method::PATCH, &path, &[], Some(json!({"login": "hanako2"})))
        .await;
    assert_eq!(login.status, 200, "{}", login.text);
    // The name that was given up is nobody else's until it has cooled down, and hers to take back.
    let made = writer
        .send(
            Method::POST,
            "/api/v1/people",
            &[],
            Some(json!({"login": "hanako"})),
        )
        .await;
    assert_eq!((made.status, made.problem().as_str()), (409, "person.taken"));
    let back = writer
        .send(Method::PATCH, &path, &[], Some(json!({"login": "hanako"})))
        .await;
    assert_eq!(back.status, 200, "{}", back.text);
    let nobody = writer
        .send(Method::PATCH, "/api/v1/people/1000000000000000", &[], change())
        .await;
    assert_eq!(nobody.status, 404);
}
