//! Private instances of the servers that tests talk to: on the loopback, on free ports, in temporary directories.
//!
//! Each ends with its value: asked politely by its process id first, and by the kernel (`setpriv --pdeathsig`)
//! should this program be killed.

mod postgres;
mod redis;

use std::net::TcpListener;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use self::postgres::Postgres;
use self::redis::Redis;
use crate::interrupt;

/// PostgreSQL and Redis, running.
pub struct Servers {
    postgres: Postgres,
    redis: Redis,
}

impl Servers {
    /// Starts both and waits until they answer.
    pub fn start() -> Result<Self> {
        let postgres = Postgres::start().context("PostgreSQL")?;
        let redis = Redis::start().context("Redis")?;
        Ok(Self { postgres, redis })
    }

    /// The variables by which tests find them, name and value.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("MUSUBI_TEST_POSTGRES_URL", self.postgres.url()),
            ("MUSUBI_TEST_REDIS_URL", self.redis.url()),
        ]
    }

    /// An error that names the first server that has ended by itself.
    pub fn check(&mut self) -> Result<()> {
        ensure!(self.postgres.server.alive()?, "PostgreSQL has ended by itself");
        ensure!(self.redis.server.alive()?, "Redis has ended by itself");
        Ok(())
    }
}

/// One server process, ended when dropped.
struct Server {
    child: Child,
    end_with: Signal,
}

impl Server {
    fn alive(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits until `ready` says so, half a minute at most.
    fn wait_until(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
        let started = Instant::now();
        while !ready() {
            ensure!(!interrupt::requested(), "interrupted");
            ensure!(self.alive()?, "it ended while starting");
            if started.elapsed() > Duration::from_secs(30) {
                bail!("it does not answer after 30 seconds");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let (Ok(true), Some(pid)) = (self.alive(), pid) {
            let _ = kill_process(pid, self.end_with);
            let asked = Instant::now();
            while matches!(self.alive(), Ok(true)) && asked.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        // Both do nothing when it has ended, as it should have.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on at this moment.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn both_servers_answer_while_they_live_and_are_gone_when_dropped() {
        let mut servers = Servers::start().unwrap();
        servers.check().unwrap();
        let addresses = servers.environment().map(|(_, url)| {
            let address = url
                .split(['@', '/'])
                .find(|part| part.starts_with("127.0.0.1:"))
                .unwrap();
            address.to_owned()
        });
        for address in &addresses {
            TcpStream::connect(address).unwrap();
        }
        drop(servers);
        for address in &addresses {
            assert!(TcpStream::connect(address).is_err(), "{address} still answers");
        }
    }
}
