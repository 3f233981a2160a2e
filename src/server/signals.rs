//! SIGTERM and Ctrl-C: the first asks the hub to stop in order, the second ends it at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How a process ends that was killed by Ctrl-C, in the words of a shell.
const ENDED_AT_ONCE: i32 = 130;

/// Whether the hub has been asked to stop; cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits until it has.
    pub async fn asked(&mut self) {
        // Without a sender nobody can ask any more, and the process is going down by itself.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// Listens from now on.
pub fn listen() -> io::Result<Stop> {
    let (ask, asked) = watch::channel(false);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping: requests under way are finished first; a second signal ends at once");
        ask.send_replace(true);
        either(&mut terminate, &mut interrupt).await;
        std::process::exit(ENDED_AT_ONCE);
    });
    Ok(Stop(asked))
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
