//! People hear of a sign-in in a browser that was not used before.

use harness::{Actor, Backend, MailSink, Options, Page, Person, Server};

async fn with_mail(backend: Backend, sink: &MailSink) -> Server {
    let configuration = sink.configuration();
    let options = Options {
        configuration,
        ..Options::default()
    };
    Server::start_with(backend, options).await
}

async fn sign_in(browser: &Actor, person: &Person) -> Page {
    let page = browser.open("/signin").await;
    browser.sign_in(&page, person).await
}

async fn sign_out(browser: &Actor) {
    let page = browser.open("/account").await;
    browser.send(&page.form("/oauth/logout").press("sign-out")).await;
    assert!(browser.open("/account").await.has_form("/signin"));
}

/// How often the account page says it.
fn lines(page: &Page) -> usize {
    page.body.matches("New sign-in on another device").count()
}

#[tokio::test]
async fn another_browser_is_told_by_mail_in_the_persons_language_and_a_known_one_is_not() {
    for backend in Backend::ALL {
        let sink = MailSink::start();
        let server = with_mail(backend, &sink).await;
        let hanako = server.confirmed_person("hanako");
        let first = Actor::new(&server);
        sign_in(&first, &hanako).await;
        sign_out(&first).await;
        let page = sign_in(&first, &hanako).await;
        assert_eq!(lines(&page), 0, "her first browser, twice");
        let second = Actor::new(&server);
        let page = sign_in(&second, &hanako).await;
        assert_eq!(lines(&page), 1);
        let mail = sink
            .wait_for(&hanako.email, "新しい端末でログインがありました")
            .await;
        assert!(mail.text.contains("接続元：127.0.0.1"), "{}", mail.text);
        assert!(mail.text.contains(&format!("{}/account", server.issuer())));
        let page = first.open("/account/profile").await;
        first
            .send(&page.form("/account/profile/language").press("en"))
            .await;
        sign_out(&second).await;
        assert_eq!(lines(&sign_in(&second, &hanako).await), 1, "known by now");
        let third = Actor::new(&server);
        assert_eq!(lines(&sign_in(&third, &hanako).await), 2);
        let mail = sink
            .wait_for(&hanako.email, "New sign-in on another device")
            .await;
        assert!(mail.text.contains("It came from: 127.0.0.1"), "{}", mail.text);
        assert_eq!(sink.to(&hanako.email).len(), 2);
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn the_value_of_a_browser_is_hidden_from_scripts_outlives_the_session_and_opens_nothing() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink).await;
    let (hanako, taro) = (server.confirmed_person("hanako"), server.confirmed_person("taro"));
    let browser = Actor::new(&server);
    let page = browser.open("/signin").await;
    let form = page
        .form("/signin")
        .fill("login", &hanako.login)
        .fill("password", &hanako.password);
    let request = browser.request(reqwest::Method::POST, &form.action);
    let answer = browser.once(request.form(&form.fields)).await;
    let cookies: Vec<&str> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let device = cookies
        .iter()
        .find(|cookie| cookie.starts_with("musubi_device="))
        .unwrap();
    for needed in ["HttpOnly", "SameSite=Lax", "Max-Age=34560000", "Path=/"] {
        assert!(device.contains(needed), "{device}");
    }
    let value = browser.cookie("musubi_device").unwrap();
    let thief = Actor::new(&server);
    thief.plant(&format!("musubi_device={value}"));
    assert!(thief.open("/account").await.has_form("/signin"));
    // One browser, two people: each of them hears of it for themselves.
    let elsewhere = Actor::new(&server);
    sign_in(&elsewhere, &taro).await;
    sign_out(&browser).await;
    let page = sign_in(&browser, &taro).await;
    assert_eq!(lines(&page), 1, "it was never his");
    sink.wait_for(&taro.email, "新しい端末").await;
    assert!(sink.to(&hanako.email).is_empty());
}

#[tokio::test]
async fn letters_are_bounded_and_no_stranger_uses_them_up() {
    let sink = MailSink::start();
    let server = with_mail(Backend::Sqlite, &sink).await;
    let hanako = server.confirmed_person("hanako");
    sign_in(&Actor::new(&server), &hanako).await;
    // A stranger has the hub write to her as often as it may.
    let stranger = Actor::new(&server);
    for _ in 0..7 {
        let page = stranger.open("/recover").await;
        let form = page.form("/recover").fill("name", &hanako.login).press("mail");
        stranger.send(&form).await;
    }
    let sent = |what: &str| {
        let mails = sink.to(&hanako.email);
        mails.iter().filter(|mail| mail.subject.contains(what)).count()
    };
    // Those are lines of her account too, which shows the newest ten.
    harness::tools::until("the stranger's five", async || {
        sent("アカウントを使えるようにするために") == 5
    })
    .await;
    for _ in 0..7 {
        sign_in(&Actor::new(&server), &hanako).await;
    }
    harness::tools::until("five letters", async || sent("新しい端末") == 5).await;
    // The line on her account page stands each time.
    let page = sign_in(&Actor::new(&server), &hanako).await;
    assert!(lines(&page) > 5, "{}", lines(&page));
    assert_eq!(sent("新しい端末"), 5);
}
