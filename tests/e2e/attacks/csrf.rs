//! Cross-site request forgery: another site makes the person's browser send something. No form counts that this browser was
//! not shown, no link changes anything, and no answer may be read by a page of another site.

use harness::party::Pkce;
use harness::{Actor, Backend, Party, Person, Server};
use reqwest::Method;

use super::sources::endpoints;

/// What programs call: they prove who they are with each call, and no browser does that by itself.
const PROGRAMS: [&str; 10] = [
    "/oauth/authorize",
    "/oauth/backchannel",
    "/oauth/device",
    "/oauth/introspect",
    "/oauth/par",
    "/oauth/register",
    "/oauth/register/{client_id}/secret",
    "/oauth/revoke",
    "/oauth/token",
    "/oauth/userinfo",
];

async fn signed_in(server: &Server, login: &str) -> (Actor, Person) {
    let (browser, person) = (Actor::new(server), server.person(login));
    browser.account("/account", &person).await;
    (browser, person)
}

async fn csrf_of(browser: &Actor) -> String {
    let page = browser.open("/account/profile").await;
    page.form("/account/profile/language")
        .value("csrf")
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn csrf_no_form_counts_that_this_browser_was_not_shown() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, _) = signed_in(&server, "hanako").await;
    let (eve, _) = signed_in(&server, "eve").await;
    let (own, others) = (csrf_of(&hanako).await, csrf_of(&eve).await);
    let mut forms = 0;
    for endpoint in endpoints() {
        if !endpoint.methods.contains(&"post") || PROGRAMS.contains(&endpoint.path.as_str()) {
            continue;
        }
        forms += 1;
        for csrf in [None, Some(""), Some("x"), Some(others.as_str())] {
            // Whatever any of them asks for, so that nothing else is the reason for the refusal.
            let mut form = vec![
                ("login", "hanako"),
                ("password", "nine yellow kettles sing"),
                ("password_again", "nine yellow kettles sing"),
                ("decision", "sign-out"),
                ("language", "ja"),
                ("code", "000000"),
                ("name", "hanako"),
                ("email", "eve@evil.example"),
                ("way", "mail"),
            ];
            form.extend(csrf.map(|csrf| ("csrf", csrf)));
            let request = hanako.request(Method::POST, &endpoint.path).form(&form);
            let page = hanako.once(request).await;
            assert!(
                page.status.is_client_error(),
                "{} with {csrf:?}: {}",
                endpoint.path,
                page.status
            );
        }
    }
    assert!(forms > 20, "{forms} forms");
    // She is signed in as before, and her own form counts.
    let form = [("language", "ja"), ("csrf", own.as_str())];
    let request = hanako
        .request(Method::POST, "/account/profile/language")
        .form(&form);
    assert_eq!(hanako.once(request).await.status.as_u16(), 303);
    let changed = server.log().iter().any(|row| {
        let action = row["action"].as_str().unwrap();
        row["decision"] == "permit" && ["password.change", "session.end", "email.ask"].contains(&action)
    });
    assert!(!changed, "nothing was done");
}

#[tokio::test]
async fn csrf_on_sign_in_a_form_of_another_site_signs_nobody_in_as_the_attacker() {
    let server = Server::start(Backend::Sqlite).await;
    let eve = server.person("eve");
    let attacker = Actor::new(&server);
    let form = attacker.open("/signin").await.form("/signin");
    let form = form.fill("login", &eve.login).fill("password", &eve.password);
    // The victim's browser sends the attacker's form: with no cookie of ours, as browsers do, and with one.
    let victim = Actor::new(&server);
    for _ in 0..2 {
        let page = victim.send(&form).await;
        assert!(page.status.is_client_error(), "{}", page.status);
        assert!(victim.cookie("musubi_session").is_none());
        victim.open("/signin").await;
    }
}

#[tokio::test]
async fn csrf_on_logout_no_link_picture_or_foreign_form_signs_anybody_out() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, _) = signed_in(&server, "hanako").await;
    let (eve, person) = signed_in(&server, "eve").await;
    let party = Party::register(&server).await;
    let tokens = party.sign_in(&eve, &person).await;
    let others = csrf_of(&eve).await;
    let hint = tokens.text("id_token");
    for query in [
        String::new(),
        "?decision=sign-out".to_owned(),
        format!("?decision=sign-out&csrf={others}"),
        format!("?id_token_hint={hint}"),
        format!("?id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fbye&state=x"),
        format!("?client_id={}&logout_hint=hanako", party.id()),
    ] {
        hanako.open(&format!("/oauth/logout{query}")).await;
        assert!(is_signed_in(&hanako).await, "{query}");
    }
    for form in [
        vec![("decision", "sign-out")],
        vec![("decision", "sign-out"), ("csrf", others.as_str())],
        vec![
            ("decision", "sign-out"),
            ("csrf", &others),
            ("id_token_hint", hint),
        ],
    ] {
        let request = hanako.request(Method::POST, "/oauth/logout").form(&form);
        hanako.once(request).await;
        assert!(is_signed_in(&hanako).await, "{form:?}");
    }
}

async fn is_signed_in(browser: &Actor) -> bool {
    !browser.open("/account").await.has_form("/signin")
}

#[tokio::test]
async fn csrf_opening_an_address_changes_nothing_and_no_other_site_reads_an_answer() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, _) = signed_in(&server, "hanako").await;
    let readable = [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/oauth/jwks",
        "/log/checkpoint",
        "/fhir/.well-known/smart-configuration",
    ];
    for endpoint in endpoints() {
        if !endpoint.methods.contains(&"get") {
            continue;
        }
        let path = endpoint.path.replace("{client_id}", "x");
        let query = "?decision=allow&session=x&client_id=x&factor=x&language=ja&token=x&csrf=x";
        for path in [path.clone(), format!("{path}{query}")] {
            let request = hanako
                .request(Method::GET, &path)
                .header("origin", "https://evil.example")
                .header("sec-fetch-site", "cross-site");
            let page = hanako.once(request).await;
            assert!(!page.status.is_server_error(), "{path}");
            let allowed = page.headers.get("access-control-allow-origin");
            let open = readable.contains(&endpoint.path.as_str());
            assert!(
                allowed.is_none_or(|origin| open && origin == "*"),
                "{path}: {allowed:?}"
            );
            assert!(!page.headers.contains_key("access-control-allow-credentials"));
        }
    }
    assert!(is_signed_in(&hanako).await);
    let ended = |row: &serde_json::Value| {
        let action = row["action"].as_str().unwrap();
        row["decision"] == "permit" && ["session.end", "session.end.other", "consent.grant"].contains(&action)
    };
    assert!(!server.log().iter().any(ended));
    let asked = hanako
        .open(&Party::register(&server).await.request(&Pkce::new(), &[]))
        .await;
    assert!(asked.has_form("/oauth/consent"), "nothing was allowed");
}
