//! `musubi realm add`, `musubi realm list`.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use idp::realms::{RealmError, parse_issuer};
use serde_json::json;

use crate::first_start::realm_entry;
use crate::installation::{Fresh, Installation};
use crate::output::{Output, table};
use crate::record;

/// Realms read at once.
const PAGE: u32 = 500;

/// Add and list realms.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a realm with keys and number namespaces of its own
    #[command(after_help = "Example:
  musubi realm add --issuer https://id.example.jp --name 'Example Health'
  musubi admin create --login admin --realm id.example.jp")]
    Add {
        /// Base URL that people and clients see, without a slash at its end
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// Name that people see
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// List the realms
    List,
}

impl Command {
    /// Adding a realm may be the first thing that ever happens here.
    pub fn fresh(&self) -> Fresh {
        match self {
            Self::Add { .. } => Fresh::Made,
            Self::List => Fresh::Refused,
        }
    }
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Add { issuer, name } => add(&issuer, &name, hub, output).await,
        Command::List => list(hub, output).await,
    }
}

async fn add(issuer: &str, name: &str, hub: &Installation, output: Output) -> anyhow::Result<()> {
    let (host, _) = parse_issuer(issuer)?;
    if name.trim().is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        bail!("the name of a realm has 1 to 100 characters, none of them a control character");
    }
    record::append(hub, record::by_command(realm_entry(hub, issuer)?)).await?;
    let made = match hub.realms.create(&hub.clock, &hub.entropy, name, issuer).await {
        Err(RealmError::Taken) => {
            bail!("a realm with the host {host} exists already; see `musubi realm list`")
        }
        made => made.context("the realm could not be made")?,
    };
    let people = format!(
        "The realm {name} answers at {}.\nMake its administrator: musubi admin create --login admin --realm {}",
        made.issuer, made.host
    );
    output.answer(
        &people,
        &json!({"issuer": made.issuer, "host": made.host, "name": made.name}),
    )?;
    Ok(())
}

async fn list(hub: &Installation, output: Output) -> anyhow::Result<()> {
    let (mut rows, mut documents, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page = hub.realms.list(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for realm in page {
            rows.push(vec![realm.host.clone(), realm.issuer.clone(), realm.name.clone()]);
            documents.push(json!({"host": realm.host, "issuer": realm.issuer, "name": realm.name}));
        }
    }
    output.answer(
        &table(&["HOST", "ISSUER", "NAME"], &rows),
        &json!({ "realms": documents }),
    )?;
    Ok(())
}
