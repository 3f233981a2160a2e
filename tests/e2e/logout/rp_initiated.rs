//! OpenID Connect RP-Initiated Logout 1.0, with the attacks on it.

use harness::html::Form;
use harness::party::{encode, part};
use harness::{Actor, Backend, Party, Server, html};
use serde_json::json;

use super::{is_signed_in, request};

const BYE: &str = "https://rp.example/bye";

/// Signed out by somebody whose browser has no scripts: the question answered where there is one.
async fn say_yes(browser: &Actor, page: &harness::Page) -> harness::Page {
    browser.send(&page.form("/oauth/logout").press("sign-out")).await
}

#[tokio::test]
async fn a_form_of_another_site_signs_out_as_a_link_does_and_gets_its_state_back() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let browser = Actor::new(&server);
        let tokens = party.sign_in(&browser, &hanako).await;
        let state = "s&x=1\r\nSet-Cookie: a=b<script>#?/%00";
        let fields = [
            ("id_token_hint", tokens.text("id_token")),
            ("post_logout_redirect_uri", BYE),
            ("state", state),
        ];
        let form = Form {
            action: "/oauth/logout".to_owned(),
            fields: fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            buttons: Vec::new(),
        };
        let page = browser.send(&form).await;
        let away = page.away.as_ref().expect("the client");
        assert!(away.as_str().starts_with(&format!("{BYE}?state=")), "{away}");
        assert_eq!(page.returned("state").as_deref(), Some(state));
        assert_eq!(away.query_pairs().count(), 1, "nothing but the state: {away}");
        assert!(!page.headers.contains_key("a"), "no header came of it");
        assert!(!is_signed_in(&browser).await);
        let none = browser
            .open(&party.request(&harness::party::Pkce::new(), &[("prompt", "none")]))
            .await;
        assert_eq!(none.returned("error").as_deref(), Some("login_required"));
    }
}

#[tokio::test]
async fn without_parameters_or_with_a_state_alone_the_person_is_asked_and_goes_nowhere() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    for parameters in [
        &[][..],
        &[("state", "x")],
        &[("logout_hint", "hanako"), ("ui_locales", "ja")],
        &[("client_id", "unknown")],
    ] {
        party.sign_in(&browser, &hanako).await;
        let question = browser.open(&request(parameters)).await;
        assert!(
            is_signed_in(&browser).await,
            "a question is no answer: {parameters:?}"
        );
        let done = say_yes(&browser, &question).await;
        assert!(done.away.is_none() && done.status.is_success(), "{parameters:?}");
        assert!(!is_signed_in(&browser).await);
    }
    let nobody = browser.open(&request(&[("state", "x")])).await;
    assert!(nobody.away.is_none() && nobody.status.is_success());
}

#[tokio::test]
async fn a_hint_without_an_address_signs_out_and_stays_here() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    let page = browser
        .open(&request(&[
            ("id_token_hint", tokens.text("id_token")),
            ("state", "x"),
        ]))
        .await;
    assert!(page.away.is_none() && page.status.is_success());
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn what_is_not_an_id_token_from_here_sends_nobody_anywhere() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    let genuine = tokens.text("id_token");
    let claims = part(genuine, 1);
    let (signed, signature) = genuine.rsplit_once('.').unwrap();
    let none = encode(json!({"alg": "none"}).to_string().as_bytes());
    let body = encode(claims.to_string().as_bytes());
    let own = harness::party::ClientKey::generate().sign(&claims);
    let mut altered = claims.clone();
    altered["aud"] = json!("somebody else");
    let altered = encode(altered.to_string().as_bytes());
    let head = signed.split('.').next().unwrap();
    for hint in [
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        format!("{head}.{altered}.{signature}"),
        format!("{signed}."),
        own,
        tokens.text("access_token").to_owned(),
        tokens.text("refresh_token").to_owned(),
        "x".to_owned(),
        "{}".to_owned(),
        "..".to_owned(),
    ] {
        for client in ["", party.id()] {
            let page = browser
                .open(&request(&[
                    ("id_token_hint", &hint),
                    ("client_id", client),
                    ("post_logout_redirect_uri", BYE),
                    ("state", "x"),
                ]))
                .await;
            assert!(page.away.is_none(), "{hint}");
            assert_eq!(page.status.as_u16(), 400, "{hint}");
        }
        let question = browser.open(&request(&[("id_token_hint", &hint)])).await;
        assert!(question.has_form("/oauth/logout"), "the person is asked: {hint}");
    }
    let encrypted = browser.open(&request(&[("id_token_hint", "e30.a.b.c.d")])).await;
    assert_eq!(encrypted.status.as_u16(), 400);
    assert!(
        encrypted.body.contains("logout.hint.encrypted"),
        "{}",
        encrypted.body
    );
    assert!(is_signed_in(&browser).await);
    let refusals = server
        .log()
        .iter()
        .filter(|row| row["action"] == "session.end.refuse")
        .count();
    assert!(refusals >= 20, "each refusal is on record: {refusals}");
}

#[tokio::test]
async fn a_hint_of_another_person_session_or_client_only_asks() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, jiro) = (server.person("hanako"), server.person("jiro"));
    let (party, other) = (Party::register(&server).await, Party::register(&server).await);
    let (here, elsewhere) = (Actor::new(&server), Actor::new(&server));
    let mine = party.sign_in(&here, &hanako).await;
    let his = party.sign_in(&elsewhere, &jiro).await;
    let page = here
        .open(&request(&[
            ("id_token_hint", his.text("id_token")),
            ("post_logout_redirect_uri", BYE),
        ]))
        .await;
    assert!(page.has_form("/oauth/logout") && page.away.is_none());
    let page = here
        .open(&request(&[
            ("id_token_hint", mine.text("id_token")),
            ("client_id", other.id()),
            ("post_logout_redirect_uri", BYE),
        ]))
        .await;
    assert_eq!(page.status.as_u16(), 400);
    // An ID token of an earlier session of the same person.
    here.send(
        &here
            .open("/oauth/logout")
            .await
            .form("/oauth/logout")
            .press("sign-out"),
    )
    .await;
    party.sign_in(&here, &hanako).await;
    let page = here
        .open(&request(&[("id_token_hint", mine.text("id_token"))]))
        .await;
    assert!(page.has_form("/oauth/logout"));
    assert!(is_signed_in(&here).await && is_signed_in(&elsewhere).await);
}

#[tokio::test]
async fn an_address_that_differs_in_anything_from_the_registered_one_is_refused_before_anybody_is_signed_out()
{
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    for address in [
        "https://rp.example/bye?foo=bar",
        "https://rp.example/bye/",
        "https://rp.example/bye#x",
        "https://rp.example/BYE",
        "https://rp.example:443/bye",
        "https://rp.example/a/../bye",
        "https://rp.example/%62ye",
        "https://rp.example/callback",
        "https://rp.example@evil.example/bye",
        "https://rp.example.evil.example/bye",
        "https://rp.example\\@evil.example/bye",
        "https://evil.example/bye",
        "http://rp.example/bye",
        "//rp.example/bye",
        "/account",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://rp.example/bye\r\nLocation: https://evil.example",
        " https://rp.example/bye",
    ] {
        let page = browser
            .open(&request(&[
                ("id_token_hint", tokens.text("id_token")),
                ("post_logout_redirect_uri", address),
                ("state", "x"),
            ]))
            .await;
        assert!(page.away.is_none(), "{address}");
        assert_eq!(page.status.as_u16(), 400, "{address}");
        assert!(!page.body.contains("evil.example"), "{address} is echoed");
    }
    let long = "s".repeat(3000);
    let page = browser
        .open(&request(&[
            ("id_token_hint", tokens.text("id_token")),
            ("post_logout_redirect_uri", BYE),
            ("state", &long),
        ]))
        .await;
    assert_eq!(page.status.as_u16(), 400);
    let doubled = format!("/oauth/logout?post_logout_redirect_uri={BYE}&post_logout_redirect_uri={BYE}");
    assert_eq!(browser.open(&doubled).await.status.as_u16(), 400);
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_client_that_nobody_vouches_for_is_not_sent_the_browser_but_offered_to_the_person() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let asked = [
        ("client_id", party.id()),
        ("post_logout_redirect_uri", BYE),
        ("state", "x"),
    ];
    let page = browser.open(&request(&asked)).await;
    assert!(
        page.away.is_none() && page.status.is_success(),
        "nobody is signed in"
    );
    let offered = |page: &harness::Page| {
        html::values(&page.body, "a", "href").contains(&"https://rp.example/bye?state=x".to_owned())
    };
    assert!(offered(&page), "{}", page.body);
    party.sign_in(&browser, &hanako).await;
    let question = browser.open(&request(&asked)).await;
    let done = say_yes(&browser, &question).await;
    assert!(done.away.is_none());
    assert!(!done.body.contains("http-equiv"), "it goes nowhere by itself");
    assert!(offered(&done), "{}", done.body);
    assert!(!is_signed_in(&browser).await);
}

#[tokio::test]
async fn pages_of_sign_out_are_framed_by_nobody_and_an_answer_counts_only_from_the_page_that_asked() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    party.sign_in(&browser, &hanako).await;
    let question = browser.open("/oauth/logout").await;
    for page in [
        &question,
        &browser.open(&request(&[("post_logout_redirect_uri", "x")])).await,
    ] {
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(page.headers["x-frame-options"], "DENY");
    }
    let yes = question.form("/oauth/logout").press("sign-out");
    for forged in [yes.clone().without("csrf"), yes.clone().forge("csrf", "x")] {
        browser.send(&forged).await;
    }
    let other = Actor::new(&server);
    let foreign = other.open("/signin").await;
    let csrf = foreign.form("/signin").value("csrf").unwrap().to_owned();
    browser.send(&yes.clone().forge("csrf", &csrf)).await;
    assert!(is_signed_in(&browser).await);
    browser.send(&yes).await;
    assert!(!is_signed_in(&browser).await);
}
