//! The implicit and hybrid flows (OpenID Connect Core 1.0 §3.2, §3.3): off for everybody, on for a client that an
//! administrator gave them to.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use harness::party::{CALLBACK, Pkce, encode, part, verify};
use harness::{Actor, Backend, Page, Party, Server};
use serde_json::{Value, json};

const ALL: [&str; 6] = [
    "code",
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
];

/// A client that may use every flow, made by an administrator.
fn client(server: &Server) -> Party {
    let metadata = json!({
        "client_name": "Old portal",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "response_types": ALL,
        "scope": "openid profile email offline_access",
    });
    let made = server.musubi(&["client", "create", "--file", "-"], &metadata.to_string());
    Party::of(server, made)
}

/// What is in the fragment of an answer.
fn fragment(page: &Page) -> BTreeMap<String, String> {
    let away = page
        .away
        .as_ref()
        .unwrap_or_else(|| panic!("no answer at {}:\n{}", page.url, page.body));
    assert!(away.query().is_none(), "{away}");
    url::form_urlencoded::parse(away.fragment().unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

fn half(text: &str) -> String {
    encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

async fn keys(party: &Party) -> Value {
    let reply = party
        .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
        .await;
    reply.good().json
}

#[tokio::test]
async fn each_response_type_gives_what_its_words_say_and_ties_it_together() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = client(&server);
        let jwks = keys(&party).await;
        for response_type in &ALL[1..] {
            let (browser, pkce) = (Actor::new(&server), Pkce::new());
            let request = party.request(&pkce, &[("response_type", response_type)]);
            let answer = fragment(&browser.authorize(&request, &hanako).await);
            let words: Vec<&str> = response_type.split(' ').collect();
            for (word, parameter) in [
                ("code", "code"),
                ("id_token", "id_token"),
                ("token", "access_token"),
            ] {
                assert_eq!(
                    words.contains(&word),
                    answer.contains_key(parameter),
                    "{response_type}: {answer:?}"
                );
            }
            assert_eq!(answer["state"], "the state & more");
            assert_eq!(answer["iss"], server.issuer());
            assert!(!answer.contains_key("refresh_token"));
            if let Some(token) = answer.get("id_token") {
                server.secret(token);
                let claims = verify(token, &jwks);
                assert_eq!(claims["nonce"], "the nonce");
                assert_eq!(claims["aud"], party.id());
                let tied = |name: &str| answer.get(name).map_or(Value::Null, |text| json!(half(text)));
                assert_eq!(claims["at_hash"], tied("access_token"), "{response_type}");
                assert_eq!(claims["c_hash"], tied("code"), "{response_type}");
            }
            if let Some(token) = answer.get("access_token") {
                server.secret(token);
                assert_eq!(answer["token_type"], "Bearer");
                assert!(answer["expires_in"].parse::<u64>().unwrap() > 0);
                let who = party.userinfo(token).await.good();
                if let Some(id_token) = answer.get("id_token") {
                    assert_eq!(who.json["sub"], part(id_token, 1)["sub"]);
                }
            }
            if let Some(code) = answer.get("code") {
                let tokens = party.token(&party.redemption(code, &pkce)).await.good();
                if let Some(id_token) = answer.get("id_token") {
                    let (first, second) = (part(id_token, 1), part(tokens.text("id_token"), 1));
                    for name in ["iss", "sub", "aud", "nonce"] {
                        assert_eq!(first[name], second[name], "§3.3.3.6: {name}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_was_not_given_these_flows_cannot_use_them_nor_take_them() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    for response_type in &ALL[1..] {
        let request = party.request(&Pkce::new(), &[("response_type", response_type)]);
        let page = browser.open(&request).await;
        assert_eq!(fragment(&page)["error"], "unauthorized_client", "{response_type}");
    }
    let token = server.registration_token(5);
    for metadata in [
        json!({"redirect_uris": [CALLBACK], "response_types": ["id_token"], "grant_types": ["implicit"]}),
        json!({"redirect_uris": [CALLBACK], "response_types": ["code id_token"], "grant_types": ["authorization_code", "implicit"]}),
        json!({"redirect_uris": [CALLBACK], "response_types": ["code"], "grant_types": ["authorization_code", "implicit"]}),
    ] {
        let reply = party
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/register"))
                    .bearer_auth(&token)
                    .json(&metadata)
            })
            .await;
        reply.assert_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn tokens_never_travel_in_a_query_and_an_id_token_needs_a_nonce() {
    let server = Server::start(Backend::Sqlite).await;
    let party = client(&server);
    let browser = Actor::new(&server);
    for changes in [
        &[("response_type", "code id_token"), ("response_mode", "query")][..],
        &[("response_type", "id_token"), ("response_mode", "query.jwt")],
        &[("response_type", "id_token token"), ("nonce", "")],
        &[("response_type", "code id_token"), ("nonce", "")],
        &[("response_type", "code id_token"), ("scope", "email")],
    ] {
        let answer = fragment(&browser.open(&party.request(&Pkce::new(), changes)).await);
        let expected = if changes.contains(&("scope", "email")) {
            "invalid_scope"
        } else {
            "invalid_request"
        };
        assert_eq!(answer["error"], expected, "{changes:?}");
    }
}

#[tokio::test]
async fn a_code_that_comes_again_ends_what_it_gave_and_signing_out_ends_the_rest() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = client(&server);
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let request = party.request(&pkce, &[("response_type", "code token")]);
    let answer = fragment(&browser.authorize(&request, &hanako).await);
    let front = answer["access_token"].clone();
    server.secret(&front);
    let form = party.redemption(&answer["code"], &pkce);
    let tokens = party.token(&form).await.good();
    party.token(&form).await.assert_error(400, "invalid_grant");
    party
        .userinfo(tokens.text("access_token"))
        .await
        .assert_error(401, "invalid_token");
    party.userinfo(&front).await.good();
    let page = browser.open("/oauth/logout").await;
    browser.send(&page.form("/oauth/logout").press("sign-out")).await;
    party.userinfo(&front).await.assert_error(401, "invalid_token");
}
