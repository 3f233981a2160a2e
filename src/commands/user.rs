//! `musubi user create`, `musubi user reset-factors`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use idp::factors::Factors;
use idp::log::Action;
use idp::pages::Language;
use idp::people::{Details, IdentifierKind, NewPerson, People, Profile, login_hash, normalise, number_of};
use serde_json::json;

use super::password::PasswordSource;
use crate::arguments::RealmChoice;
use crate::installation::Installation;
use crate::output::Output;
use crate::record;

const CREATE: Action = Action::new("person.create");
const RESET_FACTORS: Action = Action::new("factor.reset");

/// Make people, and help those who lost what they sign in with.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a person, with a number of their own
    #[command(after_help = "Examples:
  musubi user create --login taro --email taro@example.jp --name 'Yamada Taro'    prints a link to set the password
  echo 'long enough phrase' | musubi user create --login taro --password-stdin")]
    Create(Create),
    /// Take every passkey, app and recovery code from a person who lost them; their sessions and tokens end
    #[command(after_help = "Example:
  musubi user reset-factors --login taro")]
    ResetFactors {
        /// Login name
        #[arg(long, value_name = "LOGIN")]
        login: String,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
}

/// The person to be made.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Login name
    #[arg(long, value_name = "LOGIN")]
    login: String,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Say that the address was seen to be theirs; otherwise they confirm it on their account page
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// Full name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Language of the pages and letters for them: ja or en
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// JSON file with more claims of OpenID Connect Core 1.0 section 5.1: given_name, birthdate, address …
    #[arg(long, value_name = "FILE")]
    details: Option<PathBuf>,
    /// Where the password comes from.
    #[command(flatten)]
    password: PasswordSource,
    /// Which realm.
    #[command(flatten)]
    realm: RealmChoice,
}

fn read(path: &Path) -> anyhow::Result<Details> {
    let shown = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(shown)?;
    let details: Details = serde_json::from_str(&text).with_context(shown)?;
    details.check().with_context(shown)?;
    Ok(details)
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Create(new) => create(new, hub, output).await,
        Command::ResetFactors { login, realm } => reset_factors(&login, &realm, hub, output).await,
    }
}

async fn reset_factors(
    login: &str,
    choice: &RealmChoice,
    hub: &Installation,
    output: Output,
) -> anyhow::Result<()> {
    let realm = hub.realm(choice).await?;
    let people = People::new(hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
    let found = people.by_identifier(&realm, IdentifierKind::Login, login).await?;
    let Some(person) = found else {
        bail!("nobody has the login name {login}");
    };
    let mut entry = record::entry(&realm, RESET_FACTORS).subject(person.id);
    entry.key = person.key.clone();
    record::append(hub, entry).await?;
    let factors = Factors::new(hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
    let removed = factors.reset(&realm, person.id, None).await?;
    output.answer(
        &format!("{login} has no passkeys, apps and recovery codes any more; {removed} were removed."),
        &json!({"login": login, "issuer": realm.issuer, "removed": removed}),
    )?;
    Ok(())
}

async fn create(new: Create, hub: &Installation, output: Output) -> anyhow::Result<()> {
    let Create {
        login,
        email,
        email_verified,
        name,
        language,
        details,
        password,
        realm,
    } = new;
    normalise(IdentifierKind::Login, &login)?;
    if let Some(email) = &email {
        normalise(IdentifierKind::Email, email)?;
    }
    let language = language
        .map(|tag| Language::of_tag(&tag).context("the languages are ja and en"))
        .transpose()?;
    let details = details.as_deref().map_or_else(|| Ok(Details::default()), read)?;
    let realm = hub.realm(&realm).await?;
    let profile = Profile {
        login: login.clone(),
        name,
        email,
        email_verified,
        details,
    };
    let chosen = password.choose(hub, &realm.name, &profile).await?;
    record::append(
        hub,
        record::entry(&realm, CREATE).detail("login", login_hash(&realm, &login)),
    )
    .await?;
    let people = People::new(hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
    let person = people
        .create(
            &realm,
            NewPerson {
                profile,
                locale: language.map(|language| language.tag().to_owned()),
                powers: Vec::new(),
            },
        )
        .await?;
    let link = chosen
        .give(hub, &realm, &person)
        .await
        .context("the person was made without a password")?;
    let number = number_of(&hub.store, &realm, person.id).await?;
    let number = number.context("the person was made without a number")?;
    let mut text = format!("{login} has the number {}.", number.grouped());
    if let Some(link) = &link {
        text = format!("{text}\nOnce, within 24 hours, {login} can set a password here:\n{link}");
    }
    output.answer(
        &text,
        &json!({"login": login, "number": number, "issuer": realm.issuer, "link": link}),
    )?;
    Ok(())
}
