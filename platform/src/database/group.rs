//! Group commit for a database with one writer: jobs that wait share a transaction and a sync.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sea_orm::{DatabaseConnection, DbBackend};
use tokio::sync::{mpsc, oneshot};

use super::store::lost;
use super::{DatabaseError, Tx};

/// Jobs that may wait for the writer before callers are held back.
const QUEUE: usize = 4096;
/// Jobs that share one transaction at the most: bounds what one failure takes with it.
const GROUP: usize = 256;

/// The way to the writer task.
#[derive(Clone)]
pub(super) struct Group {
    queue: mpsc::Sender<Queued>,
}

struct Queued {
    job: Box<dyn Job>,
    savepoint: bool,
}

/// A change that waits for its commit.
pub(super) trait Job: Send {
    /// Runs the statements; whether their effect shall be kept.
    fn run<'t>(&'t mut self, tx: &'t Tx) -> BoxFuture<'t, bool>;
    /// Tells the caller, once the commit is known.
    fn deliver(self: Box<Self>, committed: Result<(), DatabaseError>);
}

/// A job and what it came to.
pub(super) struct Pending<T, E, F> {
    job: Option<F>,
    outcome: Option<Result<T, E>>,
    reply: Option<oneshot::Sender<Result<T, E>>>,
}

impl<T, E: From<DatabaseError>, F> Pending<T, E, F> {
    pub(super) fn new(job: F) -> Self {
        Self {
            job: Some(job),
            outcome: None,
            reply: None,
        }
    }

    /// What the caller is told: a job that succeeded in a transaction that failed has failed, and so has one that
    /// was never run.
    pub(super) fn settle(self, committed: Result<(), DatabaseError>) -> Result<T, E> {
        match (self.outcome, committed) {
            (Some(Ok(_)) | None, Err(error)) => Err(error.into()),
            (Some(outcome), _) => outcome,
            (None, Ok(())) => Err(lost().into()),
        }
    }
}

impl<T, E, F> Job for Pending<T, E, F>
where
    T: Send,
    E: From<DatabaseError> + Send,
    F: for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send,
{
    fn run<'t>(&'t mut self, tx: &'t Tx) -> BoxFuture<'t, bool> {
        Box::pin(async move {
            let Some(job) = self.job.take() else { return false };
            // The task that runs this carries everybody's writes: a panic is its own job's failure and no more. What the
            // job had hold of went with it; its statements are undone.
            let outcome = AssertUnwindSafe(async { job(tx).await }).catch_unwind().await;
            let outcome = outcome.unwrap_or_else(|_| Err(panicked().into()));
            let kept = outcome.is_ok();
            self.outcome = Some(outcome);
            kept
        })
    }

    fn deliver(mut self: Box<Self>, committed: Result<(), DatabaseError>) {
        let reply = self.reply.take();
        // A caller that went away needs no answer; its change stands.
        if let Some(reply) = reply {
            let _ = reply.send(self.settle(committed));
        }
    }
}

impl Group {
    /// Starts the writer task; it ends when the last handle is gone.
    pub(super) fn start(connection: DatabaseConnection) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(run(connection, jobs));
        Self { queue }
    }

    /// Queues a job and waits for its commit. `savepoint` is needed when the job has more than one statement.
    pub(super) async fn submit<T, E, F>(&self, job: F, savepoint: bool) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
        F: for<'t> FnOnce(&'t Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending {
            job: Some(job),
            outcome: None,
            reply: Some(reply),
        });
        self.queue
            .send(Queued { job, savepoint })
            .await
            .map_err(|_| lost())?;
        answer.await.unwrap_or_else(|_| Err(lost().into()))
    }
}

/// Lets those who are about to queue something join what waits already: a commit costs the same for one as for many.
/// Whoever is ready to run gets their turn, again as long as it brings something, up to `most` in all; nobody waits for a
/// timer.
pub async fn gather<T>(queue: &mut mpsc::Receiver<T>, waiting: &mut Vec<T>, most: usize) {
    loop {
        let before = waiting.len();
        tokio::task::yield_now().await;
        while waiting.len() < most
            && let Ok(next) = queue.try_recv()
        {
            waiting.push(next);
        }
        if waiting.len() == before || waiting.len() >= most {
            return;
        }
    }
}

async fn run(connection: DatabaseConnection, mut jobs: mpsc::Receiver<Queued>) {
    let mut waiting = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut waiting, GROUP).await > 0 {
        gather(&mut jobs, &mut waiting, GROUP).await;
        metrics::histogram!("musubi_database_group_size")
            .record(f64::from(u32::try_from(waiting.len()).unwrap_or(0)));
        commit_together(&connection, &mut waiting).await;
    }
}

async fn commit_together(connection: &DatabaseConnection, waiting: &mut Vec<Queued>) {
    let tx = match Tx::begin(connection).await {
        Ok(tx) => tx,
        Err(error) => {
            for queued in waiting.drain(..) {
                queued.job.deliver(Err(error.clone()));
            }
            return;
        }
    };
    let mut done = Vec::with_capacity(waiting.len());
    let mut fault = None;
    for mut queued in waiting.drain(..) {
        let mut verdict = Ok(());
        if fault.is_none() {
            match run_one(&tx, &mut queued).await {
                Ok(judged) => verdict = judged,
                Err(error) => fault = Some(error),
            }
        }
        done.push((queued.job, verdict));
    }
    let committed = match fault {
        None => tx.commit().await,
        Some(error) => tx.rollback().await.and(Err(error)),
    };
    if committed.is_err() {
        give_up(connection).await;
    }
    for (job, verdict) in done {
        job.deliver(committed.clone().and(verdict));
    }
}

/// Closes the writer's connection, so that the next group gets a fresh one. On a full disk SQLite ends a transaction by
/// itself, of which the driver knows nothing: it would go on to savepoints inside a transaction that never ends, and
/// what is released there is told as committed and is on no disk.
async fn give_up(connection: &DatabaseConnection) {
    if let DbBackend::Sqlite = connection.get_database_backend() {
        match connection.get_sqlite_connection_pool().acquire().await {
            Ok(held) => {
                // Closed or broken: it is not used again.
                let _ = held.close().await;
            }
            Err(error) => tracing::warn!(%error, "the writer's connection could not be given up"),
        }
    }
}

/// Whether a job's statements may stand.
type Verdict = Result<(), DatabaseError>;

/// Runs a job; an error is a fault of the database, after which the transaction can carry nothing more.
async fn run_one(tx: &Tx, queued: &mut Queued) -> Result<Verdict, DatabaseError> {
    let fault = || DatabaseError::Unavailable("a statement of this group of writes failed".to_owned());
    if !queued.savepoint {
        queued.job.run(tx).await;
        return if tx.faulted() { Err(fault()) } else { Ok(Ok(())) };
    }
    let savepoint = tx.savepoint().await?;
    let kept = queued.job.run(&savepoint).await;
    if savepoint.faulted() {
        let _ = savepoint.rollback().await;
        return Err(fault());
    }
    let verdict = savepoint.verdict();
    if kept && verdict.is_ok() {
        savepoint.commit().await?;
    } else {
        savepoint.rollback().await?;
    }
    Ok(verdict)
}

fn panicked() -> DatabaseError {
    DatabaseError::Unavailable("the job that wrote panicked".to_owned())
}
