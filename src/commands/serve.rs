//! `musubi serve`: the hub itself.

use std::sync::Arc;
use std::time::Duration;

use platform::config::Settings;
use platform::telemetry::Telemetry;

use crate::server;

/// How long threads that still work may hold up the end of the process.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs the hub. Telemetry lives longer than the runtime: what sends the last traces blocks.
pub fn run(settings: Settings) -> anyhow::Result<()> {
    let telemetry = Arc::new(Telemetry::start(&settings.telemetry)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(server::run(settings, telemetry.clone()));
    runtime.shutdown_timeout(PATIENCE);
    drop(telemetry);
    outcome
}
