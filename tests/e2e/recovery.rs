//! Back into an account by a link in a mail; and what others try with that.

use harness::{Actor, Backend, MailSink, Options, Page, Person, Server, html, tools};
use reqwest::{Method, StatusCode};

async fn with_mail(backend: Backend, sink: &MailSink, more: &str) -> Server {
    let configuration = format!("{}{more}", sink.configuration());
    let options = Options {
        configuration,
        ..Options::default()
    };
    Server::start_with(backend, options).await
}

async fn ask(browser: &Actor, name: &str) -> Page {
    let page = browser.open("/recover").await;
    let form = page.form("/recover").fill("name", name);
    browser.send(&form.press("mail")).await
}

/// The path of the newest link that was mailed to somebody.
async fn link(server: &Server, sink: &MailSink, person: &Person) -> String {
    let mail = sink
        .wait_for(&person.email, "アカウントを使えるようにするために")
        .await;
    let link = mail.link(&format!("{}/recover/link?token=", server.issuer()));
    server.secret(link.split("token=").nth(1).unwrap());
    link.strip_prefix(&server.issuer()).unwrap().to_owned()
}

async fn choose(browser: &Actor, page: &Page, password: &str) -> Page {
    let form = page
        .form("/recover/link")
        .fill("password", password)
        .fill("password_again", password);
    browser.send(&form).await
}

async fn can_sign_in(server: &Server, login: &str, password: &str) -> bool {
    let browser = Actor::new(server);
    let page = browser.open("/signin").await;
    let form = page
        .form("/signin")
        .fill("login", login)
        .fill("password", password);
    !browser.send(&form).await.has_form("/signin")
}

#[tokio::test]
async fn who_forgot_the_password_gets_a_link_chooses_a_new_one_and_everybody_else_is_out() {
    for backend in Backend::ALL {
        let sink = MailSink::start();
        let server = with_mail(backend, &sink, "").await;
        let hanako = server.confirmed_person("hanako");
        let intruder = Actor::new(&server);
        intruder.account("/account", &hanako).await;
        let browser = Actor::new(&server);
        let sent = ask(&browser, &hanako.login).await;
        assert!(sent.body.contains("Look into your e-mail"), "{}", sent.body);
        let path = link(&server, &sink, &hanako).await;

        // On another device, as people do.
        let telephone = Actor::new(&server);
        let page = telephone.open(&path).await;
        assert_eq!(
            choose(&telephone, &page, "hanako1234").await.status,
            StatusCode::BAD_REQUEST
        );
        let new = format!("yellow submarine {}", tools::unique());
        server.secret(&new);
        let done = choose(&telephone, &page, &new).await;
        assert!(
            done.has_form("/signin"),
            "nobody is signed in by a link: {}",
            done.body
        );
        assert!(telephone.open("/account").await.has_form("/signin"));
        tools::until("the intruder is out", async || {
            intruder.open("/account").await.has_form("/signin")
        })
        .await;
        assert!(can_sign_in(&server, "hanako", &new).await);
        assert!(!can_sign_in(&server, "hanako", &hanako.password).await);
        sink.wait_for(&hanako.email, "再び使えるようになりました").await;

        let again = telephone.open(&path).await;
        assert_eq!(again.status, StatusCode::GONE, "a link is for once");
        let replayed = choose(&telephone, &page, "somebody else's long choice").await;
        assert_eq!(replayed.status, StatusCode::GONE);
        assert!(can_sign_in(&server, "hanako", &new).await);
        server.assert_log_is_intact();
    }
}

/// A page without what differs from one to the next by design.
fn comparable(page: &Page) -> String {
    let mut body = page.body.clone();
    for form in html::forms(&page.body) {
        if let Some(csrf) = form.value("csrf") {
            body = body.replace(csrf, "CSRF");
        }
    }
    body
}

#[tokio::test]
async fn a_known_and_an_unknown_name_get_the_same_status_page_headers_and_cookies() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink, "").await;
    let (hanako, jiro) = (server.confirmed_person("hanako"), server.person("jiro"));
    for way in ["mail", "family"] {
        let mut answers = Vec::new();
        for name in [
            &hanako.login,
            &hanako.email,
            &jiro.login,
            "nobody",
            "nobody@example.jp",
        ] {
            let browser = Actor::new(&server);
            let page = browser.open("/recover").await;
            let form = page.form("/recover").fill("name", name).press(way);
            let first = browser
                .once(browser.request(Method::POST, "/recover").form(&form.fields))
                .await;
            let mut headers: Vec<String> = first
                .headers
                .iter()
                .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
                .map(|(name, value)| format!("{name}: {} bytes", value.len()))
                .collect();
            headers.sort();
            let location = first.headers["location"].to_str().unwrap().to_owned();
            let after = browser.open(&location).await;
            let shown = comparable(&after)
                .chars()
                .map(|character| {
                    if character.is_ascii_digit() {
                        '0'
                    } else {
                        character
                    }
                })
                .collect::<String>();
            answers.push((first.status, first.body, headers, location, shown));
        }
        for answer in &answers[1..] {
            assert_eq!(answer, &answers[0], "{way}");
        }
    }
}

#[tokio::test]
async fn nobody_without_a_confirmed_address_gets_a_mail_and_a_link_is_no_good_in_another_realm() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink, "").await;
    let (hanako, jiro) = (server.confirmed_person("hanako"), server.person("jiro"));
    let other = format!("http://127.0.0.1:{}", server.port());
    server.musubi(&["realm", "add", "--issuer", &other, "--name", "Other"], "");
    let browser = Actor::new(&server);
    ask(&browser, &jiro.login).await;
    ask(&browser, &jiro.email).await;
    ask(&browser, &hanako.email).await;
    let path = link(&server, &sink, &hanako).await;
    assert!(sink.to(&jiro.email).is_empty());
    let http = reqwest::Client::new();
    let elsewhere = http.get(format!("{other}{path}")).send().await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::GONE);
    let here = browser.open(&path).await;
    assert!(here.has_form("/recover/link"));
    for forged in ["", "x", &"A".repeat(43), &"A".repeat(5000)] {
        let page = browser.open(&format!("/recover/link?token={forged}")).await;
        assert!(
            page.status.is_client_error() && !page.has_form("/recover/link"),
            "{forged}"
        );
    }
}

#[tokio::test]
async fn links_are_built_from_the_issuer_whatever_host_a_request_names() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink, "").await;
    let hanako = server.confirmed_person("hanako");
    let browser = Actor::new(&server);
    let form = browser.open("/recover").await.form("/recover");
    let form = form.fill("name", &hanako.login).press("mail");
    let host = format!("localhost:{}", server.port());
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("x-host", "evil.example"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
    ] {
        let request = browser
            .request(Method::POST, "/recover")
            .header("host", &host)
            .header(name, value)
            .form(&form.fields);
        let page = browser.once(request).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{name}");
        assert_eq!(page.headers["location"], "/recover/sent");
        link(&server, &sink, &hanako).await;
    }
    let request = browser
        .request(Method::POST, "/recover")
        .header("host", "evil.example")
        .form(&form.fields);
    assert_eq!(browser.once(request).await.status, StatusCode::NOT_FOUND);
    for mail in sink.mails() {
        assert!(!mail.text.contains("evil.example") && !mail.html.contains("evil.example"));
    }
}

#[tokio::test]
async fn nobody_is_bombed_with_mail_and_a_name_of_nobody_is_throttled_as_any_other() {
    let sink = MailSink::start();
    let limits = "[limits]\nmails_per_address = 2\nrecoveries_per_address = 9\n";
    let server = with_mail(Backend::Sqlite, &sink, limits).await;
    let hanako = server.confirmed_person("hanako");
    let browser = Actor::new(&server);
    for name in [hanako.login.as_str(), "nobody"] {
        let statuses = [
            ask(&browser, name).await,
            ask(&browser, name).await,
            ask(&browser, name).await,
        ];
        let statuses = statuses.map(|page| page.status.as_u16());
        assert_eq!(statuses, [200, 200, 429], "{name}");
    }
    // The other name of the same address: counted where the mail goes.
    ask(&browser, &hanako.email).await;
    ask(&browser, &hanako.email).await;
    tools::until("all were looked into", async || {
        let log = server.log();
        let begun = log.iter().filter(|row| row["action"] == "recovery.begin");
        begun.count() >= 4
    })
    .await;
    assert!(sink.to(&hanako.email).len() <= 2);
    for _ in 0..3 {
        ask(&browser, "somebody-else").await;
    }
    let network = ask(&browser, "yet-somebody-else").await;
    assert_eq!(
        network.status,
        StatusCode::TOO_MANY_REQUESTS,
        "one network begins so many"
    );
}

#[tokio::test]
async fn hostile_names_make_no_markup_no_header_and_no_error() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink, "").await;
    let browser = Actor::new(&server);
    let form = browser.open("/recover").await.form("/recover").press("mail");
    for name in [
        "x\r\nBcc: eve@evil.example",
        "\"><script>alert(1)</script>",
        "",
        " ",
        "\u{202E}gpj",
        &"a".repeat(10_000),
    ] {
        let page = browser.send(&form.clone().fill("name", name)).await;
        assert!(
            page.status == StatusCode::OK || page.status.is_client_error(),
            "{name}"
        );
        assert_eq!(html::scripts(&page.body), Vec::<String>::new());
        assert!(!page.body.contains('\u{202E}'));
    }
    for way in ["", "nonsense", "family\r\nx"] {
        let page = browser
            .send(&form.clone().fill("name", "nobody").forge("way", way))
            .await;
        assert!(
            page.status == StatusCode::OK || page.status.is_client_error(),
            "{way}"
        );
    }
    let unsigned = form.clone().fill("name", "hanako").without("csrf");
    assert_eq!(browser.send(&unsigned).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_has_a_second_factor_shows_it_before_a_new_password_counts() {
    for backend in Backend::ALL {
        let sink = MailSink::start();
        let server = with_mail(backend, &sink, "").await;
        let hanako = server.confirmed_person("hanako");
        let owner = Actor::new(&server);
        owner.account("/account", &hanako).await;
        let (mut app, codes) = owner.set_up_app().await;
        let browser = Actor::new(&server);
        ask(&browser, &hanako.login).await;
        let path = link(&server, &sink, &hanako).await;
        let page = browser.open(&path).await;
        let new = format!("yellow submarine {}", tools::unique());
        server.secret(&new);
        let form = page
            .form("/recover/link")
            .fill("password", &new)
            .fill("password_again", &new);
        for skipped in [
            form.clone().without("code"),
            form.clone().fill("code", ""),
            form.clone().fill("code", "000000"),
            form.clone().fill("code", "AAAAA-AAAAA"),
        ] {
            let refused = browser.send(&skipped).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
            assert!(!can_sign_in(&server, "hanako", &new).await);
        }
        let done = browser.send(&form.clone().fill("code", &app.code().await)).await;
        assert!(done.has_form("/signin"), "{}", done.body);
        let renewed = Person {
            password: new.clone(),
            ..hanako.clone()
        };
        let page = browser.open("/signin").await;
        let page = browser.sign_in(&page, &renewed).await;
        assert!(
            page.has_form("/signin/second"),
            "the second factor is still asked for"
        );
        let page = browser.second_step(&page, &codes[0]).await;
        assert_eq!(page.url.path(), "/account");
        let refused = browser.open(&path).await;
        assert_eq!(refused.status, StatusCode::GONE);
        let log = server.log();
        let denied = log
            .iter()
            .filter(|row| row["action"] == "recovery.finish" && row["reason"] == "recovery.second_factor");
        assert_eq!(denied.count(), 4);
    }
}
