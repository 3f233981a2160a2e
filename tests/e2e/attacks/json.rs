//! JSON that is too large, too deep, or says a thing twice: wherever JSON is read, from a body, a parameter, a token or
//! another's server. It is refused, and the hub goes on.

use std::collections::BTreeMap;

use harness::party::{CALLBACK, ClientKey, Pkce, encode, http, send};
use harness::site::Site;
use harness::{Actor, Backend, Party, Server, tools};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// Texts that are not the JSON of anything, or more of it than anybody needs.
fn hostile() -> Vec<String> {
    let deep = 20_000;
    let many: BTreeMap<String, u8> = (0..5000).map(|n| (format!("k{n}"), 1)).collect();
    vec![
        "[".repeat(deep),
        "{\"a\":".repeat(deep / 2),
        format!("{}1{}", "[".repeat(deep), "]".repeat(deep)),
        format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000)),
        format!("[{}]", "1,".repeat(20_000)),
        format!("{{\"a\":\"{}\"}}", "a".repeat(50_000)),
        format!("{{\"a\":{}}}", "9".repeat(40_000)),
        serde_json::to_string(&many).unwrap(),
        "{\"a\":1e999999}".to_owned(),
        "{\"a\":\"\\ud800\"}".to_owned(),
        "{\"a\":\"\\u0000\"}".to_owned(),
        "{\"a\":1,}".to_owned(),
        "\u{feff}{}".to_owned(),
        "{\"a\":NaN}".to_owned(),
        "'{}'".to_owned(),
        "{}{}".to_owned(),
        "null".to_owned(),
        "\"\"".to_owned(),
        "0".to_owned(),
        String::new(),
    ]
}

async fn alive(server: &Server) {
    let answer = http().get(server.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
}

#[tokio::test]
async fn oversized_and_deeply_nested_json_in_a_body_is_refused_and_makes_nothing() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let administrator = Party::service(
        &server,
        "musubi:clients.read musubi:clients.write musubi:people.read musubi:people.write musubi:numbers.write",
    );
    let token = administrator
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let own = party.registration["registration_access_token"].as_str().unwrap();
    let id = party.id();
    for text in hostile() {
        let initial = server.registration_token(1);
        for (method, path, bearer) in [
            ("POST", "/oauth/register".to_owned(), initial.as_str()),
            ("PUT", format!("/oauth/register/{id}"), own),
            ("POST", format!("/oauth/register/{id}/secret"), own),
            ("POST", "/api/v1/clients".to_owned(), token.text("access_token")),
            ("PUT", format!("/api/v1/clients/{id}"), token.text("access_token")),
            ("POST", "/api/v1/people".to_owned(), token.text("access_token")),
            (
                "POST",
                "/api/v1/numbers/blocks".to_owned(),
                token.text("access_token"),
            ),
        ] {
            let empty_is_nothing = text.is_empty() && path.ends_with("/secret");
            if empty_is_nothing {
                continue;
            }
            let request = http()
                .request(method.parse().unwrap(), server.url(&path))
                .bearer_auth(bearer)
                .header(CONTENT_TYPE, "application/json")
                .body(text.clone());
            let reply = send(request, &server.secrets()).await;
            assert!(
                reply.status.is_client_error(),
                "{method} {path} {}…: {} {}",
                &text[..text.len().min(30)],
                reply.status,
                reply.text
            );
        }
    }
    let large = format!("{{\"client_name\":\"{}\"}}", "a".repeat(70_000));
    let request = http()
        .post(server.url("/oauth/register"))
        .bearer_auth(server.registration_token(1))
        .header(CONTENT_TYPE, "application/json")
        .body(large);
    assert_eq!(send(request, &server.secrets()).await.status.as_u16(), 413);
    alive(&server).await;
}

#[tokio::test]
async fn oversized_and_deeply_nested_json_in_a_parameter_is_refused_at_the_redirect_uri_or_here() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    for text in hostile().into_iter().filter(|text| !text.is_empty()) {
        for name in ["claims", "authorization_details"] {
            let request = party.request(&Pkce::new(), &[(name, &text)]);
            let query = request.split_once('?').unwrap().1.to_owned();
            let pushed = party
                .ask(|http, issuer| {
                    http.post(format!("{issuer}/oauth/par"))
                        .basic_auth(party.id(), Some(party.secret()))
                        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                        .body(query)
                })
                .await;
            // An object that asks for what nobody knows is no error (OpenID Connect Core 1.0 §5.5).
            let harmless =
                name == "claims" && serde_json::from_str::<serde_json::Map<String, Value>>(&text).is_ok();
            let refused = pushed.status.is_client_error() || (harmless && text.len() < 8 * 1024);
            assert!(
                refused,
                "{name} {}…: {} {}",
                &text[..text.len().min(30)],
                pushed.status,
                pushed.text
            );
            if request.len() < 8_000 {
                let page = browser.open(&request).await;
                let error = page.away.as_ref().and_then(|_| page.returned("error"));
                assert!(
                    error.is_some() || page.status.is_client_error() || harmless,
                    "{name}: {}",
                    page.status
                );
            }
        }
    }
    alive(&server).await;
}

#[tokio::test]
async fn oversized_and_deeply_nested_json_in_a_token_or_a_proof_proves_nothing() {
    let server = Server::start(Backend::Sqlite).await;
    let key = ClientKey::generate();
    let assertion_client = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks()});
    let party = Party::register_with(&server, assertion_client).await;
    let service = Party::service(&server, "a");
    for text in hostile() {
        for token in [
            format!("{}.e30.AAAA", encode(text.as_bytes())),
            format!(
                "{}.{}.AAAA",
                encode(br#"{"alg":"ES256","kid":"k1"}"#),
                encode(text.as_bytes())
            ),
        ] {
            let form = [
                ("grant_type", "authorization_code"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", &token),
                ("client_id", party.id()),
            ];
            let reply = party.token_bare(&form).await;
            assert!(
                [400, 401, 413].contains(&reply.status.as_u16()),
                "{} {}",
                reply.status,
                reply.text
            );
            if token.len() < 10_000 {
                let proof = service
                    .token_request()
                    .basic_auth(service.id(), Some(service.secret()))
                    .header("dpop", &token)
                    .form(&[("grant_type", "client_credentials")]);
                let reply = service.ask(|_, _| proof).await;
                reply.assert_error(400, "invalid_dpop_proof");
                party.userinfo(&token).await.assert_error(401, "invalid_token");
            }
        }
        // What the client signed, and what its signature covers is no claims.
        if text.len() < 10_000 {
            let signed = key.sign_with(
                &json!({"alg": "ES256", "kid": "k1"}),
                &json!({"iss": party.id(), "sub": party.id(), "aud": server.issuer(), "jti": text,
                    "exp": tools::seconds() + 60, "nest": text}),
            );
            let form = [
                ("grant_type", "refresh_token"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", signed.as_str()),
            ];
            assert!(party.token_bare(&form).await.status.is_client_error());
        }
    }
    alive(&server).await;
}

#[tokio::test]
async fn oversized_and_deeply_nested_json_at_the_address_of_a_clients_keys_is_no_key_set() {
    let server = Server::start(Backend::Sqlite).await;
    let key = ClientKey::generate();
    for text in hostile().into_iter().step_by(3) {
        let site = Site::start().await;
        site.say("/jwks", "200 OK", "content-type: application/json\r\n", &text);
        let metadata = json!({
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": site.url("/jwks"),
        });
        let party = Party::register_with(&server, metadata).await;
        let claims = json!({"iss": party.id(), "sub": party.id(), "aud": server.issuer(),
            "jti": tools::unique(), "exp": tools::seconds() + 60});
        let form = [
            ("grant_type", "refresh_token"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &key.sign(&claims)),
        ];
        let reply = party.token_bare(&form).await;
        assert_eq!(reply.status.as_u16(), 401, "{}", reply.text);
        assert_eq!(site.times("/jwks"), 1);
    }
    alive(&server).await;
}

#[tokio::test]
async fn json_that_says_a_thing_twice_registers_what_the_answer_says_and_nothing_else() {
    let server = Server::start(Backend::Sqlite).await;
    let body = format!(
        "{{\"redirect_uris\":[\"{CALLBACK}\"],\"client_name\":\"One\",\"redirect_uris\":[\"https://evil.example/cb\"],\
         \"client_name\":\"Other\"}}"
    );
    let request = http()
        .post(server.url("/oauth/register"))
        .bearer_auth(server.registration_token(1))
        .header(CONTENT_TYPE, "application/json")
        .body(body);
    let reply = send(request, &server.secrets()).await;
    reply.assert_error(400, "invalid_client_metadata");
}
