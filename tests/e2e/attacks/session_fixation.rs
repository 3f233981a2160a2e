//! Session fixation: the attacker knows a session before the victim signs in, and shares it afterwards. The secret of a
//! session is new whenever it becomes worth more, and the one before opens nothing.

use harness::party::http;
use harness::{Actor, Backend, Party, Server};
use reqwest::header::COOKIE;

async fn opens(server: &Server, cookie: &str) -> bool {
    let request = http().get(server.url("/account")).header(COOKIE, cookie);
    request.send().await.unwrap().status().as_u16() == 200
}

fn session(browser: &Actor) -> String {
    browser.cookie("musubi_session").expect("a session")
}

#[tokio::test]
async fn session_fixation_a_session_that_was_planted_is_not_the_one_that_the_victim_signs_in_to() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let (hanako, eve) = (server.person("hanako"), server.person("eve"));
        let attacker = Actor::new(&server);
        attacker.account("/account", &eve).await;
        let known = session(&attacker);
        for planted in [known.as_str(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "x"] {
            let victim = Actor::new(&server);
            victim.plant(&format!("musubi_session={planted}"));
            let page = victim.open("/signin?to=security").await;
            let page = if page.has_form("/signin") {
                page
            } else {
                victim.open("/signin?to=device").await
            };
            victim.sign_in(&page, &hanako).await;
            assert_ne!(session(&victim), planted);
            let account = victim.open("/account").await;
            assert!(account.body.contains(&hanako.name), "{planted}: {}", account.body);
            let attackers = attacker.open("/account").await;
            assert!(!attackers.body.contains(&hanako.name), "{planted}");
        }
    }
}

#[tokio::test]
async fn session_fixation_the_secret_changes_whenever_the_session_becomes_worth_more() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    browser.account("/account", &hanako).await;
    let first = session(&browser);
    // The same person shows again who they are.
    let page = browser.open("/signin?to=device").await;
    browser.sign_in(&page, &hanako).await;
    let second = session(&browser);
    assert_ne!(first, second);
    assert!(!opens(&server, &format!("musubi_session={first}")).await);
    // More is shown.
    let (mut app, _) = browser.set_up_app().await;
    let page = browser.open("/signin/step-up?to=security").await;
    browser.second_step(&page, &app.code().await).await;
    let third = session(&browser);
    assert_ne!(second, third);
    assert!(!opens(&server, &format!("musubi_session={second}")).await);
    assert!(opens(&server, &format!("musubi_session={third}")).await);
    // The password is changed: whoever copied the cookie is out.
    let new = format!("nine yellow kettles {}", harness::tools::unique());
    server.secret(&new);
    let page = browser.open("/account/password").await;
    let form = page
        .form("/account/password")
        .fill("current", &hanako.password)
        .fill("password", &new)
        .fill("password_again", &new);
    browser.send(&form).await;
    assert_ne!(session(&browser), third);
    assert!(!opens(&server, &format!("musubi_session={third}")).await);
    // Signed out: the last one too.
    let last = session(&browser);
    let page = browser.open("/account").await;
    browser.send(&page.form("/oauth/logout").press("sign-out")).await;
    assert!(!opens(&server, &format!("musubi_session={last}")).await);
}

#[tokio::test]
async fn session_fixation_a_session_comes_by_one_cookie_and_by_nothing_else() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, eve) = (server.person("hanako"), server.person("eve"));
    let (browser, attacker) = (Actor::new(&server), Actor::new(&server));
    browser.account("/account", &hanako).await;
    attacker.account("/account", &eve).await;
    let (own, known) = (session(&browser), session(&attacker));
    let request = http().get(server.url(&format!("/account?musubi_session={own}")));
    assert_eq!(
        request.send().await.unwrap().status().as_u16(),
        303,
        "not by an address"
    );
    let request = http().get(server.url("/account")).bearer_auth(&own);
    assert_eq!(
        request.send().await.unwrap().status().as_u16(),
        303,
        "nor by a header"
    );
    for two in [
        format!("musubi_session={known}; musubi_session={own}"),
        format!("musubi_session={own}; musubi_session={known}"),
        format!("musubi_session={own}; musubi_session="),
    ] {
        assert!(!opens(&server, &two).await, "two sessions are none");
    }
    for other in [
        "MUSUBI_SESSION",
        "__Host-musubi_session",
        "musubi_session ",
        "xmusubi_session",
    ] {
        assert!(!opens(&server, &format!("{other}={own}")).await, "{other}");
    }
    assert!(opens(&server, &format!("musubi_session={own}")).await);
}

#[tokio::test]
async fn session_fixation_a_request_that_the_attacker_began_is_not_finished_by_the_victim() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let attacker = Actor::new(&server);
    let page = attacker
        .open(&party.request(&harness::party::Pkce::new(), &[]))
        .await;
    let begun = page.form("/signin").value("interaction").unwrap().to_owned();
    let victim = Actor::new(&server);
    victim.account("/account", &hanako).await;
    for path in ["/signin", "/oauth/consent", "/oauth/continue", "/signin/step-up"] {
        let page = victim.open(&format!("{path}?interaction={begun}")).await;
        assert!(
            page.away.is_none() && page.status.as_u16() == 400,
            "{path}: {}",
            page.status
        );
    }
}
