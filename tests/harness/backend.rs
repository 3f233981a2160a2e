//! The databases of a server: files in its own directory, or a fresh pair on PostgreSQL, and Redis.

use std::process::Command;

use url::Url;

use crate::{Proxy, tools};

/// Where a server keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The default: files, and short-lived state in memory.
    Sqlite,
    /// PostgreSQL for the data and for the log, Redis for short-lived state.
    PostgresRedis,
}

impl Backend {
    /// What stands must stand on both.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::PostgresRedis];
}

/// Two databases on PostgreSQL that go when this goes.
#[derive(Debug)]
pub struct Databases {
    server: Url,
    /// Name of the hub's database.
    pub hub: String,
    /// Name of the access log's.
    pub log: String,
}

impl Databases {
    /// Makes them.
    pub fn create() -> Self {
        let server: Url = tools::variable("MUSUBI_TEST_POSTGRES_URL")
            .parse()
            .expect("MUSUBI_TEST_POSTGRES_URL is a URL");
        let unique = tools::unique();
        let made = Self {
            server,
            hub: format!("e2e_hub_{unique}"),
            log: format!("e2e_log_{unique}"),
        };
        for name in [&made.hub, &made.log] {
            tools::run(&mut made.psql("postgres", &format!("CREATE DATABASE {name}")), "");
        }
        made
    }

    /// A statement for one of the databases of the server.
    pub fn psql(&self, database: &str, statement: &str) -> Command {
        let mut psql = Command::new(tools::program("psql", "postgresql"));
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set",
            "ON_ERROR_STOP=1",
        ]);
        psql.args(["--command", statement, self.url(database, None).as_str()]);
        psql
    }

    /// The URL of one of the databases, by way of a proxy if there is one.
    pub fn url(&self, database: &str, proxy: Option<&Proxy>) -> Url {
        let mut url = self.server.clone();
        url.set_path(&format!("/{database}"));
        if let Some(proxy) = proxy {
            url.set_host(Some("127.0.0.1")).expect("a host");
            url.set_port(Some(proxy.port())).expect("a port");
        }
        url
    }

    /// Where the server listens.
    pub fn address() -> (String, u16) {
        let server: Url = tools::variable("MUSUBI_TEST_POSTGRES_URL")
            .parse()
            .expect("MUSUBI_TEST_POSTGRES_URL is a URL");
        (
            server.host_str().expect("a host").to_owned(),
            server.port().unwrap_or(5432),
        )
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        for name in [&self.hub, &self.log] {
            let output = tools::output(
                &mut self.psql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)")),
                "",
            );
            if !output.status.success() {
                eprintln!(
                    "{name} was not dropped: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
            }
        }
    }
}
