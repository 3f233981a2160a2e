//! The hub on real time servers (requirement H17): what a reading says is in `/readyz` and in every row of the log.

use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};

use harness::{Actor, Backend, Options, Server, party, tools};
use serde_json::Value;
use tempfile::TempDir;

/// A chronyd on a loopback port that serves the machine's time and leaves the machine's clock alone.
struct Chronyd {
    process: Child,
    port: u16,
    _directory: TempDir,
}

impl Chronyd {
    fn start() -> Self {
        let port = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        let configuration = format!(
            "port {port}\ncmdport 0\nbindaddress 127.0.0.1\nallow 127.0.0.1\nlocal stratum 3\nbindcmdaddress /\npidfile {}\n",
            path("pid")
        );
        std::fs::write(path("chrony.conf"), configuration).unwrap();
        let user = tools::output(Command::new("id").arg("-un"), "");
        let process = Command::new(tools::program("chronyd", "chrony"))
            .args([
                "-d",
                "-x",
                "-U",
                "-u",
                String::from_utf8(user.stdout).unwrap().trim(),
                "-f",
                &path("chrony.conf"),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            port,
            _directory: directory,
        }
    }
}

impl Drop for Chronyd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn with_time_servers(servers: &[u16], enforce: bool) -> Server {
    let servers: Vec<String> = servers
        .iter()
        .map(|port| format!("\"127.0.0.1:{port}\""))
        .collect();
    let configuration = format!("[ntp]\nservers = [{}]\nenforce = {enforce}\n", servers.join(", "));
    Server::start_with(
        Backend::Sqlite,
        Options {
            configuration,
            ..Options::default()
        },
    )
    .await
}

async fn readiness(server: &Server) -> (u16, Value) {
    let answer = party::http().get(server.url("/readyz")).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_row_of_the_log_says_how_well_the_clock_was_synchronised_and_with_whom() {
    let chronyd = Chronyd::start();
    let server = with_time_servers(&[chronyd.port], false).await;
    tools::until("the clock follows the time server", async || {
        readiness(&server).await.1["clock"]["synchronisation"] == "synchronised"
    })
    .await;
    let (status, ready) = readiness(&server).await;
    assert_eq!(status, 200);
    assert!(ready["clock"]["error_bound_micros"].as_i64().unwrap() < 1_000_000);

    let person = server.person("hanako");
    let actor = Actor::new(&server);
    let page = actor.open("/signin").await;
    actor.sign_in(&page, &person).await;
    let row = server
        .log()
        .into_iter()
        .rev()
        .find(|row| row["action"] == "sign_in.password")
        .unwrap();
    assert_eq!(row["clock_state"], "synchronised", "{row}");
    assert_eq!(
        row["clock_source"],
        format!("127.0.0.1:{}", chronyd.port),
        "{row}"
    );
    assert!(row["clock_error_bound"].as_i64().unwrap() < 1_000_000, "{row}");
}

#[tokio::test]
async fn a_hub_that_must_know_the_time_serves_nobody_while_its_time_servers_are_silent() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = with_time_servers(&[silent.local_addr().unwrap().port()], true).await;
    let (status, ready) = readiness(&server).await;
    assert_eq!(status, 503, "{ready}");
    assert_eq!(ready["clock"]["ready"], false, "{ready}");
    let sign_in = party::http().get(server.url("/signin")).send().await.unwrap();
    assert_eq!(sign_in.status(), 503);
    let alive = party::http().get(server.url("/healthz")).send().await.unwrap();
    assert_eq!(alive.status(), 200);
}
