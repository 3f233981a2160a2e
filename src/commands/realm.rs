//! `musubi realm add`, `musubi realm list`, `musubi realm sign-in`, `musubi realm set`.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use idp::log::Action;
use idp::realms::{RealmError, RealmSettings, SignInPolicy, parse_issuer};
use serde_json::{Value, json};

use crate::arguments::RealmChoice;
use crate::first_start::realm_entry;
use crate::installation::{Fresh, Installation};
use crate::output::{Output, table};
use crate::record;

const SIGN_IN: Action = Action::new("realm.sign_in");
const SET: Action = Action::new("realm.set");

/// Realms read at once.
const PAGE: u32 = 500;

/// Add and list realms, and set what they ask at sign-in.
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
    /// Set what a realm asks of its people when they sign in; without a policy it says what it asks
    #[command(after_help = "The policy is JSON, each member of which may be left out:
  {\"second_factor\": \"optional\" | \"administrators\" | \"everybody\",
   \"related_origins\": [\"https://other.example\"],
   \"authenticators\": [{\"aaguid\": \"…\", \"name\": \"…\", \"certificate\": \"-----BEGIN CERTIFICATE-----…\"}]}
Example:
  musubi realm sign-in --policy '{\"second_factor\": \"administrators\"}'")]
    SignIn {
        /// The whole policy, as JSON
        #[arg(long, value_name = "JSON")]
        policy: Option<String>,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Set what holds in a realm; without a setting it says what holds
    #[command(
        after_help = "What is not set in a realm is as the hub's configuration says. An empty value takes a setting back.
Examples:
  musubi realm set self_registration=with_address
  musubi realm set self_registration="
    )]
    Set {
        /// Settings with their values
        #[arg(value_name = "NAME=VALUE")]
        settings: Vec<String>,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
}

impl Command {
    /// Adding a realm may be the first thing that ever happens here.
    pub fn fresh(&self) -> Fresh {
        match self {
            Self::Add { .. } => Fresh::Made,
            Self::List | Self::SignIn { .. } | Self::Set { .. } => Fresh::Refused,
        }
    }
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Add { issuer, name } => add(&issuer, &name, hub, output).await,
        Command::List => list(hub, output).await,
        Command::Set { settings, realm } => set(&settings, &realm, hub, output).await,
        Command::SignIn { policy, realm } => sign_in(policy.as_deref(), &realm, hub, output).await,
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

async fn sign_in(
    policy: Option<&str>,
    choice: &RealmChoice,
    hub: &Installation,
    output: Output,
) -> anyhow::Result<()> {
    let realm = hub.realm(choice).await?;
    let now = match policy {
        None => realm.sign_in.clone(),
        Some(text) => {
            let policy: SignInPolicy = serde_json::from_str(text).context("this is no policy")?;
            policy.check()?;
            let entry = record::entry(&realm, SIGN_IN).detail("policy", serde_json::to_value(&policy)?);
            record::append(hub, entry).await?;
            hub.realms.set_sign_in(&realm, &policy).await?;
            policy
        }
    };
    let document = json!({"issuer": realm.issuer, "sign_in": now});
    output.answer(&serde_json::to_string_pretty(&now)?, &document)?;
    Ok(())
}

async fn set(
    settings: &[String],
    choice: &RealmChoice,
    hub: &Installation,
    output: Output,
) -> anyhow::Result<()> {
    let realm = hub.realm(choice).await?;
    let mut chosen = realm.chosen.clone();
    if !settings.is_empty() {
        let changes = settings.iter().map(|setting| change(setting));
        chosen = chosen.merged(&changes.collect::<anyhow::Result<_>>()?)?;
        let entry = record::entry(&realm, SET).detail("settings", serde_json::to_value(&chosen)?);
        record::append(hub, entry).await?;
        hub.realms.set_settings(&realm, &chosen).await?;
    }
    let holds = RealmSettings::of_hub(&hub.settings).with(&chosen);
    let document = json!({"issuer": realm.issuer, "set": chosen, "holds": holds});
    output.answer(&serde_json::to_string_pretty(&holds)?, &document)?;
    Ok(())
}

/// A setting as it is typed: a JSON value or, if it is none, text; nothing takes it back.
fn change(setting: &str) -> anyhow::Result<(String, Value)> {
    let (name, value) = setting
        .split_once('=')
        .with_context(|| format!("{setting} is not NAME=VALUE"))?;
    let value = match value {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
    };
    Ok((name.to_owned(), value))
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
