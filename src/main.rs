//! `musubi`: commands, configuration, composition; nothing else.
//!
//! | module | holds |
//! |---|---|
//! | `arguments` | the command line as clap reads it |
//! | `commands` | one command a file |
//! | `first_start` | what a fresh hub makes by itself |
//! | `installation` | opening what the configuration names |
//! | `output` | what a command prints, for people or as JSON |
//! | `record` | how a command is put on record before it changes anything |
//! | `server` | from the socket to the router, and the way down |
//!
//! A command that is not `serve` opens the same databases as a hub that runs beside it: SQLite's write-ahead log and
//! its busy timeout, or PostgreSQL, keep the two apart.

mod arguments;
mod commands;
mod first_start;
mod installation;
mod output;
mod record;
mod server;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::Arguments;

/// The hub allocates many small things of the same few sizes on all threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::run(Arguments::parse()) {
        Ok(code) => code,
        // Whoever read the answer has seen enough of it.
        Err(error) if error.chain().count() == 1 && is_broken_pipe(&error) => ExitCode::FAILURE,
        Err(error) => {
            // One line: what is wrong and what to do about it.
            eprintln!("musubi: {}", format!("{error:#}").replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
