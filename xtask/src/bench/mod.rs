//! `cargo xtask bench`: what a request costs, on one core of this machine. The method is in `conformance/BENCH.md`.
//!
//! The hub is the release binary, pinned to one processor; the load is this program, pinned to another. Every
//! scenario gets a fresh hub with fresh databases, so that none depends on what ran before it. An answer that is not
//! the right one fails its scenario: a fast refusal is no throughput.

mod bare;
mod browser;
mod connection;
mod databases;
mod dpop;
pub mod growth;
mod hub;
mod load;
mod machine;
mod parties;
mod report;
mod scenarios;
mod server;
mod startup;
mod table;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum as _;

use self::databases::Databases;
use self::hub::Binary;
use self::load::Plan;
use self::report::Report;
use self::scenarios::Scenario;
use crate::{interrupt, process};

/// The processor of the server.
const SERVER_CORE: usize = 0;
/// The processor of the load.
const LOAD_CORE: usize = 1;
const WARM_UP: Duration = Duration::from_secs(1);

/// Measures the release binary under load and writes bench-results.md.
///
/// The server is pinned to one processor and the load to another; the machine should do nothing else meanwhile. The
/// method is in conformance/BENCH.md.
#[derive(clap::Args)]
pub struct Arguments {
    /// Runs only this scenario; may be given several times.
    #[arg(long = "scenario", value_enum)]
    scenarios: Vec<Scenario>,
    /// How long each scenario is measured, after a second of warm-up.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=240))]
    seconds: u64,
    /// Connections that wait for their answer before they ask again.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    connections: u16,
    /// Uses a private PostgreSQL and Redis instead of the embedded databases.
    #[arg(long)]
    postgres: bool,
    /// Writes the figures to this file too.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Prints ratios to the figures in this file, of the same machine.
    #[arg(long)]
    against: Option<PathBuf>,
    /// Serves the reference: what the calibration scenario runs in a process of its own.
    #[arg(long, hide = true)]
    serve_bare: Option<SocketAddr>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    if let Some(address) = arguments.serve_bare {
        bare::serve(address)?;
        return Ok(ExitCode::SUCCESS);
    }
    if cfg!(debug_assertions) {
        return optimised();
    }
    let earlier = arguments.against.as_deref().map(Report::read).transpose()?;
    let binary = binary(arguments.scenarios != [Scenario::Bare])?;

    machine::pin(LOAD_CORE)?;
    let databases = Databases::start(arguments.postgres)?;
    let mut report = Report::new(databases.name())?;
    let outcome = measure(arguments, &binary, &databases, &mut report);
    let table = report.table(earlier.as_ref());
    println!("\n{table}");
    std::fs::write(process::workspace()?.join("bench-results.md"), &table).context("bench-results.md")?;
    if let Some(path) = &arguments.json {
        report.write(path)?;
    }
    outcome?;
    Ok(if report.failed() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The release binary beside this program, built anew where it is needed.
fn binary(anew: bool) -> Result<Binary> {
    if anew {
        let mut build = process::command("cargo")?;
        process::run(build.args(["build", "--release", "--package", "musubi", "--bin", "musubi"]))?;
    }
    Ok(Binary(std::env::current_exe()?.with_file_name("musubi")))
}

/// The load generator must not be what is measured: the same command again, by an optimised build of this program.
fn optimised() -> Result<ExitCode> {
    let mut build = process::command("cargo")?;
    process::run(build.args(["build", "--release", "--package", "xtask"]))?;
    let here = std::env::current_exe()?;
    let target = here
        .parent()
        .and_then(Path::parent)
        .context("the target directory")?;
    let mut again = Command::new(target.join("release/xtask"));
    // Not from the workspace's root: files named on the command line are relative to where it was typed.
    process::run(again.args(std::env::args_os().skip(1)))?;
    Ok(ExitCode::SUCCESS)
}

fn measure(arguments: &Arguments, binary: &Binary, databases: &Databases, report: &mut Report) -> Result<()> {
    let plan = Plan {
        warm_up: WARM_UP,
        measured: Duration::from_secs(arguments.seconds),
        connections: usize::from(arguments.connections),
    };
    let chosen = match arguments.scenarios.as_slice() {
        [] => Scenario::value_variants(),
        some => some,
    };
    for scenario in chosen {
        anyhow::ensure!(!interrupt::requested(), "interrupted");
        println!("{}", scenario.name());
        if let Err(error) = scenarios::run(*scenario, binary, databases, plan, report) {
            let reason = format!("{error:#}");
            eprintln!("  failed: {reason}");
            report.fail(scenario.name(), &reason);
        }
    }
    Ok(())
}
