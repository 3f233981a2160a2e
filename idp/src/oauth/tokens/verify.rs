//! Whether an access token that comes back carries (RFC 9068 §4).

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use platform::ids::RealmId;
use platform::keys::{
    AlgorithmSet, RequiredType, SigningAlgorithm, TimeRules, VerificationPolicy, sha256, validate_times,
    verify_compact,
};

use super::access::{AccessClaims, TYPE};
use super::binding::holds;
use crate::http::{Call, Presented};
use crate::hub::Hub;
use crate::oauth::families::Family;
use crate::oauth::{ErrorCode, OAuthError, Scope};
use crate::realms::Realm;

const INVALID: OAuthError = OAuthError::new(
    ErrorCode::InvalidToken,
    "token.access.invalid",
    "the access token is not valid here, or no longer",
);

/// A token that carries now, and what stands behind it.
#[derive(Debug, Clone)]
pub struct ActiveToken {
    /// Its claims.
    pub claims: Arc<AccessClaims>,
    /// What it reaches.
    pub scope: Scope,
    /// The family behind it; `None` where no person is.
    pub family: Option<Arc<Family>>,
}

/// Tokens whose signature was verified before, by their hash; at most 50,000, for half a minute. A signature that was
/// good stays good; everything that can change is judged each time.
#[derive(Clone)]
pub struct VerifiedTokens(Cache<(RealmId, [u8; 32]), Arc<AccessClaims>>);

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(50_000)
                .time_to_live(Duration::from_secs(30))
                .build(),
        )
    }
}

/// The access token of a call to one of the realm's own resources: it is for them, and whoever presents it may.
pub async fn verify_access(hub: &Hub, call: &Call) -> Result<ActiveToken, OAuthError> {
    let presented = call.access_token().ok_or(INVALID)?;
    verify_presented(hub, call, presented).await
}

/// The same of a token that was presented in another way than by the `Authorization` header.
pub async fn verify_presented(
    hub: &Hub,
    call: &Call,
    presented: Presented<'_>,
) -> Result<ActiveToken, OAuthError> {
    let (Presented::Bearer(token) | Presented::Dpop(token)) = presented;
    let active = inspect(hub, &call.realm, token).await?;
    if !active.claims.aud.names(&call.realm.issuer) {
        return Err(INVALID);
    }
    holds(hub, call, presented, &active.claims).await?;
    Ok(active)
}

/// Verifies signature, issuer, times and the state of the grant: what a token says, wherever it may be used and whoever
/// presents it.
pub async fn inspect(hub: &Hub, realm: &Realm, token: &str) -> Result<ActiveToken, OAuthError> {
    let key = (realm.id, sha256(token.as_bytes()));
    let claims = if let Some(known) = hub.verified_tokens.0.get(&key) {
        known
    } else {
        let claims = Arc::new(verify_signature(hub, realm, token).await?);
        hub.verified_tokens.0.insert(key, claims.clone());
        claims
    };
    let now = hub.clock.now();
    validate_times(&claims.times, now, &TimeRules::expiring(Duration::ZERO)).map_err(|_| INVALID)?;
    let family = match &claims.grant {
        None => None,
        Some(grant) => {
            let id = grant.family(realm, &claims.jti).ok_or(INVALID)?;
            let found = hub.families.find(realm, id).await?;
            let found = found.filter(|family| family.is_live(now));
            Some(found.filter(|family| is_of(&claims, family)).ok_or(INVALID)?)
        }
    };
    // What is its client's own family's ends with that; anything else ends by itself.
    let own = family
        .as_ref()
        .is_some_and(|family| family.client_id == claims.client_id);
    if !own && hub.revoked.contains(realm, &claims.jti, now).await? {
        return Err(INVALID);
    }
    let scope = Scope::parse(&claims.scope).map_err(|_| INVALID)?;
    Ok(ActiveToken {
        claims,
        scope,
        family,
    })
}

/// Whether a token is of a family: of the same client, or exchanged for one of it by another, which `act` then names.
fn is_of(claims: &AccessClaims, family: &Family) -> bool {
    family.client_id == claims.client_id
        || claims
            .act
            .as_ref()
            .is_some_and(|act| act.client_id.as_deref() == Some(claims.client_id.as_str()))
}

async fn verify_signature(hub: &Hub, realm: &Realm, token: &str) -> Result<AccessClaims, OAuthError> {
    let keys = hub.keys.verification_keys(realm.id).await?;
    let policy = VerificationPolicy::new(
        AlgorithmSet::of(&[SigningAlgorithm::Es256]),
        RequiredType::Exactly(TYPE),
    );
    let verified = verify_compact(token, &keys, &policy).map_err(|_| INVALID)?;
    let claims: AccessClaims = verified.claims().map_err(|_| INVALID)?;
    if claims.iss == realm.issuer {
        Ok(claims)
    } else {
        Err(INVALID)
    }
}
