//! The clock that follows servers: what every reader sees, and the task that keeps it so.
//!
//! Readers load one immutable value and never wait. Writers are serialised by the lock over the servers. A latch holds
//! the latest time that was given out, so that a reader who was interrupted between loading and reading the tick cannot
//! see time run backwards either; the one step back that is allowed, at the first agreement, comes with a new latch.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::client::{self, Failure};
use super::discipline::Timescale;
use super::filter::{Pace, Register, Sample};
use super::instant::Instant;
use super::packet::Rejected;
use super::reading::{Reading, ServerStatus, Synchronisation, UNKNOWN_ERROR_MICROS};
use super::select::{Agreement, select};
use super::tick::{Tick, nanos};
use super::{ClockConfig, NotReady};

/// An agreement counts as current for this many of the longest poll intervals.
const FRESH_INTERVALS: u32 = 4;

/// A clock that follows its configured servers; without any it runs on from the system's time at the start.
#[derive(Debug)]
pub(super) struct Steered {
    tick: Tick,
    config: ClockConfig,
    shown: ArcSwap<Shown>,
    servers: Mutex<Vec<Server>>,
}

/// What readers see.
#[derive(Debug)]
struct Shown {
    timescale: Timescale,
    source: (Arc<str>, u8),
    latch: Arc<AtomicI64>,
}

#[derive(Debug)]
struct Server {
    name: Arc<str>,
    address: Option<SocketAddr>,
    register: Register,
    selected: bool,
    failure: Option<String>,
}

impl Steered {
    pub(super) fn new(config: ClockConfig, tick: Tick, anchor: i64) -> Self {
        let mut servers: Vec<Server> = Vec::new();
        for name in &config.servers {
            // One server, one vote, however often it is listed.
            if !servers.iter().any(|known| known.name.as_ref() == name) {
                servers.push(Server::new(name));
            }
        }
        let shown = Shown {
            timescale: Timescale::unsynchronised(anchor),
            source: (Arc::from("system"), 16),
            latch: Arc::new(AtomicI64::new(i64::MIN)),
        };
        Self {
            tick,
            config,
            shown: ArcSwap::from_pointee(shown),
            servers: Mutex::new(servers),
        }
    }

    pub(super) fn now(&self) -> Instant {
        let shown = self.shown.load();
        Instant::from_micros(shown.latched(self.tick.read()))
    }

    pub(super) fn reading(&self) -> Reading {
        let shown = self.shown.load();
        let tick = self.tick.read();
        let at = shown.latched(tick);
        let held_back = at.saturating_sub(shown.timescale.time(tick).div_euclid(1_000));
        let bound = shown
            .timescale
            .error_bound(tick)
            .map_or(UNKNOWN_ERROR_MICROS, |bound| {
                micros_up(bound).saturating_add(held_back)
            });
        Reading::new(
            Instant::from_micros(at),
            bound,
            shown.timescale.correction(tick).div_euclid(1_000),
            &shown.source,
            shown.timescale.synchronisation(tick),
        )
    }

    pub(super) fn ready(&self) -> Result<(), NotReady> {
        if self.config.servers.is_empty() {
            return Ok(());
        }
        let reading = self.reading();
        if reading.synchronisation == Synchronisation::Unsynchronised {
            return Err(NotReady::NeverSynchronised {
                servers: self.config.servers.join(", "),
            });
        }
        let bound = Duration::from_micros(u64::try_from(reading.error_bound_micros).unwrap_or(u64::MAX));
        if bound > self.config.max_error {
            return Err(NotReady::Uncertain {
                bound,
                allowed: self.config.max_error,
                last_source: reading.source,
            });
        }
        Ok(())
    }

    /// How many servers there are, a server that is listed twice counted once.
    pub(super) fn configured(&self) -> usize {
        self.servers().len()
    }

    pub(super) fn server_status(&self) -> Vec<ServerStatus> {
        let servers = self.servers();
        let shown = self.shown.load();
        let tick = self.tick.read();
        servers
            .iter()
            .map(|server| server.status(tick, shown.timescale.displacement(tick)))
            .collect()
    }

    /// Polls all servers, each at its own pace, for ever; the time passes while this future is polled.
    pub(super) async fn run(&self) {
        self.publish_metrics();
        let polling = (0..self.configured()).map(|server| self.poll(server));
        futures_util::future::join_all(polling).await;
        std::future::pending::<()>().await;
    }

    async fn poll(&self, server: usize) {
        let mut pace = Pace::new(self.config.poll_min, self.config.poll_max);
        loop {
            let outcome = self.ask(server).await;
            let pause = match &outcome {
                Ok(_) => pace.after_answer(),
                Err(Failure::Rejected(Rejected::Rate)) => pace.after_rate_kiss(),
                Err(_) => pace.after_miss(),
            };
            // "The client MUST demobilize any associations to that server and stop sending packets" (RFC 5905 §7.4).
            let denied = matches!(outcome, Err(Failure::Rejected(Rejected::Denied)));
            self.record(server, outcome);
            if denied {
                return self.withdraw(server);
            }
            tokio::time::sleep(pause).await;
        }
    }

    async fn ask(&self, server: usize) -> Result<Sample, Failure> {
        let address = self.address(server).await?;
        client::ask(address, &self.tick, |tick| self.shown.load().timescale.time(tick)).await
    }

    /// Where to reach a server: as before while it answers, else the next address that its name leads to now.
    async fn address(&self, server: usize) -> Result<SocketAddr, Failure> {
        let (name, known, reachable) = match self.servers().get(server) {
            Some(known) => (known.name.clone(), known.address, known.register.reachable()),
            None => return Err(Failure::Silent),
        };
        if let Some(address) = known.filter(|_| reachable) {
            return Ok(address);
        }
        let mut found = client::resolve(&name).await?;
        let tried = known.and_then(|known| found.iter().position(|address| *address == known));
        found.rotate_left(tried.map_or(0, |tried| tried + 1));
        let mut servers = self.servers();
        // Two names for one machine are one machine: it has one vote.
        let taken: Vec<SocketAddr> = servers
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != server)
            .filter_map(|(_, other)| other.address)
            .collect();
        let address = found
            .into_iter()
            .find(|address| !taken.contains(address))
            .ok_or(Failure::Duplicate)?;
        if let Some(moved) = servers
            .get_mut(server)
            .filter(|known| known.address != Some(address))
        {
            moved.register.forget();
            moved.address = Some(address);
        }
        Ok(address)
    }

    /// Takes a poll's outcome and lets the servers vote again.
    fn record(&self, server: usize, outcome: Result<Sample, Failure>) {
        {
            let mut servers = self.servers();
            if let Some(polled) = servers.get_mut(server) {
                polled.take(outcome);
            }
            self.vote(&mut servers);
        }
        self.publish_metrics();
    }

    fn withdraw(&self, server: usize) {
        let mut servers = self.servers();
        if let Some(denied) = servers.get_mut(server) {
            denied.register.forget();
        }
        self.vote(&mut servers);
    }

    fn vote(&self, servers: &mut [Server]) {
        let tick = self.tick.read();
        let claims: Vec<_> = servers
            .iter()
            .enumerate()
            .filter_map(|(index, server)| server.register.claim(index, tick))
            .collect();
        let before = self.shown.load_full();
        let agreement = select(servers.len(), &claims);
        let followed = agreement
            .as_ref()
            .and_then(|agreed| before.following(agreed, servers, tick, self.fresh()));
        let selected = agreement
            .filter(|_| followed.is_some())
            .map(|agreed| agreed.survivors)
            .unwrap_or_default();
        for (index, server) in servers.iter_mut().enumerate() {
            server.selected = selected.contains(&index);
        }
        let after = followed.unwrap_or_else(|| before.without_majority());
        self.tell(&before, &after, tick);
        self.shown.store(Arc::new(after));
    }

    fn fresh(&self) -> i64 {
        nanos(
            self.config
                .poll_max
                .max(self.config.poll_min)
                .saturating_mul(FRESH_INTERVALS),
        )
    }

    /// Says what changed, once.
    fn tell(&self, before: &Shown, after: &Shown, tick: i64) {
        let (was, is) = (
            before.timescale.synchronisation(tick),
            after.timescale.synchronisation(tick),
        );
        let bound_before = before.timescale.error_bound(tick).map(duration);
        let bound = after.timescale.error_bound(tick).map(duration);
        if was != is && is == Synchronisation::Synchronised {
            let (source, stratum) = &after.source;
            tracing::info!(%source, stratum, ?bound, "the clock is synchronised");
        } else if was != is {
            tracing::warn!(
                ?bound,
                "no majority of the time servers agrees; the clock runs on by itself"
            );
        }
        let doubtful = |bound: Option<Duration>| bound.is_some_and(|bound| bound > self.config.warn_error);
        if doubtful(bound) && !doubtful(bound_before) {
            tracing::warn!(?bound, warn_error = ?self.config.warn_error, "the clock's error bound is too large");
        }
    }

    fn publish_metrics(&self) {
        let reading = self.reading();
        let synchronised = reading.synchronisation == Synchronisation::Synchronised;
        metrics::gauge!("musubi_clock_offset_seconds").set(seconds(reading.offset_micros));
        metrics::gauge!("musubi_clock_error_bound_seconds").set(seconds(reading.error_bound_micros));
        metrics::gauge!("musubi_clock_synchronised").set(if synchronised { 1.0 } else { 0.0 });
    }

    fn servers(&self) -> MutexGuard<'_, Vec<Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    /// Microseconds since the Unix epoch at `tick`, or the latest that anybody was told.
    fn latched(&self, tick: i64) -> i64 {
        let micros = self.timescale.time(tick).div_euclid(1_000);
        // Most readers of one microsecond need not write, and so do not wait for each other's cache line.
        let given_out = self.latch.load(Ordering::Acquire);
        if given_out >= micros {
            given_out
        } else {
            self.latch.fetch_max(micros, Ordering::AcqRel).max(micros)
        }
    }

    /// What is shown after an agreement; `None` if the agreement is not to be believed.
    fn following(&self, agreement: &Agreement, servers: &[Server], tick: i64, fresh: i64) -> Option<Self> {
        let correction = self
            .timescale
            .follow(agreement, tick, fresh)
            .inspect_err(|implausible| tracing::error!("the clock is not set: {implausible}"))
            .ok()?;
        let source = agreement
            .survivors
            .first()
            .and_then(|survivor| servers.get(*survivor))
            .and_then(|server| Some((server.name.clone(), server.register.latest()?.stratum)))?;
        let latch = if correction.set_back {
            Arc::new(AtomicI64::new(i64::MIN))
        } else {
            self.latch.clone()
        };
        Some(Self {
            timescale: correction.timescale,
            source,
            latch,
        })
    }

    fn without_majority(&self) -> Self {
        Self {
            timescale: self.timescale.without_majority(),
            source: self.source.clone(),
            latch: self.latch.clone(),
        }
    }
}

impl Server {
    fn new(name: &str) -> Self {
        Self {
            name: Arc::from(name),
            address: None,
            register: Register::default(),
            selected: false,
            failure: None,
        }
    }

    fn take(&mut self, outcome: Result<Sample, Failure>) {
        match outcome {
            Ok(sample) => {
                self.register.answered(sample);
                self.failure = None;
            }
            Err(failure) => {
                self.register.missed();
                self.failure = Some(failure.to_string());
            }
        }
    }

    fn status(&self, tick: i64, displacement: i64) -> ServerStatus {
        let latest = self.register.latest();
        let micros = |of: fn(&Sample) -> i64| latest.map(|sample| of(sample) / 1_000);
        ServerStatus {
            server: self.name.clone(),
            address: self.address,
            reach: self.register.reach(),
            reachable: self.register.reachable(),
            selected: self.selected,
            stratum: latest.map(|sample| sample.stratum),
            offset_micros: latest.map(|sample| sample.offset.saturating_sub(displacement) / 1_000),
            delay_micros: micros(|sample| sample.delay),
            root_delay_micros: micros(|sample| sample.root_delay),
            root_dispersion_micros: micros(|sample| sample.dispersion),
            error_bound_micros: self
                .register
                .best(tick)
                .map(|best| micros_up(best.error_at(tick))),
            last_answer_micros_ago: latest.map(|sample| tick.saturating_sub(sample.tick) / 1_000),
            failure: self.failure.clone(),
        }
    }
}

/// Nanoseconds in whole microseconds, never less, and one more for the rounding of the time itself.
fn micros_up(nanos: i64) -> i64 {
    (nanos / 1_000).saturating_add(2)
}

fn duration(nanos: i64) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

fn seconds(micros: i64) -> f64 {
    let magnitude = Duration::from_micros(micros.unsigned_abs()).as_secs_f64();
    if micros < 0 { -magnitude } else { magnitude }
}
