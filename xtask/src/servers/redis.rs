//! A private Redis that keeps nothing on disk.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::Signal;
use tempfile::TempDir;

use super::{Server, free_port};
use crate::process;

/// A running instance. The directory is declared last: it goes after the server has ended.
pub struct Redis {
    pub(super) server: Server,
    port: u16,
    _directory: TempDir,
}

impl Redis {
    /// Starts it on a free port.
    pub fn start() -> Result<Self> {
        let program =
            process::find("redis-server").context("not found: install the Debian package redis-server")?;
        let directory = tempfile::Builder::new().prefix("musubi-redis-").tempdir()?;
        let port = free_port()?;
        let mut redis = Command::new("setpriv");
        redis.args(["--pdeathsig", "TERM", "--"]).arg(program);
        redis.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
        redis
            .args([
                "--save",
                "",
                "--appendonly",
                "no",
                "--loglevel",
                "warning",
                "--dir",
            ])
            .arg(directory.path());
        redis.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
        let mut server = Server {
            child: redis.spawn()?,
            end_with: Signal::TERM,
        };
        server.wait_until(|| answers(port).unwrap_or(false))?;
        Ok(Self {
            server,
            port,
            _directory: directory,
        })
    }

    /// Its URL, database 0.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

fn answers(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer)?;
    Ok(&answer == b"+PONG")
}
