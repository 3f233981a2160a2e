//! The only source of randomness in the house.
//!
//! In production it is the operating system's generator by way of aws-lc; a test may ask for a reproducible one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use aws_lc_rs::rand::SecureRandom as _;
use uuid::Uuid;

use crate::clock::Instant;
use crate::encoding::base64url;

/// The generator did not answer; nothing that needs a secret can be made.
#[derive(Debug, thiserror::Error)]
#[error("the system's random number generator failed")]
pub struct EntropyFailed;

/// A handle to the house's randomness; cheap to clone.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    System(Arc<aws_lc_rs::rand::SystemRandom>),
    Seeded { seed: u64, counter: Arc<AtomicU64> },
}

impl Entropy {
    /// The operating system's generator.
    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one home of randomness"
    )]
    pub fn system() -> Self {
        Self(Source::System(Arc::new(aws_lc_rs::rand::SystemRandom::new())))
    }

    /// A reproducible stream, for tests only: the same seed gives the same bytes in the same order.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded {
            seed,
            counter: Arc::new(AtomicU64::new(0)),
        })
    }

    /// Fills `target` with random bytes.
    pub fn fill(&self, target: &mut [u8]) -> Result<(), EntropyFailed> {
        match &self.0 {
            Source::System(random) => random.fill(target).map_err(|_| EntropyFailed),
            Source::Seeded { seed, counter } => {
                for chunk in target.chunks_mut(32) {
                    let mut block = seed.to_be_bytes().to_vec();
                    block.extend(counter.fetch_add(1, Ordering::Relaxed).to_be_bytes());
                    let stream = digest::digest(&digest::SHA256, &block);
                    chunk
                        .iter_mut()
                        .zip(stream.as_ref())
                        .for_each(|(byte, random)| *byte = *random);
                }
                Ok(())
            }
        }
    }

    /// `N` random bytes.
    pub fn array<const N: usize>(&self) -> Result<[u8; N], EntropyFailed> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A fresh 256-bit secret as 43 characters of base64url: codes, tokens, session ids, CSRF values.
    pub fn token(&self) -> Result<String, EntropyFailed> {
        Ok(base64url(self.array::<32>()?))
    }

    /// A UUIDv7 (RFC 9562 §5.7) whose time part is `now` in milliseconds.
    pub fn uuid(&self, now: Instant) -> Result<Uuid, EntropyFailed> {
        let random = self.array::<10>()?;
        let millis = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Entropy")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_stream_and_never_a_block_of_it() {
        let (first, second) = (Entropy::seeded(7), Entropy::seeded(7));
        let (a, b) = (first.array::<64>().unwrap(), second.array::<64>().unwrap());
        assert_eq!(a, b);
        assert_ne!(a[..32], a[32..]);
        assert_ne!(first.array::<64>().unwrap(), a);
    }

    #[test]
    fn identifiers_sort_by_the_time_they_were_made() {
        let entropy = Entropy::system();
        let early = entropy.uuid(Instant::from_micros(1_000_000)).unwrap();
        let late = entropy.uuid(Instant::from_micros(2_000_000)).unwrap();
        assert!(early < late);
        assert_eq!(early.get_version_num(), 7);
    }
}
