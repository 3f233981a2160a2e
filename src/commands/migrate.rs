//! `musubi migrate up`, `musubi migrate status`.
//!
//! The only commands that change something without a row in the access log: its table may be what is missing, and a job
//! that migrates need not hold the key that signs the log. The databases keep their own record of what was applied when.

use anyhow::Context as _;
use clap::Subcommand;
use platform::config::Settings;
use serde_json::{Value, json};

use crate::installation::{Databases, make_private};
use crate::output::{Output, table};

/// Bring the databases up to date, or say whether they are.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Apply the migrations that are missing; those that are there stay as they are
    Up,
    /// List the migrations and whether each is applied
    Status,
}

/// Runs it.
pub async fn run(command: &Command, settings: Settings, output: Output) -> anyhow::Result<()> {
    make_private(&settings.data.dir)?;
    let databases = Databases::open(&settings).await?;
    match command {
        Command::Up => up(&databases, output).await,
        Command::Status => status(&databases, output).await,
    }
}

async fn up(databases: &Databases, output: Output) -> anyhow::Result<()> {
    let log = databases
        .log
        .migrate::<migrations::log::Log>()
        .await
        .context("the access log's database")?;
    let hub = databases
        .store
        .migrate::<migrations::hub::Hub>()
        .await
        .context("the hub's database")?;
    let people = format!("Applied {hub} migrations to the hub's database and {log} to the access log's.");
    output.answer(&people, &json!({"hub": hub, "log": log}))?;
    Ok(())
}

async fn status(databases: &Databases, output: Output) -> anyhow::Result<()> {
    let hub = databases
        .store
        .migration_status::<migrations::hub::Hub>()
        .await
        .context("the hub's database")?;
    let log = databases
        .log
        .migration_status::<migrations::log::Log>()
        .await
        .context("the access log's database")?;
    let rows: Vec<_> = [("hub", &hub), ("log", &log)]
        .into_iter()
        .flat_map(|(database, all)| all.iter().map(move |(name, applied)| (database, name, *applied)))
        .map(|(database, name, applied)| {
            vec![
                database.to_owned(),
                name.clone(),
                if applied { "applied" } else { "pending" }.to_owned(),
            ]
        })
        .collect();
    let document = json!({ "hub": documents(&hub), "log": documents(&log) });
    output.answer(&table(&["DATABASE", "MIGRATION", "STATE"], &rows), &document)?;
    Ok(())
}

fn documents(all: &[(String, bool)]) -> Vec<Value> {
    all.iter()
        .map(|(name, applied)| json!({"name": name, "applied": applied}))
        .collect()
}
