//! Making the answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).

use std::time::Duration;

use platform::encoding::base64url;
use platform::keys::{SigningAlgorithm, TimeClaims, sign_compact};
use serde::Serialize;

use super::access::{AccessClaims, TYPE};
use super::id::{IdClaims, at_hash};
use super::subject::{session_id, subject};
use crate::hub::Hub;
use crate::ids::{FamilyId, PersonId};
use crate::oauth::clients::Client;
use crate::oauth::families::{FamilyDetails, RefreshToken};
use crate::oauth::{OAuthError, Scope};
use crate::realms::Realm;

/// What a person granted, as far as tokens show it.
#[derive(Debug)]
pub struct Granted<'a> {
    /// Who granted it.
    pub person: PersonId,
    /// The family of the tokens.
    pub family: FamilyId,
    /// What tokens repeat about the sign-in.
    pub details: &'a FamilyDetails,
    /// For the ID token.
    pub nonce: Option<&'a str>,
}

/// The answer of the token endpoint.
#[derive(Debug, Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

/// Signs the tokens for `client`: an access token, and an ID token where a person granted `openid`.
pub async fn issue(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    scope: &Scope,
    granted: Option<&Granted<'_>>,
    refresh: Option<&RefreshToken>,
) -> Result<TokenResponse, OAuthError> {
    let now = hub.clock.now();
    let life = Duration::from_secs(hub.settings.tokens.access_seconds);
    let sub = granted.map_or_else(
        || client.id.clone(),
        |granted| subject(realm, granted.person, client),
    );
    let claims = AccessClaims {
        iss: realm.issuer.clone(),
        sub: sub.clone(),
        aud: realm.issuer.clone(),
        client_id: client.id.clone(),
        times: TimeClaims::issue(now, life),
        jti: base64url(hub.entropy.array::<16>()?),
        scope: scope.to_string(),
        family: granted.map(|granted| granted.family),
        auth_time: granted.map(|granted| granted.details.authenticated_at.as_seconds()),
    };
    let access_token = sign(hub, realm, SigningAlgorithm::Es256, Some(TYPE), &claims).await?;
    let id_token = match granted {
        Some(granted) if scope.has("openid") => {
            Some(id_token(hub, realm, client, granted, sub, &access_token).await?)
        }
        _ => None,
    };
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: life.as_secs(),
        scope: claims.scope,
        refresh_token: refresh.map(|refresh| refresh.expose(realm)),
        id_token,
    })
}

async fn id_token(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    granted: &Granted<'_>,
    sub: String,
    access_token: &str,
) -> Result<String, OAuthError> {
    let algorithm = client.metadata.id_token_signed_response_alg;
    let details = granted.details;
    let claims = IdClaims {
        iss: realm.issuer.clone(),
        sub,
        aud: client.id.clone(),
        times: TimeClaims::issue(
            hub.clock.now(),
            Duration::from_secs(hub.settings.tokens.id_seconds),
        ),
        auth_time: details
            .wants_auth_time
            .then(|| details.authenticated_at.as_seconds()),
        nonce: granted.nonce.map(str::to_owned),
        amr: details.amr.split(' ').map(str::to_owned).collect(),
        at_hash: (algorithm != SigningAlgorithm::EdDsa).then(|| at_hash(access_token)),
        sid: session_id(realm, details.signed_in_as, client),
    };
    sign(hub, realm, algorithm, Some("JWT"), &claims).await
}

async fn sign<T: Serialize + Sync>(
    hub: &Hub,
    realm: &Realm,
    algorithm: SigningAlgorithm,
    typ: Option<&str>,
    claims: &T,
) -> Result<String, OAuthError> {
    let key = hub.keys.signer(realm.id, algorithm).await?;
    let payload = serde_json::to_vec(claims)?;
    Ok(sign_compact(&key, typ, &payload)?)
}
