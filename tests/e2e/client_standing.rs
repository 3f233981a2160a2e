//! What administrators say of clients: first parties, consent, secrets that are changed; and sign-ins that begin here.

use harness::party::{CALLBACK, Pkce, send};
use harness::{Actor, Backend, Party, Reply, Server, party, tools};
use reqwest::Method;
use serde_json::{Value, json};

/// A client that the command line makes from a file.
fn made(server: &Server, changes: &Value) -> Party {
    let mut metadata = json!({"client_name": "Our own app", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile email offline_access"});
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    let registration = server.musubi(&["client", "create", "--file", "-"], &metadata.to_string());
    if let Some(secret) = registration["client_secret"].as_str() {
        server.secret(secret);
    }
    Party::of(server, registration)
}

async fn api(server: &Server, method: Method, path: &str, body: Option<Value>) -> Reply {
    let service = Party::service(server, "musubi:clients.read musubi:clients.write");
    let token = service
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let request = party::http()
        .request(method, server.url(path))
        .bearer_auth(token.text("access_token"));
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    send(request, &server.secrets()).await
}

#[tokio::test]
async fn people_are_not_asked_about_the_operators_own_client_and_see_it_all_the_same() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (hanako, actor) = (server.person("hanako"), Actor::new(&server));
        let party = made(&server, &json!({"first_party": true}));
        let page = actor.open(&party.request(&Pkce::new(), &[])).await;
        let answered = actor.sign_in(&page, &hanako).await;
        party.assert_answer_is_ours(&answered);
        assert!(answered.returned("code").is_some());
        let rows = server.log();
        let given = rows.iter().filter(|row| row["action"] == "consent.first_party");
        assert_eq!(given.count(), 1);
        let account = actor.open("/account/services").await;
        assert!(
            account.body.contains("Our own app"),
            "it is among the connected applications"
        );
        // A client that asks for the question gets it.
        let asked = actor
            .open(&party.request(&Pkce::new(), &[("prompt", "consent")]))
            .await;
        assert!(asked.has_form("/oauth/consent"));
    }
}

#[tokio::test]
async fn no_client_makes_itself_a_first_party() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, actor) = (server.person("hanako"), Actor::new(&server));
    let party = Party::register_with(&server, json!({"first_party": true, "consent": "never"})).await;
    assert!(party.registration.get("first_party").is_none());
    let page = actor.open(&party.request(&Pkce::new(), &[])).await;
    assert!(actor.sign_in(&page, &hanako).await.has_form("/oauth/consent"));
    // Nor does an administrator make one of a client that can still change where its answers go.
    let path = format!("/api/v1/clients/{}", party.id());
    let body = json!({"redirect_uris": [CALLBACK], "first_party": true});
    let refused = api(&server, Method::PUT, &path, Some(body)).await;
    assert_eq!(refused.status.as_u16(), 422, "{}", refused.text);
}

#[tokio::test]
async fn a_client_that_is_to_ask_always_asks_again_whatever_was_said_before() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, actor) = (server.person("hanako"), Actor::new(&server));
    for standing in [
        json!({"consent": "always"}),
        json!({"consent": "always", "first_party": true}),
    ] {
        let party = made(&server, &standing);
        for _ in 0..2 {
            let page = actor.open(&party.request(&Pkce::new(), &[])).await;
            let page = if page.has_form("/signin") {
                actor.sign_in(&page, &hanako).await
            } else {
                page
            };
            let asked = page.form("/oauth/consent").press("allow");
            assert!(actor.send(&asked).await.returned("code").is_some());
        }
    }
}

#[tokio::test]
async fn a_changed_secret_and_the_one_before_are_good_together_until_the_end_of_the_overlap() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let party = Party::service(&server, "records.read");
        let path = format!("/api/v1/clients/{}/secret", party.id());
        let with =
            |secret: &str| Party::of(&server, json!({"client_id": party.id(), "client_secret": secret}));
        let is_good = async |secret: &str| {
            let reply = with(secret).token(&[("grant_type", "client_credentials")]).await;
            reply.status.is_success()
        };
        let first = party.secret().to_owned();
        let change = api(
            &server,
            Method::POST,
            &path,
            Some(json!({"overlap_seconds": 3600})),
        )
        .await
        .good();
        let second = change.text("client_secret").to_owned();
        assert_eq!(change.json["client_secret_expires_at"], 0);
        assert!(change.json["former_secret_expires_at"].as_i64().unwrap() > tools::seconds());
        assert!(is_good(&first).await && is_good(&second).await);
        // Of three, the oldest is over; without an overlap, so is the one before.
        let third = api(
            &server,
            Method::POST,
            &path,
            Some(json!({"overlap_seconds": 3600})),
        )
        .await
        .good();
        let third = third.text("client_secret").to_owned();
        tools::until("the oldest is over", || async { !is_good(&first).await }).await;
        assert!(is_good(&second).await && is_good(&third).await);
        let fourth = api(&server, Method::POST, &path, Some(json!({"overlap_seconds": 0})))
            .await
            .good();
        tools::until("the former ones are over", || async {
            !is_good(&second).await && !is_good(&third).await
        })
        .await;
        assert!(is_good(fourth.text("client_secret")).await);
    }
}

#[tokio::test]
async fn a_registered_client_changes_its_secret_and_its_token_changes_with_its_registration() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let party = Party::register(&server).await;
        let (address, token) = (
            party.registration["registration_client_uri"].as_str().unwrap(),
            party.registration["registration_access_token"].as_str().unwrap(),
        );
        let changed = party
            .ask(|http, _| {
                http.post(format!("{address}/secret"))
                    .bearer_auth(token)
                    .json(&json!({"overlap_seconds": 0}))
            })
            .await
            .good();
        assert_ne!(changed.text("client_secret"), party.secret());
        let none = [("grant_type", "refresh_token"), ("refresh_token", "none")];
        tools::until("the former secret is over", || async {
            party.token(&none).await.json["error"] == "invalid_client"
        })
        .await;
        Party::of(&server, changed.json.clone())
            .token(&none)
            .await
            .assert_error(400, "invalid_grant");
        let update = async |token: &str| {
            let body = json!({"client_id": party.id(), "redirect_uris": [CALLBACK]});
            party
                .ask(|http, _| http.put(address).bearer_auth(token).json(&body))
                .await
        };
        let read = async |token: &str| {
            let reply = party.ask(|http, _| http.get(address).bearer_auth(token)).await;
            reply.status.as_u16()
        };
        let next = update(token).await.good();
        let next = next.text("registration_access_token");
        assert_ne!(next, token);
        // The answer may have been lost: the one before is good until the new one is used.
        assert_eq!(read(token).await, 200);
        assert_eq!(read(next).await, 200);
        assert_eq!(read(token).await, 401);
        assert_eq!(update(token).await.status.as_u16(), 401);
        let other = Party::register(&server).await;
        let stolen = format!(
            "{}/secret",
            other.registration["registration_client_uri"].as_str().unwrap()
        );
        let refused = party.ask(|http, _| http.post(stolen).bearer_auth(next)).await;
        assert_eq!(refused.status.as_u16(), 401);
    }
}

#[tokio::test]
async fn a_secret_under_a_policy_says_when_it_ends() {
    let server = Server::start(Backend::Sqlite).await;
    server.musubi(
        &["client", "policy", "set", "short", "--file", "-"],
        r#"{"secret_days": 30}"#,
    );
    let token = server.musubi(&["client", "registration-token", "--policy", "short"], "");
    let request = party::http()
        .post(server.url("/oauth/register"))
        .bearer_auth(token["initial_access_token"].as_str().unwrap())
        .json(&json!({"redirect_uris": [CALLBACK]}));
    let made = send(request, &server.secrets()).await.good();
    let ends = made.json["client_secret_expires_at"].as_i64().unwrap();
    let days = (ends - tools::seconds()) / 86_400;
    assert!((29..=30).contains(&days), "RFC 7591 §3.2.1: {days} days");
}

#[tokio::test]
async fn whoever_holds_fewer_powers_than_a_client_gets_no_secret_of_it() {
    let server = Server::start(Backend::Sqlite).await;
    let strong = Party::service(&server, "musubi:people.write musubi:clients.write");
    for (method, path, body) in [
        (Method::POST, "/secret", Some(json!({}))),
        (
            Method::PUT,
            "",
            Some(json!({"grant_types": ["client_credentials"], "scope": "records.read"})),
        ),
        (Method::POST, "/registration-access-token", None),
    ] {
        let path = format!("/api/v1/clients/{}{path}", strong.id());
        let refused = api(&server, method, &path, body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.text.contains("power.beyond_own")),
            (403, true),
            "{path} {}",
            refused.text
        );
    }
}

#[tokio::test]
async fn a_sign_in_that_begins_here_goes_to_the_address_that_the_client_registered() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (hanako, actor) = (server.person("hanako"), Actor::new(&server));
        let start = "https://rp.example/start?from=hub";
        let party = Party::register_with(&server, json!({"initiate_login_uri": start})).await;
        let path = format!("/account/start/{}", party.id());
        let away = async |path: &str| {
            let page = actor.open(path).await;
            page.away.map(String::from)
        };
        let stranger = Actor::new(&server);
        let page = stranger.open(&path).await;
        assert!(page.has_form("/signin"), "who is not signed in signs in first");
        let page = actor.open("/account").await;
        actor.sign_in(&page, &hanako).await;
        let iss = reqwest::Url::parse_with_params(start, [("iss", server.issuer())]).unwrap();
        assert_eq!(away(&path).await.as_deref(), Some(iss.as_str()));
        let own = format!("{path}?target_link_uri=https%3A%2F%2Frp.example%2Frecords%3Fx%3D1");
        let with = reqwest::Url::parse_with_params(
            iss.as_str(),
            [("target_link_uri", "https://rp.example/records?x=1")],
        );
        assert_eq!(away(&own).await.as_deref(), Some(with.unwrap().as_str()));
        for foreign in [
            "https%3A%2F%2Fevil.example%2F",
            "https%3A%2F%2Frp.example%40evil.example%2F",
            "http%3A%2F%2Frp.example%2F",
            "https%3A%2F%2Frp.example%3A444%2F",
            "javascript%3Aalert(1)",
            "%2F%2Fevil.example",
        ] {
            assert_eq!(
                away(&format!("{path}?target_link_uri={foreign}")).await,
                None,
                "{foreign}"
            );
        }
        let without = Party::register(&server).await;
        assert_eq!(away(&format!("/account/start/{}", without.id())).await, None);
        assert_eq!(away("/account/start/nobody").await, None);
    }
}

#[tokio::test]
async fn the_command_line_makes_changes_and_removes_a_client_from_files() {
    let server = Server::start(Backend::Sqlite).await;
    let party = made(&server, &json!({"client_name#ja": "診療所", "consent": "always"}));
    let shown = server.musubi(&["client", "show", party.id()], "");
    assert_eq!(shown["client_name#ja"], "診療所");
    assert_eq!(
        (&shown["first_party"], &shown["consent"]),
        (&json!(false), &json!("always"))
    );
    let file = json!({"redirect_uris": [CALLBACK], "client_name": "Renamed", "first_party": true});
    server.musubi(
        &["client", "update", party.id(), "--file", "-"],
        &file.to_string(),
    );
    let listed = server.musubi(&["client", "list"], "");
    let listed: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["client_id"] == party.id())
        .collect();
    assert_eq!(
        (&listed[0]["client_name"], &listed[0]["first_party"]),
        (&json!("Renamed"), &json!(true))
    );
    let changed = server.musubi(&["client", "secret", party.id(), "--overlap-hours", "1"], "");
    server.secret(changed["client_secret"].as_str().unwrap());
    assert_ne!(changed["client_secret"], party.registration["client_secret"]);
    server.musubi(&["client", "remove", party.id()], "");
    assert!(!server.output(&["client", "show", party.id()]).status.success());
    for wrong in [
        r#"{"redirect_uris": ["https://rp.example/cb"], "cleint_name": "x"}"#,
        "[]",
        "{",
        r#"{"redirect_uris": []}"#,
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), wrong).unwrap();
        let path = file.path().to_str().unwrap();
        assert!(
            !server
                .output(&["client", "create", "--file", path])
                .status
                .success(),
            "{wrong}"
        );
    }
}
