//! Members and claims in languages (OpenID Connect Core 1.0 §5.2, Registration 1.0 §2.1).

use harness::html::values;
use harness::party::Pkce;
use harness::{Actor, Backend, Page, Party, Server};
use serde_json::{Value, json};

async fn clinic(server: &Server) -> Party {
    let metadata = json!({
        "client_name": "Sakura Clinic", "client_name#ja": "さくら内科",
        "policy_uri": "https://rp.example/policy", "policy_uri#ja-JP": "https://rp.example/kimari",
        "tos_uri#ja": "https://rp.example/yakusoku",
        "initiate_login_uri": "https://rp.example/start",
        "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    });
    Party::register_with(server, metadata).await
}

/// The links outside of a page.
fn papers(page: &Page) -> Vec<String> {
    let mut links = values(&page.body, "a", "href");
    links.retain(|link| link.starts_with("https://rp.example/"));
    links
}

#[tokio::test]
async fn a_reader_meets_a_service_by_its_name_and_its_papers_in_their_language_on_every_page() {
    let server = Server::start(Backend::Sqlite).await;
    let party = clinic(&server).await;
    for (language, own, other, links) in [
        (
            "ja",
            "さくら内科",
            "Sakura Clinic",
            &["https://rp.example/kimari", "https://rp.example/yakusoku"][..],
        ),
        (
            "en",
            "Sakura Clinic",
            "さくら内科",
            &["https://rp.example/policy"],
        ),
    ] {
        let person = server.person(&format!("person-{language}"));
        let browser = Actor::new(&server).speaking(language);
        let assert_own = |page: &Page, what: &str| {
            assert!(
                page.body.contains(own) && !page.body.contains(other),
                "{language}: {what}: {}",
                page.body
            );
        };
        let page = browser.open(&party.request(&Pkce::new(), &[])).await;
        assert_own(&page, "sign-in");
        let page = browser.sign_in(&page, &person).await;
        assert_own(&page, "consent");
        assert_eq!(papers(&page), links, "{language}");
        let page = browser.send(&page.form("/oauth/consent").press("allow")).await;
        assert!(page.returned("code").is_some());

        let page = browser.open("/account/services").await;
        assert_own(&page, "services");
        assert_eq!(papers(&page), links, "{language}");
        let start = values(&page.body, "a", "href");
        let start = start
            .iter()
            .find(|link| link.starts_with("/account/start/"))
            .unwrap();
        let away = browser.open(start).await.away.unwrap();
        assert!(
            away.as_str().starts_with("https://rp.example/start?iss="),
            "{away}"
        );
        assert_own(&browser.open("/account/log").await, "log");

        let form = [("client_id", party.id()), ("scope", "openid profile")];
        let begun = party
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/device"))
                    .basic_auth(party.id(), Some(party.secret()))
                    .form(&form[1..])
            })
            .await
            .good();
        let page = browser.open(begun.text("verification_uri_complete")).await;
        let page = if page.has_form("/device") && !page.body.contains(own) {
            browser.send(&page.form("/device")).await
        } else {
            page
        };
        assert_own(&page, "device");
        assert_eq!(papers(&page), links, "{language}");
    }
}

#[tokio::test]
async fn a_service_whose_sign_in_cannot_begin_here_has_no_link_to_it() {
    let server = Server::start(Backend::Sqlite).await;
    let (party, hanako) = (Party::register(&server).await, server.person("hanako"));
    let browser = Actor::new(&server);
    party.sign_in(&browser, &hanako).await;
    let page = browser.open("/account/services").await;
    assert!(page.body.contains("Clinic portal") && !page.body.contains("/account/start/"));
}

#[tokio::test]
async fn claims_locales_is_never_an_error_and_discovery_names_only_languages_that_claims_have() {
    let server = Server::start(Backend::Sqlite).await;
    let (party, hanako) = (Party::register(&server).await, server.person("hanako"));
    let browser = Actor::new(&server);
    for locales in [
        "ja-Kana-JP en",
        "tlh",
        "<script>alert(1)</script>",
        &"ja ".repeat(2000),
    ] {
        let pkce = Pkce::new();
        let code = party
            .code(&browser, &hanako, &pkce, &[("claims_locales", locales)])
            .await;
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        let who = party.userinfo(tokens.text("access_token")).await.good().json;
        assert_eq!(who["name"], hanako.name.as_str(), "{locales}");
    }
    let url = server.url("/.well-known/openid-configuration");
    let document: Value = server.http().get(url).send().await.unwrap().json().await.unwrap();
    let claims = document["claims_supported"].as_array().unwrap();
    let tagged = |tag: &str| {
        let ends = |claim: &Value| {
            claim
                .as_str()
                .is_some_and(|claim| claim.ends_with(&format!("#{tag}")))
        };
        claims.iter().any(ends)
    };
    for locale in document["claims_locales_supported"]
        .as_array()
        .into_iter()
        .flatten()
    {
        assert!(tagged(locale.as_str().unwrap()), "{locale}");
    }
}
