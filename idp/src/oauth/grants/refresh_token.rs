//! The refresh token grant (RFC 6749 §6, RFC 9700 §4.14, OpenID Connect Core 1.0 §12).

use std::time::Duration;

use platform::http::Parameters;

use crate::http::Call;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::authorization_details::{given_up, others};
use crate::oauth::clients::Client;
use crate::oauth::families::{Family, RefreshToken};
use crate::oauth::grants::{TokenRequest, revoke};
use crate::oauth::tokens::{Granted, Issue, TokenResponse, issue};
use crate::oauth::{ErrorCode, OAuthError, Scope, resources};

/// The row of this grant.
pub const ACTION: Action = Action::new("token.issue.refresh_token");

const UNKNOWN: OAuthError = OAuthError::new(
    ErrorCode::InvalidGrant,
    "token.refresh.unknown",
    "the refresh token is unknown, used, over, revoked, or another client's",
);
const CONSENT_OVER: OAuthError = OAuthError {
    id: "token.refresh.consent_over",
    ..UNKNOWN
};

/// Takes a refresh token and gives its successor with a new access token.
pub async fn refresh(request: TokenRequest<'_>) -> Result<TokenResponse, OAuthError> {
    let TokenRequest {
        hub,
        call,
        client,
        form,
        ..
    } = request;
    let realm = request.realm();
    let offered = request.required(
        "refresh_token",
        "token.refresh.missing",
        "refresh_token is missing",
    )?;
    let offered = RefreshToken::parse(realm, offered).ok_or(UNKNOWN)?;
    // Looked at before it is taken: a scope that is too wide must not cost the client its token.
    let (known, present) = hub.families.of_token(realm, &offered).await?.ok_or(UNKNOWN)?;
    request.is_own(&known.client_id, UNKNOWN)?;
    if !present {
        return Err(replayed(hub, call, &known).await?);
    }
    let unused = Duration::from_secs(hub.settings.tokens.refresh_idle_seconds);
    usable(&known, &request, unused)?;
    let scope = narrowed(&known, form)?;
    let details = request.details(known.details.authorization_details.as_ref())?;
    let asked = request.resources()?;
    let resources = resources::narrowed(&known.details.resources, &asked, &realm.issuer)?;
    let key = still_allowed(hub, call, &known).await?;
    let acting = (known.person, client.id.as_str());
    let other = others(hub, realm, acting, known.details.authorization_details.as_ref()).await;
    let other = other.map_err(|error| given_up(error, CONSENT_OVER))?;

    let mut entry = call
        .permit(ACTION)
        .person(known.person)
        .session(known.details.signed_in_as)
        .client(client.id.clone());
    entry.key = key;
    if let Some(other) = &other {
        entry = entry.subject(other.person.id);
    }
    hub.record(entry).await?;
    let (now, idle) = (hub.clock.now(), realm.settings.session().idle);
    let rotated = if rotates(client, &known) {
        hub.families
            .rotate(realm, &hub.entropy, now, idle, &offered)
            .await?
    } else {
        let kept = hub.families.keep(realm, now, (idle, unused), &offered).await?;
        kept.map(|family| (family, offered))
    };
    let Some((family, next)) = rotated else {
        return Err(not_rotated(hub, call, &known).await?);
    };
    let granted = Granted {
        person: family.person,
        family: family.id,
        details: &family.details,
        nonce: None,
    };
    let tokens = Issue {
        resources,
        details: details.as_ref(),
        granted: Some(&granted),
        binding: request.binding,
        ends: other.and_then(|other| other.until),
        refresh: Some(&next),
        ..Issue::new(client, &scope)
    };
    issue(hub, realm, tokens).await
}

/// Whether a family lets its present token be taken now, by whoever offers it.
fn usable(known: &Family, request: &TokenRequest<'_>, unused: Duration) -> Result<(), OAuthError> {
    let now = request.hub.clock.now();
    let bound_to = known.details.binding.as_ref();
    let id = if !known.is_live(now) {
        "token.refresh.revoked"
    } else if known.is_idle(now, unused) {
        "token.refresh.idle"
    } else if bound_to.is_some() && bound_to != request.binding {
        "token.refresh.other_key"
    } else {
        return Ok(());
    };
    Err(OAuthError { id, ..UNKNOWN })
}

/// Whether a use replaces the token. One that anybody could use always is (RFC 9700 §4.14.2); one that needs a proof of the
/// client with each use is as its administrator says; in FAPI 2.0 it stays unless they say otherwise.
fn rotates(client: &Client, family: &Family) -> bool {
    let anybody = client.is_public() && family.details.binding.is_none();
    let chosen = client.metadata.tokens.refresh_token_rotation;
    anybody || chosen.unwrap_or(!client.is_fapi())
}

/// The statement found the token taken, or the session over: which of the two decides what becomes of the family.
async fn not_rotated(hub: &Hub, call: &Call, family: &Family) -> Result<OAuthError, OAuthError> {
    if let Some(sid) = family.sid
        && !hub.sessions.is_live(&call.realm, sid).await?
    {
        return Ok(OAuthError {
            id: "token.refresh.session_over",
            ..UNKNOWN
        });
    }
    replayed(hub, call, family).await
}

/// An earlier token of a family, or one of two uses at once: whoever has the family's tokens, they are not the client
/// alone (RFC 9700 §4.14.2).
async fn replayed(hub: &Hub, call: &Call, family: &Family) -> Result<OAuthError, OAuthError> {
    let replayed = OAuthError {
        id: "token.refresh.replayed",
        ..UNKNOWN
    };
    if family.is_live(hub.clock.now()) {
        revoke(hub, call, family, replayed.id).await?;
    }
    Ok(replayed)
}

/// The scope of the new access token: that of the grant, or the part of it that is asked for.
fn narrowed(family: &Family, form: &Parameters) -> Result<Scope, OAuthError> {
    let wrong = |text| OAuthError::new(ErrorCode::InvalidScope, "token.refresh.scope", text);
    let Some(asked) = form.get("scope") else {
        return Ok(family.scope.clone());
    };
    let asked = Scope::parse(asked).map_err(|_| wrong("scope is malformed"))?;
    if family.scope.covers(&asked) {
        Ok(asked)
    } else {
        Err(wrong("scope is wider than what was granted"))
    }
}

/// The person may still sign in; their key seals the row. Whether the session is live, the rotation itself decides.
async fn still_allowed(
    hub: &Hub,
    call: &Call,
    family: &Family,
) -> Result<std::sync::Arc<platform::keys::DataKey>, OAuthError> {
    let realm = &call.realm;
    let person = hub.people.by_id(realm, family.person).await?;
    let person = person.filter(|person| person.may_sign_in()).ok_or(UNKNOWN)?;
    Ok(person.key.clone())
}
