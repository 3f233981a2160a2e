//! Programs from outside. One that is missing is an error that says how to get it, never a skipped test.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ has a parent")
        .to_path_buf()
}

/// The directory that cargo builds into.
pub fn target() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test program");
    // target/PROFILE/deps/e2e-…
    test.ancestors().nth(3).expect("target/").to_path_buf()
}

/// A variable that `cargo xtask test` and `cargo xtask services` set.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run `cargo xtask test`, or `cargo xtask services` and take over target/test-services.env")
    })
}

/// A program on the path or in one of the places where Debian puts servers.
pub fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            panic!("{name} is not installed: apt-get install {package}, or run `cargo xtask test`")
        })
}

/// Node with a script of tests/clients.
pub fn node(script: &str) -> Command {
    let clients = workspace().join("tests/clients");
    assert!(
        clients.join("node_modules").is_dir(),
        "tests/clients/node_modules is not there: run `cargo xtask test`"
    );
    let mut command = Command::new(program("node", "nodejs"));
    command.arg(clients.join(script)).current_dir(clients);
    command
}

/// The Python of the tests' own environment, with a script of tests/clients.
pub fn python(script: &str) -> Command {
    let mut command = Command::new(variable("MUSUBI_TEST_PYTHON"));
    command
        .arg(workspace().join("tests/clients").join(script))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Runs a program to its end, with `input` on its standard input, and gives what it printed. Fails unless it succeeds.
pub fn run(command: &mut Command, input: &str) -> String {
    let output = output(command, input);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// Runs a program to its end, however it ends.
pub fn output(command: &mut Command, input: &str) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that does not read its input may be gone already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("the output of a program")
}

/// Waits until `done`; fails with `what` after a time that only something broken takes.
pub async fn until<F: Future<Output = bool>>(what: &str, mut done: impl FnMut() -> F) {
    let started = Instant::now();
    while !done().await {
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "waited a minute for: {what}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A port that nobody had a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// A string that no other test of this or another process has.
pub fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time after 1970")
        .as_nanos();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:x}_{time:x}_{count:x}", std::process::id())
}

/// Seconds since 1970, as the relying party's own clock has it.
pub fn seconds() -> i64 {
    let time = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time after 1970");
    i64::try_from(time.as_secs()).expect("a time before the end of the universe")
}
