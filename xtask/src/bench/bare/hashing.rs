//! A thread that does nothing but hash: what a sign-in cannot cost less than.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use anyhow::{Error, Result};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use bytes::Bytes;
use tokio::sync::oneshot;

/// What the hub's new hashes cost: KiB of memory, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Of a fixed salt: nothing is kept.
const SALT: [u8; 16] = *b"nobody has salts";

/// The way to the thread.
pub(super) type Hashing = Sender<(Bytes, oneshot::Sender<[u8; 32]>)>;

/// Starts it; it ends with the process.
pub(super) fn start() -> Result<Hashing> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(32)).map_err(Error::msg)?;
    let (queue, jobs) = channel::<(Bytes, oneshot::Sender<[u8; 32]>)>();
    thread::Builder::new().name("hash".to_owned()).spawn(move || {
        let mut memory = vec![Block::default(); params.block_count()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        for (password, reply) in jobs {
            let mut hash = [0; 32];
            let hashed = argon2.hash_password_into_with_memory(&password, &SALT, &mut hash, &mut memory);
            if hashed.is_ok() {
                // Who asked may be gone.
                let _ = reply.send(hash);
            }
        }
    })?;
    Ok(queue)
}
