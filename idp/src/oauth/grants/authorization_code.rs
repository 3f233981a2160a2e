//! The authorization code grant (RFC 6749 §4.1.3, RFC 7636 §4.5, OpenID Connect Core 1.0 §3.1.3).

use std::time::Duration;

use platform::http::Parameters;

use crate::http::Call;
use crate::hub::Hub;
use crate::ids::FamilyId;
use crate::log::Action;
use crate::oauth::authorization::{CodeGrant, Codes, Redeemed};
use crate::oauth::clients::{AuthenticatedClient, GrantType};
use crate::oauth::families::{FamilyDetails, NewFamily};
use crate::oauth::tokens::{Granted, TokenResponse, issue};
use crate::oauth::{ErrorCode, OAuthError};

/// The row of this grant.
pub const ACTION: Action = Action::new("token.issue.authorization_code");

const UNKNOWN: OAuthError = OAuthError::new(
    ErrorCode::InvalidGrant,
    "token.code.unknown",
    "the code is unknown, used, over, or another client's",
);

/// Redeems a code.
pub async fn redeem(
    hub: &Hub,
    call: &Call,
    client: &AuthenticatedClient,
    form: &Parameters,
) -> Result<TokenResponse, OAuthError> {
    let realm = &call.realm;
    let code = form.get("code").ok_or(OAuthError::new(
        ErrorCode::InvalidRequest,
        "token.code.missing",
        "code is missing",
    ))?;
    let grant = match Codes::new(&hub.ephemeral, realm).redeem(code).await? {
        Redeemed::Grant(grant) => grant,
        Redeemed::Replayed { family } => {
            revoke(hub, call, family).await?;
            return Err(OAuthError {
                id: "token.code.replayed",
                ..UNKNOWN
            });
        }
        Redeemed::Unknown => return Err(UNKNOWN),
    };
    check(&grant, client, form)?;
    let person = hub.people.by_id(realm, grant.person).await?;
    let person = person.filter(|person| person.may_sign_in()).ok_or(UNKNOWN)?;

    let now = hub.clock.now();
    let offline = grant.scope.has("offline_access");
    let details = FamilyDetails {
        authenticated_at: grant.authenticated_at,
        amr: grant.amr,
        wants_auth_time: grant.wants_auth_time,
        signed_in_as: grant.sid,
    };
    let session_end = grant.authenticated_at.plus(hub.sessions.limits().absolute);
    let offline_end = now.plus(Duration::from_secs(
        hub.settings.tokens.refresh_days.saturating_mul(86_400),
    ));
    let new = NewFamily {
        id: grant.family,
        client_id: client.id.clone(),
        person: grant.person,
        sid: (!offline).then_some(grant.sid),
        scope: grant.scope,
        details,
        expires_at: if offline { offline_end } else { session_end },
    };
    let mut entry = call
        .permit(ACTION)
        .person(grant.person)
        .session(grant.sid)
        .client(client.id.clone());
    entry.key = person.key.clone();
    hub.record(entry).await?;
    let refresh = hub
        .families
        .begin(
            realm,
            &hub.entropy,
            now,
            &new,
            client.may_use(GrantType::RefreshToken),
        )
        .await?;
    if Codes::new(&hub.ephemeral, realm).was_replayed(code).await? {
        revoke(hub, call, new.id).await?;
        return Err(OAuthError {
            id: "token.code.replayed",
            ..UNKNOWN
        });
    }
    let granted = Granted {
        person: new.person,
        family: new.id,
        details: &new.details,
        nonce: grant.nonce.as_deref(),
    };
    issue(hub, realm, client, &new.scope, Some(&granted), refresh.as_ref()).await
}

async fn revoke(hub: &Hub, call: &Call, family: FamilyId) -> Result<(), OAuthError> {
    hub.families
        .revoke(&call.realm, family, "code replayed", hub.clock.now())
        .await?;
    Ok(())
}

/// The code must be this client's, for this redirect URI, and met by the verifier. It is used up either way.
fn check(grant: &CodeGrant, client: &AuthenticatedClient, form: &Parameters) -> Result<(), OAuthError> {
    if grant.client_id != client.id {
        return Err(OAuthError {
            id: "token.code.other_client",
            ..UNKNOWN
        });
    }
    if form.get("redirect_uri") != Some(grant.redirect_uri.as_str()) {
        return Err(OAuthError::new(
            ErrorCode::InvalidGrant,
            "token.code.redirect_uri",
            "redirect_uri is not the one of the authorization request",
        ));
    }
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
