//! One proof: reading it and judging it (RFC 9449 §4.3).

use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::base64url;
use platform::keys::{
    AlgorithmSet, NumericDate, RequiredType, VerificationPolicy, constant_time_eq, sha256, verify_carrying,
};
use serde::Deserialize;
use url::Url;

use super::{DPOP, Nonces};
use crate::http::Call;
use crate::hub::Hub;
use crate::oauth::replay::{Used, use_once};
use crate::oauth::{ErrorCode, OAuthError};

/// `dpop_signing_alg_values_supported`.
pub const ALGORITHMS: [&str; 4] = ["ES256", "EdDSA", "PS256", "RS256"];

/// How old a proof may be.
const LIFE: Duration = Duration::from_mins(1);
/// How far the clock of its maker may be before ours.
const LEEWAY: Duration = Duration::from_secs(10);
/// How long a use of a proof is remembered that is judged by its own time: as long as it may still be taken.
const MEMORY: Duration = Duration::from_secs(LIFE.as_secs() + 2 * LEEWAY.as_secs());
/// The longest proof, in characters: one with an RSA key of 8192 bits is half as long.
const MAX_CHARS: usize = 8 * 1024;
/// The longest `jti`.
const MAX_JTI: usize = 256;

const INVALID: OAuthError = OAuthError::new(
    ErrorCode::InvalidDpopProof,
    "dpop.proof",
    "the DPoP proof is not one for this request",
);
const USE_NONCE: OAuthError = OAuthError::new(
    ErrorCode::UseDpopNonce,
    "dpop.nonce",
    "the DPoP proof needs the nonce that is in the DPoP-Nonce header",
);

/// What is asked of a proof beside what is asked of each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Demand<'t> {
    /// The access token that it must be for.
    pub access_token: Option<&'t str>,
    /// Whether it must have a nonce of ours.
    pub nonce: bool,
}

/// The caller holds a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Thumbprint of the key.
    pub jkt: String,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: NumericDate,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

/// The proof that a call carries; `None` if it carries none. It is used up.
pub async fn proof(hub: &Hub, call: &Call, demand: Demand<'_>) -> Result<Option<Proof>, OAuthError> {
    if !call.has(&DPOP) {
        return Ok(None);
    }
    // More than one, or one that is not text, is none (§4.3, 1).
    let jws = call.header(&DPOP).ok_or(INVALID)?;
    let policy = VerificationPolicy {
        max_chars: MAX_CHARS,
        ..VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::Exactly("dpop+jwt"))
    };
    let (verified, key) = verify_carrying(jws, &policy).map_err(|_| INVALID)?;
    let claims: Claims = verified.claims().map_err(|_| INVALID)?;
    let here = call.realm.url(call.path());
    if claims.htm != call.method().as_str() || !is_same_place(&claims.htu, &here) {
        return Err(OAuthError {
            id: "dpop.other_request",
            ..INVALID
        });
    }
    if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
        return Err(INVALID);
    }
    if !is_for(demand.access_token, claims.ath.as_deref()) {
        return Err(OAuthError {
            id: "dpop.other_token",
            ..INVALID
        });
    }
    let jkt = key.thumbprint();
    let (made, memory) = made_at(&claims, Nonces::of(&call.realm), demand.nonce, hub.clock.now())?;
    let name = format!("{jkt} {}", claims.jti);
    match use_once(hub, &call.realm, "dpop-proof", &name, Some(made), memory).await? {
        Used::ForTheFirstTime => Ok(Some(Proof { jkt })),
        Used::Before => Err(OAuthError {
            id: "dpop.replayed",
            ..INVALID
        }),
        // A nonce of now makes it certain.
        Used::MaybeBefore => Err(USE_NONCE),
    }
}

/// When a proof was made, by our own clock if it has a nonce of ours, otherwise by its maker's (§4.3, 11); and how long its use
/// must be remembered.
fn made_at(
    claims: &Claims,
    nonces: Nonces<'_>,
    required: bool,
    now: Instant,
) -> Result<(Instant, Duration), OAuthError> {
    match &claims.nonce {
        Some(nonce) => {
            let given = nonces.given_at(nonce, now).ok_or(USE_NONCE)?;
            Ok((given, Nonces::LIFE))
        }
        None if required => Err(USE_NONCE),
        None => {
            let NumericDate(at) = claims.iat;
            if at <= now.plus(LEEWAY) && now.since(at) <= LIFE.saturating_add(LEEWAY) {
                Ok((at, MEMORY))
            } else {
                Err(OAuthError {
                    id: "dpop.time",
                    ..INVALID
                })
            }
        }
    }
}

/// Whether `ath` is that of the access token; without one it is not looked at (§4.3, 12).
fn is_for(access_token: Option<&str>, ath: Option<&str>) -> bool {
    access_token.is_none_or(|token| {
        let wanted = base64url(sha256(token.as_bytes()));
        ath.is_some_and(|ath| constant_time_eq(ath.as_bytes(), wanted.as_bytes()))
    })
}

/// Whether `htu` is our address, query and fragment aside, however it is spelled (§4.3, 9; RFC 3986 §6.2.2, §6.2.3).
fn is_same_place(htu: &str, here: &str) -> bool {
    let normal = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    htu == here || (htu.len() <= 2048 && normal(htu).is_some_and(|htu| Some(htu) == normal(here)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_spelled_and_no_other_is() {
        let here = "https://id.example/oauth/token";
        for (htu, same) in [
            ("https://id.example/oauth/token", true),
            ("HTTPS://ID.example:443/oauth/token", true),
            ("https://id.example/oauth/./token?x=1#y", true),
            ("https://id.example/oauth/token/", false),
            ("https://id.example/oauth/Token", false),
            ("http://id.example/oauth/token", false),
            ("https://id.example:8443/oauth/token", false),
            ("https://other.example/oauth/token", false),
            ("https://id.example@evil.example/oauth/token", false),
            ("https://user@id.example/oauth/token", false),
            ("/oauth/token", false),
            ("", false),
        ] {
            assert_eq!(is_same_place(htu, here), same, "{htu}");
        }
    }

    #[test]
    fn a_proof_for_one_access_token_is_for_no_other() {
        let ath = base64url(sha256(b"token"));
        assert!(is_for(Some("token"), Some(&ath)));
        assert!(!is_for(Some("other"), Some(&ath)));
        assert!(!is_for(Some("token"), None));
        assert!(is_for(None, None));
    }
}
