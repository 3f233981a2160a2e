//! `musubi config check`, `musubi config schema`, `musubi config show`.

use anyhow::Context as _;
use clap::Subcommand;
use idp::realms::parse_issuer;
use platform::config::{Settings, schema};
use serde_json::json;

use crate::arguments::Common;
use crate::installation::{clock_config, database_url};
use crate::output::Output;

/// Check, show or describe the configuration.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say whether the hub could start with this configuration, without starting or opening anything
    Check,
    /// Print the JSON schema of the configuration file
    Schema,
    /// Print what is set, defaults included; secrets are hidden
    Show,
}

/// Runs it.
pub fn run(command: &Command, common: &Common, output: Output) -> anyhow::Result<()> {
    match command {
        Command::Check => {
            check(&super::load(common)?)?;
            output.answer("The configuration is good.", &json!({"good": true}))?;
        }
        Command::Schema => {
            let schema = schema();
            output.answer(&serde_json::to_string_pretty(&schema)?, &schema)?;
        }
        Command::Show => {
            let settings = super::load(common)?;
            output.answer(
                toml::to_string(&settings)?.trim_end(),
                &serde_json::to_value(&settings)?,
            )?;
        }
    }
    Ok(())
}

/// What is wrong with settings that could be read.
fn check(settings: &Settings) -> anyhow::Result<()> {
    parse_issuer(&settings.realm.issuer).context("realm.issuer")?;
    clock_config(settings).validate().context("ntp")?;
    database_url(settings.database.url.as_ref(), &settings.data.dir, "hub.sqlite").context("database.url")?;
    database_url(settings.log.url.as_ref(), &settings.data.dir, "log.sqlite").context("log.url")?;
    platform::telemetry::check(&settings.telemetry)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use platform::config::SecretUrl;

    use super::*;

    fn refusal(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = Settings::default();
        change(&mut settings);
        format!("{:#}", check(&settings).unwrap_err())
    }

    #[test]
    fn the_defaults_are_good_and_what_cannot_be_meant_is_named() {
        check(&Settings::default()).unwrap();
        assert!(
            refusal(|set| set.realm.issuer = "http://id.example.jp".to_owned()).starts_with("realm.issuer: ")
        );
        assert!(refusal(|set| set.ntp.poll_min_seconds = 0).starts_with("ntp: "));
        assert!(refusal(|set| set.telemetry.filter = "=,=".to_owned()).starts_with("telemetry.filter: "));
        let secret = refusal(|set| set.database.url = Some(SecretUrl::new("mysql://u:hush@h/d".to_owned())));
        assert!(secret.starts_with("database.url: ") && !secret.contains("hush"));
    }

    #[test]
    fn what_is_shown_can_be_read_again_and_holds_no_secret() {
        let mut settings = Settings::default();
        settings.redis.url = Some(SecretUrl::new("redis://:hush@127.0.0.1/".to_owned()));
        let shown = toml::to_string(&settings).unwrap();
        assert!(shown.contains("(secret)") && !shown.contains("hush"));
        let again: Settings = toml::from_str(&shown).unwrap();
        assert_eq!(again.server.listen, settings.server.listen);
    }
}
