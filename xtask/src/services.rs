//! `cargo xtask services`: the servers that single tests need, until Ctrl-C.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::servers::Servers;
use crate::tools::clients;
use crate::{interrupt, process};

/// Starts a private PostgreSQL and Redis, prints how tests find them, and stays until Ctrl-C.
///
/// Both listen on 127.0.0.1 only, on free ports, in temporary directories that go with them. The same lines are
/// written to target/test-services.env, so that in another terminal
/// `set -a; . target/test-services.env; cargo test -p platform database::` runs one module's tests.
#[derive(clap::Args)]
pub struct Arguments {}

/// Runs the subcommand.
pub fn run(_: &Arguments) -> Result<ExitCode> {
    let mut servers = Servers::start()?;
    let mut lines = String::new();
    for (name, value) in servers.environment() {
        writeln!(lines, "{name}={value}")?;
    }
    writeln!(
        lines,
        "MUSUBI_TEST_PYTHON={}",
        clients::python_programs()?.join("python").display()
    )?;
    let file = process::workspace()?.join("target/test-services.env");
    std::fs::write(&file, &lines).with_context(|| format!("cannot write {}", file.display()))?;
    println!("{lines}\nAlso in {}. Ctrl-C ends them.", file.display());
    let outcome = stay(&mut servers);
    remove_own(&file, &lines)?;
    outcome.map(|()| ExitCode::SUCCESS)
}

fn stay(servers: &mut Servers) -> Result<()> {
    while !interrupt::requested() {
        servers.check()?;
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Takes the file away, unless another instance has written its own there since.
fn remove_own(file: &Path, lines: &str) -> Result<()> {
    if std::fs::read_to_string(file).is_ok_and(|found| found == lines) {
        std::fs::remove_file(file)?;
    }
    Ok(())
}
