//! People make accounts for themselves (Initiating User Registration via OpenID Connect 1.0): where they may, for a request
//! and without one, and nobody learns by it who has an account.

use harness::html::{Form, values};
use harness::party::{Pkce, part};
use harness::{Actor, Backend, MailSink, Options, Page, Party, Server, tools};
use reqwest::StatusCode;
use serde_json::Value;

async fn open_to(backend: Backend, whom: &str, more: &str) -> Server {
    let configuration = format!("[accounts]\nself_registration = \"{whom}\"\n{more}");
    let options = Options {
        configuration,
        ..Options::default()
    };
    Server::start_with(backend, options).await
}

async fn discovery(server: &Server) -> Value {
    let url = server.url("/.well-known/openid-configuration");
    server.http().get(url).send().await.unwrap().json().await.unwrap()
}

fn creates(discovery: &Value) -> bool {
    let prompts = discovery["prompt_values_supported"].as_array().unwrap();
    prompts.iter().any(|prompt| prompt == "create")
}

/// The form filled in, with a password that is fresh.
fn filled(server: &Server, page: &Page, login: &str) -> (Form, String) {
    let password = format!("green lantern {}", tools::unique());
    server.secret(&password);
    let form = page
        .form("/signup")
        .fill("login", login)
        .fill("name", "Sato Setsuko")
        .fill("password", &password)
        .fill("password_again", &password);
    (form, password)
}

async fn sign_up(server: &Server, browser: &Actor, page: &Page, login: &str) -> (Page, String) {
    let (form, password) = filled(server, page, login);
    (browser.send(&form).await, password)
}

fn with_code(page: &Page, code: &str) -> Form {
    page.form("/signup/confirm").fill("code", code)
}

fn rows(server: &Server, action: &str) -> Vec<(String, Option<String>)> {
    let log = server.log();
    let rows = log.iter().filter(|row| row["action"] == action);
    rows.map(|row| {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        (text("decision").unwrap(), text("reason"))
    })
    .collect()
}

#[tokio::test]
async fn an_account_is_made_by_the_code_from_a_letter_and_the_request_of_the_client_goes_on() {
    for backend in Backend::ALL {
        let sink = MailSink::start();
        let server = open_to(backend, "with_address", &sink.configuration()).await;
        assert!(creates(&discovery(&server).await));
        let party = Party::register(&server).await;
        let (browser, pkce) = (Actor::new(&server), Pkce::new());
        let page = browser.open(&party.request(&pkce, &[("prompt", "create")])).await;
        assert!(page.body.contains("Clinic portal"), "for whom: {}", page.body);
        let (asked, password) = sign_up(&server, &browser, &page, "Ｓetsuko@Example.jp").await;
        let mail = sink.wait_for("setsuko@example.jp", "Your code").await;
        assert!(
            !mail.text.contains("Sato"),
            "nobody is called by what was typed: {}",
            mail.text
        );
        let page = browser.send(&with_code(&asked, &mail.code())).await;
        let page = browser.send(&page.form("/oauth/consent").press("allow")).await;
        party.assert_answer_is_ours(&page);
        let code = page.returned("code").unwrap();
        let tokens = party.token(&party.redemption(&code, &pkce)).await.good();
        assert_eq!(part(tokens.text("id_token"), 1)["nonce"], "the nonce");
        let who = party.userinfo(tokens.text("access_token")).await.good().json;
        assert_eq!(
            (&who["email"], &who["email_verified"], &who["name"]),
            (&"setsuko@example.jp".into(), &true.into(), &"Sato Setsuko".into())
        );
        // The account is one like any other: it has a number, and its password signs in elsewhere.
        let elsewhere = Actor::new(&server);
        let form = elsewhere.open("/signin").await.form("/signin");
        let form = form
            .fill("login", "setsuko@example.jp")
            .fill("password", &password);
        let account = elsewhere.send(&form).await;
        assert!(account.body.contains("Sato Setsuko"), "{}", account.body);
        assert!(account.body.contains("class=\"number\""), "{}", account.body);
        let permit = ("permit".to_owned(), None);
        for action in ["sign_up.ask", "person.create", "person.created"] {
            assert_eq!(rows(&server, action), std::slice::from_ref(&permit), "{action}");
        }
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn where_it_is_off_there_is_no_page_no_link_and_prompt_create_is_an_invalid_request() {
    let server = Server::start(Backend::Sqlite).await;
    assert!(!creates(&discovery(&server).await));
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let request = party.request(&Pkce::new(), &[("prompt", "create")]);
    let page = browser.open(&request).await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
    party.assert_answer_is_ours(&page);
    let (_, query) = request.split_once('?').unwrap();
    let form: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    party
        .ask(|http, issuer| {
            http.post(format!("{issuer}/oauth/par"))
                .basic_auth(party.id(), Some(party.secret()))
                .form(&form)
        })
        .await
        .assert_error(400, "invalid_request");
    assert_eq!(browser.open("/signup").await.status, StatusCode::NOT_FOUND);
    let sign_in = browser.open("/signin").await;
    assert!(!sign_in.body.contains("/signup"), "{}", sign_in.body);
    let forged = sign_in.form("/signin").forge("name", "x");
    let forged = Form {
        action: "/signup".to_owned(),
        ..forged
    };
    assert_eq!(browser.send(&forged).await.status, StatusCode::NOT_FOUND);
    // Where addresses alone are taken and no mail is sent, nobody can show one.
    let mute = open_to(Backend::Sqlite, "with_address", "").await;
    assert!(!creates(&discovery(&mute).await));
    assert_eq!(
        Actor::new(&mute).open("/signup").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn create_goes_with_consent_and_with_nothing_that_contradicts_it() {
    let server = open_to(Backend::Sqlite, "anybody", "").await;
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    for prompt in ["none create", "create login", "create select_account"] {
        let page = browser
            .open(&party.request(&Pkce::new(), &[("prompt", prompt)]))
            .await;
        assert_eq!(
            page.returned("error").as_deref(),
            Some("invalid_request"),
            "{prompt}"
        );
    }
    let page = browser
        .open(&party.request(&Pkce::new(), &[("prompt", "create consent")]))
        .await;
    assert!(page.has_form("/signup"), "{}", page.body);
    // Whoever has an account already goes on with that.
    let hanako = server.person("hanako");
    let links = values(&page.body, "a", "href");
    let sign_in = links.iter().find(|link| link.starts_with("/signin?")).unwrap();
    let page = browser.open(sign_in).await;
    let page = browser.sign_in(&page, &hanako).await;
    assert!(page.has_form("/oauth/consent"), "{}", page.body);
}

#[tokio::test]
async fn a_login_name_of_ones_own_choice_makes_an_account_at_once_and_nobody_gets_anothers() {
    for backend in Backend::ALL {
        let server = open_to(backend, "anybody", "").await;
        let hanako = server.person("hanako");
        let browser = Actor::new(&server);
        let page = browser.open("/signin").await;
        let link = values(&page.body, "a", "href");
        assert!(link.contains(&"/signup".to_owned()), "{link:?}");
        let page = browser.open("/signup").await;
        for (login, says) in [
            ("HANAKO", "has this login name"),
            ("setsuko@example.jp", "No mail is sent here"),
            ("", "without spaces"),
            ("a b", "without spaces"),
        ] {
            let (refused, _) = sign_up(&server, &browser, &page, login).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{login}");
            assert!(refused.body.contains(says), "{login}: {}", refused.body);
        }
        let (form, _) = filled(&server, &page, "setsuko");
        for (password, again) in [
            ("Password12", "Password12"),
            ("green lantern and", "green lantern or"),
            ("setsuko setsuko", "setsuko setsuko"),
        ] {
            let form = form
                .clone()
                .fill("password", password)
                .fill("password_again", again);
            let refused = browser.send(&form).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{password}");
        }
        let account = browser.send(&form).await;
        assert!(
            account.status == StatusCode::OK && account.body.contains("Sato Setsuko"),
            "{}",
            account.body
        );
        // What the account page still says is hers.
        let hers = Actor::new(&server).account("/account", &hanako).await;
        assert!(hers.body.contains(&hanako.name));
        server.assert_log_is_intact();
    }
}

#[tokio::test]
async fn a_password_known_from_breaches_makes_no_account() {
    let known = "ten quiet green turtles";
    let file = crate::passwords::breached(&[known]);
    let more = format!("[passwords]\nbreached_file = \"{}\"\n", file.path().display());
    let server = open_to(Backend::Sqlite, "anybody", &more).await;
    let browser = Actor::new(&server);
    let (form, _) = filled(&server, &browser.open("/signup").await, "setsuko");
    let refused = browser
        .send(&form.fill("password", known).fill("password_again", known))
        .await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(rows(&server, "person.create").is_empty());
}

/// A page without what differs from call to call.
fn shape(page: &Page, address: &str) -> String {
    let mut body = page.body.replace(address, "ADDRESS");
    for form in harness::html::forms(&page.body) {
        for name in ["csrf", "step"] {
            if let Some(value) = form.value(name) {
                body = body.replace(value, "VALUE");
            }
        }
    }
    body
}

#[tokio::test]
async fn whoever_has_an_address_the_answer_is_the_same_and_its_owner_hears_of_it() {
    let sink = MailSink::start();
    let server = open_to(Backend::Sqlite, "anybody", &sink.configuration()).await;
    let hanako = server.confirmed_person("hanako");
    let mut shapes = Vec::new();
    for address in [hanako.email.as_str(), "free@example.jp"] {
        let browser = Actor::new(&server);
        let page = browser.open("/signup").await;
        let (asked, _) = sign_up(&server, &browser, &page, address).await;
        let wrong = browser.send(&with_code(&asked, "00000000")).await;
        let cookies: Vec<_> = browser
            .cookies()
            .split("; ")
            .filter_map(|cookie| cookie.split_once('=').map(|(name, _)| name.to_owned()))
            .collect();
        shapes.push((
            (asked.status, shape(&asked, address)),
            (wrong.status, shape(&wrong, address)),
            cookies,
        ));
    }
    assert_eq!(shapes[0], shapes[1]);
    let mail = sink.wait_for(&hanako.email, "already have an account").await;
    assert!(
        mail.text.contains(&format!("{}/signin", server.issuer())),
        "{}",
        mail.text
    );
    let has_code = |text: &str| {
        let digits = |line: &str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
        text.lines().any(|line| digits(line.trim()))
    };
    let free = sink.wait_for("free@example.jp", "Your code").await;
    assert!(has_code(&free.text) && !has_code(&mail.text), "{}", mail.text);
    assert!(
        rows(&server, "person.create")
            .iter()
            .all(|(decision, _)| decision == "permit")
    );
    // Neither address is bombed, and the limit says nothing either.
    for address in [hanako.email.as_str(), "free@example.jp"] {
        let browser = Actor::new(&server);
        let page = browser.open("/signup").await;
        let mut last = StatusCode::OK;
        for _ in 0..5 {
            last = sign_up(&server, &browser, &page, address).await.0.status;
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "{address}");
        assert!(sink.to(address).len() <= 5, "{address}");
    }
}

#[tokio::test]
async fn no_step_is_skipped_repeated_or_taken_by_another_browser_and_codes_cannot_be_guessed() {
    let sink = MailSink::start();
    let server = open_to(Backend::Sqlite, "with_address", &sink.configuration()).await;
    let party = Party::register(&server).await;
    let browser = Actor::new(&server);
    let page = browser
        .open(&party.request(&Pkce::new(), &[("prompt", "create")]))
        .await;
    let id = page.form("/signup").value("interaction").unwrap().to_owned();
    // Without an account the request goes nowhere.
    for path in ["/oauth/continue", "/signup"] {
        let page = browser.open(&format!("{path}?interaction={id}")).await;
        assert!(page.has_form("/signup"), "{path}: {}", page.url);
    }
    let consent = browser.open(&format!("/oauth/consent?interaction={id}")).await;
    assert_eq!(consent.status, StatusCode::BAD_REQUEST);
    let (asked, _) = sign_up(&server, &browser, &page, "setsuko@example.jp").await;
    let code = sink.wait_for("setsuko@example.jp", "Your code").await.code();
    let form = with_code(&asked, &code);
    let page = browser.open(&format!("/oauth/continue?interaction={id}")).await;
    assert!(page.has_form("/signup"), "a draft is no account");

    // Another browser: with its own csrf, with the first one's, and in the page itself.
    let stranger = Actor::new(&server);
    let own = stranger.open("/signup").await.form("/signup");
    let csrf = own.value("csrf").unwrap();
    for form in [form.clone(), form.clone().forge("csrf", csrf)] {
        let page = stranger.send(&form).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    }
    let step = form.value("step").unwrap();
    let page = stranger.open(&format!("/signup/confirm?step={step}")).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let page = stranger.open(&format!("/signup?interaction={id}")).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    let page = stranger.send(&own.clone().forge("interaction", &id)).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        browser.send(&form.clone().without("csrf")).await.status,
        StatusCode::BAD_REQUEST
    );

    // A code is for one draft.
    let other = Actor::new(&server);
    let page = other.open("/signup").await;
    let (theirs, _) = sign_up(&server, &other, &page, "other@example.jp").await;
    let wrong = other.send(&with_code(&theirs, &code)).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    // Five wrong ones, and even the right one is worth nothing.
    let right = sink.wait_for("other@example.jp", "Your code").await.code();
    for _ in 0..4 {
        other.send(&with_code(&theirs, "00000000")).await;
    }
    let late = other.send(&with_code(&theirs, &right)).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(!late.has_form("/signup/confirm"), "{}", late.body);

    // Many times at once, one account and one answer.
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (browser, form) = (browser.clone(), form.clone());
        tries.spawn(async move { browser.send(&form).await.has_form("/oauth/consent") });
    }
    let went_on = tries.join_all().await.into_iter().filter(|on| *on).count();
    assert_eq!(went_on, 1);
    assert_eq!(rows(&server, "person.created").len(), 1);
    let again = browser.send(&form).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "for once");
}

#[tokio::test]
async fn sign_ups_from_one_network_are_counted_and_a_realm_that_asks_for_a_second_factor_asks_here_too() {
    let limit = "[limits]\naccounts_per_address = 3\n";
    let server = open_to(Backend::Sqlite, "anybody", limit).await;
    let policy = r#"{"second_factor": "everybody"}"#;
    server.musubi(&["realm", "sign-in", "--policy", policy], "");
    let hanako = server.person("hanako");
    tools::until("the policy", async || {
        let browser = Actor::new(&server);
        let page = browser.open("/signin").await;
        browser.sign_in(&page, &hanako).await.has_form("/signin/enrol")
    })
    .await;
    for _ in 0..3 {
        let browser = Actor::new(&server);
        let page = browser.open("/signup").await;
        let name = format!("p{}", tools::unique());
        let (next, _) = sign_up(&server, &browser, &page, &name).await;
        assert!(next.has_form("/signin/enrol"), "{}", next.body);
        let account = browser.open("/account").await;
        assert!(account.has_form("/signin"), "nobody is signed in without it");
    }
    let browser = Actor::new(&server);
    let page = browser.open("/signup").await;
    let (refused, _) = sign_up(&server, &browser, &page, "one-more").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_realm_says_for_itself_whether_people_may_make_accounts_and_a_running_hub_obeys() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let shown = server.musubi(&["realm", "set"], "");
        assert_eq!(shown["holds"]["self_registration"], "off");
        for (value, may) in [("anybody", true), ("off", false), ("anybody", true), ("", false)] {
            let setting = format!("self_registration={value}");
            let set = server.musubi(&["realm", "set", &setting], "");
            assert_eq!(set["set"].get("self_registration").is_some(), !value.is_empty());
            tools::until("the setting", async || creates(&discovery(&server).await) == may).await;
            let page = Actor::new(&server).open("/signup").await;
            assert_eq!(page.has_form("/signup"), may, "{value}");
        }
        for wrong in [
            "self_registration=yes",
            "self_registrations=off",
            "self_registration",
        ] {
            let output = server.output(&["realm", "set", wrong]);
            assert!(!output.status.success(), "{wrong}");
        }
    }
}
