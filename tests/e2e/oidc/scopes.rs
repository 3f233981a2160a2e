//! What the scopes `openid` and `offline_access` bring, and who is asked before.

use harness::party::{Pkce, part};
use harness::{Actor, Backend, Party, Server, tools};
use serde_json::json;

/// OpenID Connect Core 1.0 §3.1.2.1: without `openid` it is no OpenID request.
#[tokio::test]
async fn a_request_without_openid_gets_an_access_token_and_nothing_that_tells_who_signed_in() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let code = party
        .code(&browser, &hanako, &pkce, &[("scope", "profile email")])
        .await;
    let first = party.token(&party.redemption(&code, &pkce)).await.good();
    let second = party.refresh(first.text("refresh_token")).await.good();
    for tokens in [&first, &second] {
        assert_eq!(tokens.json.get("id_token"), None);
        assert_eq!(tokens.text("scope"), "email profile");
        party
            .userinfo(tokens.text("access_token"))
            .await
            .assert_error(403, "insufficient_scope");
    }
    let wider = [
        ("grant_type", "refresh_token"),
        ("refresh_token", second.text("refresh_token")),
        ("scope", "openid profile"),
    ];
    party.token(&wider).await.assert_error(400, "invalid_scope");
}

/// OpenID Connect Core 1.0 §11.
#[tokio::test]
async fn what_outlives_the_session_is_given_when_the_person_was_asked_for_it_and_said_yes() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let (browser, pkce) = (Actor::new(&server), Pkce::new());
        let online = [("scope", "openid profile")];
        let offline = [("scope", "openid profile offline_access")];
        let code = party.code(&browser, &hanako, &pkce, &online).await;
        let bound = party.token(&party.redemption(&code, &pkce)).await.good();

        let silent = [offline[0], ("prompt", "none")];
        let page = browser.open(&party.request(&pkce, &silent)).await;
        assert_eq!(page.returned("error").as_deref(), Some("consent_required"));
        let request = party.request(&pkce, &offline);
        let page = browser.open(&request).await;
        let denied = browser.send(&page.form("/oauth/consent").press("deny")).await;
        assert_eq!(denied.returned("error").as_deref(), Some("access_denied"));
        let page = browser.open(&request).await;
        let allowed = browser.send(&page.form("/oauth/consent").press("allow")).await;
        let code = allowed.returned("code").unwrap();
        let lasting = party.token(&party.redemption(&code, &pkce)).await.good();
        assert_eq!(lasting.text("scope"), "offline_access openid profile");

        let account = browser.open("/account").await;
        browser
            .send(&account.form("/oauth/logout").press("sign-out"))
            .await;
        tools::until("what is bound to the session ends with it", async || {
            party.refresh(bound.text("refresh_token")).await.status == 400
        })
        .await;
        party.refresh(lasting.text("refresh_token")).await.good();
    }
}

/// OpenID Connect Core 1.0 §2: at most 255 ASCII characters, and the same for a person at a client.
#[tokio::test]
async fn a_subject_is_short_and_plain_and_the_same_at_every_sign_in_and_tells_nothing_of_the_person() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    for kind in ["public", "pairwise"] {
        let party = Party::register_with(&server, json!({"subject_type": kind})).await;
        let subject = async || {
            let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
            let claims = part(tokens.text("id_token"), 1);
            claims["sub"].as_str().unwrap().to_owned()
        };
        let before = subject().await;
        assert!(before.is_ascii() && before.len() <= 255, "{before}");
        assert!(!before.contains(&hanako.login) && !before.contains(&hanako.email));
        assert_eq!(subject().await, before, "{kind}");
    }
}

/// OpenID Connect Core 1.0 §3.1.2.6: what is not supported has an error of its own.
#[tokio::test]
async fn a_client_that_describes_itself_in_its_request_is_told_that_this_is_not_taken() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let described = [("registration", r#"{"client_name":"Another name"}"#)];
    let page = Actor::new(&server)
        .open(&party.request(&Pkce::new(), &described))
        .await;
    assert_eq!(
        page.returned("error").as_deref(),
        Some("registration_not_supported")
    );
    party.assert_answer_is_ours(&page);
}
