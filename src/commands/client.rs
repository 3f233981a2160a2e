//! `musubi client registration-token`, `musubi client create`.

use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;
use idp::log::Action;
use idp::oauth::Clients;
use idp::oauth::clients::Metadata;
use serde_json::json;

use crate::arguments::RealmChoice;
use crate::installation::Installation;
use crate::output::Output;
use crate::record;

const TOKEN: Action = Action::new("client.registration_token.create");
const CREATE: Action = Action::new("client.create");

/// Make clients, and tokens with which they register themselves.
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
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Make a confidential client that acts for itself (grant type client_credentials), and print its secret once
    #[command(after_help = "Example:
  musubi client create --name 'Number desk' --scope 'musubi:numbers.read musubi:numbers.write'
  curl -u CLIENT_ID:CLIENT_SECRET -d grant_type=client_credentials http://localhost:8080/oauth/token")]
    Create {
        /// What people call it
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The scopes that it may ask for, separated by spaces
        #[arg(long, value_name = "SCOPES")]
        scope: String,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    match command {
        Command::RegistrationToken { uses, days, realm } => {
            registration_token(uses, days, &realm, hub, output).await
        }
        Command::Create { name, scope, realm } => create(&name, &scope, &realm, hub, output).await,
    }
}

async fn registration_token(
    uses: u32,
    days: u64,
    choice: &RealmChoice,
    hub: &Installation,
    output: Output,
) -> anyhow::Result<()> {
    let realm = hub.realm(choice).await?;
    let entry = record::entry(&realm, TOKEN)
        .detail("uses", uses)
        .detail("days", days);
    record::append(hub, entry).await?;
    let now = hub.clock.now();
    let expires_at = now.plus(Duration::from_hours(days.saturating_mul(24)));
    let clients = Clients::new(hub.store.clone());
    let token = clients
        .create_initial_token(&realm, &hub.entropy, now, expires_at, uses)
        .await?;
    let endpoint = realm.url("/oauth/register");
    output.remark(&format!(
        "Good for {uses} registrations at {endpoint} until {}:",
        expires_at.to_rfc3339()
    ));
    let document = json!({
        "initial_access_token": token,
        "registration_endpoint": endpoint,
        "uses": uses,
        "expires_at": expires_at.to_rfc3339(),
    });
    output.answer(&token, &document)?;
    Ok(())
}

async fn create(
    name: &str,
    scope: &str,
    choice: &RealmChoice,
    hub: &Installation,
    output: Output,
) -> anyhow::Result<()> {
    let realm = hub.realm(choice).await?;
    let metadata = Metadata::from_json(
        &json!({
            "client_name": name,
            "scope": scope,
            "grant_types": ["client_credentials"],
            "response_types": [],
            "token_endpoint_auth_method": "client_secret_basic",
            "id_token_signed_response_alg": "ES256",
        }),
        realm.secure,
    )?;
    record::append(
        hub,
        record::entry(&realm, CREATE)
            .detail("client_name", name)
            .detail("scope", scope),
    )
    .await?;
    let clients = Clients::new(hub.store.clone());
    let made = clients
        .register(&realm, &hub.entropy, hub.clock.now(), &metadata, false)
        .await?;
    let secret = made.secret.context("the client was made without a secret")?;
    output.remark("The secret is shown only this once.");
    let people = format!("client_id:     {}\nclient_secret: {secret}", made.client.id);
    let document = json!({
        "client_id": made.client.id,
        "client_secret": secret,
        "scope": made.client.scope.to_string(),
        "token_endpoint": realm.url("/oauth/token"),
    });
    output.answer(&people, &document)?;
    Ok(())
}
