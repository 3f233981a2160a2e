//! What the clock says about the time and about itself.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::instant::Instant;

/// The error bound of a clock that was never compared with anything, in microseconds: a century of 365.25-day years.
///
/// It stands for "unbounded" and is finite so that the interval's ends are still dates of RFC 3339 and integers of
/// JavaScript.
pub const UNKNOWN_ERROR_MICROS: i64 = 100 * 31_557_600 * 1_000_000;

/// How well the clock is steered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Synchronisation {
    /// A majority of the configured servers agree, recently.
    Synchronised,
    /// Servers agreed once; the error bound grows since.
    Holdover,
    /// Never compared with a majority of servers.
    Unsynchronised,
}

/// One reading of the clock: an interval, not a point (requirement H17).
///
/// The statement is: *true UTC was between `earliest` and `latest` when this was read*, provided that a majority of
/// the configured servers told the truth at the last agreement and that the machine's tick has since been off by no
/// more than 15 ppm (PHI of RFC 5905 §7.2). Two events are certainly ordered only if their intervals do not overlap.
/// `at` never runs backwards within a process once the clock is or was synchronised.
#[derive(Debug, Clone, Serialize)]
pub struct Reading {
    /// The best estimate; the middle of the interval.
    pub at: Instant,
    /// True time is not before this.
    pub earliest: Instant,
    /// True time is not after this.
    pub latest: Instant,
    /// What the servers have added so far to the time that the system's clock showed at the start, in microseconds.
    pub offset_micros: i64,
    /// Half the width of the interval, in microseconds; [`UNKNOWN_ERROR_MICROS`] if nobody knows.
    pub error_bound_micros: i64,
    /// Stratum of the source (RFC 5905 §7.3); 16 if there is none.
    pub stratum: u8,
    /// The most exact of the servers that agreed, as configured; `system` or `manual` if there is none.
    pub source: Arc<str>,
    /// How well the clock is steered.
    pub synchronisation: Synchronisation,
}

impl Reading {
    pub(super) fn new(
        at: Instant,
        error_bound_micros: i64,
        offset_micros: i64,
        source: &(Arc<str>, u8),
        synchronisation: Synchronisation,
    ) -> Self {
        Self {
            at,
            earliest: Instant::from_micros(at.as_micros().saturating_sub(error_bound_micros)),
            latest: Instant::from_micros(at.as_micros().saturating_add(error_bound_micros)),
            offset_micros,
            error_bound_micros,
            stratum: source.1,
            source: source.0.clone(),
            synchronisation,
        }
    }

    /// `(earliest, latest)`: both ends belong to the interval; see [`Reading`] for what it states.
    pub fn interval(&self) -> (Instant, Instant) {
        (self.earliest, self.latest)
    }

    /// Whether this reading certainly was before `other`: the intervals do not overlap.
    pub fn certainly_before(&self, other: &Self) -> bool {
        self.latest < other.earliest
    }
}

/// The clock and its servers, for people who look after them.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// The clock's reading.
    #[serde(flatten)]
    pub reading: Reading,
    /// Why the node is not ready because of its clock, if it is not.
    pub not_ready: Option<String>,
    /// How many servers must agree: a majority of those configured; 0 if none is.
    pub majority: usize,
    /// Every configured server, in the order of the configuration.
    pub servers: Vec<ServerStatus>,
}

/// One configured time server.
#[derive(Debug, Clone, Serialize)]
pub struct ServerStatus {
    /// `host:port`.
    pub server: Arc<str>,
    /// Where the name led to.
    pub address: Option<SocketAddr>,
    /// The last eight polls, the newest in the lowest bit; one means answered (RFC 5905 §13).
    pub reach: u8,
    /// Whether it has a vote: one of the last three polls was answered.
    pub reachable: bool,
    /// Whether it is one of the servers on whose agreement the reading rests.
    pub selected: bool,
    /// Stratum in its last answer.
    pub stratum: Option<u8>,
    /// Its time less the clock's at its last answer, in microseconds.
    pub offset_micros: Option<i64>,
    /// Round trip of its last answer, in microseconds.
    pub delay_micros: Option<i64>,
    /// Its own round trip to its reference clock, in microseconds.
    pub root_delay_micros: Option<i64>,
    /// Its own error against its reference clock, reading precision included, in microseconds.
    pub root_dispersion_micros: Option<i64>,
    /// Half the width of the interval that it vouches for now, in microseconds, by the best of its last answers.
    pub error_bound_micros: Option<i64>,
    /// How long ago its last answer came, in microseconds.
    pub last_answer_micros_ago: Option<i64>,
    /// What went wrong at the last poll, if something did.
    pub failure: Option<String>,
}
