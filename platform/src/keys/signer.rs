//! Private signing keys over aws-lc-rs.
//!
//! A key is tied to one algorithm for life and named by its RFC 7638 thumbprint. RSA keys have 2048 bits: that is the
//! floor of RFC 7518 §3.3 and signs about three times as fast as 3072, and RS256 is the algorithm that relying parties
//! get who never chose one; keys live for months, not decades. Whoever wants more picks ES256.
//!
//! Key generation, ECDSA nonces and PSS salts draw from aws-lc's own generator: the library takes no other, and a
//! reproducible signature nonce is a lost key.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use zeroize::Zeroizing;

use super::algorithm::SigningAlgorithm;
use super::header::PreparedHeaders;
use super::public::PublicKey;

/// Something about a private key did not work. The reasons are not told apart: none of them is an outsider's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The key could not be generated.
    #[error("the key could not be generated")]
    Generate,
    /// The bytes are not a PKCS#8 private key of the algorithm, or of a size that is refused.
    #[error("the private key is not acceptable for its algorithm")]
    Import,
    /// The key could not be serialised.
    #[error("the private key could not be exported")]
    Export,
    /// The signature could not be made.
    #[error("the signature could not be made")]
    Sign,
}

enum Private {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ed25519(Ed25519KeyPair),
}

/// A private signing key. It prints as its kid and algorithm only.
pub struct SigningKey {
    algorithm: SigningAlgorithm,
    kid: String,
    private: Private,
    public: PublicKey,
    headers: PreparedHeaders,
}

impl SigningKey {
    /// A new key. RSA takes tens to hundreds of milliseconds: call it off the request path.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Self, SigningKeyError> {
        let private = match algorithm {
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Private::Ecdsa)
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate().map(Private::Ed25519),
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Private::Rsa(pair, rsa_encoding(algorithm)))
            }
        };
        Self::assemble(algorithm, private.map_err(|_| SigningKeyError::Generate)?)
    }

    /// The key in a PKCS#8 document (RFC 5208), as [`Self::to_pkcs8`] wrote it.
    pub fn from_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, SigningKeyError> {
        let private = match algorithm {
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Private::Ecdsa)
            }
            SigningAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).map(Private::Ed25519),
            SigningAlgorithm::Rs256 | SigningAlgorithm::Ps256 => {
                RsaKeyPair::from_pkcs8(pkcs8).map(|pair| Private::Rsa(pair, rsa_encoding(algorithm)))
            }
        };
        Self::assemble(algorithm, private.map_err(|_| SigningKeyError::Import)?)
    }

    /// The private key as PKCS#8, only ever to be sealed; the buffer wipes itself.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
        let document = match &self.private {
            Private::Ecdsa(pair) => pair
                .to_pkcs8v1()
                .map(|document| Zeroizing::new(document.as_ref().to_vec())),
            Private::Ed25519(pair) => pair
                .to_pkcs8v1()
                .map(|document| Zeroizing::new(document.as_ref().to_vec())),
            Private::Rsa(pair, _) => {
                let document: Result<Pkcs8V1Der<'_>, _> = pair.as_der();
                document.map(|document| Zeroizing::new(document.as_ref().to_vec()))
            }
        };
        document.map_err(|_| SigningKeyError::Export)
    }

    /// The one algorithm that this key signs with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The RFC 7638 thumbprint, which is the key's `kid`.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Length of a signature in bytes.
    pub fn signature_len(&self) -> usize {
        match &self.private {
            Private::Ecdsa(_) | Private::Ed25519(_) => 64,
            Private::Rsa(pair, _) => pair.public_modulus_len(),
        }
    }

    /// Hands the raw JWS signature of `message` (RFC 7518 §3) to `write`.
    pub(super) fn sign_with<T>(
        &self,
        message: &[u8],
        write: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, SigningKeyError> {
        match &self.private {
            // The digest is made here because the other entrance asks for a generator that it then ignores.
            Private::Ecdsa(pair) => {
                let signature = pair.sign_digest(&digest::digest(&digest::SHA256, message));
                signature.map(|signature| write(signature.as_ref()))
            }
            Private::Ed25519(pair) => pair.try_sign(message).map(|signature| write(signature.as_ref())),
            Private::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(
                    *encoding,
                    &digest::digest(&digest::SHA256, message),
                    &mut signature,
                )
                .map(|()| write(&signature))
            }
        }
        .map_err(|_| SigningKeyError::Sign)
    }

    pub(super) fn headers(&self) -> &PreparedHeaders {
        &self.headers
    }

    fn assemble(algorithm: SigningAlgorithm, private: Private) -> Result<Self, SigningKeyError> {
        let public = match &private {
            Private::Ecdsa(pair) => match pair.public_key().as_ref().split_first() {
                Some((4, point)) => point.split_at_checked(32).map(|(x, y)| PublicKey::p256(x, y)),
                _ => None,
            },
            Private::Ed25519(pair) => Some(PublicKey::ed25519(pair.public_key().as_ref())),
            Private::Rsa(pair, _) => {
                let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
                Some(PublicKey::rsa(
                    n.big_endian_without_leading_zero(),
                    e.big_endian_without_leading_zero(),
                ))
            }
        };
        let public = public.and_then(Result::ok).ok_or(SigningKeyError::Import)?;
        let kid = public.thumbprint();
        let headers = PreparedHeaders::new(algorithm, &kid);
        Ok(Self {
            algorithm,
            kid,
            private,
            public,
            headers,
        })
    }
}

fn rsa_encoding(algorithm: SigningAlgorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        SigningAlgorithm::Ps256 => &RSA_PSS_SHA256,
        _ => &RSA_PKCS1_SHA256,
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({} {})", self.algorithm, self.kid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_survives_export_and_import_with_the_same_kid() {
        for algorithm in SigningAlgorithm::ALL {
            let key = SigningKey::generate(algorithm).unwrap();
            let again = SigningKey::from_pkcs8(algorithm, &key.to_pkcs8().unwrap()).unwrap();
            assert_eq!(key.kid(), again.kid());
            assert_eq!(key.public(), again.public());
            let signature = again.sign_with(b"message", <[u8]>::to_vec).unwrap();
            assert_eq!(signature.len(), key.signature_len());
            key.public()
                .parse(algorithm)
                .unwrap()
                .verify_sig(b"message", &signature)
                .unwrap();
        }
    }

    #[test]
    fn a_key_of_one_kind_is_not_imported_as_another() {
        let es256 = SigningKey::generate(SigningAlgorithm::Es256)
            .unwrap()
            .to_pkcs8()
            .unwrap();
        for algorithm in [
            SigningAlgorithm::Rs256,
            SigningAlgorithm::Ps256,
            SigningAlgorithm::EdDsa,
        ] {
            assert_eq!(
                SigningKey::from_pkcs8(algorithm, &es256).err(),
                Some(SigningKeyError::Import)
            );
        }
        assert_eq!(
            SigningKey::from_pkcs8(SigningAlgorithm::Es256, &es256[1..]).err(),
            Some(SigningKeyError::Import)
        );
    }

    #[test]
    fn printing_a_key_shows_its_kid_and_algorithm_and_nothing_else() {
        let key = SigningKey::generate(SigningAlgorithm::EdDsa).unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey(EdDSA {})", key.kid()));
    }
}
