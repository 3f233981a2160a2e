//! The `claims` parameter (OpenID Connect Core 1.0 §5.5), and UserInfo as a client wants it protected (§5.3.2).

use harness::party::{Pkce, part, verify};
use harness::{Actor, Backend, Page, Party, Person, Reply, Server};
use serde_json::json;

async fn tokens(party: &Party, browser: &Actor, person: &Person, changes: &[(&str, &str)]) -> Reply {
    let pkce = Pkce::new();
    let code = party.code(browser, person, &pkce, changes).await;
    party.token(&party.redemption(&code, &pkce)).await.good()
}

#[tokio::test]
async fn single_claims_come_where_they_were_asked_for_and_no_others_do() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let claims = r#"{"userinfo":{"email":{"essential":true},"shoe_size":null},"id_token":{"name":null,"auth_time":{"essential":true}}}"#;
        let browser = Actor::new(&server);
        let asked = [("scope", "openid"), ("claims", claims)];
        let tokens = tokens(&party, &browser, &hanako, &asked).await;
        assert_eq!(tokens.text("scope"), "openid");
        let id = part(tokens.text("id_token"), 1);
        assert_eq!(id["name"], hanako.name.as_str());
        assert!(id["auth_time"].is_i64() && id.get("email").is_none());
        let who = party.userinfo(tokens.text("access_token")).await.good().json;
        assert_eq!(who["email"], hanako.email.as_str());
        assert!(who.get("name").is_none() && who.get("preferred_username").is_none());
        // What was asked for is remembered with what was granted.
        if let Some(refresh) = tokens.json["refresh_token"].as_str() {
            let next = party.refresh(refresh).await.good();
            assert_eq!(part(next.text("id_token"), 1)["name"], hanako.name.as_str());
            let who = party.userinfo(next.text("access_token")).await.good().json;
            assert_eq!(who["email"], hanako.email.as_str());
        }
    }
}

fn asks_for(page: &Page, word: &str) -> bool {
    page.has_form("/oauth/consent") && page.body.contains(word)
}

#[tokio::test]
async fn a_claim_is_asked_of_the_person_as_its_scope_would_be() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    tokens(&party, &browser, &hanako, &[("scope", "openid")]).await;
    let claims = r#"{"userinfo":{"email":null}}"#;
    let request = party.request(&Pkce::new(), &[("scope", "openid"), ("claims", claims)]);
    let page = browser.open(&request).await;
    assert!(asks_for(&page, "Your e-mail address"), "{}", page.body);
    let silent = party.request(
        &Pkce::new(),
        &[("scope", "openid"), ("claims", claims), ("prompt", "none")],
    );
    let page = browser.open(&silent).await;
    assert_eq!(page.returned("error").as_deref(), Some("consent_required"));
    // What the client may never have is not asked for either.
    let narrow = Party::register_with(&server, json!({"scope": "openid"})).await;
    let page = browser
        .open(&narrow.request(&Pkce::new(), &[("scope", "openid"), ("claims", claims)]))
        .await;
    assert!(!asks_for(&page, "Your e-mail address"));
}

#[tokio::test]
async fn a_subject_asked_for_by_value_is_the_only_one_that_is_answered_for() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let first = tokens(&party, &browser, &hanako, &[]).await;
    let sub = part(first.text("id_token"), 1)["sub"]
        .as_str()
        .unwrap()
        .to_owned();
    for (wanted, error) in [(sub.as_str(), None), ("somebody-else", Some("login_required"))] {
        let claims = json!({"id_token": {"sub": {"value": wanted}}}).to_string();
        let request = party.request(&Pkce::new(), &[("claims", &claims), ("prompt", "none")]);
        let page = browser.open(&request).await;
        assert_eq!(page.returned("error").as_deref(), error, "{wanted}");
    }
}

#[tokio::test]
async fn what_is_no_claims_parameter_is_refused_and_nothing_of_it_repeated() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let deep = format!("{{\"userinfo\":{}1{}}}", "[".repeat(2000), "]".repeat(2000));
    for claims in [
        "[]",
        "{",
        "{\"userinfo\":1}",
        "{\"id_token\":{\"acr\":\"evil\"}}",
        &deep,
    ] {
        let page = browser
            .open(&party.request(&Pkce::new(), &[("claims", claims)]))
            .await;
        assert_eq!(
            page.returned("error").as_deref(),
            Some("invalid_request"),
            "{claims}"
        );
        assert!(!page.away.unwrap().as_str().contains("evil"));
    }
}

#[tokio::test]
async fn userinfo_is_signed_for_a_client_that_wants_it_so() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register_with(&server, json!({"userinfo_signed_response_alg": "RS256"})).await;
        let tokens = tokens(&party, &Actor::new(&server), &hanako, &[]).await;
        let reply = party.userinfo(tokens.text("access_token")).await.good();
        assert_eq!(reply.headers["content-type"], "application/jwt");
        server.secret(&reply.text);
        let jwks = party
            .ask(|http, issuer| http.get(format!("{issuer}/oauth/jwks")))
            .await;
        let claims = verify(&reply.text, &jwks.good().json);
        assert_eq!(claims["iss"], server.issuer().as_str());
        assert_eq!(claims["aud"], party.id());
        assert_eq!(claims["email"], hanako.email.as_str());
        assert_eq!(claims["sub"], part(tokens.text("id_token"), 1)["sub"]);
    }
}

#[tokio::test]
async fn userinfo_gives_back_the_id_of_the_call_if_it_is_one_and_makes_one_if_not() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let tokens = tokens(&party, &Actor::new(&server), &hanako, &[]).await;
    let ask = async |sent: Option<&str>| {
        let reply = party
            .ask(|http, issuer| {
                let request = http
                    .get(format!("{issuer}/oauth/userinfo"))
                    .bearer_auth(tokens.text("access_token"));
                sent.iter().fold(request, |request, id| {
                    request.header("x-fapi-interaction-id", *id)
                })
            })
            .await
            .good();
        reply.headers["x-fapi-interaction-id"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    let own = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";
    assert_eq!(ask(Some(own)).await, own);
    let (one, other) = (ask(None).await, ask(Some("<script>")).await);
    assert_ne!(one, other, "each call has a name of its own");
    for made in [one, other] {
        let pieces: Vec<usize> = made.split('-').map(str::len).collect();
        assert_eq!(pieces, [8, 4, 4, 4, 12], "{made}");
    }
}
