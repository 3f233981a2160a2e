//! What a token is bound to when it is made, and whether whoever presents it holds that.

use platform::certificates::Chain;

use crate::http::{Call, Presented};
use crate::hub::Hub;
use crate::oauth::clients::{AuthMethod, Client};
use crate::oauth::dpop::{self, Demand};
use crate::oauth::tokens::{AccessClaims, Confirmation};
use crate::oauth::{ErrorCode, OAuthError};

const NO_PROOF: OAuthError = OAuthError::new(
    ErrorCode::InvalidDpopProof,
    "token.binding.no_proof",
    "this client's tokens are bound to a key: send a DPoP proof",
);
const NO_CERTIFICATE: OAuthError = OAuthError::new(
    ErrorCode::InvalidRequest,
    "token.binding.no_certificate",
    "this client's tokens are bound to its certificate: show it, and send no DPoP proof",
);
/// A token that is bound to a key was presented as if it were not.
pub const BOUND_TO_KEY: OAuthError = OAuthError::new(
    ErrorCode::InvalidToken,
    "token.access.bound_to_key",
    "the access token is bound to a key: present it by DPoP, with a proof",
);
const NOT_THE_HOLDER: OAuthError = OAuthError::new(
    ErrorCode::InvalidToken,
    "token.access.not_the_holder",
    "the access token is bound to something that was not shown",
);

/// What the tokens of a token request are to be bound to: the key of its proof, if it has one; a client that registered for
/// bound tokens gets no others (RFC 9449 §5.2, RFC 8705 §3.4).
pub async fn binding(hub: &Hub, call: &Call, client: &Client) -> Result<Option<Confirmation>, OAuthError> {
    let members = &client.metadata.tokens;
    let demand = Demand {
        access_token: None,
        nonce: members.require_dpop_nonce || hub.settings.tokens.require_dpop_nonce,
    };
    let proof = dpop::proof(hub, call, demand).await?;
    if members.tls_client_certificate_bound_access_tokens {
        return match (call.certificate(), proof) {
            (Some(chain), None) => Ok(Some(Confirmation::Certificate(chain.thumbprint()))),
            _ => Err(NO_CERTIFICATE),
        };
    }
    match proof {
        Some(proof) => Ok(Some(Confirmation::Key(proof.jkt))),
        // FAPI 2.0 knows no bearer tokens (Security Profile §5.3.2.1).
        None if members.dpop_bound_access_tokens || client.is_fapi() => Err(NO_PROOF),
        None => Ok(None),
    }
}

/// Whether a token with this confirmation carries for whoever presents it so. Neither a bound token by itself nor one that is
/// not bound with a proof beside it does: the one would be a downgrade, the other a false assurance (RFC 9449 §7.2).
pub(super) async fn holds(
    hub: &Hub,
    call: &Call,
    presented: Presented<'_>,
    claims: &AccessClaims,
) -> Result<(), OAuthError> {
    match (presented, &claims.cnf) {
        (Presented::Bearer(_), None) => Ok(()),
        (Presented::Dpop(token), Some(Confirmation::Key(jkt))) => {
            let client = hub.clients.find(&call.realm, &claims.client_id).await?;
            let asks = client.is_some_and(|client| client.metadata.tokens.require_dpop_nonce);
            let demand = Demand {
                access_token: Some(token),
                nonce: asks || hub.settings.tokens.require_dpop_nonce,
            };
            match dpop::proof(hub, call, demand).await? {
                Some(proof) if proof.jkt == *jkt => Ok(()),
                Some(_) => Err(NOT_THE_HOLDER),
                None => Err(OAuthError {
                    id: "token.access.no_proof",
                    ..NO_PROOF
                }),
            }
        }
        (Presented::Bearer(_), Some(Confirmation::Key(_))) => Err(BOUND_TO_KEY),
        (Presented::Bearer(_), Some(Confirmation::Certificate(wanted))) => match call.certificate() {
            Some(chain) if chain.thumbprint() == *wanted => still_vouched_for(hub, call, claims, chain).await,
            _ => Err(NOT_THE_HOLDER),
        },
        _ => Err(NOT_THE_HOLDER),
    }
}

/// A certificate that proved its client because an authority vouches for it carries no longer than that.
async fn still_vouched_for(
    hub: &Hub,
    call: &Call,
    claims: &AccessClaims,
    chain: &Chain,
) -> Result<(), OAuthError> {
    let client = hub.clients.find(&call.realm, &claims.client_id).await?;
    let by_authority =
        client.is_some_and(|client| client.metadata.token_endpoint_auth_method == AuthMethod::TlsClientAuth);
    if by_authority && !hub.authorities.vouch_for(chain, hub.clock.now()) {
        return Err(NOT_THE_HOLDER);
    }
    Ok(())
}
