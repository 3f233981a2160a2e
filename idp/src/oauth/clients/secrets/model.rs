//! Which secrets of a client are good.

use platform::clock::Instant;
use platform::keys::constant_time_eq;

/// A secret by its keyed hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    pub(crate) hash: [u8; 32],
    /// When it ends; `None`: never by itself.
    pub ends: Option<Instant>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Secret(until {:?})", self.ends)
    }
}

impl Secret {
    fn is_good(&self, now: Instant) -> bool {
        self.ends.is_none_or(|ends| now < ends)
    }
}

/// The secrets of a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The one that it has.
    pub current: Option<Secret>,
    /// The one that it had before.
    pub former: Option<Secret>,
}

impl Secrets {
    /// Whether the secret with this keyed hash is good. Every client costs the same time, whatever it has.
    pub(crate) fn accept(&self, offered: &[u8; 32], now: Instant) -> bool {
        let accepts = |secret: Option<&Secret>| {
            let known = secret.map_or([0; 32], |secret| secret.hash);
            let same = constant_time_eq(&known, offered);
            same & secret.is_some_and(|secret| secret.is_good(now))
        };
        accepts(self.current.as_ref()) | accepts(self.former.as_ref())
    }

    /// Whether the client needs a new one before it can prove itself again.
    pub fn is_over(&self, now: Instant) -> bool {
        self.current.as_ref().is_none_or(|secret| !secret.is_good(now))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_secret_is_good_until_its_end_and_not_a_microsecond_longer() {
        let begin = Instant::from_micros(1_000_000);
        let end = begin.plus(Duration::from_mins(1));
        let secrets = Secrets {
            current: Some(Secret {
                hash: [1; 32],
                ends: None,
            }),
            former: Some(Secret {
                hash: [2; 32],
                ends: Some(end),
            }),
        };
        let late = Instant::from_micros(end.as_micros() - 1);
        for (hash, now, good) in [
            ([1; 32], end, true),
            ([2; 32], begin, true),
            ([2; 32], late, true),
            ([2; 32], end, false),
            ([3; 32], begin, false),
            ([0; 32], begin, false),
        ] {
            assert_eq!(secrets.accept(&hash, now), good, "{hash:?} at {now:?}");
        }
        assert!(!Secrets::default().accept(&[0; 32], begin));
        assert!(Secrets::default().is_over(begin));
        assert!(!secrets.is_over(end));
    }
}
