//! `cargo xtask suite`: a running instance of the OpenID Foundation's conformance suite, driven over its API against a
//! running hub. conformance/plans/README.md tells how both are started.

mod api;
mod parties;
mod plans;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use conformance::outcomes;
use serde_json::{Value, json};

use api::{Beside, Suite};
use plans::Run;

/// Runs plans of the conformance suite against a hub and keeps what came of each module.
///
/// The suite, the hub and a person in it must be there already; conformance/plans/README.md says what they need. The
/// outcome of each run replaces the one before it under conformance/plans/outcomes/, and conformance/plans/OUTCOMES.md
/// is written anew.
#[derive(clap::Args)]
pub struct Arguments {
    /// Names of runs in conformance/plans/plans.toml; none: the names are printed.
    runs: Vec<String>,
    /// Where the suite is.
    #[arg(long, default_value = "https://localhost:8443")]
    suite: String,
    /// The commit of the suite, for the record.
    #[arg(long, default_value = "unknown")]
    suite_commit: String,
    /// The issuer of the hub.
    #[arg(long, default_value = "https://localhost:9443")]
    issuer: String,
    /// A certificate authority (PEM) that vouches for both.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// A file with an initial access token, as `musubi client registration-token` prints it.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// The login name of the person who signs in.
    #[arg(long, default_value = "hanako")]
    login: String,
    /// A file with that person's password.
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// Only modules with this in their name; nothing is recorded then.
    #[arg(long)]
    only: Option<String>,
    /// Seconds after which a module that waits is given up.
    #[arg(long, default_value_t = 120)]
    patience: u64,
    /// What the shell runs before a module that waits for somebody to press its button goes on: such as
    /// `musubi keys rotate`.
    #[arg(long)]
    meanwhile: Option<String>,
    /// What the shell runs beside each module, for pages that need a real browser; `$SUITE` and `$MODULE` tell which.
    #[arg(long)]
    visitor: Option<String>,
    /// Prints the filled configuration of each run, for the suite's own pages, and runs nothing.
    #[arg(long)]
    print: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let known = plans::load()?;
    if arguments.runs.is_empty() {
        for run in known {
            println!("{:40} {}", run.name, run.plan);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for name in &arguments.runs {
        let run = known
            .iter()
            .find(|run| run.name == *name)
            .with_context(|| format!("plans.toml has no run {name}"))?;
        runtime
            .block_on(one(arguments, run))
            .with_context(|| name.clone())?;
    }
    std::fs::write(outcomes::table_path(), outcomes::table(&outcomes::load()?))?;
    Ok(ExitCode::SUCCESS)
}

async fn one(arguments: &Arguments, run: &Run) -> Result<()> {
    let http = client(arguments)?;
    let configuration = configuration(arguments, &http, run).await?;
    if arguments.print {
        println!("{configuration:#}");
        return Ok(());
    }
    let patience = Duration::from_secs(arguments.patience);
    let beside = Beside {
        meanwhile: arguments.meanwhile.clone(),
        visitor: arguments.visitor.clone(),
    };
    let suite = Suite::new(http, &arguments.suite, patience, beside);
    let plan = suite.plan(&run.plan, &run.variant, &configuration).await?;
    println!("{}: {}", run.name, plan.id);
    let mut modules = Vec::new();
    for entry in &plan.modules {
        if arguments
            .only
            .as_ref()
            .is_some_and(|only| !entry.name.contains(only))
        {
            continue;
        }
        let module = suite.module(&plan.id, entry).await?;
        println!("{:10} {}", module.result, module.name);
        for said in &module.said {
            println!("           {said}");
        }
        modules.push(module);
    }
    if arguments.only.is_none() {
        outcomes::save(&outcomes::Run {
            run: run.name.clone(),
            plan: run.plan.clone(),
            date: printed("date", &["-u", "+%F"])?,
            suite: arguments.suite_commit.clone(),
            hub: printed("git", &["rev-parse", "HEAD"])?,
            variant: run.variant.clone(),
            module: modules,
        })?;
    }
    Ok(())
}

fn client(arguments: &Arguments) -> Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder();
    if let Some(path) = &arguments.ca {
        let pem = std::fs::read(path).with_context(|| path.display().to_string())?;
        builder = builder.tls_certs_only([reqwest::Certificate::from_pem(&pem)?]);
    }
    Ok(builder.build()?)
}

/// The plan configuration with everything in it that depends on the place.
async fn configuration(arguments: &Arguments, http: &reqwest::Client, run: &Run) -> Result<Value> {
    let token = secret(arguments.token_file.as_ref())?;
    let mut values = BTreeMap::from([
        ("alias", json!("musubi")),
        ("issuer", json!(arguments.issuer)),
        ("suite", json!(arguments.suite)),
        ("login", json!(arguments.login)),
        ("password", json!(secret(arguments.password_file.as_ref())?)),
        ("initial_access_token", json!(token)),
    ]);
    if let Some(metadata) = &run.client {
        let callback = format!("{}/test/a/musubi/callback", arguments.suite);
        // The suite's second client has a redirect URI with a query.
        let second = format!("{callback}?dummy1=lorem&dummy2=ipsum");
        for (names, redirect) in [
            (["client_id", "client_jwks"], callback),
            (["client2_id", "client2_jwks"], second),
        ] {
            let party = parties::register(http, &arguments.issuer, &token, metadata, &redirect).await?;
            let [id, jwks] = names;
            values.insert(id, json!(party.id));
            values.insert(jwks, party.jwks);
        }
    }
    plans::fill(run.configuration()?, &values)
}

fn secret(path: Option<&PathBuf>) -> Result<String> {
    let Some(path) = path else {
        return Ok(String::new());
    };
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.trim().to_owned())
}

fn printed(program: &str, arguments: &[&str]) -> Result<String> {
    let output = crate::process::command(program)?.args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
