//! `musubi dev seed`: people who are nobody, to try the hub with and to measure it.

use clap::Subcommand;
use idp::log::Action;
use idp::people::seed;
use serde_json::json;

use crate::arguments::RealmChoice;
use crate::installation::Installation;
use crate::output::Output;
use crate::record;

const SEED: Action = Action::new("people.seed");

/// Things for developers.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make people who are nobody: the same ones on every machine, without passwords
    #[command(after_help = "Example:
  musubi dev seed --people 1000000        logins p0000001 to p1000000")]
    Seed {
        /// How many people
        #[arg(long, value_name = "N", default_value_t = 0)]
        people: u64,
        /// The place of the first of them
        #[arg(long, value_name = "PLACE", default_value_t = 1)]
        first: u64,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    let Command::Seed { people, first, realm } = command;
    let realm = hub.realm(&realm).await?;
    let mut entry = record::entry(&realm, SEED);
    entry.hits = Some(people);
    record::append(hub, entry).await?;
    seed((&hub.store, &hub.clock, &hub.entropy), &realm, (first, people)).await?;
    output.answer(
        &format!("{people} people were made."),
        &json!({"people": people, "first": first, "issuer": realm.issuer}),
    )?;
    Ok(())
}
