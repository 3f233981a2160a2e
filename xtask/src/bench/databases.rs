//! Where the hub keeps its things: embedded databases, or a private PostgreSQL and Redis.

use std::fmt::Write as _;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

use crate::process;
use crate::servers::Servers;

/// The databases of a run.
pub enum Databases {
    /// SQLite files and memory.
    Embedded,
    /// Servers of this run's own, with what a fresh installation sets: every commit is synced.
    Servers {
        /// They end with this value.
        servers: Servers,
        /// Counts hubs, each of which gets databases of its own.
        hubs: AtomicU32,
    },
}

impl Databases {
    /// Starts what is needed.
    pub fn start(postgres: bool) -> Result<Self> {
        if !postgres {
            return Ok(Self::Embedded);
        }
        Ok(Self::Servers {
            servers: Servers::start()?,
            hubs: AtomicU32::new(0),
        })
    }

    /// For the report.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "SQLite and memory",
            Self::Servers { .. } => "PostgreSQL and Redis, on any processor",
        }
    }

    /// The lines of the configuration that send a new hub to fresh databases.
    pub fn fresh(&self) -> Result<String> {
        let mut lines = String::new();
        let Self::Servers { servers, hubs } = self else {
            return Ok(lines);
        };
        let number = hubs.fetch_add(1, Ordering::Relaxed);
        let [(_, postgres), (_, redis)] = servers.environment();
        let (server, _) = postgres.rsplit_once('/').context("the URL of PostgreSQL")?;
        for section in ["database", "log"] {
            let database = format!("bench_{section}_{number}");
            let statement = format!("CREATE DATABASE {database}");
            process::output(Command::new("psql").args(["--quiet", "--command", &statement, &postgres]))?;
            writeln!(lines, "[{section}]\nurl = \"{server}/{database}\"")?;
        }
        let (server, _) = redis.rsplit_once('/').context("the URL of Redis")?;
        // Redis has sixteen databases; codes and interactions of an earlier hub are under another realm's id.
        writeln!(lines, "[redis]\nurl = \"{server}/{}\"", number % 16)?;
        Ok(lines)
    }
}
