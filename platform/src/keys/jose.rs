//! Our keys behind josekit's signer and verifier traits, for the serialisations that [`jws`](super::jws) does not write:
//! JWS JSON, and JWS inside JWE. josekit then does the framing, aws-lc-rs the arithmetic.

use std::sync::Arc;

use josekit::JoseError;
use josekit::jws::{JwsAlgorithm, JwsSigner, JwsVerifier};

use super::algorithm::SigningAlgorithm;
use super::jwk::VerificationKey;
use super::signer::SigningKey;

impl JwsAlgorithm for SigningAlgorithm {
    fn name(&self) -> &str {
        SigningAlgorithm::name(*self)
    }

    fn box_clone(&self) -> Box<dyn JwsAlgorithm> {
        Box::new(*self)
    }
}

/// A signing key as josekit wants it.
#[derive(Debug, Clone)]
pub struct JoseSigner {
    key: Arc<SigningKey>,
    algorithm: SigningAlgorithm,
}

impl From<Arc<SigningKey>> for JoseSigner {
    fn from(key: Arc<SigningKey>) -> Self {
        let algorithm = key.algorithm();
        Self { key, algorithm }
    }
}

impl JwsSigner for JoseSigner {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        &self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        Some(self.key.kid())
    }

    fn signature_len(&self) -> usize {
        self.key.signature_len()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        self.key
            .sign_with(message, <[u8]>::to_vec)
            .map_err(|error| JoseError::InvalidSignature(error.into()))
    }

    fn box_clone(&self) -> Box<dyn JwsSigner> {
        Box::new(self.clone())
    }
}

/// A verification key, for one algorithm, as josekit wants it. josekit compares `alg` and `kid` of the header with it.
#[derive(Debug, Clone)]
pub struct JoseVerifier {
    key: Arc<VerificationKey>,
    algorithm: SigningAlgorithm,
}

impl JoseVerifier {
    /// `key` for `algorithm`; nothing if the key is not for that.
    pub fn new(key: Arc<VerificationKey>, algorithm: SigningAlgorithm) -> Option<Self> {
        key.for_algorithm(algorithm)?;
        Some(Self { key, algorithm })
    }
}

impl JwsVerifier for JoseVerifier {
    fn algorithm(&self) -> &dyn JwsAlgorithm {
        &self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        self.key.kid()
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JoseError> {
        let verified = self
            .key
            .for_algorithm(self.algorithm)
            .map(|key| key.verify_sig(message, signature));
        match verified {
            Some(Ok(())) => Ok(()),
            _ => Err(JoseError::InvalidSignature(
                super::jws::VerifyError::Signature.into(),
            )),
        }
    }

    fn box_clone(&self) -> Box<dyn JwsVerifier> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use josekit::jwk::Jwk;
    use josekit::jws::{self, JwsHeader};

    use super::*;

    fn verifier(key: &SigningKey) -> JoseVerifier {
        let jwk = key.public().to_jwk(key.kid(), key.algorithm());
        JoseVerifier::new(
            Arc::new(VerificationKey::from_jwk(&jwk).unwrap()),
            key.algorithm(),
        )
        .unwrap()
    }

    /// josekit's own verifiers stand on OpenSSL: a second implementation of every algorithm.
    fn openssl(key: &SigningKey) -> Box<dyn JwsVerifier> {
        let jwk = Jwk::from_bytes(key.public().to_jwk(key.kid(), key.algorithm())).unwrap();
        match key.algorithm() {
            SigningAlgorithm::Es256 => Box::new(jws::ES256.verifier_from_jwk(&jwk).unwrap()),
            SigningAlgorithm::Rs256 => Box::new(jws::RS256.verifier_from_jwk(&jwk).unwrap()),
            SigningAlgorithm::Ps256 => Box::new(jws::PS256.verifier_from_jwk(&jwk).unwrap()),
            SigningAlgorithm::EdDsa => Box::new(jws::EdDSA.verifier_from_jwk(&jwk).unwrap()),
        }
    }

    #[test]
    fn openssl_accepts_what_we_sign_and_we_accept_it_through_josekit() {
        for algorithm in SigningAlgorithm::ALL {
            let key = Arc::new(SigningKey::generate(algorithm).unwrap());
            let compact = super::super::jws::sign_compact(&key, Some("JWT"), b"{}").unwrap();
            let (payload, header) = jws::deserialize_compact(&compact, &*openssl(&key)).unwrap();
            assert_eq!(
                (payload.as_slice(), header.key_id()),
                (&b"{}"[..], Some(key.kid()))
            );
            let token =
                jws::serialize_compact(b"{}", &JwsHeader::new(), &JoseSigner::from(key.clone())).unwrap();
            jws::deserialize_compact(&token, &*openssl(&key)).unwrap();
            jws::deserialize_compact(&token, &verifier(&key)).unwrap();
        }
    }

    #[test]
    fn another_keys_signature_does_not_verify_through_josekit() {
        let key = Arc::new(SigningKey::generate(SigningAlgorithm::Es256).unwrap());
        let other = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let token = jws::serialize_compact(b"{}", &JwsHeader::new(), &JoseSigner::from(key.clone())).unwrap();
        assert!(jws::deserialize_compact(&token, &verifier(&other)).is_err());
        assert!(verifier(&other).verify(b"message", &[0; 64]).is_err());
        let ed = VerificationKey::new(key.public().clone(), None, &[SigningAlgorithm::Es256]).unwrap();
        assert!(JoseVerifier::new(Arc::new(ed), SigningAlgorithm::EdDsa).is_none());
    }
}
