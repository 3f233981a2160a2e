//! A bounded run of every fuzz target over its kept corpus, on a nightly toolchain.

use anyhow::{Context, Result};

use super::report::Outcome;
use crate::process;
use crate::tools::cargo_fuzz;

/// Each target of fuzz/Cargo.toml.
const TARGETS: [&str; 5] = [
    "authorization_parameters",
    "registration_metadata",
    "jose",
    "client_assertions",
    "claims_parameter",
];
/// For each target; the build before takes longer than all of them.
const SECONDS: u32 = 20;

/// Builds and runs them. What is found new goes to target/, what breaks is kept in fuzz/artifacts and fails the run.
pub fn run() -> Result<Outcome> {
    let nightly = process::command("rustup")
        .and_then(|mut rustup| process::output(rustup.args(["run", "nightly", "cargo", "--version"])));
    if nightly.is_err() {
        return Ok(Outcome::Skipped(
            "there is no nightly toolchain; `rustup toolchain install nightly` gets one".to_owned(),
        ));
    }
    cargo_fuzz::ensure()?;
    let workspace = process::workspace()?;
    for target in TARGETS {
        let found = workspace.join("target/fuzz-corpus").join(target);
        std::fs::create_dir_all(&found).with_context(|| found.display().to_string())?;
        let mut fuzz = process::command("rustup")?;
        fuzz.current_dir(&workspace)
            .env("CARGO_TARGET_DIR", workspace.join("target/fuzz"))
            .args(["run", "nightly", "cargo", "fuzz", "run", target])
            .arg(&found)
            .arg(workspace.join("fuzz/corpus").join(target))
            .arg("--")
            .arg(format!("-max_total_time={SECONDS}"))
            .args([
                "-timeout=10",
                "-rss_limit_mb=2048",
                "-max_len=16384",
                "-verbosity=0",
            ]);
        println!("{}", process::shown(&fuzz));
        process::run(&mut fuzz)?;
    }
    Ok(Outcome::Passed)
}
