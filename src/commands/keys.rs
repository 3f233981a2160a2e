//! `musubi keys list`, `musubi keys rotate`.

use anyhow::Context as _;
use clap::Subcommand;
use idp::log::Action;
use platform::clock::Instant;
use platform::keys::{Phase, RingEntry, SigningAlgorithm};
use serde_json::{Value, json};

use crate::arguments::RealmChoice;
use crate::installation::Installation;
use crate::output::{Output, table};
use crate::record;

const ROTATE: Action = Action::new("signing_key.rotate");

/// List and rotate signing keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List a realm's published keys
    List {
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
    /// Publish a successor now; it begins to sign when nobody can still hold a key set without it
    #[command(after_help = "Example:
  musubi keys rotate --algorithm ES256")]
    Rotate {
        /// ES256, RS256, PS256 or EdDSA
        #[arg(long, value_name = "ALGORITHM")]
        algorithm: SigningAlgorithm,
        /// Which realm.
        #[command(flatten)]
        realm: RealmChoice,
    },
}

/// Runs it.
pub async fn run(command: Command, hub: &Installation, output: Output) -> anyhow::Result<()> {
    match command {
        Command::List { realm } => list(&realm, hub, output).await,
        Command::Rotate { algorithm, realm } => rotate(algorithm, &realm, hub, output).await,
    }
}

async fn list(choice: &RealmChoice, hub: &Installation, output: Output) -> anyhow::Result<()> {
    let realm = hub.realm(choice).await?;
    let keys = hub.keys().published(realm.id).await?;
    let now = hub.clock.now();
    let rows: Vec<_> = keys.iter().map(|key| row(key, now)).collect();
    let documents: Vec<_> = keys.iter().map(|key| document(key, now)).collect();
    let people = table(&["ALGORITHM", "PHASE", "SIGNS FROM", "UNTIL", "KID"], &rows);
    output.answer(&people, &json!({ "keys": documents }))?;
    Ok(())
}

fn row(key: &RingEntry, now: Instant) -> Vec<String> {
    vec![
        key.algorithm.to_string(),
        phase(key, now).to_owned(),
        key.activates_at.to_rfc3339(),
        key.retires_at.map_or_else(|| "-".to_owned(), Instant::to_rfc3339),
        key.kid.clone(),
    ]
}

fn document(key: &RingEntry, now: Instant) -> Value {
    json!({
        "kid": key.kid,
        "alg": key.algorithm.name(),
        "phase": phase(key, now),
        "activates_at": key.activates_at.to_rfc3339(),
        "retires_at": key.retires_at.map(Instant::to_rfc3339),
        "expires_at": key.expires_at.map(Instant::to_rfc3339),
    })
}

fn phase(key: &RingEntry, now: Instant) -> &'static str {
    match key.phase(now) {
        Phase::Next => "next",
        Phase::Current => "current",
        Phase::Retired => "retired",
        Phase::Expired => "expired",
    }
}

async fn rotate(
    algorithm: SigningAlgorithm,
    choice: &RealmChoice,
    hub: &Installation,
    output: Output,
) -> anyhow::Result<()> {
    let realm = hub.realm(choice).await?;
    let keys = hub.keys();
    // A realm that never signed gets its first keys here, so that there is one to succeed.
    keys.published(realm.id)
        .await
        .context("the realm's keys cannot be read")?;
    record::append(
        hub,
        record::entry(&realm, ROTATE).detail("algorithm", algorithm.name()),
    )
    .await?;
    let rotation = keys.rotate(realm.id, algorithm).await?;
    let from = rotation.activates_at.to_rfc3339();
    let people = format!("{algorithm} signs with {} from {from} on.", rotation.kid);
    output.answer(
        &people,
        &json!({"alg": algorithm.name(), "kid": rotation.kid, "activates_at": from}),
    )?;
    Ok(())
}
