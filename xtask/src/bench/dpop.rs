//! A client's key, and proofs that it holds it (RFC 9449).

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde_json::json;

use crate::point::coordinates;

/// A P-256 key that signs proofs for one address.
pub struct Prover {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    header: String,
    thumbprint: String,
    address: String,
    prefix: String,
    made: u64,
}

impl Prover {
    /// A fresh key for requests to `address`.
    pub fn new(address: &str) -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let (x, y) = coordinates(pair.public_key().as_ref())?;
        let header = json!({
            "typ": "dpop+jwt",
            "alg": "ES256",
            "jwk": { "kty": "EC", "crv": "P-256", "x": x, "y": y },
        });
        // RFC 7638 §3.2: the required members, in the order of their names.
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Ok(Self {
            header: URL_SAFE_NO_PAD.encode(header.to_string()),
            thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, members.as_bytes())),
            address: address.to_owned(),
            prefix: x,
            pair,
            random: SystemRandom::new(),
            made: 0,
        })
    }

    /// `dpop_jkt`.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// A proof for one `POST`.
    pub fn prove(&mut self) -> Result<HeaderValue> {
        self.made += 1;
        let claims = json!({
            "jti": format!("{}{}", self.prefix, self.made),
            "htm": "POST",
            "htu": self.address,
            "iat": SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        });
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.pair.sign(&self.random, signed.as_bytes())?;
        let proof = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()));
        Ok(HeaderValue::from_str(&proof)?)
    }
}
