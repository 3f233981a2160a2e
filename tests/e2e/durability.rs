//! What was answered stays: after SIGKILL in the middle of load, through a database that goes away, on a full disk.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use harness::backend::Databases;
use harness::party::{self, CALLBACK, decode, send};
use harness::{Actor, Backend, Options, Party, Person, Proxy, Reply, Server, tools};
use serde_json::{Value, json};
use tokio::sync::Notify;

const ROUNDS: usize = 10;
/// Refreshes that are answered before each kill, on the chain that then rests.
const BEFORE_THE_KILL: usize = 12;

/// What was answered, by all clients together.
#[derive(Clone, Default)]
struct Answered {
    requests: Arc<Mutex<BTreeSet<String>>>,
    registrations: Arc<Mutex<Vec<Value>>>,
}

impl Answered {
    fn note(&self, reply: &Reply) {
        assert!(reply.status.is_success(), "{} {}", reply.status, reply.text);
        let id = reply.headers["x-request-id"].to_str().unwrap().to_owned();
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id);
    }
}

/// Refreshes as often as told or until the hub is gone; the last token that was answered.
async fn refresh(party: Party, mut token: String, times: usize, answered: Answered) -> String {
    for _ in 0..times {
        let Some(reply) = party.try_refresh(&token).await else {
            break;
        };
        answered.note(&reply);
        reply.text("refresh_token").clone_into(&mut token);
    }
    token
}

async fn serve_itself(service: Party, answered: Answered) {
    while let Some(reply) = service.try_client_credentials().await {
        answered.note(&reply);
    }
}

async fn register(address: url::Url, token: String, answered: Answered) {
    let metadata = json!({"redirect_uris": [CALLBACK]});
    loop {
        let request = party::http()
            .post(address.clone())
            .bearer_auth(&token)
            .json(&metadata);
        let Ok(response) = request.send().await else {
            return;
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let Ok(text) = response.text().await else { return };
        let json: Value = serde_json::from_str(&text).unwrap();
        answered.note(&Reply {
            status,
            headers,
            json: json.clone(),
            text,
        });
        answered
            .registrations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(json);
    }
}

/// One round: load from sixteen clients, and SIGKILL the moment that the resting chain has its last answer.
async fn round(server: &mut Server, party: &Party, service: &Party, hanako: &Person, answered: &Answered) {
    let mut chains = Vec::new();
    let browser = Actor::new(server);
    for _ in 0..6 {
        chains.push(
            party
                .sign_in(&browser, hanako)
                .await
                .text("refresh_token")
                .to_owned(),
        );
    }
    let resting = chains.pop().unwrap();
    let uses = server.registration_token(1_000);
    let mut others = tokio::task::JoinSet::new();
    for _ in 0..8 {
        others.spawn(serve_itself(service.clone(), answered.clone()));
    }
    for _ in 0..2 {
        others.spawn(register(
            server.url("/oauth/register"),
            uses.clone(),
            answered.clone(),
        ));
    }
    let mut moving = tokio::task::JoinSet::new();
    for chain in chains {
        moving.spawn(refresh(party.clone(), chain, usize::MAX, answered.clone()));
    }
    let done = Arc::new(Notify::new());
    let rests = tokio::spawn({
        let (party, answered, done) = (party.clone(), answered.clone(), done.clone());
        async move {
            let last = refresh(party, resting, BEFORE_THE_KILL, answered).await;
            done.notify_one();
            last
        }
    });
    done.notified().await;
    server.kill();
    let last = rests.await.unwrap();
    while let Some(ended) = others.join_next().await {
        ended.unwrap();
    }
    server.restart().await;

    let again = party.refresh(&last).await;
    assert!(
        again.status.is_success(),
        "the last refresh token that was answered is lost: {}",
        again.text
    );
    while let Some(ended) = moving.join_next().await {
        // Its last request was under way: taken or not, but never half.
        let reply = party.refresh(&ended.unwrap()).await;
        if !reply.status.is_success() {
            reply.assert_error(400, "invalid_grant");
        }
    }
    server.assert_log_is_intact();
}

/// The ids of all requests in the log.
pub(crate) fn logged(server: &Server) -> BTreeSet<String> {
    let hex = |id: &str| {
        decode(id)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat()
    };
    server
        .log()
        .iter()
        .filter_map(|row| row["request"].as_str())
        .map(hex)
        .collect()
}

async fn kill_in_the_middle_of_load(backend: Backend) {
    let configuration = "[limits]\nregistrations_per_hour = 1000000\n".to_owned();
    let mut server = Server::start_with(
        backend,
        Options {
            configuration,
            ..Options::default()
        },
    )
    .await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let service = Party::service(&server, "vitals.write");
    let answered = Answered::default();
    for _ in 0..ROUNDS {
        round(&mut server, &party, &service, &hanako, &answered).await;
    }

    let logged = logged(&server);
    let requests = answered.requests.lock().unwrap().clone();
    let lost: Vec<&String> = requests.difference(&logged).collect();
    assert!(
        lost.is_empty(),
        "{} of {} answered requests are not in the log",
        lost.len(),
        requests.len()
    );
    assert!(
        requests.len() > ROUNDS * 2 * BEFORE_THE_KILL,
        "only {} requests were answered",
        requests.len()
    );

    let registrations = answered.registrations.lock().unwrap().clone();
    assert!(!registrations.is_empty());
    for registration in registrations {
        let address = registration["registration_client_uri"].as_str().unwrap();
        let token = registration["registration_access_token"].as_str().unwrap();
        let read = send(party::http().get(address).bearer_auth(token), &server.secrets()).await;
        assert!(
            read.status.is_success(),
            "an answered registration is lost: {}",
            read.text
        );
    }
    server.stop();
    server.assert_log_is_intact();
}

#[tokio::test]
async fn what_was_answered_before_a_kill_is_in_the_log_and_in_the_data_on_sqlite() {
    kill_in_the_middle_of_load(Backend::Sqlite).await;
}

#[tokio::test]
async fn what_was_answered_before_a_kill_is_in_the_log_and_in_the_data_on_postgresql_and_redis() {
    kill_in_the_middle_of_load(Backend::PostgresRedis).await;
}

async fn status(server: &Server, path: &str) -> u16 {
    party::http()
        .get(server.url(path))
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

/// What the hub answers to a client that ends its tokens.
async fn revoke(server: &Server, party: &Party, tokens: &Reply) -> u16 {
    let form = [("token", tokens.text("access_token"))];
    let request = party::http().post(server.url("/oauth/revoke"));
    let request = request.basic_auth(party.id(), Some(party.secret()));
    send(request.form(&form), &server.secrets()).await.status.as_u16()
}

#[tokio::test]
async fn a_database_that_goes_away_is_a_clear_503_and_comes_back_without_a_restart() {
    let proxy = Proxy::start(Databases::address());
    let server = Server::start_with(
        Backend::PostgresRedis,
        Options {
            proxy: Some(proxy),
            ..Options::default()
        },
    )
    .await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let service = Party::service(&server, "vitals.write");
    let browser = Actor::new(&server);
    let tokens = party.sign_in(&browser, &hanako).await;
    let registration = server.registration_token(1);
    let stranger = Actor::new(&server);
    let page = stranger.open("/signin").await;
    assert_eq!(status(&server, "/readyz").await, 200);

    server.proxy().cut();
    service
        .token(&[("grant_type", "client_credentials")])
        .await
        .assert_error(503, "temporarily_unavailable");
    let metadata = json!({"redirect_uris": [CALLBACK]});
    let register = || {
        party::http()
            .post(server.url("/oauth/register"))
            .bearer_auth(&registration)
            .json(&metadata)
    };
    assert_eq!(send(register(), &server.secrets()).await.status.as_u16(), 503);
    let refused = stranger.sign_in(&page, &hanako).await;
    assert_eq!(refused.status.as_u16(), 503);
    assert!(refused.body.contains("We are busy right now"), "{}", refused.body);
    assert!(stranger.cookie("musubi_session").is_none());
    let lost = party.refresh(tokens.text("refresh_token")).await;
    lost.assert_error(503, "temporarily_unavailable");
    assert_eq!(
        revoke(&server, &party, &tokens).await,
        503,
        "a token that may still be valid is not said to be over (RFC 7009 §2.2.1)"
    );
    assert_eq!(
        (
            status(&server, "/healthz").await,
            status(&server, "/readyz").await
        ),
        (200, 503)
    );

    server.proxy().mend();
    tools::until("the hub is ready again", || async {
        status(&server, "/readyz").await == 200
    })
    .await;
    assert!(
        service
            .token(&[("grant_type", "client_credentials")])
            .await
            .status
            .is_success()
    );
    let next = party.refresh(tokens.text("refresh_token")).await;
    assert!(
        next.status.is_success(),
        "what was refused was not taken: {}",
        next.text
    );
    assert_eq!(
        send(register(), &server.secrets()).await.status.as_u16(),
        201,
        "nor was the registration token"
    );
    assert_eq!(stranger.sign_in(&page, &hanako).await.status.as_u16(), 200);
    assert_eq!(revoke(&server, &party, &tokens).await, 200);
    party
        .userinfo(next.text("access_token"))
        .await
        .assert_error(401, "invalid_token");
    server.assert_log_is_intact();
}

#[tokio::test]
async fn connections_that_the_database_ends_are_made_anew() {
    let server = Server::start(Backend::PostgresRedis).await;
    let service = Party::service(&server, "vitals.write");
    let databases = server.databases();
    let grant = [("grant_type", "client_credentials")];
    assert!(service.token(&grant).await.status.is_success());
    let end = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname IN ('{}', '{}')",
        databases.hub, databases.log
    );
    tools::run(&mut databases.psql("postgres", &end), "");
    let first = service.token(&grant).await;
    assert!(
        first.status.is_success() || first.status.as_u16() == 503,
        "{}",
        first.text
    );
    tools::until("tokens again", || async {
        service.token(&grant).await.status.is_success()
    })
    .await;
    server.assert_log_is_intact();
}

/// A file system of a few megabytes, taken away with this.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: &Path) -> Self {
        let mut mount = Command::new(tools::program("mount", "mount"));
        let output = tools::output(
            mount.args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"]).arg(place),
            "",
        );
        assert!(
            output.status.success(),
            "a full disk needs a small file system, and mounting one needs root: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self(place.to_owned())
    }

    /// Fills it to the last byte.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        for size in [65_536, 4_096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let mut umount = Command::new(tools::program("umount", "mount"));
        let output = tools::output(umount.arg("--lazy").arg(&self.0), "");
        if !output.status.success() {
            eprintln!(
                "{} is still mounted: {}",
                self.0.display(),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

#[tokio::test]
async fn a_full_disk_is_a_clear_503_that_does_nothing_by_halves_and_goes_when_there_is_room() {
    let place = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(place.path());
    let data = Some(place.path().join("data"));
    let mut server = Server::start_with(
        Backend::Sqlite,
        Options {
            data,
            ..Options::default()
        },
    )
    .await;
    let hanako = server.person("hanako");
    let party = Party::register(&server).await;
    let service = Party::service(&server, "vitals.write");
    let mut tokens = party.sign_in(&Actor::new(&server), &hanako).await;
    let registration = server.registration_token(1);

    disk.fill();
    // Room that the databases had taken before is used up first.
    let mut refused = false;
    for _ in 0..2_000 {
        let reply = service.token(&[("grant_type", "client_credentials")]).await;
        if !reply.status.is_success() {
            reply.assert_error(503, "temporarily_unavailable");
            refused = true;
            break;
        }
    }
    assert!(refused, "the disk is full and the log goes on growing");
    // A checkpoint may make room for a little more: then it is done whole, else refused whole.
    let whole = |status: u16, good: u16| {
        assert!(status == good || status == 503, "{status}");
        status == good
    };
    let register = || {
        let request = party::http()
            .post(server.url("/oauth/register"))
            .bearer_auth(&registration);
        request.json(&json!({"redirect_uris": [CALLBACK]}))
    };
    let mut registered = whole(send(register(), &server.secrets()).await.status.as_u16(), 201);
    let stranger = Actor::new(&server);
    let page = stranger.open("/signin").await;
    let signed_in = whole(stranger.sign_in(&page, &hanako).await.status.as_u16(), 200);
    assert_eq!(stranger.cookie("musubi_session").is_some(), signed_in);
    for _ in 0..20 {
        let reply = party.refresh(tokens.text("refresh_token")).await;
        if whole(reply.status.as_u16(), 200) {
            tokens = reply;
        }
    }
    assert_eq!(status(&server, "/healthz").await, 200);

    disk.free();
    tools::until("tokens again", || async {
        service
            .token(&[("grant_type", "client_credentials")])
            .await
            .status
            .is_success()
    })
    .await;
    let next = party.refresh(tokens.text("refresh_token")).await;
    assert!(
        next.status.is_success(),
        "the last refresh token that was answered is lost: {}",
        next.text
    );
    if !registered {
        let reply = send(register(), &server.secrets()).await;
        registered = reply.status.as_u16() == 201;
        assert!(registered, "the registration token was used up: {}", reply.text);
    }
    // What is answered from now on must be on the disk, not in a transaction that never ends.
    let answered = service.token(&[("grant_type", "client_credentials")]).await;
    let id = answered.headers["x-request-id"].to_str().unwrap().to_owned();
    server.kill();
    server.restart().await;
    assert!(
        logged(&server).contains(&id),
        "a request that was answered after the disk had room again is not in the log"
    );
    server.assert_log_is_intact();
}
