//! Commands, one a file: options, what is put on record, what is done, what is printed.

pub mod admin;
pub mod client;
pub mod config;
pub mod dev;
pub mod keys;
pub mod log;
pub mod migrate;
pub mod numbers;
mod password;
pub mod passwords;
pub mod realm;
pub mod serve;
pub mod user;

use std::process::ExitCode;

use platform::config::{self as settings, Settings};
use platform::telemetry::Telemetry;

use crate::arguments::{Arguments, Command, Common};
use crate::installation::{Fresh, Installation};
use crate::output::Output;

/// Runs what was asked for.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { common, command } = arguments;
    let output = Output::new(common.json);
    let done = match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(load(&common)?),
        Command::Config(command) => config::run(&command, &common, output),
        Command::Passwords(command) => passwords::run(command, &common, output),
        Command::Log(command) => return log::run(command, &common, output),
        Command::Migrate(command) => in_runtime(load(&common)?, async |set| {
            Box::pin(migrate::run(&command, set, output)).await
        }),
        Command::Realm(command) => on_hub(load(&common)?, command.fresh(), async |hub| {
            realm::run(command, hub, output).await
        }),
        Command::Admin(command) => on_hub(load(&common)?, command.fresh(), async |hub| {
            admin::run(command, hub, output).await
        }),
        Command::User(command) => on_hub(load(&common)?, Fresh::Refused, async |hub| {
            user::run(command, hub, output).await
        }),
        Command::Dev(command) => on_hub(load(&common)?, Fresh::Refused, async |hub| {
            dev::run(command, hub, output).await
        }),
        Command::Client(command) => on_hub(load(&common)?, Fresh::Refused, async |hub| {
            client::run(command, hub, output).await
        }),
        Command::Numbers(command) => on_hub(load(&common)?, Fresh::Refused, async |hub| {
            numbers::run(command, hub, output).await
        }),
        Command::Keys(command) => on_hub(load(&common)?, Fresh::Refused, async |hub| {
            keys::run(command, hub, output).await
        }),
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// The settings that the common options name.
pub fn load(common: &Common) -> anyhow::Result<Settings> {
    Ok(settings::load(common.config.as_deref())?)
}

/// Runs work that opens nothing yet. A command needs one thread, and says only what went wrong.
pub fn in_runtime<T>(
    set: Settings,
    work: impl AsyncFnOnce(Settings) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let quiet = settings::Telemetry {
        filter: "warn".to_owned(),
        otlp_endpoint: None,
        ..set.telemetry.clone()
    };
    let _telemetry = Telemetry::start(&quiet)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(work(set))
}

/// Runs work on an opened hub, and signs off what it wrote to the access log, whether it succeeded or not.
pub fn on_hub<T>(
    set: Settings,
    fresh: Fresh,
    work: impl AsyncFnOnce(&Installation) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    in_runtime(set, async |set| {
        let hub = Box::pin(Installation::open(set, fresh)).await?;
        let outcome = work(&hub).await;
        let closed = hub.close().await;
        let outcome = outcome?;
        closed.map(|()| outcome)
    })
}
