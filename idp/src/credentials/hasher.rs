//! Threads that do nothing but hash passwords.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use platform::config::Limits;
use platform::entropy::Entropy;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;

use super::phc::{COST, PasswordHash};

/// Every hashing thread is at work and the queue is full, or the machine cannot hash: nothing was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("password hashing is at its limit")]
pub struct HashingBusy;

/// The way to the hashing threads; cheap to clone.
#[derive(Clone)]
pub struct PasswordHasher {
    queue: SyncSender<Job>,
    entropy: Entropy,
}

struct Job {
    password: SecretString,
    work: Work,
}

enum Work {
    Hash {
        salt: [u8; 16],
        reply: oneshot::Sender<PasswordHash>,
    },
    Verify {
        against: Option<PasswordHash>,
        reply: oneshot::Sender<bool>,
    },
}

impl PasswordHasher {
    /// Starts the threads; they end when the last handle is gone.
    pub fn start(limits: &Limits, entropy: Entropy) -> Self {
        let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = if limits.hashing_threads == 0 {
            processors.saturating_sub(1).max(1)
        } else {
            limits.hashing_threads
        };
        let (queue, jobs) = sync_channel(limits.hashing_queue.max(1));
        let jobs = Arc::new(Mutex::new(jobs));
        for index in 0..threads {
            let jobs = jobs.clone();
            let spawned = thread::Builder::new()
                .name(format!("hash-{index}"))
                .spawn(move || work(&jobs));
            if let Err(error) = spawned {
                tracing::error!(%error, "a hashing thread could not be started");
            }
        }
        Self { queue, entropy }
    }

    /// Hashes a new password with a fresh salt.
    pub async fn hash(&self, password: SecretString) -> Result<PasswordHash, HashingBusy> {
        let (reply, answer) = oneshot::channel();
        let salt = self.entropy.array().map_err(|_| HashingBusy)?;
        self.submit(Job {
            password,
            work: Work::Hash { salt, reply },
        })?;
        answer.await.map_err(|_| HashingBusy)
    }

    /// Whether a password belongs to a hash. Without one (an unknown name) it takes as long and is `false`.
    pub async fn verify(
        &self,
        password: SecretString,
        against: Option<PasswordHash>,
    ) -> Result<bool, HashingBusy> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job {
            password,
            work: Work::Verify { against, reply },
        })?;
        answer.await.map_err(|_| HashingBusy)
    }

    fn submit(&self, job: Job) -> Result<(), HashingBusy> {
        self.queue.try_send(job).map_err(|error| {
            if matches!(error, TrySendError::Disconnected(_)) {
                tracing::error!("no hashing thread is running");
            }
            metrics::counter!("musubi_password_hashing_refused_total").increment(1);
            HashingBusy
        })
    }
}

/// How far hashing steps back (`nice`): it may take every cycle that nobody else wants, and must not delay the tokens of
/// those who are signed in already.
const NICENESS: i32 = 10;

fn work(jobs: &Mutex<Receiver<Job>>) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::warn!(%error, "password hashing runs at full priority");
    }
    let mut memory = Vec::new();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { password, work }) = job else { return };
        match work {
            // A caller that went away needs no work done.
            Work::Hash { reply, .. } if reply.is_closed() => {}
            Work::Verify { reply, .. } if reply.is_closed() => {}
            Work::Hash { salt, reply } => {
                let blank = PasswordHash {
                    cost: COST,
                    salt,
                    hash: [0; 32],
                };
                if let Some(hash) = derive(&password, &blank, &mut memory) {
                    let _ = reply.send(PasswordHash { hash, ..blank });
                }
            }
            Work::Verify { against, reply } => {
                let known = against.is_some();
                let reference = against.unwrap_or(PasswordHash {
                    cost: COST,
                    salt: [0; 16],
                    hash: [0; 32],
                });
                if let Some(hash) = derive(&password, &reference, &mut memory) {
                    let _ = reply.send(bool::from(hash.ct_eq(&reference.hash)) & known);
                }
            }
        }
    }
}

fn derive(password: &SecretString, like: &PasswordHash, memory: &mut Vec<Block>) -> Option<[u8; 32]> {
    let params = Params::new(like.cost.memory, like.cost.passes, like.cost.lanes, Some(32)).ok()?;
    memory.resize(params.block_count().max(memory.len()), Block::default());
    let mut hash = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(
            password.expose_secret().as_bytes(),
            &like.salt,
            &mut hash,
            memory.as_mut_slice(),
        )
        .ok()?;
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(queue: usize) -> PasswordHasher {
        let limits = Limits {
            hashing_threads: 1,
            hashing_queue: queue,
            ..Limits::default()
        };
        PasswordHasher::start(&limits, Entropy::system())
    }

    #[tokio::test]
    async fn only_the_right_password_belongs_to_its_hash() {
        let hasher = hasher(8);
        let hash = hasher.hash("正しい馬".into()).await.unwrap();
        assert!(
            hasher
                .verify("正しい馬".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(!hasher.verify("正しい鹿".into(), Some(hash)).await.unwrap());
        assert!(!hasher.verify("正しい馬".into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_full_queue_says_busy_instead_of_growing() {
        let hasher = hasher(2);
        let asked: Vec<_> = (0..20)
            .map(|_| {
                tokio::spawn({
                    let hasher = hasher.clone();
                    async move { hasher.verify("x".into(), None).await }
                })
            })
            .collect();
        let mut busy = 0;
        for one in asked {
            busy += usize::from(one.await.unwrap().is_err());
        }
        assert!(busy > 0, "twenty at once fit into a queue of two");
        assert_eq!(hasher.verify("x".into(), None).await, Ok(false));
    }
}
