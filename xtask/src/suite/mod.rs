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
use conformance::{outcomes, reviews};
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
    /// What the shell runs to make a static client: it takes the metadata on standard input and prints the client, such
    /// as `musubi client create --file - --json`.
    #[arg(long, default_value = "musubi client create --file - --json")]
    create: String,
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
    /// Where somebody listens who answers what clients ask by the back channel (tests/clients/answer_suite.py).
    #[arg(long, default_value = "http://127.0.0.1:9555/")]
    answers: String,
    /// A directory for the pages that a person has to look at.
    #[arg(long)]
    pages: Option<PathBuf>,
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
    std::fs::write(
        outcomes::table_path(),
        outcomes::table(&outcomes::load()?, &reviews::load()?),
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn one(arguments: &Arguments, run: &Run) -> Result<()> {
    let http = client(arguments)?;
    let configuration = configuration(arguments, run)?;
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
        for (number, page) in module.pages.iter().enumerate() {
            keep(arguments, &run.name, entry, number, page)?;
        }
        let module = module.outcome;
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

/// Keeps a page that somebody has to look at; what it loads comes from the hub.
fn keep(arguments: &Arguments, run: &str, entry: &api::Entry, number: usize, page: &str) -> Result<()> {
    let Some(directory) = &arguments.pages else {
        return Ok(());
    };
    let own: Vec<String> = api::own(&entry.variant).into_values().collect();
    let name = [
        &[run.to_owned(), entry.name.clone()],
        own.as_slice(),
        &[number.to_string()],
    ]
    .concat();
    std::fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
    let path = directory.join(format!("{}.html", name.join("-").replace(' ', "+")));
    let base = format!("<head><base href=\"{}/\">", arguments.issuer);
    std::fs::write(&path, page.replacen("<head>", &base, 1)).with_context(|| path.display().to_string())
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
fn configuration(arguments: &Arguments, run: &Run) -> Result<Value> {
    let token = secret(arguments.token_file.as_ref())?;
    let mut values = BTreeMap::from([
        ("alias", json!("musubi")),
        ("answers", json!(arguments.answers)),
        ("issuer", json!(arguments.issuer)),
        ("suite", json!(arguments.suite)),
        ("login", json!(arguments.login)),
        ("password", json!(secret(arguments.password_file.as_ref())?)),
        ("initial_access_token", json!(token)),
    ]);
    if let Some(metadata) = &run.client {
        let metadata = plans::fill(metadata.clone(), &values)?;
        let callback = format!("{}/test/a/musubi/callback", arguments.suite);
        // The suite's second client has a redirect URI with a query.
        let second = format!("{callback}?dummy1=lorem&dummy2=ipsum");
        for (names, redirect) in [(plans::FIRST, callback), (plans::SECOND, second)] {
            let party = parties::create(&arguments.create, &metadata, &redirect)?;
            let [id, jwks, certificate, certificate_key] = names;
            values.extend([
                (id, party.id),
                (jwks, party.jwks),
                (certificate, party.certificate),
                (certificate_key, party.certificate_key),
            ]);
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
