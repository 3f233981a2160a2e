//! `musubi log tree`: what anybody needs to hold the hub to its log, and to check it elsewhere.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use idp::log::tree::{Inclusion, only_grew, read_path, signed_head};
use platform::encoding::from_hex;
use platform::keys::NoteKey;
use serde_json::json;
use uuid::Uuid;

use crate::arguments::Common;
use crate::commands::{load, on_hub};
use crate::installation::{Fresh, Installation};
use crate::output::Output;

/// The tree over all rows.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the key that signs checkpoints, to be kept where the hub's operator cannot change it
    Key,
    /// Print the newest signed checkpoint, as /log/checkpoint serves it
    Checkpoint,
    /// Print a proof that a row is in the log; exports and the API name rows by writer and place
    Prove {
        /// The writer of the row
        #[arg(value_name = "WRITER")]
        writer: Uuid,
        /// The place of the row in its writer's chain
        #[arg(value_name = "SEQ")]
        seq: i64,
    },
    /// Check, without a hub, that a proof shows a row to be in the log
    #[command(after_help = "Example:
  musubi log tree check row.tlog-proof --row 6b1f…e0 --key hub.example/log+1a2b3c4d+AR…
The exit code is 1 if it does not.")]
    Check {
        /// The proof
        #[arg(value_name = "FILE")]
        proof: PathBuf,
        /// The hash of the row, as exports have it
        #[arg(long, value_name = "HEX")]
        row: String,
        /// The log's key, as `musubi log tree key` prints it
        #[arg(long, value_name = "KEY")]
        key: String,
    },
    /// Check, without a hub, that the log of one checkpoint begins with the log of an older one
    #[command(after_help = "Example:
  curl https://hub.example/log/checkpoint > new.txt
  curl 'https://hub.example/log/consistency?from=1200&to=5000' > proof.txt      the sizes in old.txt and new.txt
  musubi log tree grew old.txt new.txt --proof proof.txt --key hub.example/log+1a2b3c4d+AR…
The exit code is 1 if it does not.")]
    Grew {
        /// The older checkpoint
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The newer checkpoint
        #[arg(value_name = "NEW")]
        new: PathBuf,
        /// What /log/consistency answered
        #[arg(long, value_name = "FILE")]
        proof: PathBuf,
        /// The log's key, as `musubi log tree key` prints it
        #[arg(long, value_name = "KEY")]
        key: String,
    },
}

/// Runs it.
pub fn run(command: Command, common: &Common, output: Output) -> anyhow::Result<ExitCode> {
    match command {
        Command::Key => on_hub(load(common)?, Fresh::Refused, async |hub| key(hub, output).await)?,
        Command::Checkpoint => on_hub(load(common)?, Fresh::Refused, async |hub| {
            checkpoint(hub, output).await
        })?,
        Command::Prove { writer, seq } => on_hub(load(common)?, Fresh::Refused, async |hub| {
            prove(hub, writer, seq, output).await
        })?,
        Command::Check { proof, row, key } => return check(&proof, &row, &key, output),
        Command::Grew { old, new, proof, key } => return grew((&old, &new), &proof, &key, output),
    }
    Ok(ExitCode::SUCCESS)
}

async fn key(hub: &Installation, output: Output) -> anyhow::Result<()> {
    let key = hub.tree().await?.public_key()?.to_text();
    output.answer(&key, &json!({ "key": key }))?;
    Ok(())
}

async fn checkpoint(hub: &Installation, output: Output) -> anyhow::Result<()> {
    let tree = hub.tree().await?;
    tree.grow().await?;
    let note = tree.checkpoint().await?.context("nothing has been logged yet")?;
    output.answer(note.trim_end(), &json!({ "checkpoint": note }))?;
    Ok(())
}

async fn prove(hub: &Installation, writer: Uuid, seq: i64, output: Output) -> anyhow::Result<()> {
    let tree = hub.tree().await?;
    tree.grow().await?;
    let (proof, row) = (
        tree.inclusion(writer.into(), seq).await?,
        tree.row(writer.into(), seq).await?,
    );
    let (Some(proof), Some(row)) = (proof, row) else {
        bail!("the log has no row {seq} of the writer {writer}");
    };
    let row = platform::encoding::hex(row);
    output.remark(&format!("The hash of the row is {row}."));
    let text = proof.to_text();
    output.answer(text.trim_end(), &json!({ "row": row, "proof": text }))?;
    Ok(())
}

fn check(proof: &Path, row: &str, key: &str, output: Output) -> anyhow::Result<ExitCode> {
    let key = NoteKey::parse(key)?;
    let row = from_hex(row).and_then(|bytes| bytes.try_into().ok());
    let row = row.context("--row is not the hash of a row: 64 hexadecimal digits are wanted")?;
    let proof = Inclusion::parse(&read(proof)?).context("this is not a proof of a row in the access log")?;
    match proof.verify(&row, &key) {
        Ok(head) => {
            let people = format!(
                "The row is leaf {} of {}, which had {} rows then.",
                proof.index, head.origin, head.size
            );
            output.answer(
                &people,
                &json!({"holds": true, "index": proof.index, "size": head.size}),
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => refuted(&error.to_string(), output),
    }
}

fn grew((old, new): (&Path, &Path), proof: &Path, key: &str, output: Output) -> anyhow::Result<ExitCode> {
    let key = NoteKey::parse(key)?;
    let older = signed_head(&read(old)?, &key).with_context(|| old.display().to_string())?;
    let newer = signed_head(&read(new)?, &key).with_context(|| new.display().to_string())?;
    let path = read_path(&read(proof)?).context("this is not what /log/consistency answers")?;
    if only_grew(&older, &newer, &path) {
        let people = format!(
            "{} only grew: from {} rows to {}.",
            newer.origin, older.size, newer.size
        );
        output.answer(
            &people,
            &json!({"holds": true, "from": older.size, "to": newer.size}),
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    refuted(
        "the newer log does not begin with the older one, or the proof is of others",
        output,
    )
}

fn refuted(why: &str, output: Output) -> anyhow::Result<ExitCode> {
    output.answer(
        &format!("NOT shown: {why}."),
        &json!({"holds": false, "why": why}),
    )?;
    Ok(ExitCode::FAILURE)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}
