//! `cargo xtask test`: from a bare machine to a verdict.
//!
//! Every step is counted: passed, failed, or skipped with its reason in the last lines. A step whose needs failed
//! is skipped, and the run has failed already.

mod checks;
mod fuzz;
mod report;
mod suite;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::servers::Servers;
use crate::tools::{self, clients};
use crate::{interrupt, process};
use report::{Outcome, Report};

/// Runs everything that a commit has to pass: tools, servers, formatting, lints, licences, spelling, all tests.
///
/// As root on Debian it installs what is missing; otherwise it says what to run. Private servers are started on free
/// ports and ended with it. The last line counts what passed, failed and was skipped; the lines before it give the
/// reason of each that was skipped. Ends with an error when anything failed.
#[derive(clap::Args)]
pub struct Arguments {}

/// What later steps take over from earlier ones.
#[derive(Default)]
pub(crate) struct Context {
    servers: Option<Servers>,
}

impl Context {
    /// The variables by which tests find what was installed and started.
    fn environment(&self) -> Result<Vec<(&'static str, String)>> {
        let mut environment: Vec<_> = self.servers.iter().flat_map(Servers::environment).collect();
        environment.push((
            "MUSUBI_TEST_PYTHON",
            clients::python_programs()?.join("python").display().to_string(),
        ));
        Ok(environment)
    }
}

struct Step {
    name: &'static str,
    needs: &'static [&'static str],
    run: fn(&mut Context) -> Result<Outcome>,
}

const STEPS: &[Step] = &[
    Step {
        name: "debian packages",
        needs: &[],
        run: |_| passed(tools::debian::ensure()),
    },
    Step {
        name: "rust components",
        needs: &[],
        run: |_| passed(tools::rust::ensure()),
    },
    Step {
        name: "npm and python packages",
        needs: &["debian packages"],
        run: |_| passed(clients::ensure()),
    },
    Step {
        name: "cargo-deny",
        needs: &[],
        run: |_| passed(tools::cargo_deny::ensure()),
    },
    Step {
        name: "servers",
        needs: &["debian packages"],
        run: start_servers,
    },
    Step {
        name: "format",
        needs: &["rust components"],
        run: |_| checks::format(),
    },
    Step {
        name: "spelling",
        needs: &["npm and python packages"],
        run: |_| checks::spelling(),
    },
    Step {
        name: "licences, bans, sources",
        needs: &["cargo-deny"],
        run: |_| checks::dependencies(),
    },
    Step {
        name: "advisories",
        needs: &[],
        run: |_| Ok(checks::advisories()),
    },
    Step {
        name: "lints",
        needs: &["rust components"],
        run: |_| checks::lints(),
    },
    Step {
        name: "build",
        needs: &[],
        run: |_| suite::build(),
    },
    Step {
        name: "tests",
        needs: &["npm and python packages", "servers", "build"],
        run: suite::run,
    },
];

/// What a build machine runs beside.
const MORE: &[Step] = &[Step {
    name: "fuzzing",
    needs: &[],
    run: |_| fuzz::run(),
}];

/// Runs the subcommand.
pub fn run(_: &Arguments) -> ExitCode {
    all(&STEPS.iter().collect::<Vec<_>>())
}

/// Runs the subcommand with what takes longer: a bounded run of each fuzz target.
pub fn run_more(_: &Arguments) -> ExitCode {
    all(&STEPS.iter().chain(MORE).collect::<Vec<_>>())
}

fn all(steps: &[&Step]) -> ExitCode {
    let mut context = Context::default();
    let mut report = Report::default();
    for (index, step) in steps.iter().enumerate() {
        println!("\n[{}/{}] {}", index + 1, steps.len(), step.name);
        let started = Instant::now();
        let outcome = match step.needs.iter().find(|need| !report.has_passed(need)) {
            _ if interrupt::requested() => Outcome::Skipped("interrupted".to_owned()),
            Some(need) => Outcome::Skipped(format!("it needs {need}, which did not pass")),
            None => (step.run)(&mut context).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}"))),
        };
        report.add(step.name, started.elapsed(), outcome);
    }
    drop(context);
    println!("\n{report}");
    if report.is_good() && !interrupt::requested() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn passed(done: Result<()>) -> Result<Outcome> {
    done.map(|()| Outcome::Passed)
}

fn start_servers(context: &mut Context) -> Result<Outcome> {
    let servers = Servers::start()?;
    for (name, value) in servers.environment() {
        println!("{name}={value}");
    }
    context.servers = Some(servers);
    Ok(Outcome::Passed)
}

/// Runs a check with its output shown; a check that ends with an error has failed, whatever it said.
fn check(command: &mut std::process::Command) -> Result<Outcome> {
    println!("{}", process::shown(command));
    passed(process::run(command))
}
