//! The reference: a web server of the same parts that does nothing, in a process of its own.

mod api;
mod hashing;

use std::net::SocketAddr;

use anyhow::Result;

/// Serves until the process is ended. The runtime is the hub's: as many workers as there are processors to run on.
pub fn serve(address: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(api::serve(address))
}
