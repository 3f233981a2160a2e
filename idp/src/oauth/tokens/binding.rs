//! What a token is bound to when it is made, and whether whoever presents it holds that.

use crate::http::{Call, Presented};
use crate::hub::Hub;
use crate::oauth::clients::Client;
use crate::oauth::dpop::{self, Demand};
use crate::oauth::tokens::Confirmation;
use crate::oauth::{ErrorCode, OAuthError};

const NO_PROOF: OAuthError = OAuthError::new(
    ErrorCode::InvalidDpopProof,
    "token.binding.no_proof",
    "this client's tokens are bound to a key: send a DPoP proof",
);
const NOT_THE_HOLDER: OAuthError = OAuthError::new(
    ErrorCode::InvalidToken,
    "token.access.not_the_holder",
    "the access token is bound to something that was not shown",
);

/// What the tokens of a token request are to be bound to: the key of its proof, if it has one; a client that registered for
/// bound tokens gets no others (RFC 9449 §5.2).
pub async fn binding(hub: &Hub, call: &Call, client: &Client) -> Result<Option<Confirmation>, OAuthError> {
    let members = &client.metadata.tokens;
    let demand = Demand {
        access_token: None,
        nonce: members.require_dpop_nonce || hub.settings.tokens.require_dpop_nonce,
    };
    match dpop::proof(hub, call, demand).await? {
        Some(proof) => Ok(Some(Confirmation::Key(proof.jkt))),
        None if members.dpop_bound_access_tokens => Err(NO_PROOF),
        None => Ok(None),
    }
}

/// Whether a token with this confirmation carries for whoever presents it so. Neither a bound token by itself nor one that is
/// not bound with a proof beside it does: the one would be a downgrade, the other a false assurance (RFC 9449 §7.2).
pub(super) async fn holds(
    hub: &Hub,
    call: &Call,
    presented: Presented<'_>,
    cnf: Option<&Confirmation>,
) -> Result<(), OAuthError> {
    match (presented, cnf) {
        (Presented::Bearer(_), None) => Ok(()),
        (Presented::Dpop(token), Some(Confirmation::Key(jkt))) => {
            let demand = Demand {
                access_token: Some(token),
                nonce: hub.settings.tokens.require_dpop_nonce,
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
        _ => Err(NOT_THE_HOLDER),
    }
}
