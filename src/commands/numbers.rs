//! `musubi numbers issue`.

use std::io::{self, BufWriter, Write as _};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use idp::log::Action;
use idp::numbers::{Block, Issue, Namespace, NumbersError, Permutation, issue, namespaces};
use idp::people::number_key;
use idp::realms::Realm;
use platform::database::Tx;
use serde_json::json;

use crate::arguments::RealmChoice;
use crate::installation::Installation;
use crate::output::Output;
use crate::record;

const ISSUE: Action = Action::new("number.issue");

/// Issue numbers.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Issue a block of numbers and print them, one a line
    #[command(after_help = "Examples:
  musubi numbers issue --count 10
  musubi numbers issue --count 1000000 --namespace staff > numbers.txt")]
    Issue {
        /// How many
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        count: u64,
        /// Name or code of the namespace
        #[arg(long, value_name = "NAMESPACE", default_value = "person")]
        namespace: String,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    let Command::Issue {
        count,
        namespace,
        realm,
    } = command;
    let realm = hub.realm(&realm).await?;
    let space = find(&namespace, hub, &realm).await?;
    let permutation = Permutation::new(&number_key(&realm), &space)?;
    let mut entry = record::entry(&realm, ISSUE).detail("count", count);
    entry.resource_kind = Some("number_namespace".into());
    entry.resource_ids = vec![space.id.to_string()];
    record::append(hub, entry).await?;
    let block = take(count, hub, &realm, &space).await?;
    print(&permutation, &block, &space, output)
        .context("the numbers were issued but not all of them were printed")
}

async fn find(wanted: &str, hub: &Installation, realm: &Realm) -> anyhow::Result<Namespace> {
    let all = namespaces(&hub.store, realm.id).await?;
    let names: Vec<String> = all.iter().map(|space| space.name.clone()).collect();
    let found = all
        .into_iter()
        .find(|space| space.name == wanted || space.code.value().to_string() == wanted);
    match found {
        Some(space) => Ok(space),
        None => bail!(
            "there is no namespace {wanted}; the realm has {}",
            names.join(", ")
        ),
    }
}

async fn take(
    count: u64,
    hub: &Installation,
    realm: &Realm,
    space: &Namespace,
) -> Result<Block, NumbersError> {
    let (realm, namespace, now, entropy) = (realm.id, space.id, hub.clock.now(), hub.entropy.clone());
    let wanted = Issue {
        count,
        issued_to: None,
    };
    let issued = hub.store.write(move |tx: &Tx| {
        Box::pin(async move { issue(tx, realm, namespace, wanted, now, &entropy).await })
    });
    issued.await
}

/// Nothing of a block is kept in memory, however large it is.
fn print(permutation: &Permutation, block: &Block, space: &Namespace, output: Output) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    if output.is_json() {
        let head = json!({"block": block.id, "namespace": space.name, "count": block.size}).to_string();
        write!(out, "{},\"numbers\":[", head.trim_end_matches('}'))?;
    }
    for (place, number) in permutation.numbers(block).enumerate() {
        let number = number?;
        match (output.is_json(), place) {
            (true, 0) => write!(out, "\n\"{number}\"")?,
            (true, _) => write!(out, ",\n\"{number}\"")?,
            (false, _) => writeln!(out, "{number}")?,
        }
    }
    if output.is_json() {
        writeln!(out, "]}}")?;
    }
    out.flush()?;
    Ok(())
}
