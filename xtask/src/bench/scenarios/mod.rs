//! What is measured. Each scenario makes its parties first, through the hub's own interfaces, and then asks the same
//! thing again and again.

mod workers;

use anyhow::{Context, Result, ensure};
use tokio::task::LocalSet;

use self::workers::{CodeFlow, PushedFlow, RefreshChain, Repeat};
use super::browser::{Browser, borrowed};
use super::connection::{self, Answer, Connection, Template};
use super::databases::Databases;
use super::dpop::Prover;
use super::hub::{Binary, Hub};
use super::load::{self, Plan, Worker, Workers};
use super::machine::{self, CpuTime};
use super::parties::{self, Client, SignedIn};
use super::report::{Report, Row};
use super::server::{Server, free_address};
use super::startup;

/// Who signs in: enough that they are different, few enough that making them takes no time.
const PEOPLE: usize = 16;
/// Sign-ins at once. More would only wait longer for the same threads.
const SIGN_INS: usize = 16;
/// Services that want tokens while people sign in.
const DURING_STORM: usize = 16;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Scenario {
    /// The reference: a web server of the same parts that does nothing
    Bare,
    /// The discovery document
    Discovery,
    /// The public keys
    Jwks,
    /// The cheapest request with a durable log row: a refusal without client authentication
    LogAppend,
    /// An ES256 access token for a service
    ClientCredentials,
    /// Authorization request with a live session, and the code redeemed
    CodeFlow,
    /// The same with the request pushed before and the tokens bound to a key
    PushedFlowWithDpop,
    /// Refresh tokens, one chain a connection
    Refresh,
    /// What a service's token is worth
    Introspection,
    /// Devices that ask whether somebody has allowed them yet, far more often than they may
    DevicePollingStorm,
    /// Claims of a person
    Userinfo,
    /// One number by the admin API
    NumberIssue,
    /// The reference for sign-ins: the same server, hashing the password and nothing else
    PasswordHash,
    /// A password sign-in by the form
    PasswordSignIn,
    /// Client credentials while password sign-ins saturate the server
    TokenLatencyUnderSignInStorm,
    /// From process start to the first 200 on /healthz
    Start,
    /// Resident memory after start
    IdleMemory,
}

impl Scenario {
    /// Its name on the command line and in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Discovery => "discovery",
            Self::Jwks => "jwks",
            Self::LogAppend => "log_append",
            Self::ClientCredentials => "client_credentials",
            Self::CodeFlow => "code_flow",
            Self::PushedFlowWithDpop => "pushed_flow_with_dpop",
            Self::Refresh => "refresh",
            Self::Introspection => "introspection",
            Self::DevicePollingStorm => "device_polling_storm",
            Self::Userinfo => "userinfo",
            Self::NumberIssue => "number_issue",
            Self::PasswordHash => "password_hash",
            Self::PasswordSignIn => "password_sign_in",
            Self::TokenLatencyUnderSignInStorm => "token_latency_under_sign_in_storm",
            Self::Start => "start",
            Self::IdleMemory => "idle_memory",
        }
    }

    /// Durable log rows that each step must leave, at the least.
    fn log_rows(self) -> u32 {
        match self {
            Self::Bare
            | Self::Discovery
            | Self::Jwks
            | Self::PasswordHash
            | Self::Start
            | Self::IdleMemory => 0,
            Self::CodeFlow => 2,
            Self::PushedFlowWithDpop => 3,
            _ => 1,
        }
    }
}

/// Measures one scenario and puts what was seen into the report.
pub fn run(
    scenario: Scenario,
    binary: &Binary,
    databases: &Databases,
    plan: Plan,
    report: &mut Report,
) -> Result<()> {
    match scenario {
        Scenario::Start => return startup::start(binary, databases, report),
        Scenario::IdleMemory => return startup::idle_memory(binary, databases, report),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = LocalSet::new();
    let row = local.block_on(&runtime, async {
        match scenario {
            Scenario::Bare | Scenario::PasswordHash => reference(scenario, plan).await,
            _ => measure(scenario, binary, databases, plan).await,
        }
    })?;
    println!("  {row}");
    report.push(row);
    Ok(())
}

async fn reference(scenario: Scenario, plan: Plan) -> Result<Row> {
    let address = free_address()?;
    let directory = tempfile::tempdir()?;
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(["bench", "--serve-bare", &address.to_string()]);
    let server = Server::start(&mut command, address, directory.path())?;
    let plan = limited(scenario, plan);
    let (request, right): (Template, fn(&Answer) -> bool) = if scenario == Scenario::PasswordHash {
        let form = [("password", "a long phrase that nobody guesses")];
        (connection::post_form("/hash", &form)?, |answer| {
            holds(answer, 200, "hashed")
        })
    } else {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "bench"),
            ("client_secret", "none"),
        ];
        (connection::post_form("/oauth/token", &form)?, is_token)
    };
    let mut workers = Workers::new();
    for _ in 0..plan.connections {
        workers.push(Repeat::boxed(
            Connection::open(address).await?,
            request.clone(),
            right,
        ));
    }
    let outcome = load::drive(workers, Vec::new(), plan, || probe(&server)).await?;
    Row::new(scenario.name(), plan.connections, &outcome, None)
}

/// The plan with as many connections as make sense.
fn limited(scenario: Scenario, plan: Plan) -> Plan {
    Plan {
        connections: match scenario {
            Scenario::PasswordHash | Scenario::PasswordSignIn => plan.connections.min(SIGN_INS),
            Scenario::TokenLatencyUnderSignInStorm => plan.connections.min(DURING_STORM),
            _ => plan.connections,
        },
        ..plan
    }
}

async fn measure(scenario: Scenario, binary: &Binary, databases: &Databases, plan: Plan) -> Result<Row> {
    let hub = Hub::new(binary, databases)?;
    let server = hub.serve()?;
    let plan = limited(scenario, plan);
    let outcome = async {
        hub.keys_are_there().await?;
        let workers = workers(scenario, &hub, plan.connections).await?;
        let beside = match scenario {
            Scenario::TokenLatencyUnderSignInStorm => sign_ins(&hub, SIGN_INS).await?,
            _ => Workers::new(),
        };
        let before = hub.counters().await?;
        let outcome = load::drive(workers, beside, plan, || probe(&server)).await?;
        let counted = hub.counters().await?.since(before);
        let least = f64::from(scenario.log_rows()) * count(outcome.all)?;
        ensure!(
            counted.log_rows >= least,
            "{} steps left {} rows in the access log",
            outcome.all,
            counted.log_rows
        );
        Row::new(scenario.name(), plan.connections, &outcome, Some(counted))
    };
    let outcome: Result<Row> = outcome.await;
    outcome.with_context(|| format!("the server said: {}", server.said()))
}

/// Steps, as a number that can be divided.
pub(super) fn count(steps: u64) -> Result<f64> {
    Ok(f64::from(u32::try_from(steps)?))
}

/// What is read at both ends of the measured time: processor time of server and load, memory of the server.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// The server's processor time.
    pub server: CpuTime,
    /// The load's.
    pub load: CpuTime,
    /// The server's resident memory, in bytes.
    pub resident: u64,
}

fn probe(server: &Server) -> Result<Probe> {
    Ok(Probe {
        server: CpuTime::of(server.pid())?,
        load: CpuTime::of(std::process::id())?,
        resident: machine::resident(server.pid())?,
    })
}

async fn workers(scenario: Scenario, hub: &Hub<'_>, connections: usize) -> Result<Workers> {
    match scenario {
        Scenario::Discovery => {
            let request = connection::get("/.well-known/openid-configuration")?;
            repeated(hub, connections, &request, |answer| {
                holds(answer, 200, "\"token_endpoint\"")
            })
            .await
        }
        Scenario::Jwks => {
            let request = connection::get("/oauth/jwks")?;
            repeated(hub, connections, &request, |answer| holds(answer, 200, "\"kid\"")).await
        }
        Scenario::LogAppend => {
            let request = connection::post_form("/oauth/token", &[("grant_type", "client_credentials")])?;
            repeated(hub, connections, &request, |answer| {
                holds(answer, 401, "\"invalid_client\"")
            })
            .await
        }
        Scenario::ClientCredentials | Scenario::TokenLatencyUnderSignInStorm => {
            let request = Client::service(hub, "bench:x")?.own_token_request()?;
            repeated(hub, connections, &request, is_token).await
        }
        Scenario::Introspection => {
            let client = Client::service(hub, "bench:x")?;
            let request = client.introspection_request(&client.own_token(hub).await?)?;
            repeated(hub, connections, &request, |answer| {
                holds(answer, 200, "\"active\":true")
            })
            .await
        }
        Scenario::DevicePollingStorm => devices(hub, connections).await,
        Scenario::NumberIssue => {
            let request = parties::number_request(hub).await?;
            repeated(hub, connections, &request, |answer| {
                holds(answer, 201, "\"first\":\"")
            })
            .await
        }
        Scenario::PasswordSignIn => sign_ins(hub, connections).await,
        _ => with_session(scenario, hub, connections).await,
    }
}

/// Workers that begin with a person who has signed in, each in a session of its own.
async fn with_session(scenario: Scenario, hub: &Hub<'_>, connections: usize) -> Result<Workers> {
    let client = Client::relying_party(hub).await?;
    let people = parties::people(hub, PEOPLE)?;
    let mut workers = Workers::new();
    for person in people.iter().cycle().take(connections) {
        let SignedIn {
            authorization,
            cookies,
            tokens,
        } = SignedIn::new(hub, &client, person).await?;
        let connection = Connection::open(hub.address).await?;
        let worker: Box<dyn Worker> = match scenario {
            Scenario::CodeFlow => Box::new(CodeFlow {
                connection,
                authorization,
                client: client.clone(),
            }),
            Scenario::PushedFlowWithDpop => Box::new(PushedFlow {
                connection,
                client: client.clone(),
                cookies,
                prover: Prover::new(&format!("http://{}/oauth/token", hub.address))?,
            }),
            Scenario::Refresh => Box::new(RefreshChain {
                connection,
                client: client.clone(),
                token: tokens.member("refresh_token")?.to_owned(),
            }),
            _ => {
                let request = parties::userinfo_request(tokens.member("access_token")?)?;
                Repeat::boxed(connection, request, |answer| holds(answer, 200, "\"sub\""))
            }
        };
        workers.push(worker);
    }
    Ok(workers)
}

/// Each with a device code of its own that nobody allows.
async fn devices(hub: &Hub<'_>, connections: usize) -> Result<Workers> {
    let client = Client::device(hub).await?;
    let mut workers = Workers::new();
    for _ in 0..connections {
        let request = client.polling_request(hub).await?;
        let connection = Connection::open(hub.address).await?;
        workers.push(Repeat::boxed(connection, request, |answer| {
            holds(answer, 400, "\"slow_down\"") || holds(answer, 400, "\"authorization_pending\"")
        }));
    }
    Ok(workers)
}

async fn sign_ins(hub: &Hub<'_>, connections: usize) -> Result<Workers> {
    let people = parties::people(hub, PEOPLE)?;
    let mut workers = Workers::new();
    for person in people.iter().cycle().take(connections) {
        let mut browser = Browser::open(hub.address).await?;
        let fields = browser.sign_in_form("/signin", person).await?;
        let mut request = connection::post_form("/signin", &borrowed(&fields))?;
        request
            .headers_mut()
            .insert(http::header::COOKIE, browser.cookies()?);
        workers.push(Repeat::boxed(
            Connection::open(hub.address).await?,
            request,
            is_signed_in,
        ));
    }
    Ok(workers)
}

async fn repeated(
    hub: &Hub<'_>,
    connections: usize,
    request: &Template,
    right: fn(&Answer) -> bool,
) -> Result<Workers> {
    let mut workers = Workers::new();
    for _ in 0..connections {
        workers.push(Repeat::boxed(
            Connection::open(hub.address).await?,
            request.clone(),
            right,
        ));
    }
    Ok(workers)
}

fn holds(answer: &Answer, status: u16, text: &str) -> bool {
    answer.status.as_u16() == status && answer.text().contains(text)
}

fn is_token(answer: &Answer) -> bool {
    holds(answer, 200, "\"access_token\":\"ey")
}

fn is_signed_in(answer: &Answer) -> bool {
    let mut cookies = answer.headers.get_all(http::header::SET_COOKIE).iter();
    answer.status.as_u16() == 303 && cookies.any(|cookie| cookie.as_bytes().starts_with(b"musubi_session="))
}
