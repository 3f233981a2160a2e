//! `musubi log export`, `musubi log verify`, `musubi log keys`, `musubi log tree`.
//!
//! An export is judged with nothing but the file and public keys. The public keys come from elsewhere than the file (`musubi
//! log keys`, kept by whoever judges), or the file vouches for itself and only mishaps are found.

mod tree;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use idp::log::{Action, Entry, Report, Verifier, verify};
use platform::ids::RealmId;
use platform::keys::{DataKey, KeySet};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, BufWriter};
use uuid::Uuid;

use super::{load, on_hub};
use crate::arguments::Common;
use crate::installation::{Fresh, Installation};
use crate::output::Output;
use crate::record;

const EXPORT: Action = Action::new("log.export");
const VERIFY: Action = Action::new("log.verify");

/// Verify and export the access log.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge an export, or without a file the log of this hub: is every row there, unaltered, in its place?
    #[command(after_help = "Examples:
  musubi log verify                                       the log of this hub, by its own keys
  musubi log keys > log-keys.json                         to be kept where the hub's operator cannot change it
  musubi log verify log.ndjson --keys log-keys.json       an export, anywhere
  ssh hub musubi log export | musubi log verify - --keys log-keys.json
The exit code is 1 if anything is wrong.")]
    Verify {
        /// An export; `-` is standard input
        #[arg(value_name = "FILE")]
        export: Option<PathBuf>,
        /// The log's public keys (a JWK Set) from outside the export
        #[arg(long, value_name = "FILE", requires = "export")]
        keys: Option<PathBuf>,
    },
    /// Write the whole log as NDJSON, verifying it on the way
    Export {
        /// A new file; without it standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the public key by which exports are judged, as a JWK Set
    Keys,
    /// The tree over all rows: proofs for everybody that the log holds a row, and that it only grew
    #[command(subcommand)]
    Tree(tree::Command),
}

/// Runs it.
pub fn run(command: Command, common: &Common, output: Output) -> anyhow::Result<ExitCode> {
    let report = match command {
        Command::Verify {
            export: Some(export),
            keys,
        } => judge(&export, keys.as_deref())?,
        Command::Verify { export: None, .. } => on_hub(load(common)?, Fresh::Refused, judge_here)?,
        Command::Export { output: None } => {
            let report = on_hub(load(common)?, Fresh::Refused, async |hub| to_stdout(hub).await)?;
            output.remark(&describe(&report));
            return Ok(code(&report));
        }
        Command::Export { output: Some(file) } => on_hub(load(common)?, Fresh::Refused, async |hub| {
            to_file(hub, &file).await
        })?,
        Command::Keys => {
            on_hub(load(common)?, Fresh::Refused, async |hub| keys(hub, output).await)?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Tree(command) => return tree::run(command, common, output),
    };
    let document = json!({"intact": report.is_intact(), "report": report});
    output.answer(&describe(&report), &document)?;
    Ok(code(&report))
}

fn code(report: &Report) -> ExitCode {
    if report.is_intact() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn judge(export: &Path, keys: Option<&Path>) -> anyhow::Result<Report> {
    let trusted = keys
        .map(|file| read_keys(file).with_context(|| file.display().to_string()))
        .transpose()?;
    let verifier = Verifier::new(trusted);
    let report = if export == Path::new("-") {
        verify(io::stdin().lock(), verifier)
    } else {
        let file = File::open(export).with_context(|| export.display().to_string())?;
        verify(BufReader::new(file), verifier)
    };
    report.context("the export cannot be read")
}

fn read_keys(file: &Path) -> anyhow::Result<KeySet> {
    Ok(KeySet::parse(&std::fs::read_to_string(file)?)?)
}

async fn judge_here(hub: &Installation) -> anyhow::Result<Report> {
    record::append(hub, reading(hub, VERIFY)?).await?;
    Ok(hub.log().await?.export(&mut tokio::io::sink()).await?)
}

async fn to_stdout(hub: &Installation) -> anyhow::Result<Report> {
    record::append(hub, reading(hub, EXPORT)?).await?;
    Ok(hub.log().await?.export(&mut tokio::io::stdout()).await?)
}

/// An export is evidence: it replaces no other, and only its owner reads it.
async fn to_file(hub: &Installation, path: &Path) -> anyhow::Result<Report> {
    let mut options = tokio::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path).await;
    let mut file = BufWriter::new(file.with_context(|| format!("{} cannot be made", path.display()))?);
    record::append(hub, reading(hub, EXPORT)?).await?;
    let report = hub.log().await?.export(&mut file).await?;
    file.flush().await?;
    file.get_ref().sync_all().await?;
    Ok(report)
}

/// The row for reading the log of all realms: the hub's own, whose key nobody has.
fn reading(hub: &Installation, action: Action) -> anyhow::Result<Entry> {
    let unused = Arc::new(DataKey::generate(&hub.entropy)?);
    let mut entry = record::by_command(Entry::permit(RealmId::from(Uuid::nil()), action, unused));
    entry.resource_kind = Some("log".into());
    Ok(entry)
}

async fn keys(hub: &Installation, output: Output) -> anyhow::Result<()> {
    let key: Value = serde_json::from_str(&hub.log().await?.public_jwk())?;
    let set = json!({ "keys": [key] });
    output.answer(&serde_json::to_string_pretty(&set)?, &set)?;
    Ok(())
}

fn describe(report: &Report) -> String {
    let Report {
        writers,
        rows,
        unproven,
        ..
    } = report;
    let mut lines = vec![if report.is_intact() {
        format!("The log is intact: {rows} rows of {writers} writers.")
    } else {
        format!("The log is NOT intact: {rows} rows of {writers} writers.")
    }];
    lines.extend(report.faults.iter().map(ToString::to_string));
    if report.faults.len() == Report::MAX_FAULTS {
        lines.push("More faults are not listed.".to_owned());
    }
    if *unproven > 0 {
        lines.push(format!(
            "{unproven} of the rows are so new that no signature covers them yet."
        ));
    }
    if !report.keys_were_trusted {
        lines.push(
            "The keys were the file's own, so that only mishaps are found; give the log's keys with --keys."
                .to_owned(),
        );
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_export_is_not_intact_and_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export");
        std::fs::write(&path, "nothing of the kind\n").unwrap();
        let report = judge(&path, None).unwrap();
        assert!(!report.is_intact());
        let text = describe(&report);
        assert!(
            text.contains("NOT intact") && text.contains("line 1") && text.contains("--keys"),
            "{text}"
        );
        assert!(judge(&directory.path().join("absent"), None).is_err());
    }
}
