//! From counters to numbers and back: FF1 (NIST SP 800-38G), radix 10, AES-256.
//!
//! A permutation needs no look-up and has no collisions, and without its key the next number is as good as random.
//! Each namespace has a key of its own, derived (HKDF, RFC 5869) from the realm's key for numbers with the namespace's
//! identifier as context; the identifier is the tweak as well. Both last as long as the namespace: with another key,
//! the numbers people hold would name other counters.

use aes::Aes256;
use aws_lc_rs::hkdf;
use fpe::ff1::{FF1, NumeralString, Operations};
use zeroize::Zeroizing;

use super::model::{Block, Namespace};
use super::number::{Code, Digits, Number};

/// The realm's key for numbers: 32 bytes derived from the realm's own. It does not print and is wiped when dropped.
#[derive(Clone)]
pub struct NumberKey(Zeroizing<[u8; 32]>);

impl NumberKey {
    /// From key material that is used for nothing else.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl std::fmt::Debug for NumberKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NumberKey")
    }
}

/// The cipher refused its input: the counter is beyond the namespace's capacity, or the key cannot be derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the permutation of the namespace cannot be computed for this counter")]
pub struct PermutationFailed;

/// The permutation of one namespace. Making one costs a key derivation; keep it for a block.
pub struct Permutation {
    cipher: FF1<Aes256>,
    tweak: [u8; 16],
    code: Code,
    digits: Digits,
}

impl std::fmt::Debug for Permutation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Permutation({})", self.code.value())
    }
}

impl Permutation {
    /// The permutation of `namespace` in the realm whose key this is.
    pub fn new(key: &NumberKey, namespace: &Namespace) -> Result<Self, PermutationFailed> {
        let tweak = namespace.id.uuid().into_bytes();
        let mut derived = Zeroizing::new([0; 32]);
        hkdf::Salt::new(hkdf::HKDF_SHA256, b"musubi number namespace")
            .extract(key.0.as_slice())
            .expand(&[&tweak], hkdf::HKDF_SHA256)
            .and_then(|stream| stream.fill(derived.as_mut_slice()))
            .map_err(|_| PermutationFailed)?;
        let cipher = FF1::new(derived.as_slice(), 10).map_err(|_| PermutationFailed)?;
        Ok(Self {
            cipher,
            tweak,
            code: namespace.code,
            digits: namespace.digits,
        })
    }

    /// The number of a counter.
    pub fn number(&self, counter: u64) -> Result<Number, PermutationFailed> {
        let counter = Decimal {
            value: counter,
            count: usize::from(self.digits.value()),
        };
        let body = self
            .cipher
            .encrypt(&self.tweak, &counter)
            .map_err(|_| PermutationFailed)?;
        Ok(Number::compose(self.code, self.digits, body.value))
    }

    /// The counter of a number; nothing if its code or its length is not this namespace's.
    pub fn counter(&self, number: Number) -> Result<Option<u64>, PermutationFailed> {
        let Some(body) = number.body(self.digits).filter(|_| number.code() == self.code) else {
            return Ok(None);
        };
        let body = Decimal {
            value: body,
            count: usize::from(self.digits.value()),
        };
        let counter = self
            .cipher
            .decrypt(&self.tweak, &body)
            .map_err(|_| PermutationFailed)?;
        Ok(Some(counter.value))
    }

    /// The numbers of a block of this namespace, one by one: nothing of them is kept anywhere.
    pub fn numbers(&self, block: &Block) -> impl Iterator<Item = Result<Number, PermutationFailed>> + '_ {
        (block.first_counter..block.first_counter + block.size).map(|counter| self.number(counter))
    }
}

/// A string of at most fourteen decimal digits, held as its value: FF1 with this needs no allocation.
struct Decimal {
    value: u64,
    count: usize,
}

fn power(digits: usize) -> u64 {
    u32::try_from(digits)
        .ok()
        .and_then(|digits| 10_u64.checked_pow(digits))
        .unwrap_or(u64::MAX)
}

/// `NUM(S)` modulo `modulus`, which is at most 10^7: the sum stays far below 2^64.
fn reduce(bytes: impl Iterator<Item = u8>, modulus: u64) -> u64 {
    bytes.fold(0, |sum, byte| (sum * 256 + u64::from(byte)) % modulus)
}

/// The last `length` bytes of a big-endian value.
struct Tail {
    bytes: [u8; 8],
    length: usize,
}

impl AsRef<[u8]> for Tail {
    fn as_ref(&self) -> &[u8] {
        self.bytes
            .get(self.bytes.len().saturating_sub(self.length)..)
            .unwrap_or_default()
    }
}

impl NumeralString for Decimal {
    type Ops = Self;

    fn is_valid(&self, radix: u32) -> bool {
        radix == 10 && self.value < power(self.count)
    }

    fn numeral_count(&self) -> usize {
        self.count
    }

    fn split(&self) -> (Self, Self) {
        let front = self.count / 2;
        let back = self.count - front;
        let divisor = power(back);
        (
            Self {
                value: self.value / divisor,
                count: front,
            },
            Self {
                value: self.value % divisor,
                count: back,
            },
        )
    }

    fn concat(front: Self, back: Self) -> Self {
        Self {
            value: front.value * power(back.count) + back.value,
            count: front.count + back.count,
        }
    }
}

impl Operations for Decimal {
    type Bytes = Tail;

    fn numeral_count(&self) -> usize {
        self.count
    }

    fn to_be_bytes(&self, _radix: u32, length: usize) -> Tail {
        Tail {
            bytes: self.value.to_be_bytes(),
            length,
        }
    }

    fn add_mod_exp(self, other: impl Iterator<Item = u8>, _radix: u32, count: usize) -> Self {
        let modulus = power(count);
        Self {
            value: (self.value + reduce(other, modulus)) % modulus,
            count,
        }
    }

    fn sub_mod_exp(self, other: impl Iterator<Item = u8>, _radix: u32, count: usize) -> Self {
        let modulus = power(count);
        Self {
            value: (self.value + modulus - reduce(other, modulus)) % modulus,
            count,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::numbers::model::samples::namespace;

    fn permutation(key: u8, name: u128) -> Permutation {
        Permutation::new(&NumberKey::new([key; 32]), &namespace(name)).unwrap()
    }

    fn bodies(permutation: &Permutation, counters: std::ops::Range<u64>) -> Vec<u64> {
        counters
            .map(|one| permutation.number(one).unwrap().body(permutation.digits).unwrap())
            .collect()
    }

    #[test]
    fn it_gives_the_published_ff1_samples_7_and_8() {
        let key: Vec<u8> = (0..32)
            .map(|at| &"2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"[at * 2..at * 2 + 2])
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        let cipher: FF1<Aes256> = FF1::new(&key, 10).unwrap();
        let plain = Decimal {
            value: 123_456_789,
            count: 10,
        };
        assert_eq!(cipher.encrypt(b"", &plain).unwrap().value, 6_657_667_009);
        let tweaked = cipher.encrypt(b"9876543210", &plain).unwrap();
        assert_eq!(tweaked.value, 1_001_623_463);
        assert_eq!(
            cipher.decrypt(b"9876543210", &tweaked).unwrap().value,
            plain.value
        );
    }

    #[test]
    fn every_length_of_body_is_a_permutation_with_an_inverse() {
        for digits in 6..=14 {
            let mut space = namespace(1);
            space.digits = Digits::new(digits).unwrap();
            let permutation = Permutation::new(&NumberKey::new([1; 32]), &space).unwrap();
            let last = space.digits.capacity() - 1;
            for counter in [0, 1, 2, 99_999, 999_999, last - 1, last] {
                let number = permutation.number(counter).unwrap();
                assert_eq!(permutation.counter(number).unwrap(), Some(counter));
            }
            assert_eq!(permutation.number(last + 1), Err(PermutationFailed));
            assert_eq!(permutation.number(u64::MAX), Err(PermutationFailed));
        }
    }

    #[test]
    fn neighbouring_counters_give_numbers_without_a_pattern() {
        let bodies = bodies(&permutation(1, 1), 0..10_000);
        let capacity = Digits::DEFAULT.capacity();
        let differences: HashSet<u64> = bodies
            .windows(2)
            .map(|pair| (pair[1] + capacity - pair[0]) % capacity)
            .collect();
        // Among 9,999 draws from 10^10 a repeated difference is a chance of one in two hundred, three are none.
        assert!(
            differences.len() >= 9_997,
            "{} different differences",
            differences.len()
        );
        let rising = bodies.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((4_700..5_300).contains(&rising), "{rising} of 9,999 rise");
        for place in 0..10 {
            let mut counts = [0_u32; 10];
            for body in &bodies {
                counts[usize::try_from(body / 10_u64.pow(place) % 10).unwrap()] += 1;
            }
            // Chi-squared with nine degrees of freedom: 40 is passed by chance less than once in 100,000.
            let chi: f64 = counts
                .iter()
                .map(|count| (f64::from(*count) - 1000.0).powi(2) / 1000.0)
                .sum();
            assert!(chi < 40.0, "digit {place}: chi-squared {chi}");
        }
    }

    #[test]
    fn another_key_or_another_namespace_gives_unrelated_numbers() {
        let (ours, other_key, other_space) = (permutation(1, 1), permutation(2, 1), permutation(1, 2));
        let ours = bodies(&ours, 0..1000);
        for theirs in [bodies(&other_key, 0..1000), bodies(&other_space, 0..1000)] {
            let capacity = Digits::DEFAULT.capacity();
            let shifts: HashSet<u64> = ours
                .iter()
                .zip(&theirs)
                .map(|(one, two)| (one + capacity - two) % capacity)
                .collect();
            assert!(
                shifts.len() >= 999,
                "a constant difference between two permutations"
            );
            assert!(ours.iter().zip(&theirs).all(|(one, two)| one != two));
        }
    }

    #[test]
    fn a_number_of_another_code_or_length_has_no_counter_here() {
        let ours = permutation(1, 1);
        let mut space = namespace(1);
        space.code = Code::STAFF;
        let staff = Permutation::new(&NumberKey::new([1; 32]), &space).unwrap();
        assert_eq!(ours.counter(staff.number(0).unwrap()).unwrap(), None);
        space.code = Code::PERSON;
        space.digits = Digits::new(6).unwrap();
        let short = Permutation::new(&NumberKey::new([1; 32]), &space).unwrap();
        assert_eq!(ours.counter(short.number(0).unwrap()).unwrap(), None);
    }

    #[test]
    fn neither_the_key_nor_the_permutation_prints_its_key() {
        let key = NumberKey::new([0x41; 32]);
        let printed = format!("{key:?} {:?}", Permutation::new(&key, &namespace(1)).unwrap());
        assert_eq!(printed, "NumberKey Permutation(10)");
    }
}
