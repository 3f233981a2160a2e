//! Static clients of a plan: made at the hub by whoever runs it, each with a key and a certificate that only the plan
//! configuration has.

use std::io::Write as _;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use serde_json::{Value, json};

use crate::point::coordinates;

/// A client that the hub knows now.
pub struct Party {
    /// `client_id`.
    pub id: Value,
    /// Its JWK Set with the private key.
    pub jwks: Value,
    /// The certificate that it shows, in PEM.
    pub certificate: Value,
    /// The key of the certificate, in PEM.
    pub certificate_key: Value,
}

/// Makes a client with these metadata, this redirect URI if its grants have any, a fresh key and a fresh certificate.
/// `command` takes the metadata on its standard input, and prints the client.
pub fn create(command: &str, metadata: &Value, redirect: &str) -> Result<Party> {
    let (public, private) = key()?;
    let (certificate, certified) = certificate()?;
    let mut members = metadata.as_object().context("metadata is a table")?.clone();
    members.extend([
        (
            "client_name".to_owned(),
            json!("Relying party of the conformance suite"),
        ),
        (
            "jwks".to_owned(),
            json!({"keys": [public, certified_key(&certificate, &certified)?]}),
        ),
    ]);
    let grants = members.get("grant_types").and_then(Value::as_array);
    if grants.is_none_or(|grants| grants.contains(&json!("authorization_code"))) {
        members.insert("redirect_uris".to_owned(), json!([redirect]));
    }
    let made = printed(command, &Value::Object(members).to_string())?;
    Ok(Party {
        id: made.get("client_id").context("a client_id")?.clone(),
        jwks: json!({"keys": [private]}),
        certificate: json!(certificate.pem()),
        certificate_key: json!(certified.serialize_pem()),
    })
}

fn printed(command: &str, input: &str) -> Result<Value> {
    let mut child = crate::process::command("sh")?
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child
        .stdin
        .take()
        .context("a standard input")?
        .write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{command} ended with {}", output.status);
    serde_json::from_slice(&output.stdout).with_context(|| format!("{command} printed no JSON"))
}

/// A P-256 key as a JWK: its public half, and the whole.
fn key() -> Result<(Value, Value)> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let (x, y) = coordinates(pair.public_key().as_ref())?;
    let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes()?;
    let d = URL_SAFE_NO_PAD.encode(scalar.as_ref());
    let kid = x.get(..8);
    let public =
        json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y});
    let private = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y, "d": d});
    Ok((public, private))
}

/// A certificate that vouches for itself, and its key.
fn certificate() -> Result<(rcgen::Certificate, KeyPair)> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Relying party of the conformance suite");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok((params.self_signed(&key)?, key))
}

/// The key of a certificate as a JWK that has the certificate (RFC 8705 §2.2.2).
fn certified_key(certificate: &rcgen::Certificate, key: &KeyPair) -> Result<Value> {
    let (x, y) = coordinates(key.public_key_raw())?;
    let x5c = STANDARD.encode(certificate.der());
    Ok(json!({"kty": "EC", "crv": "P-256", "kid": "certificate", "x": x, "y": y, "x5c": [x5c]}))
}
