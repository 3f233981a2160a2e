//! `cargo xtask`: everything a developer or a build machine runs, in one program that explains itself.
//!
//! One subcommand a file. What is started here is stopped here, by its process id, whatever happened.

#![allow(
    clippy::disallowed_methods,
    reason = "the workshop measures its own steps; it is not part of the hub, whose time comes from platform::clock"
)]

mod bench;
mod interrupt;
mod point;
mod process;
mod requirements;
mod servers;
mod services;
mod suite;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The workshop of Musubi: tests, checks, and the servers that they need.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  cargo xtask test                      everything a commit has to pass, from a bare machine
  cargo xtask bench --scenario bare --scenario client_credentials
  cargo xtask growth decisions          what a decision costs among ten thousand rules and among a million
  cargo xtask services                  PostgreSQL and Redis for single tests, until Ctrl-C; in another terminal:
    set -a; . target/test-services.env; cargo test -p platform database::";

#[derive(Subcommand)]
enum Command {
    Test(test::Arguments),
    /// The same as `test`, and a bounded run of every fuzz target.
    Ci(test::Arguments),
    Bench(bench::Arguments),
    Growth(bench::growth::Arguments),
    Tools(tools::Arguments),
    Services(services::Arguments),
    Requirements(requirements::Arguments),
    Suite(Box<suite::Arguments>),
}

fn main() -> ExitCode {
    interrupt::watch();
    let outcome = match Arguments::parse().command {
        Command::Test(arguments) => Ok(test::run(&arguments)),
        Command::Ci(arguments) => Ok(test::run_more(&arguments)),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Growth(arguments) => bench::growth::run(&arguments),
        Command::Tools(arguments) => tools::run(&arguments),
        Command::Requirements(arguments) => requirements::run(&arguments),
        Command::Suite(arguments) => suite::run(&arguments),
        Command::Services(arguments) => services::run(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
