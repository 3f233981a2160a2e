//! Access tokens as JWTs (RFC 9068): how they are signed, whom they name, and what they tell of the sign-in behind them.
//! And that nothing which opens something can be guessed.

use std::collections::BTreeSet;
use std::time::Duration;

use harness::party::{Pkce, decode, part, verify};
use harness::{Actor, Backend, Party, Reply, Server};
use serde_json::{Value, json};

#[tokio::test]
async fn access_tokens_are_signed_by_a_published_key_whatever_algorithm_the_realm_uses() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::service(&server, "vitals.write");
    let keys = party
        .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
        .await
        .good()
        .json;
    let published = keys["keys"].as_array().unwrap();
    assert!(
        published
            .iter()
            .any(|key| key["alg"] == "RS256" && key["use"] == "sig"),
        "RFC 9068 §2.1"
    );
    let tokens = party.token(&[("grant_type", "client_credentials")]).await.good();
    let header = part(tokens.text("access_token"), 0);
    assert_ne!(header["alg"], "none");
    let key = published.iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!(key["alg"], header["alg"]);
    verify(tokens.text("access_token"), &keys);
}

#[tokio::test]
async fn the_subject_of_a_persons_token_is_the_person_and_of_a_services_token_the_service() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (party, service) = (
        Party::register(&server).await,
        Party::service(&server, "vitals.write"),
    );
    let of_person = party.sign_in(&Actor::new(&server), &hanako).await;
    let claims = part(of_person.text("access_token"), 1);
    assert_eq!(claims["sub"], part(of_person.text("id_token"), 1)["sub"]);
    assert_eq!(claims["client_id"], party.id());
    let of_service = service
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let claims = part(of_service.text("access_token"), 1);
    assert_eq!(claims["sub"], service.id());
    assert_eq!(claims["client_id"], service.id());
}

fn told(tokens: &Reply) -> Value {
    let claims = part(tokens.text("access_token"), 1);
    json!([claims["auth_time"], claims["acr"]])
}

/// RFC 9068 §2.2.1.
#[tokio::test]
async fn a_refresh_tells_of_the_sign_in_that_was_and_not_of_a_later_and_stronger_one() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let first = party.sign_in(&browser, &hanako).await;
    assert!(told(&first).as_array().unwrap().iter().all(|one| !one.is_null()));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    browser.account("/account/security", &hanako).await;
    let (mut app, _) = browser.set_up_app().await;
    let pkce = Pkce::new();
    let request = party.request(&pkce, &[("prompt", "login")]);
    let page = browser.sign_in(&browser.open(&request).await, &hanako).await;
    let page = browser.second_step(&page, &app.code().await).await;
    let code = page.returned("code").unwrap();
    let second = party.token(&party.redemption(&code, &pkce)).await.good();
    for (before, after) in told(&first)
        .as_array()
        .unwrap()
        .iter()
        .zip(told(&second).as_array().unwrap())
    {
        assert_ne!(before, after, "the second sign-in is another");
    }
    let refreshed = party.refresh(first.text("refresh_token")).await.good();
    assert_eq!(told(&refreshed), told(&first));
    let again = party.refresh(refreshed.text("refresh_token")).await.good();
    assert_eq!(told(&again), told(&first));
}

/// FAPI 2.0 Security Profile §5.5 (RFC 6749 §10.10): at least 128 bits, so at least 22 characters of base64url, and none twice.
#[tokio::test]
async fn whatever_opens_something_is_long_and_different_each_time() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let mut seen = BTreeSet::new();
    let mut check = |what: &str, value: &str| {
        // What stands before the last separator names things; the rest is the secret.
        let secret = value.rsplit([':', '.']).next().unwrap();
        assert!(
            secret.len() >= 22 && decode(secret).len() >= 16,
            "{what} is {value}"
        );
        assert!(seen.insert(secret.to_owned()), "{what} came twice");
    };
    for _ in 0..3 {
        let grants = json!([
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code"
        ]);
        let party = Party::register_with(&server, json!({"grant_types": grants})).await;
        check("client_secret", party.secret());
        check(
            "registration_access_token",
            party.registration["registration_access_token"].as_str().unwrap(),
        );
        let pkce = Pkce::new();
        let browser = Actor::new(&server);
        let code = party.code(&browser, &hanako, &pkce, &[]).await;
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        check("code", &code);
        check("refresh_token", tokens.text("refresh_token"));
        check("the session's cookie", &browser.cookie("musubi_session").unwrap());
        let post = async |path: &str, form: &[(&str, &str)]| {
            party
                .ask(|http, issuer| {
                    http.post(format!("{issuer}{path}"))
                        .basic_auth(party.id(), Some(party.secret()))
                        .form(form)
                })
                .await
                .good()
        };
        let request = party.request(&pkce, &[]);
        let query = request.split_once('?').unwrap().1;
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let form: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        check("request_uri", post("/oauth/par", &form).await.text("request_uri"));
        check(
            "device_code",
            post("/oauth/device", &[("scope", "openid")])
                .await
                .text("device_code"),
        );
    }
}
