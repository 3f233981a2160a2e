//! Second-factor brute force across sessions: one guess in each of many browsers, sessions, addresses and ways in. Guesses
//! are counted by person, wherever they come from, and a right password in between forgets none.

use harness::{Actor, Backend, MailSink, Options, Page, Person, Server, tools};

const LIMIT: u64 = 4;

async fn hub(backend: Backend, more: &str) -> Server {
    let configuration =
        format!("[limits]\nfailures_per_account = {LIMIT}\nfailures_per_address = 1000\n{more}");
    Server::start_with(
        backend,
        Options {
            configuration,
            ..Options::default()
        },
    )
    .await
}

/// A browser of somebody who has the password, at the second step.
async fn at_second_step(server: &Server, person: &Person) -> (Actor, Page) {
    let browser = Actor::new(server);
    let page = browser.open("/signin").await;
    let page = browser.sign_in(&page, person).await;
    (browser, page)
}

async fn guess(server: &Server, person: &Person, code: &str) -> u16 {
    let (browser, page) = at_second_step(server, person).await;
    browser.second_step(&page, code).await.status.as_u16()
}

#[tokio::test]
async fn second_factor_brute_force_a_guess_in_each_of_many_sessions_is_a_guess_at_one_person() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let (hanako, taro) = (server.person("hanako"), server.person("taro"));
        let mut apps = Vec::new();
        for person in [&hanako, &taro] {
            let browser = Actor::new(&server);
            browser.account("/account", person).await;
            apps.push(browser.set_up_app().await);
        }
        let (mut app, codes) = apps.remove(0);
        for number in 0..LIMIT {
            let wrong = format!("00000{number}");
            assert_eq!(guess(&server, &hanako, &wrong).await, 401, "{number}");
        }
        // Closed: in a fresh session, by the right code, by a code of the list, from another address as a header has it.
        assert_eq!(guess(&server, &hanako, "999999").await, 429);
        let (browser, page) = at_second_step(&server, &hanako).await;
        let right = page.form("/signin/second").fill("code", &app.code().await);
        assert_eq!(browser.send(&right).await.status.as_u16(), 429);
        assert_eq!(guess(&server, &hanako, &codes[0]).await, 429);
        let forwarded = browser
            .request(reqwest::Method::POST, "/signin/second")
            .header("x-forwarded-for", "203.0.113.7")
            .form(&right.fields);
        assert_eq!(browser.once(forwarded).await.status.as_u16(), 429);
        assert!(browser.cookie("musubi_session").is_none());
        // The password alone opens nothing, and somebody else is not shut out.
        assert!(browser.open("/account").await.has_form("/signin"));
        let (mut others, _) = apps.remove(0);
        let (browser, page) = at_second_step(&server, &taro).await;
        let page = browser.second_step(&page, &others.code().await).await;
        assert_eq!(page.url.path(), "/account");
    }
}

#[tokio::test]
async fn second_factor_brute_force_many_guesses_at_once_are_no_more_than_one_after_the_other() {
    for backend in Backend::ALL {
        let server = hub(backend, "").await;
        let hanako = server.person("hanako");
        let owner = Actor::new(&server);
        owner.account("/account", &hanako).await;
        owner.set_up_app().await;
        let mut steps = Vec::new();
        for _ in 0..12 {
            steps.push(at_second_step(&server, &hanako).await);
        }
        let guesses = steps.into_iter().enumerate().map(|(number, (browser, page))| {
            tokio::spawn(async move {
                let code = format!("{number:06}");
                browser.second_step(&page, &code).await.status.as_u16()
            })
        });
        let mut answered = 0;
        for guess in guesses.collect::<Vec<_>>() {
            answered += u64::from(guess.await.unwrap() == 401);
        }
        assert!((1..=LIMIT).contains(&answered), "{answered} were looked at");
        let looked_at = server
            .log()
            .iter()
            .filter(|row| row["action"] == "factor.verify" && row["reason"] == "factor.wrong")
            .count();
        assert_eq!(looked_at as u64, answered);
    }
}

#[tokio::test]
async fn second_factor_brute_force_the_ways_in_share_one_count() {
    let sink = MailSink::start();
    let server = hub(Backend::Sqlite, &sink.configuration()).await;
    let hanako = server.confirmed_person("hanako");
    let owner = Actor::new(&server);
    owner.account("/account", &hanako).await;
    owner.set_up_app().await;
    let browser = Actor::new(&server);
    let page = browser.open("/recover").await;
    let form = page.form("/recover").fill("name", "hanako").press("mail");
    browser.send(&form).await;
    let mail = sink
        .wait_for(&hanako.email, "アカウントを使えるようにするために")
        .await;
    let link = mail.link(&format!("{}/recover/link?token=", server.issuer()));
    server.secret(link.split("token=").nth(1).unwrap());
    let new = format!("nine yellow kettles {}", tools::unique());
    server.secret(&new);
    let by_link = async |code: &str| {
        let page = browser.open(&link).await;
        let form = page
            .form("/recover/link")
            .fill("password", &new)
            .fill("password_again", &new)
            .fill("code", code);
        browser.send(&form).await.status.as_u16()
    };
    for number in 0..LIMIT / 2 {
        assert_eq!(by_link(&format!("00000{number}")).await, 400);
        assert_eq!(guess(&server, &hanako, &format!("11111{number}")).await, 401);
    }
    assert_eq!(by_link("222222").await, 429);
    assert_eq!(guess(&server, &hanako, "333333").await, 429);
}
