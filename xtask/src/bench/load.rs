//! A closed loop: each worker sends its next request when it has the answer to the last.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, bail};
use hdrhistogram::Histogram;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::interrupt;

/// One step of a worker, until its answer is there and right.
pub type Step<'w> = Pin<Box<dyn Future<Output = Result<()>> + 'w>>;

/// Somebody who asks again and again.
pub trait Worker {
    /// Asks once; an error when the answer is not the right one.
    fn step(&mut self) -> Step<'_>;
}

/// Workers of one kind.
pub type Workers = Vec<Box<dyn Worker>>;

/// How long, and how many at once.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Before anything counts.
    pub warm_up: Duration,
    /// What counts.
    pub measured: Duration,
    /// Workers.
    pub connections: usize,
}

/// What was seen.
pub struct Outcome<T> {
    /// Of the steps that began and ended in the measured time, in nanoseconds.
    pub latencies: Histogram<u64>,
    /// The steps that ended in the measured time.
    pub steps: u64,
    /// Steps of the workers beside that ended in the measured time.
    pub beside: u64,
    /// All steps, those of the warm-up and those that were under way at the end too.
    pub all: u64,
    /// The measured time.
    pub elapsed: Duration,
    /// What `probe` gave at its begin and at its end.
    pub probes: (T, T),
}

struct Shared {
    /// The begin of the measured time while it lasts.
    counting_since: Cell<Option<Instant>>,
    stopped: Cell<bool>,
    latencies: RefCell<Histogram<u64>>,
    steps: Cell<u64>,
    beside: Cell<u64>,
    all: Cell<u64>,
    failure: RefCell<Option<Error>>,
    failed: Notify,
}

/// Lets `workers` work, and others beside them whose steps are counted but not timed. It must run in a `LocalSet`.
pub async fn drive<T>(
    workers: Workers,
    beside: Workers,
    plan: Plan,
    mut probe: impl FnMut() -> Result<T>,
) -> Result<Outcome<T>> {
    let shared = Rc::new(Shared {
        counting_since: Cell::new(None),
        stopped: Cell::new(false),
        latencies: RefCell::new(Histogram::new_with_bounds(1, 120_000_000_000, 3)?),
        steps: Cell::new(0),
        beside: Cell::new(0),
        all: Cell::new(0),
        failure: RefCell::new(None),
        failed: Notify::new(),
    });
    let mut tasks = JoinSet::new();
    for (workers, timed) in [(workers, true), (beside, false)] {
        for worker in workers {
            tasks.spawn_local(work(worker, timed, shared.clone()));
        }
    }
    wait(plan.warm_up, &shared).await;
    let before = probe()?;
    let begun = Instant::now();
    shared.counting_since.set(Some(begun));
    wait(plan.measured, &shared).await;
    shared.counting_since.set(None);
    let elapsed = begun.elapsed();
    let after = probe()?;
    shared.stopped.set(true);
    while tasks.join_next().await.is_some() {}
    if let Some(error) = shared.failure.take() {
        return Err(error);
    }
    if interrupt::requested() {
        bail!("interrupted");
    }
    Ok(Outcome {
        latencies: shared.latencies.borrow().clone(),
        steps: shared.steps.get(),
        beside: shared.beside.get(),
        all: shared.all.get(),
        elapsed,
        probes: (before, after),
    })
}

async fn wait(time: Duration, shared: &Shared) {
    let end = tokio::time::Instant::now() + time;
    let mut looks = tokio::time::interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(end) => return,
            () = shared.failed.notified() => return,
            _ = looks.tick() => if interrupt::requested() || shared.failure.borrow().is_some() {
                return;
            },
        }
    }
}

async fn work(mut worker: Box<dyn Worker>, timed: bool, shared: Rc<Shared>) {
    while !shared.stopped.get() {
        let begun = Instant::now();
        if let Err(error) = worker.step().await {
            shared.failure.borrow_mut().get_or_insert(error);
            shared.stopped.set(true);
            shared.failed.notify_one();
            return;
        }
        let took = begun.elapsed();
        increment(&shared.all);
        let Some(since) = shared.counting_since.get() else {
            continue;
        };
        if !timed {
            increment(&shared.beside);
            continue;
        }
        increment(&shared.steps);
        if begun >= since {
            let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
            shared
                .latencies
                .borrow_mut()
                .saturating_record(nanoseconds.max(1));
        }
    }
}

fn increment(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sleeper;

    impl Worker for Sleeper {
        fn step(&mut self) -> Step<'_> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                Ok(())
            })
        }
    }

    struct Liar(u32);

    impl Worker for Liar {
        fn step(&mut self) -> Step<'_> {
            Box::pin(async {
                tokio::task::yield_now().await;
                self.0 += 1;
                if self.0 < 100 {
                    Ok(())
                } else {
                    bail!("wrong answer")
                }
            })
        }
    }

    async fn drive_some(workers: Workers, beside: Workers) -> Result<Outcome<()>> {
        let plan = Plan {
            warm_up: Duration::from_millis(20),
            measured: Duration::from_millis(200),
            connections: 1,
        };
        let local = tokio::task::LocalSet::new();
        local.run_until(drive(workers, beside, plan, || Ok(()))).await
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_time_of_a_step_is_that_from_asking_to_the_answer() {
        let outcome = drive_some(vec![Box::new(Sleeper)], vec![Box::new(Sleeper)])
            .await
            .unwrap();
        assert!(
            outcome.latencies.min() >= 5_000_000,
            "{}",
            outcome.latencies.min()
        );
        assert!(outcome.steps > 0 && outcome.beside > 0);
        assert!(
            outcome.all > outcome.steps + outcome.beside,
            "the warm-up is in it"
        );
    }

    #[tokio::test(flavor = "current_thread")]
    async fn one_wrong_answer_among_many_right_ones_fails_the_scenario() {
        let error = drive_some(vec![Box::new(Sleeper), Box::new(Liar(0))], Vec::new())
            .await
            .err()
            .unwrap();
        assert_eq!(error.to_string(), "wrong answer");
    }
}
