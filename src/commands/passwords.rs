//! `musubi passwords`: what is refused as a password.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;
use idp::credentials::Breached;
use serde_json::json;

use super::load;
use crate::arguments::Common;
use crate::output::Output;

/// Passwords that are refused.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look through a file of passwords known from breaches: is it well-formed and sorted?
    #[command(
        after_help = "The file has lines HASH:COUNT, each HASH the SHA-1 of a password as 40 upper-case \
hexadecimal digits, sorted by it. Without FILE it is the one that passwords.breached_file names.

Example:
  musubi passwords check-file pwned-passwords-sha1-ordered-by-hash.txt"
    )]
    CheckFile {
        /// The file
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Runs it.
pub fn run(command: Command, common: &Common, output: Output) -> anyhow::Result<()> {
    let Command::CheckFile { file } = command;
    let named = match file {
        Some(file) => Some(file),
        None => load(common)?.passwords.breached_file,
    };
    let file = named.context("name a file, or set passwords.breached_file")?;
    let lines = Breached::check(&file).with_context(|| file.display().to_string())?;
    output.answer(
        &format!("{} can be used: {lines} passwords, in order.", file.display()),
        &json!({"file": file, "passwords": lines}),
    )?;
    Ok(())
}
