//! Proof of possession of a key (RFC 9449): tokens that are worth nothing without the key that they are bound to.
//!
//! ```text
//! DPoP header ──▶ one JWS with its own public key ──▶ for this method and URL ──▶ made lately ──▶ not used before ──▶ Proof
//!                                                                       │ by its `iat`, or by the time in our `nonce`
//!                                          use_dpop_nonce, with a nonce ◀┘ if one is required, or `iat` cannot be judged
//! ```
//!
//! | where | what the proof must meet |
//! |---|---|
//! | token endpoint | the thumbprint becomes `cnf.jkt` of the access token, and binds the refresh tokens of a public client |
//! | a code with `dpop_jkt` | that thumbprint (§10) |
//! | our own resources | `ath` of the access token, and the thumbprint in its `cnf` (§7) |
//!
//! Invariants: a proof is used once in a realm, on any number of nodes; it is for one method and one URL of the realm, as the
//! realm's issuer writes it; a nonce is a moment with a keyed hash of it, so that no node keeps any; a token that is bound is refused
//! without a proof, and one that is not is refused with one.

mod nonce;
mod proof;

use http::{HeaderMap, HeaderName, HeaderValue};

pub use nonce::Nonces;
pub use proof::{ALGORITHMS, Demand, Proof, proof};

use crate::http::Call;
use crate::hub::Hub;

/// Carries a proof.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Gives a caller that sends proofs the nonce for its next one (§8.2).
pub fn give_nonce(hub: &Hub, call: &Call, headers: &mut HeaderMap) {
    if !call.has(&DPOP) {
        return;
    }
    let nonce = Nonces::of(&call.realm).at(hub.clock.now());
    if let Ok(value) = HeaderValue::from_str(&nonce) {
        headers.insert(DPOP_NONCE, value);
    }
}
