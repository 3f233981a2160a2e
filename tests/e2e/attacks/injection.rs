//! Log and HTML injection: what somebody writes becomes part of a page or of the hub's own lines. Everything that a person,
//! a client or a browser can choose is chosen to break out, and then every page is looked at and every line is read.

use harness::party::{Pkce, http};
use harness::{Actor, Backend, Page, Party, Server, html, tools};
use reqwest::Method;
use serde_json::{Value, json};

use super::sources::endpoints;

/// Breaks out of text, of attributes in either quotes, and of comments.
const MARKUP: &str = "--></title></textarea>\"'><img src=x onerror=alert(1)><script>alert(2)</script>";
/// Ends a line, and colours the next one, as a terminal would show it.
const LINE: &str = "\n2026-01-01T00:00:00Z ERROR forged entry \u{1b}[31mred\u{1b}[0m\r\n{\"forged\":true}";

/// Names that parameters and fields have.
const FIELDS: [&str; 29] = [
    "client_id",
    "code",
    "continue",
    "decision",
    "done",
    "email",
    "factor",
    "id_token_hint",
    "interaction",
    "language",
    "login",
    "login_hint",
    "name",
    "offered",
    "person",
    "post_logout_redirect_uri",
    "problem",
    "question",
    "recovery",
    "request_uri",
    "session",
    "state",
    "step",
    "target_link_uri",
    "to",
    "token",
    "ui_locales",
    "user_code",
    "way",
];

fn assert_inert(page: &Page) {
    assert!(!page.status.is_server_error(), "{}", page.url);
    assert_eq!(html::scripts(&page.body), Vec::<String>::new(), "{}", page.url);
    assert!(
        !page.body.contains("<img src=x") && !page.body.contains("onerror=alert(1)>"),
        "{} has the markup",
        page.url
    );
}

/// Every page with every parameter, and every form with every field.
async fn everywhere(browser: &Actor, client: &str, csrf: &str) {
    for endpoint in endpoints() {
        // The page for frames is a script, and takes nothing from anybody.
        if endpoint.path == "/oauth/check-session" {
            continue;
        }
        let path = endpoint.path.replace("{client_id}", client);
        if endpoint.methods.contains(&"get") {
            let query = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(FIELDS.map(|field| (field, MARKUP)))
                .finish();
            for path in [path.clone(), format!("{path}?{query}")] {
                assert_inert(&browser.once(browser.request(Method::GET, &path)).await);
            }
        }
        if endpoint.methods.contains(&"post") && path != "/oauth/logout" {
            let mut form: Vec<(&str, &str)> = FIELDS.iter().map(|field| (*field, MARKUP)).collect();
            form.push(("csrf", csrf));
            assert_inert(
                &browser
                    .once(browser.request(Method::POST, &path).form(&form))
                    .await,
            );
        }
    }
}

#[tokio::test]
async fn html_injection_what_anybody_may_choose_is_text_on_every_page() {
    let server = Server::start(Backend::Sqlite).await;
    let name = format!("Hanako {MARKUP}");
    let arguments = [
        "user",
        "create",
        "--login",
        "hanako",
        "--name",
        &name,
        "--password-stdin",
    ];
    let password = format!("blue kettle {}", tools::unique());
    server.musubi(&arguments, &password);
    server.secret(&password);
    let party = Party::register_with(
        &server,
        json!({"client_name": MARKUP, "software_id": MARKUP, "contacts": [MARKUP]}),
    )
    .await;
    let browser = Actor::new(&server);
    let asked = party.request(
        &Pkce::new(),
        &[("login_hint", MARKUP), ("state", MARKUP), ("nonce", MARKUP)],
    );
    let request = browser.request(Method::GET, &asked).header("user-agent", MARKUP);
    let first = browser.once(request).await;
    let page = browser.open(first.headers["location"].to_str().unwrap()).await;
    assert_inert(&page);
    let form = page
        .form("/signin")
        .fill("login", "hanako")
        .fill("password", &password);
    let request = browser
        .request(Method::POST, "/signin")
        .header("user-agent", MARKUP)
        .form(&form.fields);
    browser.once(request).await;
    let consent = browser.open(&asked).await;
    assert_inert(&consent);
    assert!(
        consent.body.contains("&lt;img") || consent.body.contains("&#60;img"),
        "it is shown as text"
    );
    browser.send(&consent.form("/oauth/consent").press("allow")).await;
    let (_, _) = browser.set_up_app().await;
    let security = browser.open("/account/security").await;
    let id = security.form("/account/security/rename").buttons.first().cloned();
    if let Some((field, id)) = id {
        let csrf = security
            .form("/account/security/rename")
            .value("csrf")
            .unwrap()
            .to_owned();
        let form = [(field.as_str(), id.as_str()), ("name", MARKUP), ("csrf", &csrf)];
        browser
            .once(
                browser
                    .request(Method::POST, "/account/security/rename")
                    .form(&form),
            )
            .await;
    }
    let by_form = browser
        .open(&party.request(&Pkce::new(), &[("response_mode", "form_post"), ("state", MARKUP)]))
        .await;
    assert!(!by_form.body.contains("<img src=x"), "{}", by_form.body);
    let page = browser.open("/account/profile").await;
    let csrf = page
        .form("/account/profile/language")
        .value("csrf")
        .unwrap()
        .to_owned();
    everywhere(&browser, party.id(), &csrf).await;
    let page = browser.open("/account/log").await;
    assert_inert(&page);
}

#[tokio::test]
async fn log_injection_what_anybody_may_send_begins_no_line_and_colours_none() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let browser = Actor::new(&server);
        let page = browser.open("/signin").await;
        let form = page
            .form("/signin")
            .fill("login", LINE)
            .fill("password", &hanako.password);
        browser.send(&form).await;
        let encoded: String = url::form_urlencoded::byte_serialize(LINE.as_bytes()).collect();
        let escaped = LINE
            .replace('\n', "%0a")
            .replace('\r', "%0d")
            .replace(['\u{1b}', ' ', '{', '}', '"'], "%1b");
        for path in [
            format!("/no/{escaped}"),
            format!("/account/start/{escaped}"),
            format!("/oauth/register/{escaped}"),
            format!("/oauth/authorize?client_id={encoded}"),
            format!("/recover/link?token={encoded}"),
        ] {
            let request = http()
                .get(server.url("/").join(&path).unwrap())
                .header("user-agent", "forged entry")
                .header("x-request-id", "forged entry")
                .header("referer", "https://evil.example/forged entry");
            request.send().await.unwrap();
        }
        party
            .token(&[("grant_type", LINE), ("code", LINE), ("scope", LINE)])
            .await
            .assert_error(400, "unsupported_grant_type");
        party
            .token(&[("grant_type", "password"), ("username", LINE), ("password", LINE)])
            .await
            .assert_error(400, "unsupported_grant_type");
        party.refresh(LINE).await.assert_error(400, "invalid_grant");
        let assertion = format!("{}.e30.AAAA", harness::party::encode(LINE.as_bytes()));
        let form = [
            ("grant_type", "refresh_token"),
            ("client_assertion", assertion.as_str()),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
        ];
        party.token_bare(&form).await.assert_error(401, "invalid_client");
        let printed = server.printed();
        for line in printed.lines() {
            assert!(!line.starts_with("2026-01-01T00:00:00Z ERROR forged"), "{line}");
            assert!(!line.starts_with("{\"forged\""), "{line}");
            let behind = line.split("forged entry").nth(1).unwrap_or_default();
            assert!(!behind.contains("\u{1b}[31m"), "{line}");
        }
        // And in the log of what was done nothing stands in clear that a stranger wrote.
        let rows: Vec<Value> = server.log();
        assert!(rows.len() > 5);
        let text = serde_json::to_string(&rows).unwrap();
        assert!(!text.contains("forged"), "{text}");
        server.assert_log_is_intact();
    }
}
