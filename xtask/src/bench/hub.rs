//! The hub under measurement: the release binary in a directory of its own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use super::connection::{self, Connection};
use super::databases::Databases;
use super::server::{Server, free_address};
use crate::process;

/// How long a fresh hub may look for its keys.
const PATIENCE: Duration = Duration::from_secs(30);

/// The release binary.
pub struct Binary(pub PathBuf);

/// A configured hub, running or not.
pub struct Hub<'b> {
    binary: &'b Binary,
    directory: TempDir,
    /// Where it listens; its issuer is `http://` and this.
    pub address: SocketAddr,
}

/// What the hub has counted since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    /// Rows of the access log.
    pub log_rows: f64,
    /// Commits that carried them.
    pub log_commits: f64,
    /// Changes to the hub's database.
    pub changes: f64,
    /// Transactions that carried them.
    pub transactions: f64,
}

impl<'b> Hub<'b> {
    /// A hub with fresh databases, with the defaults in everything that is not about where things are.
    pub fn new(binary: &'b Binary, databases: &Databases) -> Result<Self> {
        // Beside the binary, so that its files are on a disk, which a temporary directory may not be.
        let place = binary.0.parent().context("the directory of the binary")?;
        let directory = tempfile::Builder::new().prefix("bench-").tempdir_in(place)?;
        let address = free_address()?;
        let settings = format!(
            "[server]\nlisten = \"{address}\"\n[realm]\nissuer = \"http://{address}\"\n{}",
            databases.fresh()?
        );
        std::fs::write(directory.path().join("musubi.toml"), settings)?;
        let hub = Self {
            binary,
            directory,
            address,
        };
        if matches!(databases, Databases::Servers { .. }) {
            // Only the embedded databases are migrated by starting.
            hub.run(&["migrate", "up"], "")?;
        }
        Ok(hub)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary.0);
        command.current_dir(self.directory.path());
        command
    }

    /// Starts it.
    pub fn serve(&self) -> Result<Server> {
        Server::start(self.command().arg("serve"), self.address, self.directory.path())
    }

    /// Runs a command beside the running hub; its answer.
    pub fn run(&self, arguments: &[&str], input: &str) -> Result<Value> {
        let mut command = self.command();
        command.args(arguments).arg("--json");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        child
            .stdin
            .take()
            .context("standard input")?
            .write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{} ended with {}: {}",
            process::shown(&command),
            output.status,
            said.trim()
        );
        serde_json::from_slice(&output.stdout).with_context(|| process::shown(&command))
    }

    /// Waits until a fresh hub has found its signing keys, which it does after it begins to answer: RSA takes its time,
    /// and that is not what a load is about.
    pub async fn keys_are_there(&self) -> Result<()> {
        let mut connection = Connection::open(self.address).await?;
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let answer = connection.send(connection::get("/oauth/jwks")?).await?;
            if answer.text().contains("\"ES256\"") && answer.text().contains("\"RS256\"") {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the hub has no keys to sign with");
    }

    /// What it has counted.
    pub async fn counters(&self) -> Result<Counters> {
        let mut connection = Connection::open(self.address).await?;
        let answer = connection.send(connection::get("/metrics")?).await?;
        ensure!(answer.status.is_success(), "/metrics: {}", answer.status);
        let text = answer.text();
        Ok(Counters {
            log_rows: sum(text, "musubi_log_batch_rows_sum"),
            log_commits: sum(text, "musubi_log_batch_rows_count"),
            changes: sum(text, "musubi_database_group_size_sum"),
            transactions: sum(text, "musubi_database_group_size_count"),
        })
    }
}

/// The sum over the labels of one metric; zero for one that was never touched.
fn sum(text: &str, name: &str) -> f64 {
    text.lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with([' ', '{']))
        .filter_map(|rest| rest.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum()
}

impl Counters {
    /// What was counted since `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            log_rows: self.log_rows - earlier.log_rows,
            log_commits: self.log_commits - earlier.log_commits,
            changes: self.changes - earlier.changes,
            transactions: self.transactions - earlier.transactions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_not_over_those_whose_names_begin_alike() {
        let text = "# TYPE a summary\na_sum 3\na_sum{realm=\"x y\"} 4.5\na_sum_more 100\na_summer 100\n";
        assert!((sum(text, "a_sum") - 7.5).abs() < 1e-9);
        assert!(sum(text, "b_sum").abs() < 1e-9);
    }
}
