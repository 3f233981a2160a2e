//! A password from standard input, or a link with which the person sets one.

use std::io::Read as _;

use anyhow::{Context as _, bail};
use clap::Args;
use idp::credentials::{
    Hint, MAX_LENGTH, Owner, PasswordHash, PasswordHasher, Passwords, Weakness, judge, least,
};
use idp::people::{Person, Profile};
use idp::realms::Realm;
use secrecy::SecretString;

use crate::first_start;
use crate::installation::Installation;

/// More than this is not a password.
const MOST_BYTES: u64 = 4096;

/// How a new person gets a password.
#[derive(Debug, Clone, Args)]
pub struct PasswordSource {
    /// Read the password from standard input; without this a one-time link to set it is printed
    #[arg(long)]
    pub password_stdin: bool,
}

/// A password, hashed and ready, or the decision to print a link.
pub enum Chosen {
    /// It was given.
    Hash(PasswordHash),
    /// The person will set it.
    Link,
}

impl PasswordSource {
    /// Reads, judges and hashes the password, before anything is changed.
    pub async fn choose(
        &self,
        hub: &Installation,
        realm_name: &str,
        profile: &Profile,
    ) -> anyhow::Result<Chosen> {
        if !self.password_stdin {
            return Ok(Chosen::Link);
        }
        let password = read()?;
        let owner = Owner::new(profile, realm_name);
        let settings = &hub.settings.passwords;
        // Whoever is made here has no second factor yet.
        let found = judge(settings, &password, &owner, least(settings, false)).await;
        if let Some(weakness) = found.context("passwords.breached_file")?.first() {
            bail!("{}", reason(*weakness));
        }
        let hasher = PasswordHasher::start(&hub.settings.limits, hub.entropy.clone());
        Ok(Chosen::Hash(
            hasher
                .hash(password)
                .await
                .context("the password could not be hashed")?,
        ))
    }
}

impl Chosen {
    /// Sets the password of a person who was just made; the link, if they are to set it themselves.
    pub async fn give(
        &self,
        hub: &Installation,
        realm: &Realm,
        person: &Person,
    ) -> anyhow::Result<Option<String>> {
        match self {
            Self::Link => first_start::link(hub, realm, person).await.map(Some),
            Self::Hash(hash) => {
                let passwords = Passwords::new(hub.store.clone(), hub.clock.clone(), hub.entropy.clone());
                passwords.set(realm, person.id, hash).await?;
                Ok(None)
            }
        }
    }
}

fn read() -> anyhow::Result<SecretString> {
    let mut text = String::new();
    let taken = std::io::stdin().lock().take(MOST_BYTES).read_to_string(&mut text);
    taken.context("the password could not be read from standard input")?;
    let password = strip(&text);
    if password.is_empty() {
        bail!("standard input has no password");
    }
    Ok(SecretString::from(password))
}

/// One line break at the end is the terminal's or the shell's, and no part of the password.
fn strip(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn reason(weakness: Weakness) -> String {
    match weakness {
        Weakness::TooShort { min } => format!("the password is too short: it needs {min} characters"),
        Weakness::TooLong => format!("the password is too long: {MAX_LENGTH} characters are the most"),
        Weakness::ContainsLogin => "the password contains the login name".to_owned(),
        Weakness::Breached => "the password is known from breaches of other services".to_owned(),
        Weakness::Guessable(hint) => {
            let what = match hint {
                Hint::Common => "it is one of those that everybody tries first",
                Hint::Keyboard => "its keys lie side by side",
                Hint::Repeated => "it says the same again and again",
                Hint::Sequence => "it has a sequence such as abcd",
                Hint::Date => "it has a date",
                Hint::Name => "it has names, or what others know of the person",
                Hint::Words => "it needs another word or two",
            };
            format!("the password can be guessed: {what}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_line_break_at_the_end_is_taken_off() {
        assert_eq!(strip("phrase\n"), "phrase");
        assert_eq!(strip("phrase\r\n"), "phrase");
        assert_eq!(strip("phrase \n\n"), "phrase \n");
        assert_eq!(strip(" phrase"), " phrase");
    }
}
