//! The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.5, OpenID Connect Core 1.0 §3.1.3).

use std::time::Duration;

use platform::http::Parameters;

use crate::http::Call;
use crate::hub::Hub;
use crate::ids::FamilyId;
use crate::log::Action;
use crate::oauth::authorization::{CodeGrant, Codes, Redeemed};
use crate::oauth::authorization_details::{given_up, others};
use crate::oauth::clients::{AuthenticatedClient, GrantType};
use crate::oauth::families::{FamilyDetails, NewFamily};
use crate::oauth::grants::{TokenRequest, revoke};
use crate::oauth::tokens::{Confirmation, Granted, Issue, TokenResponse, issue};
use crate::oauth::{ErrorCode, OAuthError, resources};

/// The row of this grant.
pub const ACTION: Action = Action::new("token.issue.authorization_code");

const UNKNOWN: OAuthError = OAuthError::new(
    ErrorCode::InvalidGrant,
    "token.code.unknown",
    "the code is unknown, used, over, or another client's",
);
const CONSENT_OVER: OAuthError = OAuthError {
    id: "token.code.consent_over",
    ..UNKNOWN
};

/// Redeems a code.
pub async fn redeem(request: TokenRequest<'_>) -> Result<TokenResponse, OAuthError> {
    let TokenRequest {
        hub,
        call,
        client,
        form,
        ..
    } = request;
    let realm = &call.realm;
    let code = form.get("code").ok_or(OAuthError::new(
        ErrorCode::InvalidRequest,
        "token.code.missing",
        "code is missing",
    ))?;
    let asked = request.resources()?;
    let mut grant = match Codes::new(&hub.ephemeral, realm).redeem(code).await? {
        Redeemed::Grant(grant) => grant,
        Redeemed::Replayed { family } => return Err(replayed(hub, call, client, family).await?),
        Redeemed::Unknown => return Err(UNKNOWN),
    };
    check(&grant, client, form)?;
    is_for_key(&grant, request.binding)?;
    let token_details = request.details(grant.authorization_details.as_ref())?;
    let resources = resources::narrowed(&grant.resources, &asked, &realm.issuer)?.to_vec();
    let person = hub.people.by_id(realm, grant.person).await?;
    let person = person.filter(|person| person.may_sign_in()).ok_or(UNKNOWN)?;

    let now = hub.clock.now();
    let nonce = grant.nonce.take();
    let acting = (grant.person, client.id.as_str());
    let other = others(hub, realm, acting, grant.authorization_details.as_ref()).await;
    let other = other.map_err(|error| given_up(error, CONSENT_OVER))?;
    let mut new = family(request, *grant);
    if let Some(other) = &other {
        new.details.about = Some(other.person.id);
        new.rests_on.clone_from(&other.rests_on);
    }
    let mut entry = call
        .permit(ACTION)
        .person(new.person)
        .session(new.details.signed_in_as)
        .client(client.id.clone());
    entry.key = person.key.clone();
    if let Some(other) = &other {
        entry = entry.subject(other.person.id);
    }
    hub.record(entry).await?;
    let refreshable = client.may_use(GrantType::RefreshToken);
    let begun = hub
        .families
        .begin(realm, &hub.entropy, now, &new, refreshable)
        .await?;
    let begun = begun.ok_or(OAuthError {
        id: "token.code.session_over",
        ..UNKNOWN
    })?;
    if Codes::new(&hub.ephemeral, realm).was_replayed(code).await? {
        return Err(replayed(hub, call, client, new.id).await?);
    }
    let granted = Granted {
        person: new.person,
        family: new.id,
        details: &new.details,
        nonce: nonce.as_deref(),
    };
    let tokens = Issue {
        resources: &resources,
        details: token_details.as_ref(),
        granted: Some(&granted),
        binding: request.binding,
        ends: other.and_then(|other| other.until),
        refresh: begun.refresh.as_ref(),
        ..Issue::new(client, &new.scope)
    };
    issue(hub, realm, tokens).await
}

/// The family that a code begins.
fn family(request: TokenRequest<'_>, grant: CodeGrant) -> NewFamily {
    let TokenRequest {
        hub, call, client, ..
    } = request;
    let offline = grant.scope.has("offline_access");
    let life = if offline {
        Duration::from_secs(hub.settings.tokens.refresh_days.saturating_mul(86_400))
    } else {
        call.realm.settings.session().absolute
    };
    NewFamily {
        id: grant.family,
        client_id: client.id.clone(),
        place: grant.place,
        person: grant.person,
        sid: (!offline).then_some(grant.sid),
        scope: grant.scope,
        details: FamilyDetails {
            authenticated_at: grant.authenticated_at,
            amr: grant.amr,
            wants_auth_time: grant.wants_auth_time,
            signed_in_as: grant.sid,
            acr: grant.acr,
            resources: grant.resources,
            authorization_details: grant.authorization_details,
            claims: grant.claims,
            about: None,
            // A confidential client proves who it is with each refresh; of a public one the key is all there is to prove.
            binding: request.binding.filter(|_| client.is_public()).cloned(),
        },
        expires_at: grant.authenticated_at.plus(life),
        takes_part: client.metadata.logout.wants_to_know(),
        rests_on: Vec::new(),
    }
}

/// A code came again: what it gave is revoked, on record first, and the person sees it.
async fn replayed(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    family: FamilyId,
) -> Result<OAuthError, OAuthError> {
    let replayed = OAuthError {
        id: "token.code.replayed",
        ..UNKNOWN
    };
    let found = hub.families.find(&call.realm, family).await?;
    if let Some(family) = found.filter(|family| family.client_id == client.id) {
        revoke(hub, call, &family, replayed.id).await?;
    }
    Ok(replayed)
}

/// The code must be this client's, for this redirect URI, and met by the verifier. It is used up either way.
fn check(grant: &CodeGrant, client: &AuthenticatedClient, form: &Parameters) -> Result<(), OAuthError> {
    if grant.client_id != client.id {
        return Err(OAuthError {
            id: "token.code.other_client",
            ..UNKNOWN
        });
    }
    let named = form.get("redirect_uri");
    if named.is_none() && !grant.redirect_uri_given {
        return verifier_meets(grant, form);
    }
    if named != Some(grant.redirect_uri.as_str()) {
        return Err(OAuthError::new(
            ErrorCode::InvalidGrant,
            "token.code.redirect_uri",
            "redirect_uri is not the one of the authorization request",
        ));
    }
    verifier_meets(grant, form)
}

/// A code that was asked for with the thumbprint of a key is for whoever holds that key (RFC 9449 §10).
fn is_for_key(grant: &CodeGrant, binding: Option<&Confirmation>) -> Result<(), OAuthError> {
    let held = match binding {
        Some(Confirmation::Key(jkt)) => Some(jkt),
        _ => None,
    };
    if grant.dpop_jkt.is_none() || grant.dpop_jkt.as_ref() == held {
        Ok(())
    } else {
        Err(OAuthError::new(
            ErrorCode::InvalidGrant,
            "token.code.other_key",
            "the code is bound to another key than that of the DPoP proof",
        ))
    }
}

fn verifier_meets(grant: &CodeGrant, form: &Parameters) -> Result<(), OAuthError> {
    let met = match (&grant.pkce, form.get("code_verifier")) {
        (Some(pkce), Some(verifier)) => pkce.is_met_by(verifier),
        // A verifier without a challenge is a downgrade that somebody made on the way (RFC 9700 §4.8.2).
        (Some(_), None) | (None, Some(_)) => false,
        (None, None) => true,
    };
    if met {
        Ok(())
    } else {
        Err(OAuthError::new(
            ErrorCode::InvalidGrant,
            "token.code.pkce",
            "code_verifier does not meet the code_challenge",
        ))
    }
}
