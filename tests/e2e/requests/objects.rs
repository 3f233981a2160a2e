//! Request objects (RFC 9101): what the client signed counts, and nothing else does.

use harness::party::{ClientKey, Pkce};
use harness::{Actor, Backend, Page, Party, Server, tools};
use serde_json::{Value, json};

use super::pushed::{parameters, push};

async fn register(server: &Server, key: &ClientKey, changes: Value) -> Party {
    let mut metadata = json!({"jwks": key.jwks(), "request_object_signing_alg": "ES256"});
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    Party::register_with(server, metadata).await
}

/// The claims of an object that asks for everything that `Party::request` asks for.
fn claims(server: &Server, party: &Party, pkce: &Pkce) -> Value {
    let mut claims = json!({"iss": party.id(), "aud": server.issuer(), "exp": tools::seconds() + 60});
    for (name, value) in parameters(party, pkce, &[]) {
        claims[name] = json!(value);
    }
    claims
}

async fn offer(browser: &Actor, party: &Party, object: &str) -> Page {
    let request = party.request(&Pkce::new(), &[("request", object), ("state", "beside")]);
    browser.open(&request).await
}

#[tokio::test]
async fn only_what_is_signed_counts() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let key = ClientKey::generate();
        let party = register(&server, &key, json!({})).await;
        let (browser, pkce) = (Actor::new(&server), Pkce::new());
        let object = key.sign_as("oauth-authz-req+jwt", &claims(&server, &party, &pkce));
        let beside = party.request(
            &Pkce::new(),
            &[("request", &object), ("state", "beside"), ("scope", "openid")],
        );
        let page = browser.authorize(&beside, &hanako).await;
        assert_eq!(page.returned("state").as_deref(), Some("the state & more"));
        let code = page.returned("code").unwrap();
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        assert!(tokens.text("scope").contains("email"), "{}", tokens.text("scope"));
    }
}

#[tokio::test]
async fn an_object_that_is_not_the_clients_own_for_this_hub_and_now_is_refused() {
    let server = Server::start(Backend::Sqlite).await;
    let key = ClientKey::generate();
    let party = register(&server, &key, json!({})).await;
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let good = claims(&server, &party, &pkce);
    let with = |name: &str, value: Value| {
        let mut changed = good.clone();
        changed[name] = value;
        changed
    };
    let unsigned = format!(
        "{}.{}.",
        harness::party::encode(br#"{"alg":"none"}"#),
        harness::party::encode(good.to_string().as_bytes())
    );
    let objects = [
        ("another key", ClientKey::generate().sign(&good)),
        ("no signature", unsigned),
        (
            "another audience",
            key.sign(&with("aud", json!("https://other.example"))),
        ),
        ("another issuer", key.sign(&with("iss", json!("somebody")))),
        ("over", key.sign(&with("exp", json!(tools::seconds() - 60)))),
        ("not yet", key.sign(&with("nbf", json!(tools::seconds() + 3600)))),
        ("another client", key.sign(&with("client_id", json!("other")))),
        ("no client", key.sign(&with("client_id", Value::Null))),
        ("a client assertion", key.sign(&with("sub", json!(party.id())))),
        (
            "an object in it",
            key.sign(&with("request", json!("e30.e30.e30"))),
        ),
        (
            "a reference in it",
            key.sign(&with("request_uri", json!("urn:x"))),
        ),
        ("another type", key.sign_as("at+jwt", &good)),
        ("not JSON", "e30.e30.e30".to_owned()),
    ];
    for (what, object) in objects {
        let page = offer(&browser, &party, &object).await;
        assert_eq!(
            page.returned("error").as_deref(),
            Some("invalid_request_object"),
            "{what}"
        );
    }
    // The redirect URI in the object is believed no more than one beside it.
    let elsewhere = key.sign(&with("redirect_uri", json!("https://evil.example/")));
    let page = offer(&browser, &party, &elsewhere).await;
    assert!(
        page.away.is_none() && page.status.as_u16() == 400,
        "{:?}",
        page.away
    );
}

#[tokio::test]
async fn a_client_that_signs_its_requests_cannot_be_spoken_for_without_a_signature() {
    let server = Server::start(Backend::Sqlite).await;
    let key = ClientKey::generate();
    let party = register(&server, &key, json!({"require_signed_request_object": true})).await;
    let pkce = Pkce::new();
    let page = Actor::new(&server).open(&party.request(&pkce, &[])).await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
    push(&party, &parameters(&party, &pkce, &[]))
        .await
        .assert_error(400, "invalid_request");
    let object = key.sign(&claims(&server, &party, &pkce));
    push(&party, &[("request".to_owned(), object)]).await.good();
}
