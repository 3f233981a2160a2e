//! Content encryption for JWE (RFC 7518 §5) over aws-lc-rs.
//!
//! josekit's own lets OpenSSL check as many bytes of a GCM tag as the object offers, which may be one, and with CBC
//! decrypts and unpads before it checks the MAC, which it then compares byte by byte. Here a tag has its full length
//! or nothing is decrypted, and the MAC is checked first and in constant time (RFC 7518 §5.2.2.2).

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use josekit::JoseError;
use josekit::jwe::JweContentEncryption;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// A content encryption algorithm by its registered name (`enc`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ContentEncryption {
    /// AES-128 in GCM (RFC 7518 §5.3).
    #[serde(rename = "A128GCM")]
    A128Gcm,
    /// AES-256 in GCM (RFC 7518 §5.3).
    #[serde(rename = "A256GCM")]
    A256Gcm,
    /// AES-128 in CBC with HMAC-SHA-256 (RFC 7518 §5.2.3); what OpenID Connect Registration 1.0 §2 means if nothing is
    /// said.
    #[default]
    #[serde(rename = "A128CBC-HS256")]
    A128CbcHs256,
    /// AES-256 in CBC with HMAC-SHA-512 (RFC 7518 §5.2.5).
    #[serde(rename = "A256CBC-HS512")]
    A256CbcHs512,
}

/// Nothing is said about why: a difference would be an oracle.
#[derive(Debug, thiserror::Error)]
#[error("the content does not decrypt")]
struct Undecryptable;

impl From<Unspecified> for Undecryptable {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl ContentEncryption {
    /// All of them, in the order in which metadata lists them.
    pub const ALL: [Self; 4] = [
        Self::A128CbcHs256,
        Self::A256CbcHs512,
        Self::A128Gcm,
        Self::A256Gcm,
    ];

    /// The registered name, as in `enc`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }

    /// The algorithm of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    fn gcm(self, key: &[u8]) -> Result<LessSafeKey, Undecryptable> {
        let algorithm = if self == Self::A128Gcm {
            &AES_128_GCM
        } else {
            &AES_256_GCM
        };
        Ok(LessSafeKey::new(UnboundKey::new(algorithm, key)?))
    }

    fn is_gcm(self) -> bool {
        matches!(self, Self::A128Gcm | Self::A256Gcm)
    }

    /// The MAC half and the encryption half of a CBC key (RFC 7518 §5.2.2.1).
    fn halves(self, key: &[u8]) -> Result<(hmac::Key, UnboundCipherKey), Undecryptable> {
        let (mac, cipher, half) = match self {
            Self::A256CbcHs512 => (hmac::HMAC_SHA512, &AES_256, 32),
            _ => (hmac::HMAC_SHA256, &AES_128, 16),
        };
        let (mac_key, encryption_key) = key.split_at_checked(half).ok_or(Undecryptable)?;
        Ok((
            hmac::Key::new(mac, mac_key),
            UnboundCipherKey::new(cipher, encryption_key)?,
        ))
    }

    fn seal(
        self,
        key: &[u8],
        iv: &[u8],
        content: &[u8],
        aad: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), Undecryptable> {
        let mut sealed = content.to_vec();
        if self.is_gcm() {
            let nonce = Nonce::try_assume_unique_for_key(iv)?;
            let tag = self
                .gcm(key)?
                .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut sealed)?;
            return Ok((sealed, tag.as_ref().to_vec()));
        }
        let (mac, cipher) = self.halves(key)?;
        let vector = EncryptionContext::Iv128(fixed(iv)?);
        PaddedBlockEncryptingKey::cbc_pkcs7(cipher)?.less_safe_encrypt(&mut sealed, vector)?;
        let tag = cbc_tag(&mac, aad, iv, &sealed);
        Ok((sealed, tag))
    }

    fn open(
        self,
        key: &[u8],
        iv: &[u8],
        sealed: &[u8],
        aad: &[u8],
        tag: &[u8],
    ) -> Result<Vec<u8>, Undecryptable> {
        let mut content = sealed.to_vec();
        if self.is_gcm() {
            // One buffer with the tag behind the text: the length of the tag is then the algorithm's, not the sender's.
            if tag.len() != 16 {
                return Err(Undecryptable);
            }
            content.extend_from_slice(tag);
            let nonce = Nonce::try_assume_unique_for_key(iv)?;
            let length = self
                .gcm(key)?
                .open_in_place(nonce, Aad::from(aad), &mut content)?
                .len();
            content.truncate(length);
            return Ok(content);
        }
        let (mac, cipher) = self.halves(key)?;
        let expected = cbc_tag(&mac, aad, iv, sealed);
        if !bool::from(expected.as_slice().ct_eq(tag)) {
            return Err(Undecryptable);
        }
        let vector = DecryptionContext::Iv128(fixed(iv)?);
        let length = PaddedBlockDecryptingKey::cbc_pkcs7(cipher)?
            .decrypt(&mut content, vector)?
            .len();
        content.truncate(length);
        Ok(content)
    }
}

fn fixed(iv: &[u8]) -> Result<FixedLength<16>, Undecryptable> {
    <[u8; 16]>::try_from(iv)
        .map(FixedLength::from)
        .map_err(|_| Undecryptable)
}

/// The first half of the MAC over the additional data, the vector, the text and the length of the first in bits.
fn cbc_tag(mac: &hmac::Key, aad: &[u8], iv: &[u8], sealed: &[u8]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(mac);
    context.update(aad);
    context.update(iv);
    context.update(sealed);
    context.update(&(aad.len() as u64 * 8).to_be_bytes());
    let whole = context.sign();
    whole
        .as_ref()
        .iter()
        .take(whole.as_ref().len() / 2)
        .copied()
        .collect()
}

impl JweContentEncryption for ContentEncryption {
    fn name(&self) -> &str {
        ContentEncryption::name(*self)
    }

    fn key_len(&self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm | Self::A128CbcHs256 => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    fn iv_len(&self) -> usize {
        if self.is_gcm() { 12 } else { 16 }
    }

    fn encrypt(
        &self,
        key: &[u8],
        iv: Option<&[u8]>,
        message: &[u8],
        aad: &[u8],
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), JoseError> {
        let sealed = self.seal(key, iv.unwrap_or_default(), message, aad);
        sealed
            .map(|(text, tag)| (text, Some(tag)))
            .map_err(|error| JoseError::InvalidJweFormat(error.into()))
    }

    fn decrypt(
        &self,
        key: &[u8],
        iv: Option<&[u8]>,
        encrypted_message: &[u8],
        aad: &[u8],
        tag: Option<&[u8]>,
    ) -> Result<Vec<u8>, JoseError> {
        self.open(
            key,
            iv.unwrap_or_default(),
            encrypted_message,
            aad,
            tag.unwrap_or_default(),
        )
        .map_err(|error| JoseError::InvalidJweFormat(error.into()))
    }

    fn box_clone(&self) -> Box<dyn JweContentEncryption> {
        Box::new(*self)
    }
}

#[cfg(test)]
mod tests {
    use josekit::jwe::enc::{A128CBC_HS256, A128GCM, A256CBC_HS512, A256GCM};

    use super::*;

    fn openssl(encryption: ContentEncryption) -> Box<dyn JweContentEncryption> {
        match encryption {
            ContentEncryption::A128Gcm => Box::new(A128GCM),
            ContentEncryption::A256Gcm => Box::new(A256GCM),
            ContentEncryption::A128CbcHs256 => Box::new(A128CBC_HS256),
            ContentEncryption::A256CbcHs512 => Box::new(A256CBC_HS512),
        }
    }

    #[test]
    fn what_we_encrypt_openssl_decrypts_and_the_other_way_round() {
        for ours in ContentEncryption::ALL {
            let theirs = openssl(ours);
            let (key, iv) = (vec![7; ours.key_len()], vec![9; ours.iv_len()]);
            assert_eq!(
                (theirs.key_len(), theirs.iv_len(), theirs.name()),
                (key.len(), iv.len(), ours.name())
            );
            for length in [0, 1, 15, 16, 17, 1000] {
                let text = vec![b'x'; length];
                let sealed = ours.encrypt(&key, Some(&iv), &text, b"aad").unwrap();
                assert_eq!(sealed, theirs.encrypt(&key, Some(&iv), &text, b"aad").unwrap());
                let opened = ours
                    .decrypt(&key, Some(&iv), &sealed.0, b"aad", sealed.1.as_deref())
                    .unwrap();
                assert_eq!(opened, text);
            }
        }
    }

    #[test]
    fn a_shortened_tag_opens_nothing_though_openssl_would_take_it() {
        for ours in ContentEncryption::ALL {
            let (key, iv) = (vec![7; ours.key_len()], vec![9; ours.iv_len()]);
            let (text, tag) = ours.encrypt(&key, Some(&iv), b"secret", b"aad").unwrap();
            let tag = tag.unwrap();
            for length in 0..tag.len() {
                assert!(
                    ours.decrypt(&key, Some(&iv), &text, b"aad", Some(&tag[..length]))
                        .is_err()
                );
            }
            assert!(ours.decrypt(&key, Some(&iv), &text, b"aad", None).is_err());
            if ours.is_gcm() {
                assert!(
                    openssl(ours)
                        .decrypt(&key, Some(&iv), &text, b"aad", Some(&tag[..1]))
                        .is_ok()
                );
            }
        }
    }

    #[test]
    fn a_wrong_mac_and_wrong_padding_are_the_same_error() {
        for ours in [ContentEncryption::A128CbcHs256, ContentEncryption::A256CbcHs512] {
            let (key, iv) = (vec![7; ours.key_len()], vec![9; ours.iv_len()]);
            let (text, tag) = ours.encrypt(&key, Some(&iv), b"secret", b"aad").unwrap();
            let told = |text: &[u8], tag: &[u8]| {
                ours.decrypt(&key, Some(&iv), text, b"aad", Some(tag))
                    .unwrap_err()
                    .to_string()
            };
            let tag = tag.unwrap();
            let mut padding = text.clone();
            padding[15] ^= 1;
            let mut mac = tag.clone();
            mac[0] ^= 1;
            assert_eq!(told(&padding, &tag), told(&text, &mac));
            assert_eq!(told(&[], &tag), told(&text, &mac));
        }
    }
}
