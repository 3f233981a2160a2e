//! What the hub says about itself: metrics, and traces for a collector.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::{Backend, Options, Server, party, tools};

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A collector that keeps whatever is sent to it.
fn collector() -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let received = kept.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let received = received.clone();
            std::thread::spawn(move || {
                stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
                let mut buffer = vec![0; 65_536];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    received.lock().unwrap().extend_from_slice(&buffer[..count]);
                }
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            });
        }
    });
    (port, kept)
}

#[tokio::test]
async fn each_request_is_a_span_at_the_collector_that_is_configured() {
    let (port, kept) = collector();
    let server = Server::prepare(Backend::Sqlite, Options::default());
    let mut command = server.command(&["serve"]);
    command.env(
        "MUSUBI__TELEMETRY__OTLP_ENDPOINT",
        format!("http://127.0.0.1:{port}/v1/traces"),
    );
    let process = Process(command.spawn().unwrap());
    tools::until("the server answers", async || {
        party::http()
            .get(server.url("/oauth/jwks"))
            .send()
            .await
            .is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    let ended = Command::new("kill")
        .args(["-TERM", &process.0.id().to_string()])
        .status()
        .unwrap();
    assert!(ended.success());
    tools::until("the trace arrives", async || {
        let received = kept.lock().unwrap();
        let has = |text: &str| {
            received
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        has("POST /v1/traces") && has("/oauth/jwks")
    })
    .await;
}

#[tokio::test]
async fn metrics_are_served_on_any_host_name_and_name_no_person() {
    let server = Server::start(Backend::Sqlite).await;
    let person = server.person("hanako");
    let actor = harness::Actor::new(&server);
    let page = actor.open("/signin").await;
    actor.sign_in(&page, &person).await;
    let answer = party::http()
        .get(server.url("/metrics"))
        .header("host", "probe.internal")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    assert!(text.contains("musubi_sign_ins_total 1"), "{text}");
    assert!(text.contains("musubi_http_requests_total"), "{text}");
    assert!(text.contains("musubi_clock_error_bound_seconds"), "{text}");
    assert!(!text.contains("hanako"), "{text}");
}
