//! The Rust components that a bare toolchain may lack.

use anyhow::{Result, ensure};

use crate::process;

/// Makes sure of rustfmt and clippy; an error says what to run.
pub fn ensure() -> Result<()> {
    let missing: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(subcommand, _)| {
            process::command(cargo())
                .and_then(|mut cargo| process::output(cargo.args([subcommand, "--version"])))
                .is_err()
        })
        .map(|(_, component)| component)
        .collect();
    ensure!(
        missing.is_empty(),
        "this toolchain has no {0}. Run `rustup component add {1}` where static.rust-lang.org can be reached, or use \
         a toolchain that was installed with its default profile.",
        missing.join(" and no "),
        missing.join(" ")
    );
    Ok(())
}

/// The cargo that runs this program.
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
