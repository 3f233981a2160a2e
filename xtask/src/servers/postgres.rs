//! A private PostgreSQL: `initdb` into a temporary directory, trust on the loopback only, `fsync` as in production.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::Signal;
use tempfile::TempDir;

use super::{Server, free_port};
use crate::process;

/// The account that PostgreSQL runs as when root starts it: it refuses to run as root.
const ACCOUNT: &str = "postgres";

/// A running instance. The directory is declared last: it goes after the server has ended.
pub struct Postgres {
    pub(super) server: Server,
    port: u16,
    _directory: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it on a free port.
    pub fn start() -> Result<Self> {
        let programs = programs().context("not found: install the Debian package postgresql")?;
        let directory = tempfile::Builder::new().prefix("musubi-postgres-").tempdir()?;
        give_away(directory.path())?;
        let data = directory.path().join("data");
        let mut initdb = as_account(&programs.join("initdb"), directory.path());
        initdb.args([
            "--username=musubi",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--pgdata",
        ]);
        process::output(initdb.arg(&data))?;

        let port = free_port()?;
        let mut postgres = as_account(&programs.join("postgres"), directory.path());
        postgres.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=400",
            "shared_buffers=128MB",
            "logging_collector=off",
            "log_min_messages=fatal",
        ] {
            postgres.args(["-c", setting]);
        }
        let child = postgres.stdout(Stdio::null()).process_group(0).spawn()?;
        // SIGINT is PostgreSQL's fast shutdown: it ends connections instead of waiting for them.
        let mut server = Server {
            child,
            end_with: Signal::INT,
        };
        server.wait_until(|| {
            let mut ready = Command::new(programs.join("pg_isready"));
            ready.args([
                "--quiet",
                "--host=127.0.0.1",
                "--username=musubi",
                "--dbname=postgres",
                "--port",
                &port.to_string(),
            ]);
            ready.status().is_ok_and(|status| status.success())
        })?;
        Ok(Self {
            server,
            port,
            _directory: directory,
        })
    }

    /// The superuser's URL to the maintenance database.
    pub fn url(&self) -> String {
        format!("postgres://musubi@127.0.0.1:{}/postgres", self.port)
    }
}

/// The directory of PostgreSQL's programs: Debian keeps them off the path, one directory a version; the newest.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, bin)| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, bin)| bin);
    newest.or_else(|| Some(process::find("initdb")?.parent()?.to_path_buf()))
}

/// A command that ends with this process, as PostgreSQL's account when this process is root's.
fn as_account(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if process::is_root() {
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]);
    }
    command
        .arg("--")
        .arg(program)
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

fn give_away(directory: &Path) -> Result<()> {
    if process::is_root() {
        let id = |flag: &str| -> Result<u32> {
            Ok(process::output(Command::new("id").args([flag, ACCOUNT]))?
                .trim()
                .parse()?)
        };
        chown(directory, Some(id("-u")?), Some(id("-g")?))?;
    }
    Ok(())
}
