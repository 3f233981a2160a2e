//! `musubi dev seed`: people who are nobody, to try the hub with and to measure it.

use clap::Subcommand;
use idp::consent::seed_consents;
use idp::log::Action;
use idp::people::seed;
use idp::staff::seed::{seed_organisations, seed_staff};
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
  musubi dev seed --people 1000000        logins p0000001 to p1000000
  musubi dev seed --organisations 10000 --staff 100000        the first people who are no staff yet
  musubi dev seed --consents 1000000      ten million rules, most of them about organisations of the realm")]
    Seed {
        /// How many people
        #[arg(long, value_name = "N", default_value_t = 0)]
        people: u64,
        /// The place of the first of them
        #[arg(long, value_name = "PLACE", default_value_t = 1)]
        first: u64,
        /// How many organisations: hospitals with nine departments each
        #[arg(long, value_name = "N", default_value_t = 0)]
        organisations: u64,
        /// How many of the realm's people become staff of its organisations in turn
        #[arg(long, value_name = "N", default_value_t = 0)]
        staff: u64,
        /// How many of the realm's people who have said nothing yet allow and forbid something: ten rules each
        #[arg(long, value_name = "N", default_value_t = 0)]
        consents: u64,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    let Command::Seed {
        people,
        first,
        organisations,
        staff,
        consents,
        realm,
    } = command;
    let realm = hub.realm(&realm).await?;
    let mut entry = record::entry(&realm, SEED);
    entry.hits = Some(people);
    record::append(hub, entry).await?;
    let parts = (&hub.store, &hub.clock, &hub.entropy);
    seed(parts, &realm, (first, people)).await?;
    seed_organisations(parts, &realm, organisations).await?;
    let staff = seed_staff(parts, &realm, staff).await?;
    let consents = seed_consents(parts, &realm, consents).await?;
    output.answer(
        &format!(
            "{people} people and {organisations} organisations were made; {staff} people are staff, and {consents} said who may see what."
        ),
        &json!({"people": people, "first": first, "organisations": organisations, "staff": staff,
            "consents": consents, "issuer": realm.issuer}),
    )?;
    Ok(())
}
