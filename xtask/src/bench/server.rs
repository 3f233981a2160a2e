//! A server process under measurement: pinned, awaited, stopped.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use super::{SERVER_CORE, machine};
use crate::interrupt;

/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; it ends with its value.
pub struct Server {
    child: Child,
    /// From the start of the process to the first 200 on /healthz.
    pub started_in: Duration,
    output: PathBuf,
}

/// An address on the loopback that nobody listens on at this moment.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

impl Server {
    /// Starts `command` on the server's processor and waits until /healthz at `address` answers. What it writes goes
    /// to a file in `directory`.
    pub fn start(command: &mut Command, address: SocketAddr, directory: &Path) -> Result<Self> {
        let output = directory.join("server.output");
        let file = File::create(&output)?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        let begun = Instant::now();
        let child = machine::on(SERVER_CORE, || Ok(command.spawn()?))
            .with_context(|| format!("cannot start {}", crate::process::shown(command)))?;
        let mut server = Self {
            child,
            started_in: Duration::ZERO,
            output,
        };
        while !healthy(address) {
            ensure!(!interrupt::requested(), "interrupted");
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status} while starting: {}", server.said());
            }
            ensure!(
                begun.elapsed() < PATIENCE,
                "the server does not answer: {}",
                server.said()
            );
            std::thread::sleep(Duration::from_micros(500));
        }
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The end of what it wrote.
    pub fn said(&self) -> String {
        let text = std::fs::read_to_string(&self.output).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(3)..)
            .unwrap_or_default()
            .join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let (Ok(None), Some(pid)) = (self.child.try_wait(), pid) {
            let _ = kill_process(pid, Signal::TERM);
            let asked = Instant::now();
            while matches!(self.child.try_wait(), Ok(None)) && asked.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        // Both do nothing when it has ended, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn healthy(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(
            stream,
            "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
