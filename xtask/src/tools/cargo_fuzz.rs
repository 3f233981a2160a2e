//! cargo-fuzz, from crates.io.

use anyhow::Result;

use super::rust::cargo;
use crate::process;

/// What is installed when there is none.
const WANTED: &str = "cargo-fuzz@0.13.2";

/// Makes sure of it.
pub fn ensure() -> Result<()> {
    let found =
        process::command(cargo()).and_then(|mut cargo| process::output(cargo.args(["fuzz", "--version"])));
    if let Ok(found) = found {
        println!("{} is there", found.trim());
        return Ok(());
    }
    process::run(process::command(cargo())?.args(["install", WANTED, "--locked", "--debug"]))
}
