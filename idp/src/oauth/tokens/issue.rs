//! Making the answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3).

use std::time::Duration;

use platform::clock::Instant;
use platform::encoding::base64url;
use platform::keys::{SigningAlgorithm, TimeClaims};
use serde::Serialize;
use serde_json::{Map, Value};

use super::access::{AccessClaims, Actor, Confirmation, GrantReference, TYPE};
use super::id::{IdClaims, half_hash};
use super::protect::{Protection, protect};
use super::subject::{session_id, subject};
use crate::hub::Hub;
use crate::ids::{FamilyId, PersonId};
use crate::oauth::audience::Audience;
use crate::oauth::authorization_details::AuthorizationDetails;
use crate::oauth::clients::Client;
use crate::oauth::families::{FamilyDetails, RefreshToken};
use crate::oauth::{OAuthError, Scope};
use crate::people::{CLAIMS, Person};
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
    /// When it is over at the latest, whatever its life would be.
    pub ends: Option<Instant>,
    /// The refresh token that goes with it.
    pub refresh: Option<&'a RefreshToken>,
    /// The request by the back channel that it answers without having been fetched.
    pub pushed_for: Option<&'a str>,
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
            ends: None,
            refresh: None,
            pushed_for: None,
        }
    }
}

/// The answer of the token endpoint. It does not print.
#[derive(Serialize)]
pub struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    /// Absent where the token reaches only what its details say.
    #[serde(skip_serializing_if = "String::is_empty")]
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

/// An access token, and what an answer says beside it. It does not print.
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// `token_type`.
    pub token_type: &'static str,
    /// Its life.
    pub life: Duration,
    /// What it says.
    pub claims: AccessClaims,
}

/// Signs the tokens: an access token, and an ID token where a person granted `openid`.
pub async fn issue(hub: &Hub, realm: &Realm, issue: Issue<'_>) -> Result<TokenResponse, OAuthError> {
    let access = access_token(hub, realm, &issue).await?;
    let refresh_token = issue.refresh.map(|refresh| refresh.expose(realm));
    let id_token = match issue.granted {
        Some(granted) if issue.scope.has("openid") => {
            let beside = Beside {
                access_token: Some(&access.token),
                pushed: issue.pushed_for.map(|auth_req_id| Pushed {
                    auth_req_id,
                    refresh_token: refresh_token.as_deref(),
                }),
                ..Beside::default()
            };
            Some(id_token(hub, realm, issue.client, granted, beside).await?)
        }
        _ => None,
    };
    Ok(TokenResponse {
        access_token: access.token,
        token_type: access.token_type,
        expires_in: access.life.as_secs(),
        scope: access.claims.scope,
        refresh_token,
        id_token,
        authorization_details: access.claims.authorization_details,
        issued_token_type: None,
    })
}

/// Signs an access token alone.
pub async fn access_token(hub: &Hub, realm: &Realm, issue: &Issue<'_>) -> Result<AccessToken, OAuthError> {
    let Issue {
        client,
        scope,
        granted,
        ..
    } = *issue;
    let now = hub.clock.now();
    let life = life(hub, issue, now);
    let jti = base64url(hub.entropy.array::<16>()?);
    let person = granted.map(|granted| subject(realm, granted.person, client));
    let about = granted.and_then(|granted| granted.details.about);
    let about = about.map(|other| subject(realm, other, client));
    let act = match (&about, &person) {
        (Some(_), Some(person)) => Some(Actor {
            sub: person.clone(),
            iss: None,
            client_id: None,
            act: None,
        }),
        _ => issue.act.cloned(),
    };
    // What is about somebody else's data reaches what its details say and nothing else: scopes speak of whoever granted them.
    let scope = if about.is_some() {
        Scope::default()
    } else {
        scope.clone()
    };
    let sub = about.or(person).unwrap_or_else(|| client.id.clone());
    let claims = AccessClaims {
        iss: realm.issuer.clone(),
        sub,
        aud: match issue.resources {
            [] => Audience::One(realm.issuer.clone()),
            [one] => Audience::One(one.clone()),
            many => Audience::Many(many.to_vec()),
        },
        client_id: client.id.clone(),
        times: TimeClaims::issue(now, life),
        scope: scope.to_string(),
        grant: granted.map(|granted| GrantReference::new(realm, &jti, granted.family)),
        jti,
        auth_time: granted.map(|granted| granted.details.authenticated_at.as_seconds()),
        acr: granted.and_then(|granted| granted.details.acr.clone()),
        cnf: issue.binding.cloned(),
        act,
        may_act: granted
            .and(client.standing.allowed_actor.as_deref())
            .map(Actor::of),
        authorization_details: issue.details.cloned(),
    };
    let protection = Protection {
        algorithm: SigningAlgorithm::Es256,
        typ: Some(TYPE),
        encryption: None,
    };
    let token = protect(hub, realm, client, protection, &claims).await?;
    Ok(AccessToken {
        token,
        token_type: match claims.cnf {
            Some(Confirmation::Key(_)) => "DPoP",
            // A certificate is shown by the connection, not by the scheme (RFC 8705 §3).
            Some(Confirmation::Certificate(_)) | None => "Bearer",
        },
        life,
        claims,
    })
}

/// The life that the client's tokens have, and no longer than `ends` allows.
fn life(hub: &Hub, issue: &Issue<'_>, now: Instant) -> Duration {
    let own = issue.client.metadata.tokens.access_token_seconds;
    let life = Duration::from_secs(own.unwrap_or(hub.settings.tokens.access_seconds));
    issue.ends.map_or(life, |ends| life.min(ends.since(now)))
}

/// What an ID token vouches for beside itself (OpenID Connect Core 1.0 §3.1.3.6, §3.3.2.11).
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The access token that is given with it.
    pub access_token: Option<&'a str>,
    /// The code that is given with it.
    pub code: Option<&'a str>,
    /// The scope whose claims it holds itself, where no access token will ever fetch them (§5.4).
    pub scope: Option<&'a Scope>,
    /// That it is pushed, and with what (CIBA §10.3.1).
    pub pushed: Option<Pushed<'a>>,
}

/// What an ID token that is pushed vouches for.
#[derive(Debug, Clone, Copy)]
pub struct Pushed<'a> {
    /// The request that it answers.
    pub auth_req_id: &'a str,
    /// The refresh token that is pushed with it.
    pub refresh_token: Option<&'a str>,
}

/// Signs an ID token, and encrypts it where the client asked for that.
pub async fn id_token(
    hub: &Hub,
    realm: &Realm,
    client: &Client,
    granted: &Granted<'_>,
    beside: Beside<'_>,
) -> Result<String, OAuthError> {
    let (members, details) = (&client.metadata, granted.details);
    let algorithm = members.id_token_signed_response_alg;
    let hash = |text| half_hash(algorithm, text);
    let claims = IdClaims {
        iss: realm.issuer.clone(),
        sub: subject(realm, granted.person, client),
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
        at_hash: beside.access_token.map(hash),
        c_hash: beside.code.map(hash),
        auth_req_id: beside.pushed.map(|pushed| pushed.auth_req_id.to_owned()),
        rt_hash: beside.pushed.and_then(|pushed| pushed.refresh_token).map(hash),
        sid: members
            .has_to_do_with_sign_out()
            .then(|| session_id(realm, details.signed_in_as, client)),
        person: about_the_person(hub, realm, granted, beside).await?,
    };
    let objects = &members.objects;
    let protection = Protection {
        algorithm,
        typ: Some("JWT"),
        encryption: objects
            .id_token_encrypted_response_alg
            .map(|alg| (alg, objects.id_token_encrypted_response_enc.unwrap_or_default())),
    };
    protect(hub, realm, client, protection, &claims).await
}

/// The claims about the person that the ID token itself holds.
async fn about_the_person(
    hub: &Hub,
    realm: &Realm,
    granted: &Granted<'_>,
    beside: Beside<'_>,
) -> Result<Map<String, Value>, OAuthError> {
    let claims = &granted.details.claims;
    let named = &claims.id_token;
    let asked = |claim: &str, scope: &str| {
        let by_scope = beside.scope.is_some_and(|held| held.has(scope));
        named.contains_key(claim) || (by_scope && claims.wants(claim))
    };
    if named.is_empty() && beside.scope.is_none() {
        return Ok(Map::new());
    }
    let Some(person) = hub.people.by_id(realm, granted.person).await? else {
        return Ok(Map::new());
    };
    Ok(person_claims(&person, asked))
}

/// The claims of a person for which `asked` holds, given the claim and the scope that it belongs to.
pub fn person_claims(person: &Person, asked: impl Fn(&str, &str) -> bool) -> Map<String, Value> {
    CLAIMS
        .iter()
        .filter(|(name, scope)| asked(name, scope))
        .filter_map(|(name, _)| Some(((*name).to_owned(), person.claim(name)?)))
        .collect()
}
