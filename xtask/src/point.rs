//! Points on P-256, as JWKs write them (RFC 7518 §6.2.1).

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `x` and `y` of an uncompressed point.
pub fn coordinates(point: &[u8]) -> Result<(String, String)> {
    let half = |range| {
        point
            .get(range)
            .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
            .context("a point")
    };
    Ok((half(1..33)?, half(33..65)?))
}
