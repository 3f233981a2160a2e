//! The signature algorithms that the house speaks, and explicit sets of them.
//!
//! RFC 7518 §3 and RFC 8037 §3. `none` and the HMAC family have no representation here: a policy that permits them
//! cannot be written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A signature algorithm by its registered name (`alg`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4).
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PSS with SHA-256 and MGF1 with SHA-256 (RFC 7518 §3.5).
    #[serde(rename = "PS256")]
    Ps256,
    /// EdDSA on Ed25519 (RFC 8037 §3.1).
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// A name that is not one of the house's algorithms. It does not repeat what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a supported signature algorithm")]
pub struct UnsupportedAlgorithm;

impl SigningAlgorithm {
    /// All of them, in the order in which metadata lists them.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Es256, Self::Ps256, Self::EdDsa];

    /// The registered name, as in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Es256 => 1,
            Self::Rs256 => 2,
            Self::Ps256 => 4,
            Self::EdDsa => 8,
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for SigningAlgorithm {
    type Err = UnsupportedAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|one| one.name() == name)
            .ok_or(UnsupportedAlgorithm)
    }
}

/// An explicit set of algorithms, as a policy names them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AlgorithmSet(u8);

impl AlgorithmSet {
    /// Every algorithm of the house: what strangers may choose from where a standard leaves it to them.
    pub const ALL: Self = Self::of(&SigningAlgorithm::ALL);

    /// Those that FAPI 2.0 (Security Profile §5.4.1) allows: none with the padding of PKCS #1 version 1.5.
    pub const OF_FAPI: Self = Self::of(&[
        SigningAlgorithm::Ps256,
        SigningAlgorithm::Es256,
        SigningAlgorithm::EdDsa,
    ]);

    /// Exactly these.
    pub const fn of(algorithms: &[SigningAlgorithm]) -> Self {
        let mut bits = 0;
        let mut rest = algorithms;
        while let [first, tail @ ..] = rest {
            bits |= first.bit();
            rest = tail;
        }
        Self(bits)
    }

    /// Whether `algorithm` is in the set.
    pub const fn contains(self, algorithm: SigningAlgorithm) -> bool {
        self.0 & algorithm.bit() != 0
    }
}

impl fmt::Debug for AlgorithmSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(
                SigningAlgorithm::ALL
                    .into_iter()
                    .filter(|one| self.contains(*one)),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_the_round_trip() {
        for algorithm in SigningAlgorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.name());
        }
    }

    #[test]
    fn none_hmac_and_other_spellings_are_not_algorithms() {
        for name in [
            "none", "None", "HS256", "HS512", "es256", "ES256 ", "", "ES256K", "RS1",
        ] {
            assert_eq!(
                name.parse::<SigningAlgorithm>(),
                Err(UnsupportedAlgorithm),
                "{name}"
            );
        }
    }

    #[test]
    fn a_set_holds_what_it_was_made_of_and_nothing_else() {
        let set = AlgorithmSet::of(&[SigningAlgorithm::Es256, SigningAlgorithm::EdDsa]);
        assert!(set.contains(SigningAlgorithm::Es256) && set.contains(SigningAlgorithm::EdDsa));
        assert!(!set.contains(SigningAlgorithm::Rs256) && !set.contains(SigningAlgorithm::Ps256));
        assert!(
            SigningAlgorithm::ALL
                .into_iter()
                .all(|one| AlgorithmSet::ALL.contains(one))
        );
        assert!(!AlgorithmSet::of(&[]).contains(SigningAlgorithm::Es256));
    }
}
