//! Keys that others encrypt for, when they send something to a realm (RFC 9101 §6.1): derived from the realm's own key,
//! one each quarter of a year, so that nothing is stored and every node has the same.
//!
//! What always holds: the key of the quarter is the one that is published; that of the quarter before still opens, since
//! whoever fetched it may have kept it; older ones do not.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use zeroize::Zeroizing;

use super::derive::{SubKey, keyed_hash};
use super::jwe::{Decrypted, DecryptionKey, JweError, KeyManagement, decrypt_compact};
use super::public::PublicKey;
use crate::clock::Instant;
use crate::encoding::base64url;

/// How long one key is published, in seconds.
const PERIOD: i64 = 90 * 24 * 60 * 60;
/// Longest object that is opened, in characters.
const MAX_CHARS: usize = 32 * 1024;

/// The keys of one realm at one time.
pub struct ReceivingKeys {
    period: i64,
    published: String,
    keys: Vec<DecryptionKey>,
}

impl ReceivingKeys {
    /// The algorithms by which a key may be encrypted for a realm.
    pub const ALGORITHMS: [KeyManagement; 3] = [
        KeyManagement::EcdhEs,
        KeyManagement::EcdhEsA128Kw,
        KeyManagement::EcdhEsA256Kw,
    ];

    /// The keys that `secret` gives at `now`.
    pub fn derive(secret: &SubKey, now: Instant) -> Result<Self, JweError> {
        let period = now.as_seconds().div_euclid(PERIOD);
        let current = Pair::derive(secret, period)?;
        let before = Pair::derive(secret, period - 1)?;
        let mut keys = current.decryption_keys()?;
        keys.extend(before.decryption_keys()?);
        Ok(Self {
            period,
            published: current.public_jwk(),
            keys,
        })
    }

    /// Whether these are the keys of `now`.
    pub fn are_of(&self, now: Instant) -> bool {
        now.as_seconds().div_euclid(PERIOD) == self.period
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> &str {
        &self.published
    }

    /// Opens what was encrypted for one of them.
    pub fn open(&self, object: &str) -> Result<Decrypted, JweError> {
        decrypt_compact(object, &self.keys, MAX_CHARS)
    }
}

impl fmt::Debug for ReceivingKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ReceivingKeys({})", self.published)
    }
}

struct Pair {
    kid: String,
    x: String,
    y: String,
    d: Zeroizing<String>,
}

impl Pair {
    /// The key of a period: a keyed hash read as a scalar of P-256. One in four billion is none; the next one is taken.
    fn derive(secret: &SubKey, period: i64) -> Result<Self, JweError> {
        for attempt in 0_u8..=255 {
            let mut label = period.to_be_bytes().to_vec();
            label.push(attempt);
            let scalar = Zeroizing::new(keyed_hash(secret, "p-256", &label));
            let Ok(private) = PrivateKey::from_private_key(&ECDH_P256, scalar.as_slice()) else {
                continue;
            };
            let point = private.compute_public_key().map_err(|_| JweError::Key)?;
            let coordinates = point.as_ref().get(1..65).ok_or(JweError::Key)?;
            let (x, y) = coordinates.split_at(32);
            let public = PublicKey::p256(x, y).map_err(|_| JweError::Key)?;
            return Ok(Self {
                kid: public.thumbprint(),
                x: base64url(x),
                y: base64url(y),
                d: Zeroizing::new(base64url(scalar.as_slice())),
            });
        }
        Err(JweError::Key)
    }

    fn public_jwk(&self) -> String {
        format!(
            r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}","kid":"{}","use":"enc"}}"#,
            self.x, self.y, self.kid
        )
    }

    fn decryption_keys(&self) -> Result<Vec<DecryptionKey>, JweError> {
        let private = Zeroizing::new(format!(
            r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}","d":"{}"}}"#,
            self.x,
            self.y,
            self.d.as_str()
        ));
        ReceivingKeys::ALGORITHMS
            .into_iter()
            .map(|algorithm| DecryptionKey::from_jwk(algorithm, &self.kid, &private))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::keys::jwe::{EncryptionKey, encrypt_compact};
    use crate::keys::{ContentEncryption, KeyEncryptionKey, Purpose};

    const NOW: Instant = Instant::from_micros(1_795_600_000_000_000);
    const QUARTER: Duration = Duration::from_hours(90 * 24);

    fn secret(byte: u8) -> SubKey {
        let key = KeyEncryptionKey::from_bytes([byte; 32]).unwrap();
        key.derive(Purpose::Receiving, uuid::Uuid::nil())
    }

    fn sealed_for(keys: &ReceivingKeys, algorithm: KeyManagement) -> String {
        let mut jwk: serde_json::Value = serde_json::from_str(keys.jwk()).unwrap();
        jwk.as_object_mut().unwrap().remove("use");
        let key = EncryptionKey::from_jwk(algorithm, &jwk.to_string()).unwrap();
        encrypt_compact(b"signed", Some("JWT"), ContentEncryption::A256Gcm, &key).unwrap()
    }

    #[test]
    fn every_node_of_a_realm_opens_what_was_sealed_for_it_and_no_other_realm_does() {
        let keys = ReceivingKeys::derive(&secret(1), NOW).unwrap();
        let other_node = ReceivingKeys::derive(&secret(1), NOW.plus(Duration::from_hours(1))).unwrap();
        let other_realm = ReceivingKeys::derive(&secret(2), NOW).unwrap();
        for algorithm in ReceivingKeys::ALGORITHMS {
            let object = sealed_for(&keys, algorithm);
            assert_eq!(other_node.open(&object).unwrap().content, b"signed");
            assert!(other_realm.open(&object).is_err());
        }
        assert!(!keys.jwk().contains("\"d\""));
        assert!(!format!("{keys:?}").contains("\"d\""));
    }

    #[test]
    fn the_key_of_the_quarter_before_still_opens_and_older_ones_do_not() {
        let old = ReceivingKeys::derive(&secret(1), NOW).unwrap();
        let object = sealed_for(&old, KeyManagement::EcdhEs);
        let next = ReceivingKeys::derive(&secret(1), NOW.plus(QUARTER)).unwrap();
        assert_ne!(old.jwk(), next.jwk());
        assert!(!old.are_of(NOW.plus(QUARTER)) && old.are_of(NOW));
        assert!(next.open(&object).is_ok());
        let after = ReceivingKeys::derive(&secret(1), NOW.plus(QUARTER * 2)).unwrap();
        assert!(after.open(&object).is_err());
    }
}
