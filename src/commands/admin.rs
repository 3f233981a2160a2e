//! `musubi admin create`, `musubi admin link`.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use idp::log::Action;
use idp::people::{IdentifierKind, People, normalise};
use serde_json::json;

use super::password::PasswordSource;
use crate::arguments::RealmChoice;
use crate::first_start::{self, LINK_LIFE, new_administrator};
use crate::installation::{Fresh, Installation};
use crate::output::Output;
use crate::record;

const CREATE: Action = Action::new("administrator.create");
const LINK: Action = Action::new("administrator.link");

/// Make administrators, and links to set their passwords.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an administrator of a realm
    #[command(after_help = "Examples:
  musubi admin create --login hanako                                   prints a link to set the password
  musubi admin create --login hanako --password-stdin < password.txt")]
    Create {
        /// Login name
        #[arg(long, value_name = "LOGIN")]
        login: String,
        /// Where the password comes from.
        #[command(flatten)]
        password: PasswordSource,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Print a new link with which an administrator sets a password; earlier links of theirs end
    #[command(after_help = "Example:
  musubi admin link --login admin")]
    Link {
        /// Login name
        #[arg(long, value_name = "LOGIN")]
        login: String,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
}

impl Command {
    /// An administrator may be made before the hub ever ran.
    pub fn fresh(&self) -> Fresh {
        match self {
            Self::Create { .. } => Fresh::Made,
            Self::Link { .. } => Fresh::Refused,
        }
    }
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create {
            login,
            password,
            realm,
        } => create(&login, &password, &realm, hub, output).await,
        Command::Link { login, realm } => link(&login, &realm, hub, output).await,
    }
}

async fn create(
    login: &str,
    password: &PasswordSource,
    choice: &RealmChoice,
    hub: &Installation,
    output: Output,
) -> anyhow::Result<()> {
    normalise(IdentifierKind::Login, login)?;
    let new = new_administrator(login);
    let chosen = password
        .choose(hub, &hub.settings.realm.name, &new.profile)
        .await?;
    if choice.realm.is_none() {
        first_start::realm(hub, record::by_command).await?;
    }
    let realm = hub.realm(choice).await?;
    record::append(hub, record::entry(&realm, CREATE).detail("login", login)).await?;
    let people = People::new(hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
    let person = people.create(&realm, new).await?;
    let link = chosen.give(hub, &realm, &person).await;
    let link = link.context("the administrator was made without a password; run `musubi admin link`")?;
    if let Some(link) = link {
        return print_link(login, &link, output);
    }
    let people = format!("{login} administers {}.", realm.issuer);
    output.answer(&people, &json!({"login": login, "issuer": realm.issuer}))?;
    Ok(())
}

async fn link(login: &str, choice: &RealmChoice, hub: &Installation, output: Output) -> anyhow::Result<()> {
    let realm = hub.realm(choice).await?;
    let people = People::new(hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
    let found = people.by_identifier(&realm, IdentifierKind::Login, login).await?;
    let Some(person) = found else {
        bail!(
            "nobody has the login name {login}; `musubi admin create --login {login}` makes an administrator"
        );
    };
    if people.powers(&realm, person.id).await?.is_empty() {
        bail!("{login} is not an administrator");
    }
    let entry = record::entry(&realm, LINK)
        .subject(person.id)
        .detail("login", login);
    record::append(hub, entry).await?;
    print_link(login, &first_start::link(hub, &realm, &person).await?, output)
}

fn print_link(login: &str, link: &str, output: Output) -> anyhow::Result<()> {
    let hours = LINK_LIFE.as_secs() / 3600;
    output.remark(&format!(
        "Once, within {hours} hours, {login} can set a password here:"
    ));
    output.answer(
        link,
        &json!({"login": login, "link": link, "expires_in": LINK_LIFE.as_secs()}),
    )?;
    Ok(())
}
