//! An RSA key of a client, which signs with either padding.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use serde_json::{Value, json};

use crate::party::encode;

/// The key.
#[derive(Debug)]
pub struct RsaKey(KeyPair);

impl RsaKey {
    /// A fresh one.
    pub fn generate() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).expect("a key"))
    }

    /// The public half as a JWK Set that names no algorithm.
    pub fn jwks(&self) -> Value {
        let (n, e) = (self.0.public_key().modulus(), self.0.public_key().exponent());
        let (n, e) = (
            encode(n.big_endian_without_leading_zero()),
            encode(e.big_endian_without_leading_zero()),
        );
        json!({"keys": [{"kty": "RSA", "n": n, "e": e, "kid": "r1"}]})
    }

    /// Signs claims by `RS256` or `PS256`.
    pub fn sign(&self, algorithm: &str, claims: &Value) -> String {
        let padding = match algorithm {
            "RS256" => &RSA_PKCS1_SHA256,
            "PS256" => &RSA_PSS_SHA256,
            other => panic!("no algorithm of this key: {other}"),
        };
        let header = json!({"alg": algorithm, "kid": "r1"}).to_string();
        let signed = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("a signature");
        format!("{signed}.{}", encode(&signature))
    }
}
