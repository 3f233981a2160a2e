//! Ctrl-C and termination: noted once, passed on to the child that runs, so that the way out is the ordinary one
//! and every server started here is stopped.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::signal::unix::{SignalKind, signal};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// The process group of the child in the foreground, 0 when there is none.
static FOREGROUND: AtomicI32 = AtomicI32::new(0);

/// Whether somebody asked this program to end.
pub fn requested() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Names the process group that gets the signal when somebody asks this program to end; `None` when it has ended.
pub fn set_foreground(group: Option<u32>) {
    let group = group.and_then(|id| i32::try_from(id).ok()).unwrap_or(0);
    FOREGROUND.store(group, Ordering::SeqCst);
    if requested() {
        end_foreground();
    }
}

/// Starts to listen. Called once, before anything is started.
pub fn watch() {
    let watcher = std::thread::Builder::new().name("signals".to_owned()).spawn(|| {
        if let Err(error) = listen() {
            eprintln!("cannot listen for Ctrl-C ({error}): servers will be ended by the kernel instead");
        }
    });
    if let Err(error) = watcher {
        eprintln!("cannot listen for Ctrl-C ({error}): servers will be ended by the kernel instead");
    }
}

fn listen() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            INTERRUPTED.store(true, Ordering::SeqCst);
            end_foreground();
        }
    })
}

fn end_foreground() {
    if let Some(group) = Pid::from_raw(FOREGROUND.load(Ordering::SeqCst)) {
        // The group may be gone already: then there is nothing left to do.
        let _ = kill_process_group(group, Signal::TERM);
    }
}
