//! A person signs in by the pages, for a relying party and for themselves; and what others try with those pages.

use harness::party::{CALLBACK, Pkce};
use harness::{Actor, Backend, Options, Page, Party, Server, html};
use reqwest::Method;

#[tokio::test]
async fn a_person_signs_in_allows_and_the_relying_party_knows_them_on_every_backend() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let browser = Actor::new(&server);
        let pkce = Pkce::new();

        let page = browser.open(&party.request(&pkce, &[])).await;
        let page = browser.sign_in(&page, &hanako).await;
        assert!(
            page.body.contains("Clinic portal") && page.body.contains("rp.example"),
            "{}",
            page.body
        );
        let page = browser.send(&page.form("/oauth/consent").press("allow")).await;
        party.assert_answer_is_ours(&page);

        let code = page.returned("code").unwrap();
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        let claims = party.id_claims(tokens.text("id_token")).await;
        assert_eq!(claims["nonce"], "the nonce");
        let who = party.userinfo(tokens.text("access_token")).await.good();
        assert_eq!(who.json["sub"], claims["sub"]);
        assert_eq!(who.json["name"], hanako.name.as_str());
        assert_eq!(who.json["email"], hanako.email.as_str());
        assert_eq!(who.json["preferred_username"], "hanako");

        let again = browser.open(&party.request(&pkce, &[])).await;
        assert!(
            again.returned("code").is_some(),
            "signed in and consented: nothing is asked"
        );
    }
}

async fn refused(browser: &Actor, login: &str, password: &str) -> Page {
    let page = browser.open("/signin").await;
    browser
        .send(
            &page
                .form("/signin")
                .fill("login", login)
                .fill("password", password),
        )
        .await
}

/// A page without what differs from one to the next by design.
fn comparable(page: &Page, login: &str) -> String {
    let csrf = page.form("/signin").value("csrf").unwrap().to_owned();
    page.body.replace(&csrf, "CSRF").replace(login, "LOGIN")
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    let wrong = refused(&browser, "hanako", "not the password").await;
    let unknown = refused(&browser, "nobody", "not the password").await;
    assert_eq!((wrong.status.as_u16(), unknown.status.as_u16()), (401, 401));
    assert_eq!(comparable(&wrong, "hanako"), comparable(&unknown, "nobody"));
    assert!(browser.cookie("musubi_session").is_none());
    let padded = refused(&browser, "hanako", &format!("{} ", hanako.password)).await;
    assert_eq!(padded.status.as_u16(), 401, "a password is taken as it is");
}

#[tokio::test]
async fn a_form_without_the_value_of_its_own_browser_signs_nobody_in() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (browser, other) = (Actor::new(&server), Actor::new(&server));
    let foreign = other
        .open("/signin")
        .await
        .form("/signin")
        .value("csrf")
        .unwrap()
        .to_owned();
    let form = browser
        .open("/signin")
        .await
        .form("/signin")
        .fill("login", "hanako")
        .fill("password", &hanako.password);
    for forged in [
        form.clone().without("csrf"),
        form.clone().forge("csrf", &foreign),
        form.clone().forge("csrf", "x"),
    ] {
        let page = browser.send(&forged).await;
        assert!(
            page.status.is_client_error() && page.has_form("/signin"),
            "{}",
            page.status
        );
        assert!(browser.cookie("musubi_session").is_none());
        assert!(!page.body.contains(&hanako.password));
    }
    let stranger = Actor::new(&server);
    stranger.send(&form).await;
    assert!(
        stranger.cookie("musubi_session").is_none(),
        "a form that another site posts brings no session"
    );
    browser.send(&form).await;
    assert!(browser.cookie("musubi_session").is_some());
}

#[tokio::test]
async fn an_interaction_goes_on_in_the_browser_that_began_it_and_in_no_other() {
    let server = Server::start(Backend::Sqlite).await;
    let (hanako, eve) = (server.person("hanako"), server.person("eve"));
    let party = Party::register(&server).await;
    let attacker = Actor::new(&server);
    let begun = attacker.open(&party.request(&Pkce::new(), &[])).await;
    let address = begun.url.as_str();

    let victim = Actor::new(&server);
    let page = victim.open(address).await;
    assert!(
        page.status.is_client_error() && !page.has_form("/signin"),
        "{} {}",
        page.status,
        page.body
    );
    let own = victim.open("/signin").await;
    let interaction = begun.form("/signin").value("interaction").unwrap().to_owned();
    let form = own
        .form("/signin")
        .fill("login", "hanako")
        .fill("password", &hanako.password);
    let page = victim.send(&form.forge("interaction", &interaction)).await;
    assert!(page.status.is_client_error(), "{}", page.status);
    assert!(victim.cookie("musubi_session").is_none());
    for path in ["/oauth/consent", "/oauth/continue"] {
        let page = victim.open(&format!("{path}?interaction={interaction}")).await;
        assert!(
            page.status.is_client_error() && page.away.is_none(),
            "{path} {}",
            page.status
        );
    }

    let page = attacker.sign_in(&begun, &eve).await;
    assert!(page.has_form("/oauth/consent"), "its own browser goes on");
}

#[tokio::test]
async fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites_and_is_new_at_each_sign_in() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    browser.plant("musubi_session=planted-by-an-attacker-000000000000000000000");
    let form = browser
        .open("/signin")
        .await
        .form("/signin")
        .fill("login", "hanako")
        .fill("password", &hanako.password);
    let answer = browser
        .once(browser.request(Method::POST, "/signin").form(&form.fields))
        .await;
    let cookies = answer.headers.get_all("set-cookie");
    let session = cookies
        .iter()
        .map(|value| value.to_str().unwrap())
        .find(|text| text.starts_with("musubi_session="))
        .unwrap();
    for wanted in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(session.contains(wanted), "{session}");
    }
    assert!(!session.contains("Domain="), "{session}");
    let first = browser.cookie("musubi_session").unwrap();
    assert!(!first.contains("planted") && first.len() >= 43);
    assert_eq!(answer.headers["cache-control"], "no-store");

    let page = browser.open("/account").await;
    browser.send(&page.form("/oauth/logout").press("sign-out")).await;
    let page = browser.open("/signin").await;
    browser.sign_in(&page, &hanako).await;
    assert_ne!(browser.cookie("musubi_session").unwrap(), first);
}

#[tokio::test]
async fn every_page_forbids_frames_sniffing_and_keeping_and_runs_nothing() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let sign_in = browser.open(&party.request(&Pkce::new(), &[])).await;
    let consent = browser.sign_in(&sign_in, &hanako).await;
    let account = browser.open("/account").await;
    let missing = browser.open("/no/such/page").await;
    let welcome = browser.open("/").await;
    for page in [sign_in, consent, account, missing, welcome] {
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
        assert_eq!(page.headers["cache-control"], "no-store", "{}", page.url);
        assert!(page.headers.contains_key("referrer-policy"));
        assert_eq!(html::scripts(&page.body), Vec::<String>::new(), "{}", page.url);
    }
}

#[tokio::test]
async fn pages_speak_the_language_of_the_browser_the_request_or_the_reader() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    let said = |page: &Page| html::language(&page.body).unwrap();
    assert_eq!(
        said(&Actor::new(&server).speaking("ja,en;q=0.5").open("/signin").await),
        "ja"
    );
    assert_eq!(
        said(&Actor::new(&server).speaking("en").open("/signin").await),
        "en"
    );
    let browser = Actor::new(&server).speaking("en");
    let asked = browser
        .open(&party.request(&Pkce::new(), &[("ui_locales", "fr ja")]))
        .await;
    assert_eq!(said(&asked), "ja");
    assert!(
        asked.body.contains("ログイン") || asked.body.contains("サインイン"),
        "{}",
        asked.body
    );

    let reader = Actor::new(&server).speaking("en");
    let page = reader.open("/signin").await;
    let switch = page
        .body
        .split("href=\"")
        .find(|link| link.contains("ui_locales=ja"))
        .unwrap();
    let switch = switch.split('"').next().unwrap().replace("&amp;", "&");
    assert_eq!(said(&reader.open(&switch).await), "ja");
    assert_eq!(
        said(&reader.open("/signin").await),
        "ja",
        "the choice is remembered"
    );
}

#[tokio::test]
async fn failures_close_an_account_for_a_while_successes_do_not_and_others_sign_in_meanwhile() {
    for backend in Backend::ALL {
        let configuration = "[limits]\nfailures_per_account = 3\nfailures_per_address = 50\n".to_owned();
        let server = Server::start_with(
            backend,
            Options {
                configuration,
                ..Options::default()
            },
        )
        .await;
        let (hanako, taro) = (server.person("hanako"), server.person("taro"));
        let sign_in = async |login: &str, password: &str| {
            refused(&Actor::new(&server), login, password)
                .await
                .status
                .as_u16()
        };
        for _ in 0..6 {
            assert_eq!(
                sign_in("taro", &taro.password).await,
                200,
                "a clinic signs in often"
            );
        }
        for _ in 0..3 {
            assert_eq!(sign_in("hanako", "wrong").await, 401);
        }
        assert_eq!(
            sign_in("hanako", &hanako.password).await,
            429,
            "even with the right password"
        );
        assert_eq!(
            sign_in("HANAKO ", &hanako.password).await,
            429,
            "spelling is no way around"
        );
        assert_eq!(sign_in("taro", &taro.password).await, 200);
        for _ in 0..3 {
            assert_eq!(sign_in("nobody", "wrong").await, 401);
        }
        assert_eq!(
            sign_in("nobody", "wrong").await,
            429,
            "an unknown name closes as a known one does"
        );
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_here_and_what_rests_on_it_elsewhere() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let browser = Actor::new(&server);
        let pkce = Pkce::new();
        let code = party
            .code(&browser, &hanako, &pkce, &[("scope", "openid profile")])
            .await;
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        let stolen = browser.cookie("musubi_session").unwrap();

        let hint = tokens.text("id_token");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("id_token_hint", hint),
                ("post_logout_redirect_uri", "https://rp.example/bye"),
                ("state", "s 1"),
            ])
            .finish();
        let page = browser.open(&format!("/oauth/logout?{query}")).await;
        assert_eq!(
            page.away.as_ref().map(url::Url::as_str),
            Some("https://rp.example/bye?state=s+1")
        );

        let thief = Actor::new(&server);
        thief.plant(&format!("musubi_session={stolen}"));
        assert!(
            thief.open("/account").await.has_form("/signin"),
            "the old cookie opens nothing"
        );
        assert!(browser.open("/account").await.has_form("/signin"));
        party
            .refresh(tokens.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        party
            .userinfo(tokens.text("access_token"))
            .await
            .assert_error(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_link_alone_signs_nobody_out_and_sends_nobody_to_an_address_that_is_not_registered() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    party.sign_in(&browser, &hanako).await;
    let question = browser.open("/oauth/logout").await;
    assert!(question.has_form("/oauth/logout"));
    assert!(
        !browser.open("/account").await.has_form("/signin"),
        "still signed in"
    );
    let evil = format!(
        "/oauth/logout?client_id={}&post_logout_redirect_uri=https://evil.example/",
        party.id()
    );
    let page = browser.open(&evil).await;
    assert!(
        page.away.is_none() && page.status.is_client_error(),
        "{:?}",
        page.away
    );
    let forged = question
        .form("/oauth/logout")
        .press("sign-out")
        .forge("csrf", "x");
    browser.send(&forged).await;
    assert!(
        !browser.open("/account").await.has_form("/signin"),
        "a forged answer does nothing"
    );
}

#[tokio::test]
async fn a_link_to_set_a_password_is_good_for_one_password() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let made = server.musubi(&["user", "create", "--login", "jiro", "--name", "Jiro"], "");
        let link = made["link"].as_str().unwrap().to_owned();
        server.secret(link.split("token=").nth(1).unwrap());
        let path = link.strip_prefix(&server.issuer()).unwrap();
        let browser = Actor::new(&server);
        let password = "four quiet green turtles";
        server.secret(password);

        let page = browser.open(path).await;
        let form = page.form("/set-password");
        let set = |first: &str, second: &str| {
            form.clone()
                .fill("password", first)
                .fill("password_again", second)
        };
        assert_eq!(browser.send(&set("short", "short")).await.status.as_u16(), 400);
        assert_eq!(browser.send(&set(password, "another")).await.status.as_u16(), 400);
        let other = Actor::new(&server);
        let stolen = other.send(&set(password, password)).await;
        assert!(
            stolen.status.is_client_error(),
            "a form of another browser sets nothing"
        );
        let done = browser.send(&set(password, password)).await;
        assert!(done.has_form("/signin"), "{}", done.body);

        let again = browser.open(path).await;
        assert!(
            again.status.is_client_error() && !again.has_form("/set-password"),
            "{}",
            again.status
        );
        let twice = browser
            .send(&set("somebody else's choice", "somebody else's choice"))
            .await;
        assert!(twice.status.is_client_error(), "{}", twice.status);
        assert_eq!(
            refused(&browser, "jiro", "somebody else's choice")
                .await
                .status
                .as_u16(),
            401
        );
        assert_eq!(refused(&browser, "jiro", password).await.status.as_u16(), 200);
    }
}

#[tokio::test]
async fn the_first_start_prints_a_link_for_the_administrator_and_the_next_start_does_not() {
    let mut server = Server::start(Backend::Sqlite).await;
    let link = |text: &str| {
        text.split_whitespace()
            .find(|word| word.contains("/set-password?token="))
            .map(str::to_owned)
    };
    let first = link(&server.printed()).unwrap();
    let browser = Actor::new(&server);
    let page = browser.open(first.strip_prefix(&server.issuer()).unwrap()).await;
    assert_eq!(page.form("/set-password").value("login"), Some("admin"));
    server.stop();
    let before = server.printed().len();
    server.restart().await;
    assert_eq!(link(&server.printed()[before..]), None);
}

#[tokio::test]
async fn who_says_no_is_asked_again_next_time_and_the_relying_party_gets_only_the_no() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let page = browser.open(&party.request(&Pkce::new(), &[])).await;
    let page = browser.sign_in(&page, &hanako).await;
    let page = browser.send(&page.form("/oauth/consent").press("deny")).await;
    party.assert_answer_is_ours(&page);
    assert_eq!(page.returned("error").as_deref(), Some("access_denied"));
    assert_eq!(page.returned("code"), None);
    assert!(page.away.as_ref().unwrap().as_str().starts_with(CALLBACK));
    assert!(
        browser
            .open(&party.request(&Pkce::new(), &[]))
            .await
            .has_form("/oauth/consent")
    );
}
