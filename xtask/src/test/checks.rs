//! Formatting, spelling, dependencies, lints.

use anyhow::Result;

use super::check;
use super::report::Outcome;
use crate::process;
use crate::tools::clients;
use crate::tools::rust::cargo;

/// rustfmt, with rustfmt.toml.
pub fn format() -> Result<Outcome> {
    check(process::command(cargo())?.args(["fmt", "--all", "--check"]))
}

/// typos, with typos.toml.
pub fn spelling() -> Result<Outcome> {
    check(&mut process::command(clients::python_programs()?.join("typos"))?)
}

/// cargo-deny, with deny.toml, but for advisories.
pub fn dependencies() -> Result<Outcome> {
    let mut deny = process::command(cargo())?;
    check(deny.args([
        "deny",
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}

/// The advisory database is a repository that a build machine without network does not reach.
pub fn advisories() -> Outcome {
    Outcome::Skipped(
        "the advisory database is fetched from github.com; run `cargo deny check advisories` where it can be reached"
            .to_owned(),
    )
}

/// clippy, with the lints of Cargo.toml and .clippy.toml.
pub fn lints() -> Result<Outcome> {
    check(process::command(cargo())?.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}
