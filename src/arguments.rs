//! The command line as clap reads it. Each command's own options stand in its file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{admin, client, config, dev, keys, log, migrate, numbers, passwords, realm, user};

/// An identity hub for health clouds: sign-in, OpenID Connect, numbers, and an access log that proves itself.
#[derive(Debug, Parser)]
#[command(name = "musubi", version, disable_help_subcommand = true, after_help = EXAMPLES)]
pub struct Arguments {
    /// The options that every command has.
    #[command(flatten)]
    pub common: Common,
    /// What to do; without a command the hub runs.
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "Examples:
  musubi                                              run the hub; the first start makes ./data and prints a link
  musubi --config /etc/musubi.toml serve              run it with a configuration file
  musubi config show                                  what is set, with secrets hidden
  musubi admin link --login admin                     a new link to set the administrator's password
  echo 'long enough phrase' | musubi user create --login taro --password-stdin
  musubi client registration-token --uses 5           let a relying party register itself
  musubi log export --output log.ndjson && musubi log verify log.ndjson

Settings come from musubi.toml in the current directory or from --config, and from the environment:
  MUSUBI__SERVER__LISTEN=0.0.0.0:8080 MUSUBI__REALM__ISSUER=https://id.example.jp musubi
Every command works beside a running hub and while it is stopped.";

/// The options that every command has.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Configuration file; without it `musubi.toml` in the current directory, if it is there
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// Which realm a command is about.
#[derive(Debug, Clone, Args)]
pub struct RealmChoice {
    /// Host name of the realm (with its port, if its issuer has one); needed where there are several
    #[arg(long, value_name = "HOST")]
    pub realm: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the hub until SIGTERM or Ctrl-C
    Serve,
    /// Bring the databases up to date, or say whether they are
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Check, show or describe the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Add and list realms: user bases with an issuer of their own
    #[command(subcommand)]
    Realm(realm::Command),
    /// Make administrators, and links to set their passwords
    #[command(subcommand)]
    Admin(admin::Command),
    /// Make people, and help those who lost what they sign in with
    #[command(subcommand)]
    User(user::Command),
    /// Make clients, and tokens with which they register themselves
    #[command(subcommand)]
    Client(client::Command),
    /// Issue numbers
    #[command(subcommand)]
    Numbers(numbers::Command),
    /// Verify and export the access log
    #[command(subcommand)]
    Log(log::Command),
    /// Check the file of passwords that are refused
    #[command(subcommand)]
    Passwords(passwords::Command),
    /// Things for developers: people who are nobody
    #[command(subcommand)]
    Dev(dev::Command),
    /// List and rotate signing keys
    #[command(subcommand)]
    Keys(keys::Command),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn no_command_means_the_hub_and_common_options_stand_anywhere() {
        assert!(Arguments::try_parse_from(["musubi"]).unwrap().command.is_none());
        for line in [
            ["musubi", "--json", "keys", "list"],
            ["musubi", "keys", "list", "--json"],
        ] {
            assert!(Arguments::try_parse_from(line).unwrap().common.json);
        }
    }

    #[test]
    fn a_password_cannot_be_given_where_other_users_of_the_machine_see_it() {
        let line = [
            "musubi",
            "user",
            "create",
            "--login",
            "taro",
            "--password",
            "long enough phrase",
        ];
        assert!(Arguments::try_parse_from(line).is_err());
    }
}
