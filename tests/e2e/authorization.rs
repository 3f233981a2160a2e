//! The authorization endpoint: what is asked, who is told about an error, and where an answer may go.

use harness::party::{CALLBACK, Pkce, part};
use harness::{Actor, Backend, Party, Server, tools};
use serde_json::json;

#[tokio::test]
async fn a_public_client_must_use_s256_and_plain_is_refused_to_everybody() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let public = Party::register_with(&server, json!({"token_endpoint_auth_method": "none"})).await;
    let confidential = Party::register(&server).await;
    assert!(public.registration.get("client_secret").is_none());
    let browser = Actor::new(&server);
    let pkce = Pkce::new();
    for changes in [
        &[("code_challenge", ""), ("code_challenge_method", "")][..],
        &[("code_challenge_method", "plain")],
        &[("code_challenge_method", "")],
        &[("code_challenge", "short")],
    ] {
        let page = browser.open(&public.request(&pkce, changes)).await;
        assert_eq!(
            page.returned("error").as_deref(),
            Some("invalid_request"),
            "{changes:?}"
        );
        public.assert_answer_is_ours(&page);
    }
    let page = browser
        .open(&confidential.request(&pkce, &[("code_challenge_method", "plain")]))
        .await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
    let tokens = public.sign_in(&browser, &hanako).await;
    let next = public.refresh(tokens.text("refresh_token")).await.good();
    assert_ne!(
        next.text("refresh_token"),
        tokens.text("refresh_token"),
        "rotated"
    );
    public
        .refresh(tokens.text("refresh_token"))
        .await
        .assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn an_answer_goes_to_no_address_that_is_not_registered_to_the_letter() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    for address in [
        "https://rp.example/callback/",
        "https://rp.example/callback?x=1",
        "https://rp.example/Callback",
        "https://rp.example/%63allback",
        "https://RP.example/callback",
        "https://rp.example:443/callback",
        "https://rp.example/a/../callback",
        "https://rp.example.evil.example/callback",
        "https://rp.example@evil.example/callback",
        "http://rp.example/callback",
        "https://rp.example/callback#x",
        "javascript:alert(1)",
    ] {
        let page = browser
            .open(&party.request(&Pkce::new(), &[("redirect_uri", address)]))
            .await;
        assert!(page.away.is_none(), "{address} got {:?}", page.away);
        assert_eq!(page.status.as_u16(), 400, "{address}");
        assert!(!page.body.contains("evil.example"), "{address} is echoed");
    }
    for changes in [&[("client_id", "unknown")][..], &[("client_id", "")]] {
        let page = browser.open(&party.request(&Pkce::new(), changes)).await;
        assert!(
            page.away.is_none() && page.status.is_client_error(),
            "{changes:?}"
        );
    }
}

#[tokio::test]
async fn a_native_client_is_answered_on_the_port_that_it_got() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let native = json!({"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb", "jp.example.app:/cb"], "token_endpoint_auth_method": "none"});
    let mut party = Party::register_with(&server, native).await;
    party.redirect_uri = "http://127.0.0.1:51004/cb".to_owned();
    party.sign_in(&Actor::new(&server), &hanako).await;
    let page = Actor::new(&server)
        .open(&party.request(&Pkce::new(), &[("redirect_uri", "http://127.0.0.1:51004/other")]))
        .await;
    assert!(page.away.is_none());
}

#[tokio::test]
async fn prompt_none_asks_nothing_and_says_why_it_cannot() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (party, other) = (Party::register(&server).await, Party::register(&server).await);
    let browser = Actor::new(&server);
    let none = [("prompt", "none")];
    let page = browser.open(&party.request(&Pkce::new(), &none)).await;
    assert_eq!(page.returned("error").as_deref(), Some("login_required"));
    party.assert_answer_is_ours(&page);
    party.sign_in(&browser, &hanako).await;
    assert!(
        browser
            .open(&party.request(&Pkce::new(), &none))
            .await
            .returned("code")
            .is_some()
    );
    let page = browser.open(&other.request(&Pkce::new(), &none)).await;
    assert_eq!(page.returned("error").as_deref(), Some("consent_required"));
    let page = browser
        .open(&party.request(&Pkce::new(), &[("prompt", "none login")]))
        .await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
    assert!(
        browser
            .open(&party.request(&Pkce::new(), &[("prompt", "login")]))
            .await
            .has_form("/signin")
    );
    assert!(
        browser
            .open(&party.request(&Pkce::new(), &[("prompt", "consent")]))
            .await
            .has_form("/oauth/consent")
    );
}

#[tokio::test]
async fn max_age_asks_for_a_new_sign_in_and_the_id_token_tells_its_time() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    party.sign_in(&browser, &hanako).await;
    let pkce = Pkce::new();
    assert!(
        browser
            .open(&party.request(&pkce, &[("max_age", "0")]))
            .await
            .has_form("/signin")
    );
    let code = party.code(&browser, &hanako, &pkce, &[("max_age", "3600")]).await;
    let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
    let claims = party.id_claims(tokens.text("id_token")).await;
    let age = tools::seconds() - claims["auth_time"].as_i64().expect("auth_time");
    assert!((0..=60).contains(&age), "{age}");
    let page = browser.open(&party.request(&pkce, &[("max_age", "soon")])).await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn errors_of_a_request_reach_the_client_with_state_and_issuer() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    for (changes, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "invalid_request"),
        (("scope", "nothing.of.mine"), "invalid_scope"),
        (("request", "e30."), "invalid_request_object"),
        (
            ("request_uri", "https://rp.example/r"),
            "request_uri_not_supported",
        ),
        (("response_mode", "web_message"), "invalid_request"),
        (("prompt", "dance"), "invalid_request"),
        (("id_token_hint", "x"), "invalid_request"),
    ] {
        let page = browser.open(&party.request(&Pkce::new(), &[changes])).await;
        assert_eq!(page.returned("error").as_deref(), Some(error), "{changes:?}");
        party.assert_answer_is_ours(&page);
    }
}

#[tokio::test]
async fn pairwise_subjects_tell_two_sectors_apart_and_public_ones_do_not() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    let mut subjects = Vec::new();
    for (kind, callback) in [
        ("public", CALLBACK),
        ("public", "https://two.example/cb"),
        ("pairwise", CALLBACK),
        ("pairwise", "https://two.example/cb"),
        ("pairwise", CALLBACK),
    ] {
        let party = Party::register_with(
            &server,
            json!({"subject_type": kind, "redirect_uris": [callback]}),
        )
        .await;
        let tokens = party.sign_in(&browser, &hanako).await;
        let sub = part(tokens.text("id_token"), 1)["sub"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            party
                .userinfo(tokens.text("access_token"))
                .await
                .good()
                .text("sub"),
            sub
        );
        subjects.push(sub);
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_eq!(subjects[2], subjects[4]);
    assert!(subjects[2] != subjects[3] && subjects[2] != subjects[0]);
}

#[tokio::test]
async fn an_id_token_is_signed_by_the_algorithm_that_the_client_asked_for() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    for algorithm in ["RS256", "ES256", "PS256", "EdDSA"] {
        let party = Party::register_with(&server, json!({"id_token_signed_response_alg": algorithm})).await;
        let tokens = party.sign_in(&browser, &hanako).await;
        assert_eq!(part(tokens.text("id_token"), 0)["alg"], algorithm);
    }
}
