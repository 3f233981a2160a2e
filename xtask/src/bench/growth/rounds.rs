//! Somebody who asks one thing after another, and from the beginning again.

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::LocalSet;

use super::Point;
use crate::bench::connection::{Answer, Connection, Template};
use crate::bench::hub::Hub;
use crate::bench::load::{self, Plan, Step, Worker};
use crate::bench::machine::CpuTime;
use crate::bench::scenarios::count;
use crate::bench::server::Server;

/// Sends requests in turn.
struct Rounds {
    connection: Connection,
    requests: Vec<Template>,
    next: usize,
    right: fn(&Answer) -> bool,
}

impl Rounds {
    async fn ask(&mut self) -> Result<()> {
        let index = self.next % self.requests.len().max(1);
        self.next += 1;
        let Some(request) = self.requests.get(index) else {
            return Ok(());
        };
        let answer = self.connection.send(request.clone()).await?;
        ensure!((self.right)(&answer), "a wrong answer: {answer}");
        Ok(())
    }
}

impl Worker for Rounds {
    fn step(&mut self) -> Step<'_> {
        Box::pin(self.ask())
    }
}

/// What was asked, and what the answer has to look like.
pub(super) struct Question {
    pub(super) name: &'static str,
    pub(super) requests: Vec<Template>,
    pub(super) right: fn(&Answer) -> bool,
}

/// Asks, one request at a time, and says what it cost.
pub(super) async fn ask(
    (hub, server): (&Hub<'_>, &Server),
    plan: Plan,
    question: Question,
    (database, size, seeded): (&'static str, u64, Duration),
) -> Result<Point> {
    ensure!(!question.requests.is_empty(), "{}: nothing to ask", question.name);
    let worker = Rounds {
        connection: Connection::open(hub.address).await?,
        requests: question.requests,
        next: 0,
        right: question.right,
    };
    let outcome = load::drive(vec![Box::new(worker)], Vec::new(), plan, || {
        CpuTime::of(server.pid())
    })
    .await?;
    let (before, after) = outcome.probes;
    let milliseconds = |quantile: f64| {
        Duration::from_nanos(outcome.latencies.value_at_quantile(quantile)).as_secs_f64() * 1e3
    };
    let point = Point {
        database,
        asked: question.name.to_owned(),
        size,
        cpu_us: after.since(before).total().as_secs_f64() * 1e6 / count(outcome.steps)?,
        p50_ms: milliseconds(0.5),
        p99_ms: milliseconds(0.99),
        seeded_s: seeded.as_secs_f64(),
    };
    println!(
        "  {database}, among {size}: {} {:.0} µs, p50 {:.2} ms, p99 {:.2} ms",
        point.asked, point.cpu_us, point.p50_ms, point.p99_ms
    );
    Ok(point)
}

/// Runs something that drives a load.
pub(super) fn block<T>(task: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, task)
}
