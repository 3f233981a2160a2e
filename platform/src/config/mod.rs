//! Configuration: built-in defaults, then `musubi.toml`, then `MUSUBI__SECTION__KEY` from the environment.
//!
//! A key that does not exist is an error that names the nearest one that does. Secrets may be given as files
//! (`url_file` in place of `url`). The JSON schema is generated from these types.

mod load;
mod secret_url;

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

pub use load::{ConfigError, load, schema};
pub use secret_url::SecretUrl;

/// Everything that can be set.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where the hub listens.
    pub server: Server,
    /// The realm that a fresh hub makes.
    pub realm: Realm,
    /// Where files are kept.
    pub data: Data,
    /// The hub's database.
    pub database: Database,
    /// The access log's database.
    pub log: Log,
    /// Short-lived state shared by several nodes.
    pub redis: Redis,
    /// Time servers.
    pub ntp: Ntp,
    /// How long a sign-in lasts.
    pub session: Session,
    /// How long tokens last.
    pub tokens: Tokens,
    /// What the hub's own resources ask of the sign-in behind a token, by scope; empty: nothing.
    pub step_up: Vec<StepUp>,
    /// Explicit bounds on what the outside may ask for.
    pub limits: Limits,
    /// Calls to addresses that clients name.
    pub outbound: Outbound,
    /// How mail is sent.
    pub smtp: Smtp,
    /// How short messages are sent.
    pub sms: Sms,
    /// What people keep about themselves.
    pub people: People,
    /// Which passwords are taken.
    pub passwords: Passwords,
    /// How somebody gets back into their account.
    pub recovery: Recovery,
    /// How people come by an account.
    pub accounts: Accounts,
    /// What the hub says about itself.
    pub telemetry: Telemetry,
}

/// `[server]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// The hub's own TLS certificate with its chain, in PEM; default: plain HTTP, behind a proxy or on this machine alone. It
    /// is read again at SIGHUP.
    pub tls_certificate_file: Option<PathBuf>,
    /// The private key that goes with it, in PEM.
    pub tls_key_file: Option<PathBuf>,
    /// Whether TLS 1.2 is spoken too, with the suites that FAPI 2.0 allows; otherwise TLS 1.3 only.
    pub tls_1_2: bool,
    /// Whether clients are asked for a certificate (RFC 8705). None ever has to show one.
    pub ask_client_certificates: bool,
    /// The authorities that clients of `tls_client_auth` may be vouched for by, in PEM.
    pub client_authorities_file: Option<PathBuf>,
    /// What these authorities have revoked (RFC 5280 §5): lists in PEM or DER, read again when they change. Where there are
    /// any, each authority on the way to a certificate needs one that is not out of date. Empty: nothing is looked up.
    pub client_revocation_files: Vec<PathBuf>,
    /// The header in which trusted proxies hand on the certificate that a client showed to them, such as `Client-Cert`
    /// (RFC 9440). They must remove it from what callers send. Default: none.
    pub client_certificate_header: Option<String>,
    /// Networks whose `X-Forwarded-For` and `X-Forwarded-Host` are believed. Empty: nobody's are.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
}

impl Server {
    /// Whether the hub comes to see the certificates of clients: in its own handshakes, or by way of a trusted proxy.
    pub fn sees_certificates(&self) -> bool {
        let own = self.ask_client_certificates && self.tls_certificate_file.is_some();
        own || (self.client_certificate_header.is_some() && !self.trusted_proxies.is_empty())
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls_certificate_file: None,
            tls_key_file: None,
            tls_1_2: false,
            ask_client_certificates: false,
            client_authorities_file: None,
            client_revocation_files: Vec::new(),
            client_certificate_header: None,
            trusted_proxies: Vec::new(),
        }
    }
}

/// `[realm]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Realm {
    /// The issuer (OpenID Connect Discovery 1.0 §3): the base URL that people and clients see, without a trailing slash.
    /// Only read when the database has no realm.
    pub issuer: String,
    /// The name that people see.
    pub name: String,
}

impl Default for Realm {
    fn default() -> Self {
        Self {
            issuer: "http://localhost:8080".to_owned(),
            name: "Musubi".to_owned(),
        }
    }
}

/// `[data]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// Directory for the embedded databases and the generated key-encryption key.
    pub dir: PathBuf,
    /// File with the key-encryption key, 32 bytes as base64 or hexadecimal; default: `key-encryption-key` in `dir`, made
    /// at the first start.
    pub key_encryption_key_file: Option<PathBuf>,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("data"),
            key_encryption_key_file: None,
        }
    }
}

/// `[database]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://…` or `sqlite:PATH`; default: `hub.sqlite` in the data directory.
    pub url: Option<SecretUrl>,
    /// A file that holds the URL.
    pub url_file: Option<PathBuf>,
}

/// `[log]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `postgres://…` or `sqlite:PATH`; default: `log.sqlite` in the data directory.
    pub url: Option<SecretUrl>,
    /// A file that holds the URL.
    pub url_file: Option<PathBuf>,
}

/// `[redis]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// `redis://…`; default: short-lived state is kept in memory, which is right for one node.
    pub url: Option<SecretUrl>,
    /// A file that holds the URL.
    pub url_file: Option<PathBuf>,
}

/// `[ntp]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ntp {
    /// NTP servers, `host` or `host:port`. Empty: the system's clock is used as it is and reported as unsynchronised.
    pub servers: Vec<String>,
    /// Error bound, in milliseconds, beyond which the hub reports itself as not ready.
    pub max_error_ms: u64,
    /// Error bound, in milliseconds, beyond which the hub warns.
    pub warn_error_ms: u64,
    /// Whether sign-in and tokens stop while the bound is exceeded.
    pub enforce: bool,
    /// The shortest pause between polls of one server, in seconds; only the first few are closer together.
    pub poll_min_seconds: u64,
    /// The longest pause between polls of one server, in seconds.
    pub poll_max_seconds: u64,
}

impl Default for Ntp {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            max_error_ms: 1000,
            warn_error_ms: 200,
            enforce: false,
            poll_min_seconds: 64,
            poll_max_seconds: 1024,
        }
    }
}

/// `[session]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// A session ends after this many minutes without use.
    pub idle_minutes: u64,
    /// A session ends after this many hours, used or not.
    pub absolute_hours: u64,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            idle_minutes: 60,
            absolute_hours: 12,
        }
    }
}

/// `[tokens]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// Life of an authorization code, in seconds (RFC 6749 §4.1.2: at most ten minutes).
    pub code_seconds: u64,
    /// Life of an access token, in seconds.
    pub access_seconds: u64,
    /// Life of an ID token, in seconds.
    pub id_seconds: u64,
    /// Life of a refresh token family, in days, from the sign-in that it rests on.
    pub refresh_days: u64,
    /// How long a refresh token may lie unused before it is over, in seconds (RFC 9700 §4.14.2).
    pub refresh_idle_seconds: u64,
    /// Whether every DPoP proof needs a nonce of the hub's (RFC 9449 §8); otherwise those of clients that ask for it do.
    pub require_dpop_nonce: bool,
    /// How long a person has to type the code of another device, in seconds (RFC 8628).
    pub device_seconds: u64,
    /// The pause between two questions of such a device, in seconds.
    pub device_interval_seconds: u64,
    /// How long a person has to answer a request by the back channel that names no time, in seconds (CIBA §7.1).
    pub backchannel_seconds: u64,
    /// What a client that says gets at the least, in seconds.
    pub backchannel_least_seconds: u64,
    /// And at the most.
    pub backchannel_most_seconds: u64,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            code_seconds: 60,
            access_seconds: 300,
            id_seconds: 300,
            refresh_days: 30,
            refresh_idle_seconds: 14 * 86_400,
            require_dpop_nonce: false,
            device_seconds: 600,
            device_interval_seconds: 5,
            backchannel_seconds: 300,
            backchannel_least_seconds: 30,
            backchannel_most_seconds: 600,
        }
    }
}

/// `[[step_up]]`: what the userinfo endpoint and the hub's API ask of the sign-in behind a token before they take one of
/// its scopes (RFC 9470). A token without a person is not asked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUp {
    /// The scope, such as `musubi:people.write` or `email`.
    pub scope: String,
    /// What the sign-in must be worth at least.
    #[serde(default)]
    pub acr: Option<Acr>,
    /// How long ago it may be, in seconds.
    #[serde(default)]
    pub max_age_seconds: Option<u64>,
}

/// Classes of sign-in, each of which includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Acr {
    /// One factor.
    #[serde(rename = "urn:musubi:acr:single")]
    Single,
    /// Two different factors.
    #[serde(rename = "urn:musubi:acr:multi")]
    Multi,
    /// Resistant to phishing.
    #[serde(rename = "phr")]
    PhishingResistant,
    /// Resistant to phishing, by a key that hardware protects.
    #[serde(rename = "phrh")]
    PhishingResistantHardware,
}

/// `[limits]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Size of a request body, in bytes.
    pub body_bytes: usize,
    /// Failed sign-ins per login name and address in a quarter of an hour before they must wait; a login name bears ten
    /// times as many from all addresses.
    pub failures_per_account: u64,
    /// Failed sign-ins per address in a quarter of an hour before it must wait.
    pub failures_per_address: u64,
    /// Authorization requests that wait for a person, per address in half an hour.
    pub interactions_per_address: u64,
    /// Mails per hour to one e-mail address that somebody who is not signed in can cause, or that ask to confirm it.
    pub mails_per_address: u64,
    /// Short messages per hour to one telephone number, and per hour by one person.
    pub messages_per_number: u64,
    /// Recoveries that one address can begin in an hour.
    pub recoveries_per_address: u64,
    /// Accounts that people at one address can ask for in an hour, where they may make them for themselves.
    pub accounts_per_address: u64,
    /// Requests by the back channel (CIBA) of one client that may wait for one person; of all clients three times as many.
    pub requests_per_person: u64,
    /// Registrations of clients per hour and address.
    pub registrations_per_hour: u64,
    /// Threads that hash passwords; 0: one less than there are processors, at least one.
    pub hashing_threads: usize,
    /// Sign-ins that may wait for a hashing thread before the next one is told to come again.
    pub hashing_queue: usize,
    /// Entries of each kind of short-lived state in memory, of 1 KiB on average.
    pub ephemeral_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            failures_per_account: 10,
            failures_per_address: 100,
            interactions_per_address: 5000,
            mails_per_address: 5,
            messages_per_number: 5,
            recoveries_per_address: 100,
            accounts_per_address: 100,
            requests_per_person: 3,
            registrations_per_hour: 1000,
            hashing_threads: 0,
            hashing_queue: 256,
            ephemeral_entries: 200_000,
        }
    }
}

/// `[outbound]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Networks inside that may be called, such as `10.0.0.0/8`. Empty: the public internet only.
    #[schemars(with = "Vec<String>")]
    pub allow: Vec<IpNet>,
    /// A file with the certificates (PEM) of authorities that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The longest a connection may take to come about, in seconds.
    pub connect_seconds: u64,
    /// The longest a call may take, in seconds.
    pub total_seconds: u64,
    /// Calls at once.
    pub concurrent: usize,
    /// Of these, calls to one host.
    pub concurrent_per_host: usize,
}

impl Default for Outbound {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            ca_file: None,
            connect_seconds: 3,
            total_seconds: 5,
            concurrent: 64,
            concurrent_per_host: 4,
        }
    }
}

/// `[smtp]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// `smtp://USER:PASSWORD@HOST:PORT` (STARTTLS, port 587) or `smtps://…` (TLS from the start, port 465); default: no
    /// mail is sent. `smtp://` to this machine itself is plain, on port 25, unless `?tls=required` stands at its end.
    pub url: Option<SecretUrl>,
    /// A file that holds the URL.
    pub url_file: Option<PathBuf>,
    /// The address that mails come from; people see the realm's name before it.
    pub from: Option<String>,
    /// A PEM file with the authority of the server's certificate, if the system does not know it.
    pub ca_file: Option<PathBuf>,
    /// How long the server may take for each step, in seconds.
    pub timeout_seconds: u64,
    /// The pause after the first failure, in seconds; each further one is twice as long, up to an hour.
    pub retry_seconds: u64,
    /// Tries of one mail before it is given up.
    pub most_tries: u32,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            from: None,
            ca_file: None,
            timeout_seconds: 30,
            retry_seconds: 30,
            most_tries: 20,
        }
    }
}

/// `[sms]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    /// A file to which short messages are appended, a line of JSON each, for whatever sends them; only this user can read
    /// it. Default: `sms.jsonl` in the data directory. It holds codes: hand them on, and empty it.
    pub file: Option<PathBuf>,
}

/// `[people]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct People {
    /// How long ago, in seconds, somebody may have signed in to change what is kept about a person: themselves, their
    /// family, or as an administrator by the API.
    pub change_max_age_seconds: u64,
}

impl Default for People {
    fn default() -> Self {
        Self {
            change_max_age_seconds: 300,
        }
    }
}

/// `[passwords]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// The least number of characters of a new password of somebody who has no second factor (NIST SP 800-63B-4 §3.1.1.2: 15).
    /// Fewer than 8 are taken as 8. Passwords that were set before stay good.
    pub min_length: u32,
    /// The same for somebody who has one (the standard: 8).
    pub min_length_with_second_factor: u32,
    /// Passwords that are known from breaches: a text file of lines `HASH:COUNT`, each HASH the SHA-1 of a password as 40
    /// upper-case hexadecimal digits, sorted by it, as Have I Been Pwned offers it ordered by hash. It is searched where it
    /// lies, not loaded. `musubi passwords check-file` looks it through. Default: none.
    pub breached_file: Option<PathBuf>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            min_length: 15,
            min_length_with_second_factor: 10,
            breached_file: None,
        }
    }
}

/// `[recovery]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Recovery {
    /// Whether a link that is mailed is a way back into an account.
    pub by_mail: bool,
    /// Whether people whom somebody trusts are a way back into their account.
    pub by_family: bool,
    /// How long a link to recover an account works, in minutes.
    pub link_minutes: u64,
    /// How long the person is told and can object, in seconds, after two whom they trust have confirmed a recovery.
    pub family_delay_seconds: u64,
}

impl Default for Recovery {
    fn default() -> Self {
        Self {
            by_mail: true,
            by_family: true,
            link_minutes: 30,
            family_delay_seconds: 24 * 3600,
        }
    }
}

/// `[accounts]`
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// Whether people may make accounts for themselves, in realms that do not say otherwise.
    pub self_registration: SelfRegistration,
    /// The language of pages and letters for who names none, in realms that do not say otherwise.
    pub language: Language,
}

/// A language of pages and letters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

/// Whether people may make accounts for themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SelfRegistration {
    /// They may not: somebody makes them.
    #[default]
    Off,
    /// Whoever shows that an e-mail address is theirs, which becomes their login name; this needs `[smtp]`.
    WithAddress,
    /// The same, and whoever chooses a login name instead.
    Anybody,
}

/// `[telemetry]`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// What is written to standard error, as a `tracing` filter.
    pub filter: String,
    /// Whether those lines are JSON.
    pub json: bool,
    /// OpenTelemetry collector (OTLP over HTTP) that receives traces; default: none.
    #[schemars(with = "Option<String>")]
    pub otlp_endpoint: Option<Url>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            filter: "info,sea_orm_migration=warn,sqlx=warn".to_owned(),
            json: false,
            otlp_endpoint: None,
        }
    }
}
