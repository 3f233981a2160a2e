//! The running hub: from the socket to the router, and the way down.
//!
//! ```text
//! bind ─▶ open databases ─▶ first start ─▶ "listening on" ─▶ connections ◀─ signal: accept no more
//!                                                                 │
//!                    exit ◀─ traces sent ◀─ log signed off ◀──────┘ requests finished, or out of time
//! ```
//!
//! The port is taken first: a hub that cannot have it leaves nothing behind, and who connects early waits.

mod connections;
mod health;
mod routes;
mod signals;
mod tls;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use idp::expiry;
use idp::hub::{Hub, Parts, Shared};
use idp::oauth::logout::tell;
use idp::{mail, recovery};
use platform::certificates::Authorities;
use platform::clock::Clock;
use platform::config::{Server, Settings};
use platform::ephemeral::{Ephemeral, Memory, Redis, RedisUrl};
use platform::ids::RealmId;
use platform::keys::KeyRing;
use platform::mail::Mailer;
use platform::outbound::Outbound;
use platform::telemetry::Telemetry;
use tokio::net::TcpListener;

use crate::first_start;
use crate::installation::{Fresh, Installation};

/// Between two upkeeps of the metrics.
const UPKEEP: Duration = Duration::from_secs(5);

/// Mails that are handed over at one time.
const SENDERS: usize = 2;
/// Between two looks for clients who are to be told of an answer.
const LISTS: Duration = Duration::from_secs(2);
const PINGS: Duration = Duration::from_secs(1);

/// Between two deletions of what is over.
const TIDY: Duration = Duration::from_hours(1);
/// Between two looks at affiliations that are over.
const LAPSES: Duration = Duration::from_mins(1);

/// Runs the hub until a signal stops it.
pub async fn run(settings: Settings, telemetry: Arc<Telemetry>) -> anyhow::Result<()> {
    let stop = signals::listen().context("signals cannot be received")?;
    connections::allow_many();
    let listen = settings.server.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!(
            "{listen} cannot be listened on; set server.listen or MUSUBI__SERVER__LISTEN to another address"
        )
    })?;
    let mailer = Mailer::new(&settings.smtp).context("smtp")?;
    let authorities = authorities(&settings.server)?;
    let tls = tls::Tls::of(&settings.server, &authorities)?;
    let installation = Box::pin(Installation::open(settings, Fresh::Made)).await?;
    steer(&installation.clock, stop.clone());
    let realm = first_start::realm(&installation, |entry| entry).await?;
    let link = first_start::administrator(&installation, &realm).await?;
    let parts = parts(installation, authorities).await?;
    let (log, tree, keys, realm) = (
        parts.log.clone(),
        parts.tree.clone(),
        parts.keys.clone(),
        realm.id,
    );
    let hub = Hub::new(parts);
    let app = routes::app(hub.clone(), telemetry.clone());

    announce(&listener, tls.is_some(), link.as_deref())?;
    tokio::spawn(upkeep(telemetry));
    post(&hub, mailer);
    tokio::spawn(recovery::run(hub.clone()));
    tokio::spawn(reread(hub.authorities.clone()));
    tokio::spawn(ring(hub.clone()));
    tokio::spawn(tidy(hub.clone()));
    tokio::spawn(lapse(hub.clone()));
    tokio::spawn(tell(hub));
    tokio::spawn(tree.clone().keep_growing(log.fresh()));
    tokio::spawn(warm(keys, realm));
    connections::serve(listener, app, tls, stop).await;
    log.close()
        .await
        .context("the end of the access log could not be signed; the rows before it are safe")?;
    tree.grow()
        .await
        .context("the tree over the access log did not take in its last rows; the next start does")?;
    Ok(())
}

/// Whom clients' certificates may be vouched for by.
fn authorities(settings: &Server) -> anyhow::Result<Authorities> {
    let lists = &settings.client_revocation_files;
    match &settings.client_authorities_file {
        Some(file) => Authorities::load(file, lists).context("server.client_authorities_file"),
        None if lists.is_empty() => Ok(Authorities::default()),
        None => anyhow::bail!("server.client_revocation_files go with server.client_authorities_file"),
    }
}

async fn parts(installation: Installation, authorities: Authorities) -> anyhow::Result<Parts> {
    let (keys, log) = (installation.keys(), installation.log().await?.clone());
    let tree = installation.tree().await?;
    let Installation {
        settings,
        clock,
        entropy,
        key,
        store,
        ..
    } = installation;
    let ephemeral: Arc<dyn Ephemeral> = match &settings.redis.url {
        Some(url) => {
            let redis =
                Redis::connect(&RedisUrl::new(url.expose().to_owned()), "musubi:", clock.clone()).await;
            Arc::new(redis.context("redis.url")?)
        }
        None => Arc::new(Memory::new(clock.clone(), settings.limits.ephemeral_entries)),
    };
    let outbound = Outbound::new(&settings.outbound)?;
    Ok(Parts {
        authorities,
        clock,
        entropy,
        settings,
        store,
        ephemeral,
        outbound,
        log,
        tree,
        key,
        keys,
    })
}

/// Says where the hub listens, after the link of a first start: whoever waits for the address has then seen everything.
fn announce(listener: &TcpListener, secure: bool, link: Option<&str>) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let mut out = std::io::stdout().lock();
    if let Some(link) = link {
        writeln!(out, "{}", first_start::welcome(link))?;
    }
    let scheme = if secure { "https" } else { "http" };
    writeln!(out, "listening on {scheme}://{address}")?;
    out.flush().context("standard output cannot be written to")
}

fn steer(clock: &Clock, mut stop: signals::Stop) {
    let clock = clock.clone();
    tokio::spawn(async move { clock.run(stop.asked()).await });
}

/// Sends mail, if there is a way to.
fn post(hub: &Shared, mailer: Option<Mailer>) {
    let Some(mailer) = mailer else {
        tracing::info!(
            "no mail is sent, so that nobody recovers an account or confirms an address by themselves; smtp.url and \
             smtp.from change that"
        );
        return;
    };
    for _ in 0..SENDERS {
        tokio::spawn(mail::run(hub.clone(), mailer.clone()));
    }
}

async fn upkeep(telemetry: Arc<Telemetry>) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        telemetry.upkeep();
    }
}

/// Tells clients that people answered what they asked by the back channel.
async fn ring(hub: Shared) {
    loop {
        if let Err(error) = idp::oauth::backchannel::deliver(&hub).await {
            tracing::warn!(%error, "clients could not be told of answers");
        }
        tokio::time::sleep(PINGS).await;
    }
}

/// Reads revocation lists again when their files change.
async fn reread(authorities: Authorities) {
    while authorities.has_lists() {
        tokio::time::sleep(LISTS).await;
        let known = authorities.clone();
        match tokio::task::spawn_blocking(move || known.refresh()).await {
            Ok(Ok(false)) => {}
            Ok(Ok(true)) => tracing::info!("the revocation lists were read again"),
            Ok(Err(error)) => tracing::error!(%error, "the revocation lists stay as they were"),
            Err(error) => tracing::error!(%error, "the revocation lists could not be read"),
        }
    }
}

/// Deletes what is over, now and every hour. Nodes that do so at once find each other's rows gone.
async fn tidy(hub: Shared) {
    loop {
        match expiry::delete(&hub.store, hub.clock.now()).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "what was over is deleted"),
            Err(error) => tracing::warn!(%error, "what is over could not be deleted"),
        }
        tokio::time::sleep(TIDY).await;
    }
}

/// Ends affiliations of staff whose term is over.
async fn lapse(hub: Shared) {
    loop {
        match idp::staff::lapse::lapse(&hub).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "affiliations were over"),
            Err(error) => tracing::warn!(%error, "affiliations that are over could not be ended"),
        }
        tokio::time::sleep(LAPSES).await;
    }
}

/// Makes the first realm's signing keys before somebody has to wait for them.
async fn warm(keys: KeyRing, realm: RealmId) {
    if let Err(error) = keys.public_jwks(realm).await {
        tracing::warn!(%error, "the signing keys are not there yet");
    }
}
