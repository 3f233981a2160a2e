//! OpenID Connect Back-Channel Logout 1.0: who is told, by what, how often, and through restarts.

use std::collections::HashSet;
use std::process::{Child, Stdio};

use harness::party::{self, Pkce, part};
use harness::receiver::{Manner, Received};
use harness::{Actor, Backend, Party, Person, Receiver, Reply, Server, tools};
use reqwest::Method;
use serde_json::{Value, json};

use super::{is_signed_in, request, sid};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

async fn client(server: &Server, place: &str) -> Party {
    client_with(server, place, json!({})).await
}

async fn client_with(server: &Server, place: &str, changes: Value) -> Party {
    let mut metadata = json!({"backchannel_logout_uri": place, "backchannel_logout_session_required": true});
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    Party::register_with(server, metadata).await
}

async fn sign_out(browser: &Actor, tokens: &Reply) {
    let page = browser
        .open(&request(&[("id_token_hint", tokens.text("id_token"))]))
        .await;
    assert!(page.status.is_success() && !is_signed_in(browser).await);
}

/// The token of a request that is a logout request as §2.5 has it, and nothing more.
fn logout_token(received: &Received) -> String {
    assert_eq!(received.method, "POST");
    assert_eq!(
        received.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let form = received.form();
    assert_eq!(form.len(), 1, "{form:?}");
    assert_eq!(form[0].0, "logout_token");
    form[0].1.clone()
}

/// Verifies a logout token as §2.6 asks, beyond what an ID token is verified for.
async fn verified(party: &Party, token: &str, tokens: &Reply) -> Value {
    let header = part(token, 0);
    assert_eq!(header["typ"], "logout+jwt");
    let claims = party.id_claims(token).await;
    let known = part(tokens.text("id_token"), 1);
    assert_eq!((&claims["sub"], &claims["sid"]), (&known["sub"], &known["sid"]));
    assert_eq!(claims["events"], json!({EVENT: {}}));
    assert!(claims.get("nonce").is_none(), "{claims}");
    assert!(claims["jti"].as_str().unwrap().len() >= 16);
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=120).contains(&life), "{life}");
    claims
}

async fn told_of(listener: &Receiver, tokens: &Reply) {
    let wanted = sid(tokens);
    tools::until("the client is told of its session", || async {
        let received = listener.received();
        received
            .iter()
            .any(|one| part(&logout_token(one), 1)["sid"] == wanted.as_str())
    })
    .await;
}

#[tokio::test]
async fn every_client_of_the_session_gets_a_logout_token_of_its_own_and_nobody_else_does() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let (one, two, absent) = (
            Receiver::start().await,
            Receiver::start().await,
            Receiver::start().await,
        );
        let first = client(&server, &one.url("/out?a=b")).await;
        let second = client_with(&server, &two.url("/out"), json!({"subject_type": "pairwise"})).await;
        let third = client(&server, &absent.url("/out")).await;
        let (browser, elsewhere) = (Actor::new(&server), Actor::new(&server));
        let of_first = first.sign_in(&browser, &hanako).await;
        let of_second = second.sign_in(&browser, &hanako).await;
        third.sign_in(&elsewhere, &hanako).await;
        sign_out(&browser, &of_first).await;

        let received = one.wait_for(1).await;
        assert_eq!(received[0].target, "/out?a=b");
        let mine = verified(&first, &logout_token(&received[0]), &of_first).await;
        let received = two.wait_for(1).await;
        let theirs = verified(&second, &logout_token(&received[0]), &of_second).await;
        assert_ne!(
            mine["sub"], theirs["sub"],
            "each knows the person by a name of its own"
        );
        assert_ne!(mine["sid"], theirs["sid"]);
        assert_ne!(mine["jti"], theirs["jti"]);
        tools::until("both are on record", || async {
            let rows = server.log();
            rows.iter().filter(|row| row["action"] == "logout.tell").count() == 2
        })
        .await;
        assert_eq!(
            one.received().len() + two.received().len(),
            2,
            "each is told once"
        );
        assert!(absent.received().is_empty());
        assert!(is_signed_in(&elsewhere).await);
        let metrics = reqwest::get(server.url("/metrics"))
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert!(
            metrics.contains("musubi_back_channel_logouts_total{outcome=\"told\"} 2"),
            "{metrics}"
        );
    }
}

#[tokio::test]
async fn a_logout_token_is_signed_by_the_algorithm_of_the_clients_id_tokens() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    for algorithm in ["ES256", "PS256", "EdDSA"] {
        let listener = Receiver::start().await;
        let changes = json!({"id_token_signed_response_alg": algorithm});
        let party = client_with(&server, &listener.url("/out"), changes).await;
        let browser = Actor::new(&server);
        let tokens = party.sign_in(&browser, &hanako).await;
        sign_out(&browser, &tokens).await;
        let received = listener.wait_for(1).await;
        assert_eq!(part(&logout_token(&received[0]), 0)["alg"], algorithm);
    }
}

/// The number of a person, and a token with which to suspend them.
async fn suspend(server: &Server, login: &str) {
    let service = Party::service(server, "musubi:people.read musubi:people.write");
    let reply = service
        .token(&[("grant_type", "client_credentials")])
        .await
        .good();
    let token = reply.text("access_token").to_owned();
    let call = async |method: Method, path: String| {
        let request = party::http()
            .request(method, server.url(&path))
            .bearer_auth(&token);
        party::send(request, &server.secrets()).await.good().json
    };
    let people = call(Method::GET, "/api/v1/people?limit=50".to_owned()).await;
    let found = people["items"].as_array().unwrap().iter();
    let number = found
        .filter(|one| one["login"] == login)
        .find_map(|one| one["number"].as_str())
        .unwrap();
    call(Method::POST, format!("/api/v1/people/{number}/suspend")).await;
}

async fn ended_elsewhere(server: &Server, hanako: &Person) {
    let browser = Actor::new(server);
    let page = browser.open("/signin").await;
    browser.sign_in(&page, hanako).await;
    let devices = browser.open("/account/devices").await;
    let form = harness::html::forms(&devices.body)
        .into_iter()
        .find(|form| form.action == "/account/sessions/end")
        .expect("another session");
    let session = form.buttons[0].1.clone();
    browser.send(&form.press(&session)).await;
}

#[tokio::test]
async fn however_a_session_ends_its_clients_are_told() {
    for backend in Backend::ALL {
        let server = Server::start(backend).await;
        let listener = Receiver::start().await;
        let party = client(&server, &listener.url("/out")).await;
        let (hanako, jiro) = (server.person("hanako"), server.person("jiro"));
        let browser = Actor::new(&server);

        let tokens = party.sign_in(&browser, &hanako).await;
        browser
            .send(
                &browser
                    .open("/account")
                    .await
                    .form("/oauth/logout")
                    .press("sign-out"),
            )
            .await;
        told_of(&listener, &tokens).await;

        let tokens = party.sign_in(&browser, &hanako).await;
        ended_elsewhere(&server, &hanako).await;
        told_of(&listener, &tokens).await;

        let browser = Actor::new(&server);
        let tokens = party.sign_in(&browser, &hanako).await;
        let page = browser
            .open(&party.request(&Pkce::new(), &[("prompt", "login")]))
            .await;
        browser.sign_in(&page, &jiro).await;
        told_of(&listener, &tokens).await;

        let tokens = party.sign_in(&Actor::new(&server), &hanako).await;
        suspend(&server, "hanako").await;
        told_of(&listener, &tokens).await;
    }
}

#[tokio::test]
async fn a_client_that_was_down_is_told_after_the_hub_was_killed_and_came_back() {
    for backend in Backend::ALL {
        let mut server = Server::start(backend).await;
        let hanako = server.person("hanako");
        let port = tools::free_port();
        let party = client(&server, &format!("http://127.0.0.1:{port}/out")).await;
        let browser = Actor::new(&server);
        let tokens = party.sign_in(&browser, &hanako).await;
        sign_out(&browser, &tokens).await;
        server.kill();
        let listener = Receiver::start_on(port).await;
        server.restart().await;
        told_of(&listener, &tokens).await;
        verified(&party, &logout_token(&listener.received()[0]), &tokens).await;
    }
}

#[tokio::test]
async fn a_claim_of_a_hub_that_died_while_it_told_is_taken_over() {
    let mut server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let listener = Receiver::start().await;
    listener.behave(Manner::Hang);
    let party = client(&server, &listener.url("/out")).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    sign_out(&browser, &tokens).await;
    let first = listener.wait_for(1).await;
    server.kill();
    listener.behave(Manner::Answer(200, None));
    server.restart().await;
    let received = listener.wait_for(2).await;
    let tokens: HashSet<String> = [&first[0], &received[1]].map(logout_token).into();
    assert_eq!(tokens.len(), 2, "each attempt has a token of its own");
}

#[tokio::test]
async fn a_client_that_does_not_answer_holds_up_nobody_and_is_told_again() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.behave(Manner::Hang);
    let (dead, alive) = (
        client(&server, &slow.url("/out")).await,
        client(&server, &quick.url("/out")).await,
    );
    for _ in 0..3 {
        let browser = Actor::new(&server);
        dead.sign_in(&browser, &hanako).await;
        let tokens = alive.sign_in(&browser, &hanako).await;
        sign_out(&browser, &tokens).await;
    }
    quick.wait_for(3).await;
    slow.behave(Manner::Answer(503, None));
    let received = slow.wait_for(4).await;
    slow.behave(Manner::Answer(204, None));
    let sessions = |all: &[Received]| -> HashSet<String> {
        all.iter()
            .map(|one| part(&logout_token(one), 1)["sid"].to_string())
            .collect()
    };
    assert!(sessions(&received).len() > 1);
    tools::until("every session of the slow client is told", || async {
        let rows = server.log();
        rows.iter()
            .filter(|row| row["action"] == "logout.tell" && row["client"] == dead.id())
            .count()
            == 3
    })
    .await;
    assert_eq!(sessions(&slow.received()).len(), 3);
}

/// A second process on the databases of a server, ended with this.
struct Node(Child);

impl Node {
    fn beside(server: &Server) -> Self {
        let mut command = server.command(&["serve"]);
        command
            .env(
                "MUSUBI__SERVER__LISTEN",
                format!("127.0.0.1:{}", tools::free_port()),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // One that is gone already is as ended as it shall be.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn of_two_nodes_one_tells() {
    let server = Server::start(Backend::PostgresRedis).await;
    let _second = Node::beside(&server);
    let hanako = server.person("hanako");
    let listener = Receiver::start().await;
    let party = client(&server, &listener.url("/out")).await;
    let mut expected = HashSet::new();
    for _ in 0..12 {
        let browser = Actor::new(&server);
        let tokens = party.sign_in(&browser, &hanako).await;
        expected.insert(sid(&tokens));
    }
    suspend(&server, "hanako").await;
    listener.wait_for(12).await;
    tools::until("all are on record", || async {
        server
            .log()
            .iter()
            .filter(|row| row["action"] == "logout.tell")
            .count()
            >= 12
    })
    .await;
    let sessions: Vec<String> = listener
        .received()
        .iter()
        .map(|one| part(&logout_token(one), 1)["sid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(sessions.len(), 12, "none is told twice");
    assert_eq!(sessions.into_iter().collect::<HashSet<_>>(), expected);
}

#[tokio::test]
async fn a_place_that_sends_elsewhere_is_not_followed() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let (front, inside) = (Receiver::start().await, Receiver::start().await);
    front.behave(Manner::Answer(
        307,
        Some(format!("Location: {}", inside.url("/steal"))),
    ));
    let party = client(&server, &front.url("/out")).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    sign_out(&browser, &tokens).await;
    front.wait_for(2).await;
    assert!(inside.received().is_empty());
}

#[tokio::test]
async fn a_logout_token_is_taken_for_nothing_else() {
    let server = Server::start(Backend::Sqlite).await;
    let hanako = server.person("hanako");
    let listener = Receiver::start().await;
    let party = client(&server, &listener.url("/out")).await;
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    sign_out(&browser, &tokens).await;
    let token = logout_token(&listener.wait_for(1).await[0]);
    party.userinfo(&token).await.assert_error(401, "invalid_token");
    party.refresh(&token).await.assert_error(400, "invalid_grant");
    party.sign_in(&browser, &hanako).await;
    let as_hint = browser
        .open(&request(&[
            ("id_token_hint", &token),
            ("post_logout_redirect_uri", "https://rp.example/bye"),
        ]))
        .await;
    assert!(as_hint.away.is_none() && as_hint.status.as_u16() == 400);
    let page = browser
        .open(&party.request(&Pkce::new(), &[("id_token_hint", &token), ("prompt", "none")]))
        .await;
    assert_eq!(page.returned("error").as_deref(), Some("invalid_request"));
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn a_place_for_logout_tokens_is_registered_only_over_https_or_on_the_loopback_that_the_hub_is_on() {
    let server = Server::start(Backend::Sqlite).await;
    let party = Party::register(&server).await;
    for uri in [
        "http://rp.example/out",
        "http://10.0.0.1/out",
        "http://169.254.169.254/latest/meta-data",
        "https://user:secret@rp.example/out",
        "https://rp.example/out#f",
        "https://rp.example/\r\nHost: evil",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/",
        "/out",
        "x",
    ] {
        let token = server.registration_token(1);
        let metadata = json!({"redirect_uris": ["https://rp.example/cb"], "backchannel_logout_uri": uri});
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
