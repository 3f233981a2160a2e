//! Static clients of a plan: registered at the hub, each with a key that only the plan configuration has.

use anyhow::{Context, Result, ensure};
use aws_lc_rs::encoding::{AsBigEndian as _, EcPrivateKeyBin};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A client that the hub knows now.
pub struct Party {
    /// `client_id`.
    pub id: Value,
    /// Its JWK Set with the private key.
    pub jwks: Value,
}

/// Registers a client with these metadata, this redirect URI and a fresh key.
pub async fn register(
    http: &reqwest::Client,
    issuer: &str,
    token: &str,
    metadata: &Value,
    redirect: &str,
) -> Result<Party> {
    let (public, private) = key()?;
    let mut members = metadata.as_object().context("metadata is a table")?.clone();
    members.extend([
        (
            "client_name".to_owned(),
            json!("Relying party of the conformance suite"),
        ),
        ("redirect_uris".to_owned(), json!([redirect])),
        ("jwks".to_owned(), json!({"keys": [public]})),
    ]);
    let answer = http
        .post(format!("{issuer}/oauth/register"))
        .bearer_auth(token)
        .json(&members)
        .send()
        .await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(
        status.is_success(),
        "the hub does not register the client: {status} {text}"
    );
    let registered: Value = serde_json::from_str(&text)?;
    Ok(Party {
        id: registered.get("client_id").context("a client_id")?.clone(),
        jwks: json!({"keys": [private]}),
    })
}

/// A P-256 key as a JWK: its public half, and the whole.
fn key() -> Result<(Value, Value)> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
    let point = pair.public_key().as_ref();
    let half = |range| {
        point
            .get(range)
            .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            .context("a point")
    };
    let (x, y) = (half(1..33)?, half(33..65)?);
    let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes()?;
    let d = URL_SAFE_NO_PAD.encode(scalar.as_ref());
    let kid = x.get(..8);
    let public =
        json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y});
    let private = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y, "d": d});
    Ok((public, private))
}
