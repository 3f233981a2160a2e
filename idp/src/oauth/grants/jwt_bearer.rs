//! The JWT bearer grant (RFC 7523 §2.1): another issuer vouches for a person.

use std::time::Duration;

use platform::clock::Instant;
use platform::keys::{
    AlgorithmSet, NumericDate, RequiredType, TimeRules, VerificationPolicy, validate_times,
};
use serde::Deserialize;

use super::TokenRequest;
use crate::ids::{FamilyId, SessionId};
use crate::log::Action;
use crate::oauth::assertions::{Assertion, AssertionIssuer, SubjectKind};
use crate::oauth::clients::keys::{self, KeysError, Source};
use crate::oauth::families::{FamilyDetails, NewFamily};
use crate::oauth::replay::{Used, use_once};
use crate::oauth::tokens::{Granted, Issue, TokenResponse, issue};
use crate::oauth::{ErrorCode, OAuthError, Scope};
use crate::people::{IdentifierKind, Person};

/// The row of this grant.
pub const ACTION: Action = Action::new("token.issue.jwt_bearer");

/// The longest life of an assertion: bounds what must be remembered of its `jti`.
const LIFE: Duration = Duration::from_mins(10);
const LEEWAY: Duration = Duration::from_secs(10);
/// How long a use is remembered: until nothing that was good then is good still.
const MEMORY: Duration = Duration::from_secs(LIFE.as_secs() + 2 * LEEWAY.as_secs());

const REFUSED: OAuthError = OAuthError::new(
    ErrorCode::InvalidGrant,
    "assertion.refused",
    "the assertion is not one that counts here for this client",
);

const fn refused(id: &'static str) -> OAuthError {
    OAuthError { id, ..REFUSED }
}

/// Gives a token about the person whom an assertion names.
pub async fn grant(request: TokenRequest<'_>) -> Result<TokenResponse, OAuthError> {
    let TokenRequest {
        hub,
        call,
        client,
        form,
        ..
    } = request;
    let realm = &call.realm;
    if client.is_public() {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "assertion.public",
            "a public client presents no assertions",
        ));
    }
    let jwt = form.get("assertion").ok_or(OAuthError::new(
        ErrorCode::InvalidRequest,
        "assertion.missing",
        "assertion is missing",
    ))?;
    let (issuer, assertion, ends) = verified(request, jwt).await?;
    let person = subject(&request, issuer, &assertion)
        .await?
        .ok_or(refused("assertion.subject"))?;
    let scope = scope(&request, issuer, &person).await?;
    let resources = request.resources()?;
    let name = format!("{} {}", assertion.iss, assertion.jti);
    let made = assertion.times.iat.map(|NumericDate(at)| at);
    if use_once(hub, realm, "assertion", &name, made, MEMORY).await? != Used::ForTheFirstTime {
        return Err(refused("assertion.replayed"));
    }
    let now = hub.clock.now();
    let family = FamilyId::new(&hub.entropy, now)?;
    // No session of the hub's is behind it: the name is nobody's.
    let nobodys = SessionId::new(&hub.entropy, now)?;
    let new = NewFamily {
        id: family,
        client_id: client.id.clone(),
        place: String::new(),
        person: person.id,
        sid: None,
        scope,
        details: FamilyDetails::of_sign_in(nobodys, now, "fed"),
        expires_at: ends,
        takes_part: false,
        rests_on: Vec::new(),
    };
    let mut entry = call
        .permit(ACTION)
        .subject(person.id)
        .client(client.id.clone())
        .detail("issuer", assertion.iss.clone())
        .detail("scope", new.scope.to_string());
    entry.key = person.key.clone();
    hub.record(entry).await?;
    if !hub.families.begin_without_session(realm, now, &new).await? {
        return Err(refused("assertion.consent"));
    }
    let granted = Granted {
        person: person.id,
        family,
        details: &new.details,
        nonce: None,
    };
    let token = Issue {
        resources: &resources,
        granted: Some(&granted),
        binding: request.binding,
        ends: Some(ends),
        ..Issue::new(client, &new.scope)
    };
    issue(hub, realm, token).await
}

/// The claims of an assertion of an issuer that is trusted for this client, and when it is over.
async fn verified<'a>(
    request: TokenRequest<'a>,
    jwt: &str,
) -> Result<(&'a AssertionIssuer, Assertion, Instant), OAuthError> {
    let realm = &request.call.realm;
    let claimed = issuer_of(jwt).ok_or(REFUSED)?;
    let trusted = &request.client.metadata.grants.assertion_issuers;
    let issuer = trusted
        .iter()
        .find(|issuer| issuer.issuer == claimed)
        .ok_or(refused("assertion.issuer"))?;
    let source = match (&issuer.jwks, &issuer.jwks_uri) {
        (Some(jwks), _) => Source::here(jwks),
        (None, Some(uri)) => Ok(Source::There(uri)),
        (None, None) => Err(KeysError::None),
    };
    let source = source.map_err(|_| refused("assertion.keys"))?;
    let policy = VerificationPolicy::new(AlgorithmSet::ALL, RequiredType::JwtOrAbsent);
    let verified = keys::verify_from(request.hub, realm, source, jwt, &policy)
        .await
        .map_err(|_| refused("assertion.signature"))?;
    let assertion: Assertion = verified.claims().map_err(|_| refused("assertion.claims"))?;
    let here = assertion.aud.names(&realm.issuer) || assertion.aud.names(&realm.url("/oauth/token"));
    if assertion.iss != issuer.issuer || !here || assertion.jti.is_empty() || assertion.sub.is_empty() {
        return Err(refused("assertion.claims"));
    }
    let rules = TimeRules {
        require_exp: true,
        leeway: LEEWAY,
        max_lifetime: Some(LIFE),
    };
    validate_times(&assertion.times, request.hub.clock.now(), &rules)
        .map_err(|_| refused("assertion.times"))?;
    let NumericDate(ends) = assertion.times.exp.ok_or(refused("assertion.times"))?;
    Ok((issuer, assertion, ends))
}

/// The issuer that an assertion names, before anything of it is verified: it only selects the keys.
fn issuer_of(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        iss: String,
    }
    if jwt.len() > 16 * 1024 {
        return None;
    }
    let payload = platform::encoding::from_base64url(jwt.split('.').nth(1)?)?;
    serde_json::from_slice::<Claimed>(&payload)
        .ok()
        .map(|claimed| claimed.iss)
}

/// The person whom `sub` names, if they may sign in.
async fn subject(
    request: &TokenRequest<'_>,
    issuer: &AssertionIssuer,
    assertion: &Assertion,
) -> Result<Option<Person>, OAuthError> {
    let kind = match issuer.subject {
        SubjectKind::Login => IdentifierKind::Login,
        SubjectKind::Email => IdentifierKind::Email,
    };
    let people = &request.hub.people;
    let found = people
        .by_identifier(&request.call.realm, kind, &assertion.sub)
        .await?;
    let confirmed = |person: &Person| issuer.subject == SubjectKind::Login || person.profile.email_verified;
    Ok(found.filter(|person| person.may_sign_in() && confirmed(person)))
}

/// What the issuer may vouch for, the client may have, the person let it have, and the request asks for.
async fn scope(
    request: &TokenRequest<'_>,
    issuer: &AssertionIssuer,
    person: &Person,
) -> Result<Scope, OAuthError> {
    let TokenRequest {
        hub,
        call,
        client,
        form,
        ..
    } = *request;
    let wrong = |id, text| OAuthError::new(ErrorCode::InvalidScope, id, text);
    let malformed = wrong(
        "assertion.scope",
        "scope is malformed or wider than what may be had",
    );
    let consented: Scope = hub
        .consents
        .list(&call.realm, person.id)
        .await?
        .into_iter()
        .filter(|consent| consent.recipient.client_id == client.id)
        .fold(Scope::default(), |all, consent| all.union(&consent.scope));
    let most = Scope::parse(&issuer.scope)
        .map_err(|_| malformed)?
        .intersection(&client.scope)
        .intersection(&consented)
        .filtered(|scope| scope != "openid" && scope != "offline_access");
    let scope = match form.get("scope") {
        None => most,
        Some(asked) => {
            let asked = Scope::parse(asked).map_err(|_| malformed)?;
            if !most.covers(&asked) {
                return Err(malformed);
            }
            asked
        }
    };
    if scope.is_empty() {
        return Err(wrong(
            "assertion.scope.none",
            "the person did not let this client have anything that the assertion reaches",
        ));
    }
    Ok(scope)
}
