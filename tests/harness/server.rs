//! A `musubi` process of its own on a free port. What it prints is kept, and searched for secrets when it goes.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::backend::Databases;
use crate::{Backend, Person, Proxy, Secrets, tools};

/// How a server is to be started.
#[derive(Debug, Default)]
pub struct Options {
    /// More of the configuration file, as whole sections that are not `server`, `realm`, `data`, `database`, `log`,
    /// `redis` and `telemetry`.
    pub configuration: String,
    /// More lines of its section `server`.
    pub server: String,
    /// The authority of its TLS certificate, in PEM; without one it speaks plain HTTP.
    pub authority: Option<String>,
    /// What stands between the server and PostgreSQL.
    pub proxy: Option<Proxy>,
    /// Where its data is kept, if not in a directory of its own.
    pub data: Option<PathBuf>,
}

/// A running server, or one that was killed and can be started again.
#[derive(Debug)]
pub struct Server {
    port: u16,
    directory: TempDir,
    data: PathBuf,
    databases: Option<Databases>,
    proxy: Option<Proxy>,
    process: Option<Process>,
    printed: Arc<Mutex<Vec<u8>>>,
    secrets: Secrets,
    lines: String,
    authority: Option<String>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    readers: Vec<JoinHandle<()>>,
}

/// The binary under test: the one beside the test program, or the one that `MUSUBI_BIN` names.
pub fn binary() -> PathBuf {
    let path = std::env::var_os("MUSUBI_BIN").map_or_else(
        || {
            let test = std::env::current_exe().expect("the path of the test program");
            test.ancestors().nth(2).expect("target/PROFILE").join("musubi")
        },
        PathBuf::from,
    );
    assert!(
        path.is_file(),
        "{} is not there: run `cargo build --bin musubi`, or `cargo xtask test`",
        path.display()
    );
    path
}

impl Server {
    /// Starts one with nothing in it but its first realm.
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, Options::default()).await
    }

    /// Starts one as told.
    pub async fn start_with(backend: Backend, options: Options) -> Self {
        let mut server = Self::prepare(backend, options);
        // Between asking for a free port and taking it somebody else may have been faster.
        for _ in 0..5 {
            if server.launch().await.is_ok() {
                return server;
            }
            server.port = tools::free_port();
            server.configure();
        }
        panic!("the server did not start:\n{}", server.printed());
    }

    /// Another node of the same hub: the same databases and keys, another port. It answers for the first one's host.
    pub async fn join(&self) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = tools::free_port();
        let listen = |port: u16| format!("listen = \"127.0.0.1:{port}\"");
        let text = std::fs::read_to_string(self.config()).expect("the configuration file");
        let mut node = Self {
            port,
            data: self.data.clone(),
            directory,
            databases: None,
            proxy: None,
            process: None,
            printed: Arc::default(),
            secrets: self.secrets(),
            lines: String::new(),
            authority: None,
        };
        std::fs::write(node.config(), text.replace(&listen(self.port), &listen(port))).expect("a file");
        node.restart().await;
        node
    }

    /// The configuration and the databases of a server that is not started.
    pub fn prepare(backend: Backend, options: Options) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let databases = (backend == Backend::PostgresRedis).then(Databases::create);
        let server = Self {
            port: tools::free_port(),
            data: options.data.unwrap_or_else(|| directory.path().join("data")),
            directory,
            databases,
            proxy: options.proxy,
            process: None,
            printed: Arc::default(),
            secrets: Secrets::default(),
            lines: options.server,
            authority: options.authority,
        };
        std::fs::write(server.directory.path().join("more.toml"), options.configuration).expect("a file");
        server.configure();
        if server.databases.is_some() {
            server.musubi(&["migrate", "up"], "");
        }
        server
    }

    fn configure(&self) {
        let Self {
            port, data, lines, ..
        } = self;
        let issuer = self.issuer();
        let data = data.display();
        let mut text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\n{lines}[realm]\nissuer = \"{issuer}\"\nname = \"Test hub\"\n\
             [data]\ndir = \"{data}\"\n[telemetry]\nfilter = \"info,idp=debug,platform=debug,musubi=debug\"\n"
        );
        if let Some(databases) = &self.databases {
            let (hub, log) = (
                databases.url(&databases.hub, self.proxy.as_ref()),
                databases.url(&databases.log, self.proxy.as_ref()),
            );
            let redis = tools::variable("MUSUBI_TEST_REDIS_URL");
            text = format!(
                "{text}[database]\nurl = \"{hub}\"\n[log]\nurl = \"{log}\"\n[redis]\nurl = \"{redis}\"\n"
            );
        }
        text += &std::fs::read_to_string(self.directory.path().join("more.toml")).expect("a file");
        std::fs::write(self.config(), text).expect("the configuration file");
    }

    fn config(&self) -> PathBuf {
        self.directory.path().join("musubi.toml")
    }

    /// A command with this server's configuration and nothing of the environment's.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--config").arg(self.config());
        command.env_clear().current_dir(self.directory.path());
        command
    }

    /// Runs a command beside the server; it must succeed. Gives its JSON.
    pub fn musubi(&self, arguments: &[&str], input: &str) -> Value {
        let text = tools::run(self.command(arguments).arg("--json"), input);
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{arguments:?} printed no JSON ({error}): {text}"))
    }

    /// Runs a command beside the server, however it ends.
    pub fn output(&self, arguments: &[&str]) -> Output {
        tools::output(&mut self.command(arguments), "")
    }

    /// Starts the process and waits until it answers; an error if it ends before.
    pub async fn launch(&mut self) -> Result<(), String> {
        let mut command = self.command(&["serve"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let readers = vec![
            self.keep(child.stdout.take().expect("a pipe")),
            self.keep(child.stderr.take().expect("a pipe")),
        ];
        self.process = Some(Process { child, readers });
        let started = Instant::now();
        loop {
            let process = self.process.as_mut().expect("just started");
            if let Some(status) = process.child.try_wait().expect("a process of ours") {
                self.kill();
                return Err(format!("{status}\n{}", self.printed()));
            }
            let answer = self.http().get(self.url("/healthz")).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return Ok(());
            }
            assert!(
                started.elapsed() < Duration::from_mins(1),
                "no answer in a minute:\n{}",
                self.printed()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn keep(&self, mut pipe: impl Read + Send + 'static) -> JoinHandle<()> {
        let printed = self.printed.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                printed
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&buffer[..count]);
            }
        })
    }

    /// Kills the process as a power cut would (SIGKILL).
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // A process that is gone already is as dead as it shall be.
            let _ = process.child.kill();
            process.child.wait().expect("a process of ours");
            for reader in process.readers {
                reader.join().expect("a reader");
            }
        }
    }

    /// Asks the process to stop (SIGTERM) and waits; it must end well.
    pub fn stop(&mut self) {
        let mut process = self.process.take().expect("a running server");
        tools::run(
            Command::new(tools::program("kill", "procps")).arg(process.child.id().to_string()),
            "",
        );
        let status = process.child.wait().expect("a process of ours");
        for reader in process.readers {
            reader.join().expect("a reader");
        }
        assert!(
            status.success(),
            "the server ended with {status}:\n{}",
            self.printed()
        );
    }

    /// Starts it again; it must start.
    pub async fn restart(&mut self) {
        if let Err(problem) = self.launch().await {
            panic!("the server did not start again: {problem}");
        }
    }

    /// What it printed so far, on both outputs, in all its lives.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// The realm's issuer.
    pub fn issuer(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.port)
    }

    /// A client that trusts the server's certificate.
    pub fn http(&self) -> reqwest::Client {
        let builder = reqwest::Client::builder();
        let builder = match &self.authority {
            Some(pem) => {
                let root = reqwest::Certificate::from_pem(pem.as_bytes()).expect("a certificate");
                builder.tls_certs_only([root])
            }
            None => builder,
        };
        builder.build().expect("an HTTP client")
    }

    /// Sends the process a signal by its name.
    pub fn signal(&self, name: &str) {
        let process = self.process.as_ref().expect("a running server");
        let mut kill = Command::new(tools::program("kill", "procps"));
        tools::run(kill.args(["-s", name, &process.child.id().to_string()]), "");
    }

    /// The most memory that it ever had, in KiB.
    pub fn most_memory(&self) -> u64 {
        let process = self.process.as_ref().expect("a running server");
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.child.id()));
        let status = status.expect("the status of a process of ours");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .expect("a number of KiB")
    }

    /// An address of the server.
    pub fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.issuer()).parse().expect("an address")
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it keeps its files.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its databases on PostgreSQL.
    pub fn databases(&self) -> &Databases {
        self.databases.as_ref().expect("a server on PostgreSQL")
    }

    /// What stands between it and PostgreSQL.
    pub fn proxy(&self) -> &Proxy {
        self.proxy.as_ref().expect("a server behind a proxy")
    }

    /// What must never be printed; shared.
    pub fn secrets(&self) -> Secrets {
        self.secrets.clone()
    }

    /// Adds to what must never be printed.
    pub fn secret(&self, secret: &str) {
        self.secrets.add(secret);
    }

    /// Makes a person by the command line.
    pub fn person(&self, login: &str) -> Person {
        self.person_with(login, &[])
    }

    /// Makes a person whose address is known to be theirs.
    pub fn confirmed_person(&self, login: &str) -> Person {
        self.person_with(login, &["--email-verified"])
    }

    /// The same with more arguments of `musubi user create`.
    pub fn person_with(&self, login: &str, more: &[&str]) -> Person {
        let person = Person {
            login: login.to_owned(),
            password: format!("blue kettle {}", tools::unique()),
            name: format!("Person called {login}"),
            email: format!("{login}@example.jp"),
        };
        self.secret(&person.password);
        let arguments = [
            "user",
            "create",
            "--login",
            login,
            "--password-stdin",
            "--email",
            &person.email,
            "--name",
            &person.name,
        ];
        self.musubi(&[&arguments, more].concat(), &person.password);
        person
    }

    /// An initial access token for `uses` registrations.
    pub fn registration_token(&self, uses: u32) -> String {
        let made = self.musubi(&["client", "registration-token", "--uses", &uses.to_string()], "");
        let token = made["initial_access_token"].as_str().expect("a token").to_owned();
        self.secret(&token);
        token
    }

    /// A client that acts for itself, made by the command line: its id and its secret.
    pub fn service(&self, scope: &str) -> (String, String) {
        let made = self.musubi(&["client", "create", "--name", "A service", "--scope", scope], "");
        let text = |name: &str| made[name].as_str().expect("a string").to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        self.secret(&secret);
        (id, secret)
    }

    /// The rows of the access log as an export has them, in their order in time, each with its `writer` and `seq`. The
    /// export must be in order.
    pub fn log(&self) -> Vec<Value> {
        let text = tools::run(&mut self.command(&["log", "export"]), "");
        let mut rows: Vec<Value> = text.lines().filter_map(row).collect();
        rows.sort_by_key(|row| row["at"].as_i64());
        rows
    }

    /// Says that the log is whole.
    pub fn assert_log_is_intact(&self) {
        let report = self.musubi(&["log", "verify"], "");
        assert_eq!(report["intact"], true, "{report:#}");
    }
}

/// The row of a line of an export, if it has one.
fn row(line: &str) -> Option<Value> {
    let mut line: Value = serde_json::from_str(line).expect("a line of JSON");
    let chained = line.get_mut("row")?;
    let (writer, seq, mut row) = (
        chained["writer"].take(),
        chained["seq"].take(),
        chained["row"].take(),
    );
    row["writer"] = writer;
    row["seq"] = seq;
    Some(row)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            // The log of a failed test is worth more than its brevity.
            let printed = self.printed();
            let tail: Vec<&str> = printed.lines().rev().take(40).collect();
            eprintln!("--- the server's last lines");
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
            return;
        }
        let found = self.secrets.printed_in(&self.printed());
        assert!(
            found.is_empty(),
            "the server printed {} secrets: {found:?}\n{}",
            found.len(),
            self.printed()
        );
    }
}
