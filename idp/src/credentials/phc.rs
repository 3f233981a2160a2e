//! A password hash in the PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Memory in KiB, passes, lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// What new hashes cost.
pub const COST: Cost = Cost {
    memory: 19 * 1024,
    passes: 2,
    lanes: 1,
};

/// The most that a stored hash may cost: a row in the database must not be able to exhaust the machine.
const CEILING: Cost = Cost {
    memory: 64 * 1024,
    passes: 10,
    lanes: 4,
};

/// A salted hash. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    /// How it was made.
    pub cost: Cost,
    /// The salt.
    pub salt: [u8; 16],
    /// The hash.
    pub hash: [u8; 32],
}

/// The stored text is not a hash of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash cannot be read")]
pub struct UnreadableHash;

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordHash")
    }
}

impl PasswordHash {
    /// The PHC string.
    pub fn to_phc(&self) -> String {
        let Cost {
            memory,
            passes,
            lanes,
        } = self.cost;
        let (salt, hash) = (
            STANDARD_NO_PAD.encode(self.salt),
            STANDARD_NO_PAD.encode(self.hash),
        );
        format!("$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hash}")
    }

    /// From a PHC string that [`Self::to_phc`] wrote.
    pub fn from_phc(text: &str) -> Result<Self, UnreadableHash> {
        let parts: Vec<&str> = text.split('$').collect();
        let ["", "argon2id", "v=19", cost, salt, hash] = parts.as_slice() else {
            return Err(UnreadableHash);
        };
        let cost = parse_cost(cost).ok_or(UnreadableHash)?;
        let decode = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| UnreadableHash);
        Ok(Self {
            cost,
            salt: decode(salt)?.try_into().map_err(|_| UnreadableHash)?,
            hash: decode(hash)?.try_into().map_err(|_| UnreadableHash)?,
        })
    }
}

fn parse_cost(text: &str) -> Option<Cost> {
    let mut numbers = ["m=", "t=", "p="]
        .into_iter()
        .zip(text.split(','))
        .map(|(prefix, part)| part.strip_prefix(prefix)?.parse().ok());
    let cost = Cost {
        memory: numbers.next()??,
        passes: numbers.next()??,
        lanes: numbers.next()??,
    };
    let bounded =
        cost.memory <= CEILING.memory && cost.passes <= CEILING.passes && cost.lanes <= CEILING.lanes;
    (bounded && text.split(',').count() == 3).then_some(cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_survives_its_text_and_a_costlier_one_is_refused() {
        let hash = PasswordHash {
            cost: COST,
            salt: [1; 16],
            hash: [2; 32],
        };
        assert_eq!(PasswordHash::from_phc(&hash.to_phc()), Ok(hash.clone()));
        let costly = hash.to_phc().replace("m=19456", "m=4194304");
        assert_eq!(PasswordHash::from_phc(&costly), Err(UnreadableHash));
        assert_eq!(
            PasswordHash::from_phc("$argon2i$v=19$m=19456,t=2,p=1$AA$AA"),
            Err(UnreadableHash)
        );
    }
}
