//! What the checks and tests need on the machine: looked for, and installed where that can be done.

pub mod cargo_deny;
pub mod cargo_fuzz;
pub mod clients;
pub mod debian;
pub mod rust;

use std::process::ExitCode;

use anyhow::Result;

/// Checks for everything that the checks and tests need, and installs what is missing.
///
/// Debian packages are installed with apt-get when run as root; otherwise the command to run is printed. npm and
/// PyPI packages go to tests/clients/node_modules and target/python, cargo-deny to Cargo's own directory.
#[derive(clap::Args)]
pub struct Arguments {}

/// Runs the subcommand.
pub fn run(_: &Arguments) -> Result<ExitCode> {
    debian::ensure()?;
    rust::ensure()?;
    clients::ensure()?;
    cargo_deny::ensure()?;
    println!("everything is there");
    Ok(ExitCode::SUCCESS)
}
