//! `musubi client policy set|list|remove`.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use idp::log::Action;
use idp::oauth::registration::{Policies, Policy};
use serde_json::{Value, json};

use super::object;
use crate::arguments::RealmChoice;
use crate::installation::Installation;
use crate::output::Output;
use crate::record;

const LIST: Action = Action::new("client.policy.list");
const PUT: Action = Action::new("client.policy.put");
const REMOVE: Action = Action::new("client.policy.remove");

/// Policies read at a time.
const PAGE: u32 = 200;

/// As what clients may register by themselves.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a registration policy, or put another in its place
    #[command(after_help = "Examples:
  echo '{\"grant_types\": [\"authorization_code\"], \"redirect_hosts\": [\"*.example.jp\"]}' > partners.json
  musubi client policy set partners --file partners.json
  musubi client registration-token --policy partners

The policy named `default` is for whoever has no token of another; `{\"open\": true}` lets anybody register.")]
    Set {
        /// Its name
        name: String,
        /// A file with its rules, as in the API; `-` reads standard input
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// List the registration policies
    List {
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Remove a registration policy
    Remove {
        /// Its name
        name: String,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
}

/// Runs it.
pub(super) async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    let policies = Policies::new(hub.store.clone());
    match command {
        Command::Set { name, file, realm } => {
            let realm = hub.realm(&realm).await?;
            let rules: Policy = serde_json::from_value(Value::Object(object(&file)?))
                .with_context(|| format!("{} is no registration policy", file.display()))?;
            rules.validate(&name, realm.secure)?;
            let entry = record::entry(&realm, PUT)
                .resource("registration policy", [name.clone()])
                .detail("open", rules.open);
            record::append(hub, entry).await?;
            policies.put(&realm, &name, &rules, hub.clock.now()).await?;
            output.answer(&name, &json!({"name": name, "policy": rules}))?;
        }
        Command::List { realm } => {
            let realm = hub.realm(&realm).await?;
            record::append(hub, record::entry(&realm, LIST)).await?;
            let (mut after, mut names, mut documents) = (String::new(), Vec::new(), Vec::new());
            loop {
                let page = policies.list(&realm, &after, PAGE).await?;
                let Some((last, _)) = page.last() else { break };
                after.clone_from(last);
                for (name, rules) in page {
                    documents.push(json!({"name": name, "policy": rules}));
                    names.push(name);
                }
            }
            output.answer(&names.join("\n"), &Value::Array(documents))?;
        }
        Command::Remove { name, realm } => {
            let realm = hub.realm(&realm).await?;
            let entry = record::entry(&realm, REMOVE).resource("registration policy", [name.clone()]);
            record::append(hub, entry).await?;
            let removed = policies.remove(&realm, &name).await?;
            ensure!(removed, "the realm has no such registration policy");
            output.answer("The policy is gone.", &json!({"name": name, "removed": true}))?;
        }
    }
    Ok(())
}
