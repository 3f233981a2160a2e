//! `musubi client …`: relying parties and services, their secrets, and as what they may register by themselves.

mod change;
mod create;
mod policy;
mod token;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use idp::oauth::Clients;
use idp::oauth::clients::{Client, Metadata, Standing, described, sector};
use idp::realms::Realm;
use platform::outbound::Outbound;
use serde_json::Value;

use crate::arguments::RealmChoice;
use crate::installation::Installation;
use crate::output::Output;

/// Make, change and remove clients, and tokens with which they register themselves.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print an initial access token (RFC 7591 §1.2) with which relying parties register themselves
    #[command(after_help = "Example:
  TOKEN=$(musubi client registration-token --uses 1)
  curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\
    -d '{\"client_name\":\"Clinic\",\"redirect_uris\":[\"https://clinic.example/callback\"]}' \\
    http://localhost:8080/oauth/register")]
    RegistrationToken {
        /// How many registrations it is good for
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        uses: u32,
        /// For how many days
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3650))]
        days: u64,
        /// The registration policy that they are held to; without it the one named `default`
        #[arg(long, value_name = "NAME")]
        policy: Option<String>,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Make a client, and print its secret once: from a file with its metadata, or one that acts for itself
    #[command(after_help = "Examples:
  musubi client create --file clinic.json
  musubi client create --name 'Number desk' --scope 'musubi:numbers.read musubi:numbers.write'
  curl -u CLIENT_ID:CLIENT_SECRET -d grant_type=client_credentials http://localhost:8080/oauth/token

The file is a JSON object with client metadata (RFC 7591 §2), and what the operator says of the client:
  {\"client_name\": \"Clinic\", \"redirect_uris\": [\"https://clinic.example/callback\"], \"first_party\": true}")]
    Create {
        /// A file with the client's metadata; `-` reads standard input
        #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "scope"])]
        file: Option<PathBuf>,
        /// What people call it
        #[arg(long, value_name = "NAME", required_unless_present = "file")]
        name: Option<String>,
        /// The scopes that it may ask for, separated by spaces
        #[arg(long, value_name = "SCOPES", required_unless_present = "file")]
        scope: Option<String>,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// List the clients
    List {
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Show a client
    Show {
        /// Its client_id
        client_id: String,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Replace what is known of a client by what a file says
    Update {
        /// Its client_id
        client_id: String,
        /// A file as for `create`; `-` reads standard input
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Give a client a new secret; the one before stays good for a while
    Secret {
        /// Its client_id
        client_id: String,
        /// For how many hours the secret before is good beside the new one
        #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u64).range(0..=720))]
        overlap_hours: u64,
        /// For how many days the new one is good; without it until it is changed
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=3650))]
        days: Option<u64>,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Remove a client with everything that people let it have
    Remove {
        /// Its client_id
        client_id: String,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// As what clients may register by themselves
    #[command(subcommand)]
    Policy(policy::Command),
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    match command {
        Command::RegistrationToken {
            uses,
            days,
            policy,
            realm,
        } => {
            let realm = hub.realm(&realm).await?;
            token::make(hub, &realm, (uses, days), policy.as_deref(), output).await
        }
        Command::Create {
            file,
            name,
            scope,
            realm,
        } => {
            let realm = hub.realm(&realm).await?;
            let source = create::Source::of(file.as_deref(), name.as_deref(), scope.as_deref())?;
            create::make(hub, &realm, source, output).await
        }
        Command::List { realm } => change::list(hub, &*hub.realm(&realm).await?, output).await,
        Command::Show { client_id, realm } => {
            change::show(hub, &*hub.realm(&realm).await?, &client_id, output).await
        }
        Command::Update {
            client_id,
            file,
            realm,
        } => change::update(hub, &*hub.realm(&realm).await?, &client_id, &file, output).await,
        Command::Secret {
            client_id,
            overlap_hours,
            days,
            realm,
        } => {
            let realm = hub.realm(&realm).await?;
            change::secret(hub, &realm, &client_id, (overlap_hours, days), output).await
        }
        Command::Remove { client_id, realm } => {
            change::remove(hub, &*hub.realm(&realm).await?, &client_id, output).await
        }
        Command::Policy(command) => policy::run(command, hub, output).await,
    }
}

/// The JSON object in a file.
fn object(file: &Path) -> anyhow::Result<serde_json::Map<String, Value>> {
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.with_context(|| format!("{} cannot be read", file.display()))?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => bail!("{} has no JSON object", file.display()),
        Err(error) => bail!("{} is not JSON: {error}", file.display()),
    }
}

/// The client that a file describes, checked as the API would.
async fn read(
    hub: &Installation,
    realm: &Realm,
    file: &Path,
) -> anyhow::Result<(Metadata, Option<Standing>)> {
    let described = described(object(file)?, realm.secure);
    let (metadata, standing) = described.with_context(|| file.display().to_string())?;
    if let Some(uri) = &metadata.sector_identifier_uri {
        let outbound = Outbound::new(&hub.settings.outbound)?;
        sector::check(&outbound, realm.reach(), uri, &metadata).await?;
    }
    Ok((metadata, standing))
}

async fn named(clients: &Clients, realm: &Realm, client_id: &str) -> anyhow::Result<Client> {
    let found = clients.find(realm, client_id).await?;
    let client = found.context("the realm has no such client; see `musubi client list`")?;
    Ok(Client::clone(&client))
}
