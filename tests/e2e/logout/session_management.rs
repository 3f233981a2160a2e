//! OpenID Connect Session Management 1.0: `session_state`, and the frame that clients ask, in a real browser.

use harness::party::Pkce;
use harness::{Actor, Backend, Party, Server, html, tools};
use serde_json::json;

async fn watched(backend: Backend) {
    let server = Server::start(backend).await;
    let hanako = server.person("hanako");
    let (port, evil) = (tools::free_port(), tools::free_port());
    let changes = json!({"redirect_uris": [format!("http://localhost:{port}/callback")]});
    let party = Party::register_with(&server, changes).await;
    let given = json!({"issuer": server.issuer(), "login": hanako.login, "password": hanako.password,
        "party": party.registration, "port": port, "evilPort": evil});
    let mut script = tools::node("session.mjs");
    script.env("MUSUBI_TEST_CHROMIUM", tools::program("chromium", "chromium"));
    assert_eq!(tools::run(&mut script, &given.to_string()).trim(), "done");
}

#[tokio::test]
async fn a_client_in_chromium_sees_sign_in_and_sign_out_through_the_frame_and_a_stranger_sees_nothing() {
    watched(Backend::Sqlite).await;
}

#[tokio::test]
async fn a_client_in_chromium_sees_sign_in_and_sign_out_through_the_frame_on_postgresql_and_redis() {
    watched(Backend::PostgresRedis).await;
}

#[tokio::test]
async fn the_frame_is_the_one_page_that_others_may_frame_and_runs_one_script_and_sets_no_cookie() {
    let server = Server::start(Backend::Sqlite).await;
    let frame = Actor::new(&server).open("/oauth/check-session").await;
    assert_eq!(frame.status.as_u16(), 200);
    let policy = frame.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    assert!(
        !policy.contains("unsafe") && policy.contains("frame-ancestors https:"),
        "{policy}"
    );
    assert!(!frame.headers.contains_key("x-frame-options") && !frame.headers.contains_key("set-cookie"));
    let scripts = html::values(&frame.body, "script", "src");
    assert_eq!(scripts.len(), 1);
    let script = Actor::new(&server).open(&scripts[0]).await;
    assert_eq!(script.headers["content-type"], "text/javascript; charset=utf-8");
}

#[tokio::test]
async fn the_state_of_a_session_is_no_secret_of_it_and_is_not_given_to_programs_on_a_device() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let native = json!({"application_type": "native", "redirect_uris": ["jp.example.app:/cb"],
        "token_endpoint_auth_method": "none"});
    let native = Party::register_with(&server, native).await;
    let browser = Actor::new(&server);
    let page = browser
        .authorize(&party.request(&Pkce::new(), &[]), &hanako)
        .await;
    let state = page.returned("session_state").expect("session_state");
    assert!(!state.contains(' '));
    let session = browser.cookie("musubi_session").unwrap();
    assert!(!state.contains(&session));
    let set: Vec<String> = page
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap().to_owned())
        .collect();
    assert!(
        set.iter()
            .all(|cookie| !cookie.contains(&session) || cookie.contains("HttpOnly")),
        "{set:?}"
    );
    let none = browser
        .open(&party.request(&Pkce::new(), &[("response_mode", "dance")]))
        .await;
    assert!(
        none.returned("session_state").is_none(),
        "an error that says nothing about the person"
    );
    let page = browser
        .authorize(&native.request(&Pkce::new(), &[]), &hanako)
        .await;
    assert!(page.returned("code").is_some() && page.returned("session_state").is_none());
}
