//! Making the answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).

use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::base64url;
use platform::keys::{SigningAlgorithm, TimeClaims, sign_compact};
use serde::Serialize;

use super::access::{AccessClaims, Actor, Confirmation, TYPE};
use super::id::{IdClaims, at_hash};
use super::subject::{session_id, subject};
use crate::hub::Hub;
use crate::ids::{FamilyId, PersonId};
use crate::oauth::audience::Audience;
use crate::oauth::authorization_details::AuthorizationDetails;
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

/// What is to be issued, to whom. Every grant asks for the same thing.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    /// For whom.
    pub client: &'a Client,
    /// What the access token reaches.
    pub scope: &'a Scope,
    /// Where it may be used; nothing: at the realm's own resources.
    pub resources: &'a [String],
    /// What it reaches, more exactly.
    pub details: Option<&'a AuthorizationDetails>,
    /// The person behind it.
    pub granted: Option<&'a Granted<'a>>,
    /// What it is bound to.
    pub binding: Option<&'a Confirmation>,
    /// Who acts for the subject.
    pub act: Option<&'a Actor>,
    /// Who may come to act for the subject.
    pub may_act: Option<&'a Actor>,
    /// When it is over at the latest, whatever its life would be.
    pub ends: Option<Instant>,
    /// The refresh token that goes with it.
    pub refresh: Option<&'a RefreshToken>,
}

impl<'a> Issue<'a> {
    /// A bearer token for the client itself, at the realm's own resources.
    pub fn new(client: &'a Client, scope: &'a Scope) -> Self {
        Self {
            client,
            scope,
            resources: &[],
            details: None,
            granted: None,
            binding: None,
            act: None,
            may_act: None,
            ends: None,
            refresh: None,
        }
    }
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
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<AuthorizationDetails>,
    /// Token exchange says what it gave (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
}

/// Signs the tokens: an access token, and an ID token where a person granted `openid`.
pub async fn issue(hub: &Hub, realm: &Realm, issue: Issue<'_>) -> Result<TokenResponse, OAuthError> {
    let Issue {
        client,
        scope,
        granted,
        ..
    } = issue;
    let now = hub.clock.now();
    let life = life(hub, &issue, now);
    let sub = granted.map_or_else(
        || client.id.clone(),
        |granted| subject(realm, granted.person, client),
    );
    let claims = AccessClaims {
        iss: realm.issuer.clone(),
        sub: sub.clone(),
        aud: match issue.resources {
            [] => Audience::One(realm.issuer.clone()),
            [one] => Audience::One(one.clone()),
            many => Audience::Many(many.to_vec()),
        },
        client_id: client.id.clone(),
        times: TimeClaims::issue(now, life),
        jti: base64url(hub.entropy.array::<16>()?),
        scope: scope.to_string(),
        family: granted.map(|granted| granted.family),
        auth_time: granted.map(|granted| granted.details.authenticated_at.as_seconds()),
        acr: granted.and_then(|granted| granted.details.acr.clone()),
        cnf: issue.binding.cloned(),
        act: issue.act.cloned(),
        may_act: issue.may_act.cloned(),
        authorization_details: issue.details.cloned(),
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
        token_type: match claims.cnf {
            Some(Confirmation::Key(_)) => "DPoP",
            // A certificate is shown by the connection, not by the scheme (RFC 8705 §3).
            Some(Confirmation::Certificate(_)) | None => "Bearer",
        },
        expires_in: life.as_secs(),
        scope: claims.scope,
        refresh_token: issue.refresh.map(|refresh| refresh.expose(realm)),
        id_token,
        authorization_details: claims.authorization_details,
        issued_token_type: None,
    })
}

/// The life that the client's tokens have, and no longer than `ends` allows.
fn life(hub: &Hub, issue: &Issue<'_>, now: Instant) -> Duration {
    let own = issue.client.metadata.tokens.access_token_seconds;
    let life = Duration::from_secs(own.unwrap_or(hub.settings.tokens.access_seconds));
    issue.ends.map_or(life, |ends| life.min(ends.since(now)))
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
        acr: details.acr.clone(),
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
