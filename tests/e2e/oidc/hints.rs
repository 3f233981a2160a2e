//! oidcc-basic: parameters that a provider may make use of or leave, and must not stumble over.

use harness::party::Pkce;
use harness::{Actor, Backend, Party, Server, html};
use url::form_urlencoded::parse;

/// oidcc-display-page, oidcc-display-popup, oidcc-ui-locales, oidcc-claims-locales,
/// oidcc-ensure-request-with-unknown-parameter-succeeds, oidcc-ensure-request-with-acr-values-succeeds.
#[tokio::test]
async fn parameters_that_may_be_left_alone_stop_no_request() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    for change in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se sv ja"),
        ("claims_locales", "se"),
        ("extra", "foobar"),
        ("acr_values", "1 2"),
    ] {
        let pkce = Pkce::new();
        let code = party.code(&browser, &hanako, &pkce, &[change]).await;
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        party.id_claims(tokens.text("id_token")).await;
    }
}

/// oidcc-login-hint.
#[tokio::test]
async fn a_login_hint_stands_in_the_field_and_is_the_persons_to_change() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let hint = "somebody\"><b>@example.jp";
    let page = browser
        .open(&party.request(&Pkce::new(), &[("login_hint", hint)]))
        .await;
    assert_eq!(page.form("/signin").value("login"), Some(hint));
    assert!(!page.body.contains("<b>"));
    let page = browser.sign_in(&page, &hanako).await;
    let page = browser.send(&page.form("/oauth/consent").press("allow")).await;
    assert!(page.returned("code").is_some());
}

/// oidcc-id-token-hint.
#[tokio::test]
async fn an_id_token_as_a_hint_gives_a_code_in_silence_for_its_own_person_only() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, taro) = (server.person("hanako"), server.person("taro"));
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    let hint = [("prompt", "none"), ("id_token_hint", tokens.text("id_token"))];
    let page = browser.open(&party.request(&Pkce::new(), &hint)).await;
    assert!(page.returned("code").is_some());
    let other = Actor::new(&server);
    party.sign_in(&other, &taro).await;
    let page = other.open(&party.request(&Pkce::new(), &hint)).await;
    assert_eq!(page.returned("error").as_deref(), Some("login_required"));
}

/// oidcc-ensure-post-request-succeeds.
#[tokio::test]
async fn a_request_by_form_is_as_good_as_one_by_query() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let request = party.request(&pkce, &[]);
    let query = request.split_once('?').unwrap().1;
    let form = html::Form {
        action: "/oauth/authorize".to_owned(),
        fields: parse(query.as_bytes()).into_owned().collect(),
        buttons: Vec::new(),
    };
    let page = browser.send(&form).await;
    let page = browser.sign_in(&page, &hanako).await;
    let page = browser.send(&page.form("/oauth/consent").press("allow")).await;
    party.assert_answer_is_ours(&page);
    let code = page.returned("code").unwrap();
    party.token(&party.redemption(&code, &pkce)).await.good();
}
