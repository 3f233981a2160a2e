//! Dynamic registration (RFC 7591) and its management (RFC 7592), by whom it belongs to and by others.

use harness::party::{CALLBACK, send};
use harness::{Actor, Backend, Party, Reply, Server, party};
use serde_json::{Value, json};

async fn register(server: &Server, token: Option<&str>, metadata: &Value) -> Reply {
    let request = party::http().post(server.url("/oauth/register")).json(metadata);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    send(request, &server.secrets()).await
}

fn metadata() -> Value {
    json!({"redirect_uris": [CALLBACK], "client_name": "Gym"})
}

#[tokio::test]
async fn a_client_registers_reads_changes_and_removes_itself() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let registered = &party.registration;
        assert_eq!(registered["client_secret_expires_at"], 0, "RFC 7591 §3.2.1");
        assert_eq!(registered["token_endpoint_auth_method"], "client_secret_basic");
        assert_eq!(registered["id_token_signed_response_alg"], "RS256");
        let token = registered["registration_access_token"].as_str().unwrap();
        let address = registered["registration_client_uri"].as_str().unwrap();
        let read = party
            .ask(|http, _| http.get(address).bearer_auth(token))
            .await
            .good();
        assert_eq!(read.json["client_name"], "Clinic portal");
        assert_eq!(read.json["client_id"], party.id());

        let mut changed = read.json.clone();
        for name in [
            "registration_access_token",
            "registration_client_uri",
            "client_secret_expires_at",
            "client_secret",
        ] {
            changed.as_object_mut().unwrap().remove(name);
        }
        changed["client_name"] = json!("Clinic portal, renamed");
        let put = party
            .ask(|http, _| http.put(address).bearer_auth(token).json(&changed))
            .await
            .good();
        assert_eq!(put.json["client_name"], "Clinic portal, renamed");
        let page = Actor::new(&server)
            .open(&party.request(&party::Pkce::new(), &[]))
            .await;
        assert!(page.body.contains("Clinic portal, renamed"));
        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;

        let gone = party.ask(|http, _| http.delete(address).bearer_auth(token)).await;
        assert_eq!(gone.status.as_u16(), 204);
        assert_eq!(
            party
                .ask(|http, _| http.get(address).bearer_auth(token))
                .await
                .status
                .as_u16(),
            401
        );
        party
            .refresh(tokens.text("refresh_token"))
            .await
            .assert_error(401, "invalid_client");
        party
            .userinfo(tokens.text("access_token"))
            .await
            .assert_error(401, "invalid_token");
    }
}

#[tokio::test]
async fn nobody_registers_without_a_token_that_is_good_and_not_used_up() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let bare = register(&server, None, &metadata()).await;
        assert_eq!(bare.status.as_u16(), 401);
        register(&server, Some("made up by somebody"), &metadata())
            .await
            .assert_error(401, "invalid_token");
        let token = server.registration_token(2);
        for _ in 0..2 {
            let made = register(&server, Some(&token), &metadata()).await;
            assert_eq!(made.status.as_u16(), 201, "{}", made.text);
            assert_eq!(made.json["token_endpoint_auth_method"], "client_secret_basic");
            assert_eq!(made.json["grant_types"], json!(["authorization_code"]));
            assert_eq!(made.json["response_types"], json!(["code"]));
        }
        register(&server, Some(&token), &metadata())
            .await
            .assert_error(401, "invalid_token");

        let racing = server.registration_token(1);
        let tries = (0..8).map(|_| {
            let (racing, address) = (racing.clone(), server.url("/oauth/register"));
            tokio::spawn(async move {
                party::http()
                    .post(address)
                    .bearer_auth(racing)
                    .json(&metadata())
                    .send()
                    .await
                    .unwrap()
                    .status()
            })
        });
        let mut made = 0;
        for one in tries.collect::<Vec<_>>() {
            made += usize::from(one.await.unwrap().as_u16() == 201);
        }
        assert_eq!(made, 1, "a token for one registration made {made}");
    }
}

#[tokio::test]
async fn metadata_that_is_wrong_costs_no_use_of_the_token_and_makes_no_client() {
    let server = Server::start(Backend::Sqlite).await;
    let token = server.registration_token(1);
    let with = |name: &str, value: Value| {
        let mut changed = metadata();
        changed[name] = value;
        changed
    };
    for (wrong, error) in [
        (with("redirect_uris", json!([])), "invalid_redirect_uri"),
        (
            with("redirect_uris", json!(["http://rp.example/cb"])),
            "invalid_redirect_uri",
        ),
        (
            with("redirect_uris", json!(["https://rp.example/cb#x"])),
            "invalid_redirect_uri",
        ),
        (
            with("redirect_uris", json!(["javascript:alert(1)"])),
            "invalid_redirect_uri",
        ),
        (
            with("redirect_uris", json!("https://rp.example/cb")),
            "invalid_client_metadata",
        ),
        (
            with("token_endpoint_auth_method", json!("private_key_jwt")),
            "invalid_client_metadata",
        ),
        (
            with("token_endpoint_auth_method", json!("tls_client_auth")),
            "invalid_client_metadata",
        ),
        (
            with("grant_types", json!(["password"])),
            "invalid_client_metadata",
        ),
        (
            with("id_token_signed_response_alg", json!("none")),
            "invalid_client_metadata",
        ),
        (
            with("id_token_signed_response_alg", json!("HS256")),
            "invalid_client_metadata",
        ),
        (
            with("jwks_uri", json!("http://169.254.169.254/")),
            "invalid_client_metadata",
        ),
        (with("client_name", json!("a\u{7}b")), "invalid_client_metadata"),
        (
            with("client_uri", json!("javascript:alert(1)")),
            "invalid_client_metadata",
        ),
        (json!([]), "invalid_client_metadata"),
    ] {
        register(&server, Some(&token), &wrong)
            .await
            .assert_error(400, error);
    }
    assert_eq!(
        register(&server, Some(&token), &metadata()).await.status.as_u16(),
        201
    );
}

#[tokio::test]
async fn a_registration_token_opens_its_own_client_and_no_other() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (mine, theirs) = (Party::register(&server).await, Party::register(&server).await);
        let (id, address) = (
            theirs.id(),
            theirs.registration["registration_client_uri"].as_str().unwrap(),
        );
        let changed = json!({"client_id": id, "redirect_uris": ["https://evil.example/cb"]});
        let spent = server.registration_token(1);
        for token in [
            mine.registration["registration_access_token"].as_str().unwrap(),
            mine.secret(),
            &spent,
            "x",
        ] {
            let replies = [
                mine.ask(|http, _| http.get(address).bearer_auth(token)).await,
                mine.ask(|http, _| http.put(address).bearer_auth(token).json(&changed))
                    .await,
                mine.ask(|http, _| http.delete(address).bearer_auth(token)).await,
            ];
            for reply in replies {
                assert_eq!(reply.status.as_u16(), 401, "{}", reply.text);
                assert!(!reply.text.contains("Clinic portal"));
            }
        }
        let own = mine.registration["registration_access_token"].as_str().unwrap();
        let own_address = mine.registration["registration_client_uri"].as_str().unwrap();
        let swapped = mine
            .ask(|http, _| http.put(own_address).bearer_auth(own).json(&changed))
            .await;
        swapped.assert_error(400, "invalid_client_metadata");
        let token = theirs.registration["registration_access_token"].as_str().unwrap();
        let read = theirs
            .ask(|http, _| http.get(address).bearer_auth(token))
            .await
            .good();
        assert_eq!(read.json["redirect_uris"], json!([CALLBACK]));
    }
}

#[tokio::test]
async fn a_client_that_registers_itself_gets_no_power_over_the_hub() {
    let server = Server::start(Backend::Sqlite).await;
    let greedy = json!({"scope": "openid musubi:admin musubi:numbers.write",
        "grant_types": ["authorization_code", "client_credentials"]});
    let party = Party::register_with(&server, greedy).await;
    assert!(
        !party.registration["scope"].to_string().contains("musubi"),
        "{}",
        party.registration["scope"]
    );
    let asked = party
        .token(&[("grant_type", "client_credentials"), ("scope", "musubi:admin")])
        .await;
    asked.assert_error(400, "invalid_scope");
    let token = party.token(&[("grant_type", "client_credentials")]).await;
    if token.status.is_success() {
        assert_eq!(token.text("scope"), "");
    }
}
