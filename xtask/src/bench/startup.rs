//! How fast a hub is there, and how much memory it takes for that.

use std::time::Duration;

use anyhow::Result;

use super::connection::{self, Connection};
use super::databases::Databases;
use super::hub::{Binary, Hub};
use super::machine;
use super::report::Report;
use super::scenarios::Scenario;

/// Starts of a hub that was there before.
const STARTS: usize = 10;
/// First starts, each with databases to make and keys to find: those take differently long.
const FIRST_STARTS: usize = 5;
/// What has to settle after a start.
const SETTLING: Duration = Duration::from_secs(2);

/// Measures first starts and later ones.
pub fn start(binary: &Binary, databases: &Databases, report: &mut Report) -> Result<()> {
    let mut first = Vec::with_capacity(FIRST_STARTS);
    for _ in 0..FIRST_STARTS {
        first.push(Hub::new(binary, databases)?.serve()?.started_in);
    }
    let hub = Hub::new(binary, databases)?;
    drop(hub.serve()?);
    let mut later = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        later.push(hub.serve()?.started_in);
    }
    report.figure("first start, median", milliseconds(median(first)), "ms");
    report.figure(
        "start, slowest",
        milliseconds(later.iter().max().copied().unwrap_or_default()),
        "ms",
    );
    report.figure(Scenario::Start.name(), milliseconds(median(later)), "ms");
    Ok(())
}

/// Measures the resident memory of a hub that nobody has asked anything yet but whether it is there.
pub fn idle_memory(binary: &Binary, databases: &Databases, report: &mut Report) -> Result<()> {
    let hub = Hub::new(binary, databases)?;
    let server = hub.serve()?;
    std::thread::sleep(SETTLING);
    report.figure(
        Scenario::IdleMemory.name(),
        machine::megabytes(machine::resident(server.pid())?),
        "MB",
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut connection = Connection::open(hub.address).await?;
        connection
            .send(connection::get("/.well-known/openid-configuration")?)
            .await
    })?;
    report.figure(
        "memory after the first request",
        machine::megabytes(machine::resident(server.pid())?),
        "MB",
    );
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
