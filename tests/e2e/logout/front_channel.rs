//! OpenID Connect Front-Channel Logout 1.0.

use harness::{Actor, Backend, Party, Server, html, tools};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use super::{is_signed_in, request, sid};

const BYE: &str = "https://rp.example/bye";

async fn client(server: &Server, host: &str) -> Party {
    let changes = json!({
        "redirect_uris": [format!("https://{host}/callback")],
        "post_logout_redirect_uris": [format!("https://{host}/bye")],
        "frontchannel_logout_uri": format!("https://{host}/out?a=b&c=d"),
        "frontchannel_logout_session_required": true,
    });
    Party::register_with(server, changes).await
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn the_page_of_a_sign_out_loads_the_clients_of_the_session_with_iss_and_sid_and_nobody_else() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let (one, two) = (
            client(&server, "rp.example").await,
            client(&server, "two.example").await,
        );
        let (absent, silent) = (
            client(&server, "absent.example").await,
            Party::register(&server).await,
        );
        let (browser, elsewhere) = (Actor::new(&server), Actor::new(&server));
        absent.sign_in(&elsewhere, &hanako).await;
        let first = one.sign_in(&browser, &hanako).await;
        let second = two.sign_in(&browser, &hanako).await;
        silent.sign_in(&browser, &hanako).await;

        let page = browser
            .open(&request(&[
                ("id_token_hint", first.text("id_token")),
                ("post_logout_redirect_uri", BYE),
                ("state", "x\"><script>"),
            ]))
            .await;
        assert!(page.away.is_none() && page.status.is_success(), "{}", page.status);
        let issuer = encoded(&server.issuer());
        let mut expected = [("rp.example", &first), ("two.example", &second)]
            .map(|(host, tokens)| format!("https://{host}/out?a=b&c=d&iss={issuer}&sid={}", sid(tokens)));
        let mut frames = html::values(&page.body, "iframe", "src");
        expected.sort_unstable();
        frames.sort_unstable();
        assert_eq!(frames, expected);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        let frames = policy
            .split("; ")
            .find(|part| part.starts_with("frame-src"))
            .unwrap();
        let mut origins: Vec<&str> = frames.split(' ').skip(1).collect();
        origins.sort_unstable();
        assert_eq!(origins, ["https://rp.example", "https://two.example"]);
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self'"));
        let onward = "https://rp.example/bye?state=x%22%3E%3Cscript%3E";
        let refresh =
            format!("<noscript><meta http-equiv=\"refresh\" content=\"1;url={onward}\"></noscript>");
        assert!(page.body.contains(&refresh), "{}", page.body);
        assert!(html::values(&page.body, "a", "href").contains(&onward.to_owned()));
        assert!(!is_signed_in(&browser).await && is_signed_in(&elsewhere).await);

        let again = browser.open(&request(&[])).await;
        assert!(!again.body.contains("<iframe"), "once is enough");
    }
}

#[tokio::test]
async fn a_place_for_a_frame_is_registered_only_on_an_origin_that_people_are_sent_to() {
    let server = Server::start(Backend::Sqlite).await;
    let registered = client(&server, "rp.example").await.registration;
    assert_eq!(registered["frontchannel_logout_session_required"], true);
    assert_eq!(
        registered["frontchannel_logout_uri"],
        "https://rp.example/out?a=b&c=d"
    );
    let party = Party::register(&server).await;
    for uri in [
        "https://evil.example/out",
        "https://rp.example:8443/out",
        "http://rp.example/out",
        "https://rp.example/out#f",
        "https://rp.example/out\u{7d50}",
        "javascript:alert(1)",
        "/out",
    ] {
        let token = server.registration_token(1);
        let metadata = json!({"redirect_uris": ["https://rp.example/cb"], "frontchannel_logout_uri": uri});
        let reply = party
            .ask(|http, issuer| {
                http.post(format!("{issuer}/oauth/register"))
                    .bearer_auth(token)
                    .json(&metadata)
            })
            .await;
        reply.assert_error(400, "invalid_client_metadata");
    }
}

/// A browser goes through sign-out with clients that answer, that do not, and without scripts.
async fn in_chromium(backend: Backend) {
    let server = Server::start(backend).await;
    let hanako = server.person("hanako");
    let mut parties = Vec::new();
    let mut ports = Vec::new();
    for _ in 0..2 {
        let port = tools::free_port();
        let base = format!("http://localhost:{port}");
        let changes = json!({
            "redirect_uris": [format!("{base}/callback")],
            "post_logout_redirect_uris": [format!("{base}/bye")],
            "frontchannel_logout_uri": format!("{base}/out"),
            "token_endpoint_auth_method": "client_secret_post",
        });
        parties.push(Party::register_with(&server, changes).await.registration);
        ports.push(port);
    }
    let given = json!({"issuer": server.issuer(), "login": hanako.login, "password": hanako.password,
        "parties": parties, "ports": ports});
    let mut script = tools::node("front-channel.mjs");
    script.env("MUSUBI_TEST_CHROMIUM", tools::program("chromium", "chromium"));
    let text = tools::run(&mut script, &given.to_string());
    let told: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(told["done"], true, "{told}");
}

#[tokio::test]
async fn a_browser_tells_both_clients_and_goes_on_with_scripts_without_them_and_past_one_that_hangs() {
    in_chromium(Backend::Sqlite).await;
}
