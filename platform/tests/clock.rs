//! The clock against real time servers: chronyd on loopback, honest, wrong, unsynchronised, silent, and stopped.
//!
//! Nothing waits for error bounds to grow: a hand on the clock's tick lets hours pass at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails loudly"
)]

use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use platform::clock::{Clock, ClockConfig, Instant, NotReady, Reading, ServerStatus, Synchronisation};
use tempfile::TempDir;
use tokio::sync::oneshot;

const PATIENCE: Duration = Duration::from_secs(30);

/// A chronyd that serves the machine's time on a loopback port and does not touch the machine's clock.
struct Chronyd {
    process: Child,
    directory: TempDir,
    port: u16,
}

impl Chronyd {
    fn honest() -> Self {
        Self::start(free_port(), &["local stratum 3"])
    }

    /// One that has no idea of the time and says so: leap indicator 3, stratum 0 or 16.
    fn unsynchronised() -> Self {
        Self::start(free_port(), &[])
    }

    /// One that is wrong and sure of itself.
    fn showing(false_time: Instant) -> Self {
        let server = Self::start(free_port(), &["local stratum 3", "manual"]);
        // chronyc reads the UTC date that it is given, to the second.
        let text = false_time.to_rfc3339().replace('T', " ");
        server.command(&["settime", text.split('.').next().unwrap()]);
        server
    }

    fn start(port: u16, directives: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        let mut configuration = format!(
            "port {port}\ncmdport 0\nbindaddress 127.0.0.1\nallow 127.0.0.1\nbindcmdaddress {}\npidfile {}\n",
            path("run/command.sock"),
            path("pid"),
        );
        configuration.extend(directives.iter().map(|directive| format!("{directive}\n")));
        std::fs::write(path("chrony.conf"), configuration).unwrap();
        let log = std::fs::File::create(path("log")).unwrap();
        let user = Command::new("id")
            .arg("-un")
            .output()
            .expect("`id` tells who runs the test")
            .stdout;
        let process = Command::new(program("chronyd"))
            // -d in the foreground, -x leave the machine's clock alone, -U do not insist on root.
            .args(["-d", "-x", "-U", "-u", String::from_utf8(user).unwrap().trim(), "-f", &path("chrony.conf")])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("chronyd starts");
        Self {
            process,
            directory,
            port,
        }
    }

    /// Its name in a configuration.
    fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn command(&self, arguments: &[&str]) {
        let socket = self.directory.path().join("run/command.sock");
        let mut last = String::new();
        for _ in 0..100 {
            let output = Command::new(program("chronyc"))
                .env("TZ", "UTC")
                .args(["-h", &socket.display().to_string()])
                .args(arguments)
                .output()
                .unwrap();
            if output.status.success() {
                return;
            }
            last = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        panic!("chronyc {arguments:?} failed: {last}\nchronyd said: {log}");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([name, &self.process.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success(), "kill {name}");
    }

    fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Chronyd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where a program of the Debian package chrony is; these tests cannot be run without it and do not pretend to.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin"].map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed: these tests need the Debian package `chrony`"))
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A server that takes requests and never answers, while the socket lives.
fn silent() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let name = socket.local_addr().unwrap().to_string();
    (socket, name)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests compare the clock with the time that chronyd serves"
)]
fn system_time() -> Instant {
    Instant::from_micros(0).plus(
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("it is after 1970"),
    )
}

fn an_hour_ahead() -> Instant {
    system_time().plus(Duration::from_hours(1))
}

fn config(servers: &[&str]) -> ClockConfig {
    ClockConfig {
        servers: servers.iter().map(|server| (*server).to_owned()).collect(),
        poll_min: Duration::from_millis(50),
        poll_max: Duration::from_millis(50),
        max_error: Duration::from_millis(500),
        warn_error: Duration::from_millis(100),
    }
}

/// Keeps a clock running for as long as the test.
struct Running {
    task: tokio::task::JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
}

impl Running {
    fn start(clock: &Clock) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let clock = clock.clone();
        let task = tokio::spawn(async move {
            clock
                .run(async {
                    let _ = stopped.await;
                })
                .await;
        });
        Self {
            task,
            stop: Some(stop),
        }
    }

    async fn end(mut self) {
        drop(self.stop.take());
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .expect("the clock stops when it is told to")
            .unwrap();
    }
}

async fn until(clock: &Clock, what: &str, holds: impl Fn(&Clock) -> bool) {
    let waiting = async {
        while !holds(clock) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let happened = tokio::time::timeout(PATIENCE, waiting).await.is_ok();
    assert!(happened, "{what} did not happen: {:#?}", clock.status());
}

async fn until_synchronised(clock: &Clock) -> Reading {
    until(clock, "synchronisation", |clock| {
        clock.reading().synchronisation == Synchronisation::Synchronised
    })
    .await;
    clock.reading()
}

fn server(clock: &Clock, name: &str) -> ServerStatus {
    clock
        .status()
        .servers
        .into_iter()
        .find(|server| server.server.as_ref() == name)
        .expect("it is configured")
}

/// Whether a time between two others lies in the clock's interval.
fn assert_contains_system_time(clock: &Clock) {
    let before = system_time();
    let reading = clock.reading();
    let after = system_time();
    let (earliest, latest) = reading.interval();
    assert!(
        earliest <= after && before <= latest,
        "{before:?} {reading:?} {after:?}"
    );
}

#[tokio::test]
async fn a_clock_follows_an_honest_server_and_its_interval_contains_the_servers_time() {
    let chronyd = Chronyd::honest();
    let name = chronyd.name();
    let clock = Clock::disciplined(config(&[&name]));
    let running = Running::start(&clock);
    let reading = until_synchronised(&clock).await;
    assert_eq!(reading.source.as_ref(), name);
    assert_eq!(reading.stratum, 3);
    assert_eq!(clock.ready(), Ok(()));
    assert!(reading.error_bound_micros < 500_000, "{reading:?}");
    assert_contains_system_time(&clock);
    let status = server(&clock, &name);
    assert!(
        status.selected && status.reachable && status.delay_micros.is_some(),
        "{status:?}"
    );
    assert_eq!(status.failure, None);
    running.end().await;
}

#[tokio::test]
async fn a_wrong_server_alone_is_followed_and_every_reading_names_it() {
    let chronyd = Chronyd::showing(an_hour_ahead());
    let name = chronyd.name();
    let clock = Clock::disciplined(config(&[&name]));
    let _running = Running::start(&clock);
    let reading = until_synchronised(&clock).await;
    assert_eq!(reading.source.as_ref(), name);
    let ahead = reading.at.since(system_time()).as_secs();
    assert!((3_590..3_610).contains(&ahead), "{ahead}");
    assert!(
        (3_590..3_610).contains(&(reading.offset_micros / 1_000_000)),
        "{reading:?}"
    );
}

#[tokio::test]
async fn the_first_agreement_may_set_the_clock_back_and_from_then_on_it_only_goes_forward() {
    let chronyd = Chronyd::showing(system_time().minus(Duration::from_hours(1)));
    let clock = Clock::disciplined(config(&[&chronyd.name()]));
    let before = clock.now();
    let _running = Running::start(&clock);
    let first = until_synchronised(&clock).await;
    let back = before.since(first.at).as_secs();
    assert!((3_500..3_610).contains(&back), "{back}");
    let mut last = first.at;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let now = clock.now();
        assert!(now > last);
        last = now;
    }
}

#[tokio::test]
async fn a_wrong_server_is_outvoted_by_two_honest_ones_in_whatever_order_they_answer() {
    let servers = [
        Chronyd::showing(an_hour_ahead()),
        Chronyd::honest(),
        Chronyd::honest(),
    ];
    let names = servers.each_ref().map(Chronyd::name);
    for order in [[0, 1, 2], [1, 0, 2], [1, 2, 0]] {
        let clock = Clock::disciplined(config(&order.map(|place| names[place].as_str())));
        let running = Running::start(&clock);
        let reading = until_synchronised(&clock).await;
        until(&clock, "every server's answer", |clock| {
            clock.status().servers.iter().all(|server| server.reachable)
        })
        .await;
        assert_ne!(reading.source.as_ref(), names[0]);
        assert_contains_system_time(&clock);
        assert!(!server(&clock, &names[0]).selected);
        assert!(server(&clock, &names[1]).selected && server(&clock, &names[2]).selected);
        assert!(server(&clock, &names[0]).offset_micros.unwrap() > 3_000_000_000);
        running.end().await;
    }
}

#[tokio::test]
async fn two_servers_that_contradict_each_other_are_both_not_followed() {
    let servers = [Chronyd::showing(an_hour_ahead()), Chronyd::honest()];
    let names = servers.each_ref().map(Chronyd::name);
    let clock = Clock::disciplined(config(&[&names[0], &names[1]]));
    let _running = Running::start(&clock);
    until(&clock, "both answers", |clock| {
        clock.status().servers.iter().all(|server| server.reachable)
    })
    .await;
    assert_eq!(clock.reading().synchronisation, Synchronisation::Unsynchronised);
    assert!(matches!(clock.ready(), Err(NotReady::NeverSynchronised { .. })));
    assert!(clock.status().servers.iter().all(|server| !server.selected));
}

#[tokio::test]
async fn silencing_the_honest_servers_does_not_make_the_wrong_one_the_truth() {
    let chronyd = Chronyd::showing(an_hour_ahead());
    let (_first, first) = silent();
    let (_second, second) = silent();
    let clock = Clock::disciplined(config(&[&chronyd.name(), &first, &second]));
    let _running = Running::start(&clock);
    until(&clock, "the wrong server's answer", |clock| {
        server(clock, &chronyd.name()).reachable
    })
    .await;
    assert_eq!(clock.reading().synchronisation, Synchronisation::Unsynchronised);
    assert!(clock.now().since(system_time()) < Duration::from_mins(1));
}

#[tokio::test]
async fn with_a_server_that_never_answers_the_node_is_not_ready_and_says_why() {
    let (_socket, name) = silent();
    let clock = Clock::disciplined(config(&[&name]));
    let _running = Running::start(&clock);
    until(&clock, "a time-out", |clock| {
        server(clock, &name).failure.is_some()
    })
    .await;
    let reason = clock.ready().unwrap_err();
    assert!(matches!(reason, NotReady::NeverSynchronised { .. }));
    assert!(reason.to_string().contains(&name), "{reason}");
    assert_eq!(
        server(&clock, &name).failure.as_deref(),
        Some("no answer within two seconds")
    );
    assert_eq!(server(&clock, &name).reach, 0);
}

#[tokio::test]
async fn a_server_that_is_not_synchronised_itself_is_not_followed() {
    let chronyd = Chronyd::unsynchronised();
    let name = chronyd.name();
    let clock = Clock::disciplined(config(&[&name]));
    let _running = Running::start(&clock);
    until(&clock, "a refusal", |clock| {
        server(clock, &name)
            .failure
            .is_some_and(|failure| !failure.starts_with("the network says"))
    })
    .await;
    assert_eq!(
        server(&clock, &name).failure.as_deref(),
        Some("the server is not synchronised itself")
    );
    assert_eq!(clock.reading().synchronisation, Synchronisation::Unsynchronised);
}

#[tokio::test]
async fn when_the_server_stops_the_error_bound_grows_until_the_node_is_not_ready() {
    let mut chronyd = Chronyd::honest();
    let name = chronyd.name();
    let (clock, hand) = Clock::disciplined_with_hand(ClockConfig {
        max_error: Duration::from_millis(100),
        ..config(&[&name])
    });
    let _running = Running::start(&clock);
    until_synchronised(&clock).await;
    assert_eq!(clock.ready(), Ok(()));
    chronyd.stop();
    until(&clock, "holdover", |clock| {
        clock.reading().synchronisation == Synchronisation::Holdover
    })
    .await;
    let at_first = clock.reading();
    assert_eq!(at_first.source.as_ref(), name);
    assert_eq!(clock.ready(), Ok(()));

    hand.advance(Duration::from_hours(1));
    let an_hour_later = clock.reading();
    let grown = an_hour_later.error_bound_micros - at_first.error_bound_micros;
    assert!(
        (54_000..60_000).contains(&grown),
        "15 ppm of an hour are 54 ms, not {grown} µs"
    );
    assert_eq!(clock.ready(), Ok(()));

    hand.advance(Duration::from_hours(1));
    assert_eq!(clock.reading().synchronisation, Synchronisation::Holdover);
    let reason = clock.ready().unwrap_err();
    assert!(matches!(reason, NotReady::Uncertain { .. }), "{reason}");
    assert!(reason.to_string().contains(&name), "{reason}");
    assert!(clock.now() > an_hour_later.at);
}

#[tokio::test]
async fn a_frozen_server_leads_to_holdover_and_its_return_to_synchronisation() {
    let chronyd = Chronyd::honest();
    let clock = Clock::disciplined(config(&[&chronyd.name()]));
    let _running = Running::start(&clock);
    let before = until_synchronised(&clock).await;
    chronyd.signal("-STOP");
    until(&clock, "holdover", |clock| {
        clock.reading().synchronisation == Synchronisation::Holdover
    })
    .await;
    chronyd.signal("-CONT");
    let after = until_synchronised(&clock).await;
    assert!(after.at > before.at);
    assert_contains_system_time(&clock);
}

#[tokio::test]
async fn a_server_that_comes_back_on_its_port_is_followed_again() {
    let mut chronyd = Chronyd::honest();
    let clock = Clock::disciplined(config(&[&chronyd.name()]));
    let _running = Running::start(&clock);
    until_synchronised(&clock).await;
    chronyd.stop();
    until(&clock, "holdover", |clock| {
        clock.reading().synchronisation == Synchronisation::Holdover
    })
    .await;
    let _again = Chronyd::start(chronyd.port, &["local stratum 5"]);
    assert_eq!(until_synchronised(&clock).await.stratum, 5);
    assert_contains_system_time(&clock);
}

#[tokio::test]
async fn a_synchronised_clock_does_not_follow_its_server_an_hour_away() {
    let mut chronyd = Chronyd::honest();
    let clock = Clock::disciplined(config(&[&chronyd.name()]));
    let _running = Running::start(&clock);
    until_synchronised(&clock).await;
    chronyd.stop();
    let liar = Chronyd::start(chronyd.port, &["local stratum 3", "manual"]);
    liar.command(&["settime", "2031-01-01 00:00:00"]);
    until(&clock, "the lie", |clock| {
        server(clock, &chronyd.name())
            .offset_micros
            .is_some_and(|offset| offset > 3_600_000_000)
    })
    .await;
    until(&clock, "holdover", |clock| {
        clock.reading().synchronisation == Synchronisation::Holdover
    })
    .await;
    assert_contains_system_time(&clock);
}

#[tokio::test]
async fn one_machine_under_two_names_has_one_vote() {
    let chronyd = Chronyd::honest();
    let (name, alias) = (chronyd.name(), format!("localhost:{}", chronyd.port));
    let (_socket, third) = silent();
    let clock = Clock::disciplined(config(&[&name, &alias, &third]));
    let _running = Running::start(&clock);
    // Eight answers to one name leave the other time to try every address it has.
    until(&clock, "eight answers to one name", |clock| {
        let (first, second) = (server(clock, &name), server(clock, &alias));
        (first.reach == 0xFF && second.failure.is_some()) || (second.reach == 0xFF && first.failure.is_some())
    })
    .await;
    assert!(!server(&clock, &name).reachable || !server(&clock, &alias).reachable);
    assert_eq!(clock.reading().synchronisation, Synchronisation::Unsynchronised);
}

#[tokio::test]
async fn a_name_is_resolved_and_followed() {
    let chronyd = Chronyd::honest();
    let name = format!("localhost:{}", chronyd.port);
    let clock = Clock::disciplined(config(&[&name]));
    let _running = Running::start(&clock);
    assert_eq!(until_synchronised(&clock).await.source.as_ref(), name);
}

#[tokio::test]
async fn the_metrics_tell_whether_the_clock_is_synchronised_and_how_well() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    // The test's runtime has one thread, so that the clock's task runs under this recorder too.
    let _guard = metrics::set_default_local_recorder(&recorder);
    let chronyd = Chronyd::honest();
    let clock = Clock::disciplined(config(&[&chronyd.name()]));
    let _running = Running::start(&clock);
    until(&clock, "the metric", |_| {
        handle.render().contains("musubi_clock_synchronised 1")
    })
    .await;
    let text = handle.render();
    let bound = text
        .lines()
        .find_map(|line| line.strip_prefix("musubi_clock_error_bound_seconds "))
        .and_then(|value| value.parse::<f64>().ok())
        .unwrap();
    assert!(bound > 0.0 && bound < 0.5, "{text}");
    assert!(text.contains("musubi_clock_offset_seconds "), "{text}");
}
