//! Second factors and what sign-ins are worth, from outside: by a browser without scripts, by Chromium with an authenticator,
//! and by relying parties that ask for more.

use harness::party::Pkce;
use harness::{Actor, Backend, Options, Page, Party, Person, Server, tools};
use reqwest::StatusCode;
use serde_json::{Value, json};

const MULTI: &str = "urn:musubi:acr:multi";
const SINGLE: &str = "urn:musubi:acr:single";

async fn at_home(browser: &Actor, person: &Person) {
    let page = browser.open("/signin").await;
    browser.sign_in(&page, person).await;
}

async fn redeem(party: &Party, page: &Page, pkce: &Pkce) -> harness::Reply {
    let code = page.returned("code").unwrap();
    party.token(&party.redemption(&code, pkce)).await.good()
}

#[tokio::test]
async fn a_person_sets_up_an_app_and_from_then_on_a_password_is_half_of_a_sign_in() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let browser = Actor::new(&server);
        at_home(&browser, &hanako).await;
        let (mut app, codes) = browser.set_up_app().await;
        let page = browser.open("/account/security").await;
        assert!(page.body.contains("You have 10 codes left"), "{}", page.body);

        let other = Actor::new(&server);
        let pkce = Pkce::new();
        let page = other.open(&party.request(&pkce, &[])).await;
        let page = other.sign_in(&page, &hanako).await;
        assert!(page.has_form("/signin/second") && other.cookie("musubi_session").is_none());
        let wrong = other.second_step(&page, "000000").await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        let page = other.second_step(&wrong, &app.code().await).await;
        let page = other.send(&page.form("/oauth/consent").press("allow")).await;
        let tokens = redeem(&party, &page, &pkce).await;
        let claims = party.id_claims(tokens.text("id_token")).await;
        assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
        assert_eq!(claims["acr"], MULTI);

        let third = Actor::new(&server);
        let page = third.sign_in(&third.open("/signin").await, &hanako).await;
        let page = third.second_step(&page, &codes[0].to_lowercase()).await;
        assert_eq!(page.url.path(), "/account");
        let page = third.open("/account/security").await;
        assert!(page.body.contains("You have 9 codes left"), "{}", page.body);
        server.assert_log_is_intact();
    }
}

/// The claims parameter for an `acr` that the client takes no other for.
fn essential(values: &[&str]) -> String {
    json!({"id_token": {"acr": {"essential": true, "values": values}}}).to_string()
}

#[tokio::test]
async fn an_essential_class_is_stepped_up_to_or_refused_and_never_answered_by_a_lesser_sign_in() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let (browser, pkce) = (Actor::new(&server), Pkce::new());
        // She has nothing but a password, and the client takes nothing less than two factors.
        let both = essential(&["phrh", MULTI]);
        let asked = party.request(&pkce, &[("claims", &both)]);
        let page = browser.authorize(&asked, &hanako).await;
        party.assert_answer_is_ours(&page);
        assert_eq!(
            page.returned("error").as_deref(),
            Some("unmet_authentication_requirements")
        );
        assert!(page.returned("code").is_none());
        let silent = party.request(&pkce, &[("claims", &both), ("prompt", "none")]);
        let page = browser.open(&silent).await;
        assert_eq!(
            page.returned("error").as_deref(),
            Some("unmet_authentication_requirements")
        );
        // What her sign-in is worth is enough for who asks for that.
        let single = essential(&[SINGLE]);
        let page = browser
            .authorize(&party.request(&pkce, &[("claims", &single)]), &hanako)
            .await;
        let tokens = redeem(&party, &page, &pkce).await;
        assert_eq!(party.id_claims(tokens.text("id_token")).await["acr"], SINGLE);
        // With an app she can show more, is asked for just that, and the token says so.
        let (mut app, _) = browser.set_up_app().await;
        let page = browser.open(&silent).await;
        assert_eq!(page.returned("error").as_deref(), Some("login_required"));
        let page = browser.open(&asked).await;
        assert!(page.has_form("/signin/second"), "{}", page.body);
        let page = browser.second_step(&page, &app.code().await).await;
        let tokens = redeem(&party, &page, &pkce).await;
        assert_eq!(party.id_claims(tokens.text("id_token")).await["acr"], MULTI);
        // A class beyond that, or one that nobody knows, is refused all the same; asked for in passing it is not.
        for beyond in [essential(&["phrh"]), essential(&["urn:example:gold"])] {
            let page = browser.open(&party.request(&pkce, &[("claims", &beyond)])).await;
            assert_eq!(
                page.returned("error").as_deref(),
                Some("unmet_authentication_requirements")
            );
        }
        let passing = json!({"id_token": {"acr": {"values": ["phrh"]}}}).to_string();
        let page = browser.open(&party.request(&pkce, &[("claims", &passing)])).await;
        let tokens = redeem(&party, &page, &pkce).await;
        assert_eq!(party.id_claims(tokens.text("id_token")).await["acr"], MULTI);
    }
}

#[tokio::test]
async fn a_client_that_asks_for_more_has_the_person_show_only_what_is_missing() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let party = Party::register(&server).await;
        let (browser, pkce) = (Actor::new(&server), Pkce::new());
        let page = browser.authorize(&party.request(&pkce, &[]), &hanako).await;
        let tokens = redeem(&party, &page, &pkce).await;
        let before = party.id_claims(tokens.text("id_token")).await;
        assert_eq!(before["acr"], SINGLE);

        // Nobody can show what they do not have: asked for in passing it is left out.
        let more = party.request(
            &pkce,
            &[("acr_values", "phrh urn:musubi:acr:multi"), ("max_age", "3600")],
        );
        let page = browser.open(&more).await;
        let tokens = redeem(&party, &page, &pkce).await;
        assert_eq!(party.id_claims(tokens.text("id_token")).await["acr"], SINGLE);

        let (mut app, _) = browser.set_up_app().await;
        let silent = browser
            .open(&party.request(&pkce, &[("acr_values", MULTI), ("prompt", "none")]))
            .await;
        assert_eq!(silent.returned("error").unwrap(), "login_required");
        let page = browser.open(&more).await;
        assert!(page.has_form("/signin/second"), "{}", page.body);
        assert!(
            !page.body.contains("type=\"password\""),
            "the password is not asked again"
        );
        let page = browser.second_step(&page, &app.code().await).await;
        let tokens = redeem(&party, &page, &pkce).await;
        let after = party.id_claims(tokens.text("id_token")).await;
        assert_eq!(after["acr"], MULTI);
        assert_eq!(after["amr"], json!(["pwd", "otp", "mfa"]));
        assert_eq!(after["sid"], before["sid"], "the same session, worth more");
        let auth_time = after["auth_time"].as_i64().unwrap();
        assert!(auth_time <= tools::seconds(), "and no younger");
    }
}

/// A bearer call of the hub's API.
async fn people(server: &Server, token: &str) -> (StatusCode, String, Value) {
    let http = reqwest::Client::new();
    let answer = http
        .get(server.url("/api/v1/people"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    let challenge = answer.headers().get("www-authenticate");
    let challenge = challenge
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    (status, challenge, serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn a_protected_resource_asks_for_a_stronger_sign_in_and_takes_the_token_that_comes_of_it() {
    let configuration = "[[step_up]]\nscope = \"musubi:people.read\"\nacr = \"urn:musubi:acr:multi\"\nmax_age_seconds = 600\n\
                         [[step_up]]\nscope = \"email\"\nacr = \"urn:musubi:acr:multi\"\n"
        .to_owned();
    let options = Options {
        configuration,
        ..Options::default()
    };
    let server = Server::start_with(Backend::Sqlite, options).await;
    let admin = Person {
        login: "chief".to_owned(),
        password: format!("blue kettle {}", tools::unique()),
        name: String::new(),
        email: String::new(),
    };
    server.secret(&admin.password);
    server.musubi(
        &["admin", "create", "--login", "chief", "--password-stdin"],
        &admin.password,
    );
    let scope = "openid email musubi:people.read";
    let clerk = Party::service(&server, "musubi:clients.write musubi:people.read");
    let reply = clerk.token(&[("grant_type", "client_credentials")]).await.good();
    let wanted =
        json!({"client_name": "Console", "redirect_uris": [harness::party::CALLBACK], "scope": scope});
    let answer = harness::party::http()
        .post(server.url("/api/v1/clients"))
        .bearer_auth(reply.text("access_token"))
        .json(&wanted)
        .send()
        .await
        .unwrap();
    let made: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    server.secret(made["client_secret"].as_str().unwrap());
    let party = Party::of(&server, made);
    let (browser, pkce) = (Actor::new(&server), Pkce::new());
    let asked = |more: &[(&str, &str)]| {
        let mut all = vec![("scope", scope)];
        all.extend_from_slice(more);
        party.request(&pkce, &all)
    };
    let page = browser.authorize(&asked(&[]), &admin).await;
    let tokens = redeem(&party, &page, &pkce).await;
    let weak = tokens.text("access_token").to_owned();
    let (status, challenge, problem) = people(&server, &weak).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(problem["type"], "urn:musubi:problem:token.step_up");
    for part in [
        "error=\"insufficient_user_authentication\"",
        "acr_values=\"urn:musubi:acr:multi\"",
        "max_age=\"600\"",
    ] {
        assert!(challenge.contains(part), "{challenge}");
    }
    let who = party.userinfo(&weak).await;
    assert_eq!(who.status, StatusCode::UNAUTHORIZED);
    let challenge = who.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("insufficient_user_authentication") && challenge.contains(MULTI));
    let rows = server.log();
    let refused = rows.iter().filter(|row| row["reason"] == "token.step_up").count();
    assert_eq!(refused, 2, "each refusal is on record");

    let (mut app, _) = browser.set_up_app().await;
    let page = browser
        .open(&asked(&[("acr_values", MULTI), ("max_age", "600")]))
        .await;
    let page = browser.second_step(&page, &app.code().await).await;
    let tokens = redeem(&party, &page, &pkce).await;
    let strong = tokens.text("access_token");
    let (status, _, listed) = people(&server, strong).await;
    assert_eq!(status, StatusCode::OK, "{listed}");
    party.userinfo(strong).await.good();
    assert_eq!(
        people(&server, &weak).await.0,
        StatusCode::UNAUTHORIZED,
        "the old one is worth what it was"
    );
}

#[tokio::test]
async fn a_realm_that_asks_administrators_for_a_second_factor_has_them_set_it_up_at_their_next_sign_in() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let password = format!("blue kettle {}", tools::unique());
        server.secret(&password);
        server.musubi(
            &["admin", "create", "--login", "chief", "--password-stdin"],
            &password,
        );
        let policy = r#"{"second_factor": "administrators"}"#;
        server.musubi(&["realm", "sign-in", "--policy", policy], "");
        let told = server.musubi(&["realm", "sign-in"], "");
        assert_eq!(told["sign_in"]["second_factor"], "administrators");
        // What one process sets, another obeys within five seconds.
        let chief = Person {
            login: "chief".to_owned(),
            password,
            ..hanako.clone()
        };
        tools::until("the policy is obeyed", || async {
            let browser = Actor::new(&server);
            let page = browser.sign_in(&browser.open("/signin").await, &chief).await;
            page.has_form("/signin/enrol")
        })
        .await;
        let browser = Actor::new(&server);
        let page = browser.sign_in(&browser.open("/signin").await, &chief).await;
        assert!(browser.cookie("musubi_session").is_none());
        let secret = harness::html::texts(&page.body, "code");
        let mut app = harness::App::new(&secret[0]);
        server.secret(&secret[0].replace(' ', ""));
        let done = browser
            .send(&page.form("/signin/enrol").fill("code", &app.code().await))
            .await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        assert!(browser.cookie("musubi_session").is_some());

        let other = Actor::new(&server);
        let page = other.sign_in(&other.open("/signin").await, &hanako).await;
        assert_eq!(page.url.path(), "/account", "nobody else is asked");
    }
}

#[tokio::test]
async fn who_lost_their_factors_gets_in_by_password_again_after_an_administrator_took_them_away() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let browser = Actor::new(&server);
        at_home(&browser, &hanako).await;
        browser.set_up_app().await;
        let reset = server.musubi(&["user", "reset-factors", "--login", "hanako"], "");
        assert_eq!(reset["removed"], 2, "the app and the list of codes");
        let other = Actor::new(&server);
        let page = other.sign_in(&other.open("/signin").await, &hanako).await;
        assert_eq!(page.url.path(), "/account");
        tools::until("the old session is over", || async {
            browser.open("/account").await.url.path() == "/signin"
        })
        .await;
        let rows = server.log();
        let row = rows.iter().find(|row| row["action"] == "factor.reset").unwrap();
        assert!(row["subject"].is_string(), "the person finds it in their own log");
    }
}

#[tokio::test]
async fn an_unknown_name_takes_the_same_steps_as_a_known_one_with_a_second_factor() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let browser = Actor::new(&server);
    at_home(&browser, &hanako).await;
    browser.set_up_app().await;
    let attempt = async |login: &str| {
        let stranger = Actor::new(&server);
        let page = stranger.open("/signin").await;
        let form = page
            .form("/signin")
            .fill("login", login)
            .fill("password", "not the password");
        let answer = stranger.send(&form).await;
        let csrf = answer.form("/signin").value("csrf").unwrap().to_owned();
        (
            answer.status,
            answer.url.path().to_owned(),
            answer.body.replace(&csrf, "").replace(login, ""),
        )
    };
    assert_eq!(attempt("hanako").await, attempt("nobody").await);
}

async fn in_chromium(backend: Backend) {
    let server = Server::start(backend).await;
    let hanako = server.person("hanako");
    let directory = tools::target().join("screenshots");
    let given = json!({"issuer": server.issuer(), "login": hanako.login, "password": hanako.password,
        "directory": directory});
    let mut script = tools::node("passkeys.mjs");
    script.env("MUSUBI_TEST_CHROMIUM", tools::program("chromium", "chromium"));
    assert_eq!(tools::run(&mut script, &given.to_string()).trim(), "done");
    let rows = server.log();
    for action in [
        "factor.add",
        "sign_in.passkey",
        "sign_in.second_factor",
        "factor.rename",
        "factor.remove",
    ] {
        let done = rows
            .iter()
            .any(|row| row["action"] == action && row["decision"] == "permit");
        assert!(done, "{action} is not in the log");
    }
    server.assert_log_is_intact();
}

#[tokio::test]
async fn passkeys_in_chromium_are_added_named_used_alone_offered_by_autofill_and_used_as_second_factor_on_sqlite()
 {
    in_chromium(Backend::Sqlite).await;
}

#[tokio::test]
async fn passkeys_in_chromium_are_added_named_used_alone_offered_by_autofill_and_used_as_second_factor_on_postgresql()
 {
    in_chromium(Backend::PostgresRedis).await;
}
