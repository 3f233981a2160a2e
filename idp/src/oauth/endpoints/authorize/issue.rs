//! What a request that nothing stands in the way of any more gets: a code, and in the implicit and hybrid flows tokens
//! beside it (OpenID Connect Core 1.0 §3.1.2.5, §3.2.2.5, §3.3.2.5).

use std::time::Duration;

use crate::credentials::Level;
use crate::http::Call;
use crate::hub::Hub;
use crate::ids::FamilyId;
use crate::log::Action;
use crate::oauth::authorization::{AuthorizationRequest, CodeGrant, Codes};
use crate::oauth::clients::{Client, RedirectVerified};
use crate::oauth::families::{FamilyDetails, NewFamily};
use crate::oauth::logout::take_part;
use crate::oauth::tokens::{AccessToken, Beside, Granted, Issue, access_token, id_token};
use crate::oauth::{ErrorCode, OAuthError};
use crate::signin::SignedIn;

const ISSUE: Action = Action::new("authorization.issue");

/// The parameters of the answer.
pub(super) type Given = Vec<(&'static str, String)>;

/// Gives what the response type asks for; the row is written first.
pub(super) async fn issue(
    hub: &Hub,
    call: &Call,
    request: &AuthorizationRequest,
    (client, redirect): (&Client, &RedirectVerified),
    who: &SignedIn,
) -> Result<Given, OAuthError> {
    let mut entry = call
        .permit(ISSUE)
        .person(who.person.id)
        .session(who.session.sid)
        .client(client.id.clone());
    entry.key = who.person.key.clone();
    hub.record(entry).await?;

    let asked = request.response_type;
    let mut given = Given::new();
    let code = if asked.has_code() {
        Some(code(hub, call, request, (client, redirect), who).await?)
    } else {
        None
    };
    let details = details(request, client, who);
    let family = FamilyId::new(&hub.entropy, hub.clock.now())?;
    let granted = Granted {
        person: who.person.id,
        family,
        details: &details,
        nonce: request.nonce.as_deref(),
    };
    let access = if asked.has_token() {
        begin(hub, call, request, (client, redirect), &granted).await?;
        let issue = Issue {
            resources: &request.resources,
            details: request.authorization_details.as_ref(),
            granted: Some(&granted),
            ..Issue::new(client, &request.scope)
        };
        Some(access_token(hub, &call.realm, &issue).await?)
    } else {
        None
    };
    if asked.has_id_token() {
        if access.is_none() && client.metadata.logout.wants_to_know() {
            take_part(
                &hub.store,
                &call.realm,
                details.signed_in_as,
                &client.id,
                hub.clock.now(),
            )
            .await?;
        }
        let beside = Beside {
            access_token: access.as_ref().map(|access| access.token.as_str()),
            code: code.as_deref(),
            scope: Some(&request.scope).filter(|_| !asked.has_code() && !asked.has_token()),
            ..Beside::default()
        };
        let token = id_token(hub, &call.realm, client, &granted, beside).await?;
        given.push(("id_token", token));
    }
    given.extend(code.map(|code| ("code", code)));
    given.extend(access.into_iter().flat_map(described));
    Ok(given)
}

/// An access token as parameters (RFC 6749 §4.2.2).
fn described(access: AccessToken) -> Given {
    vec![
        ("access_token", access.token),
        ("token_type", access.token_type.to_owned()),
        ("expires_in", access.life.as_secs().to_string()),
        ("scope", access.claims.scope),
    ]
}

fn wants_auth_time(request: &AuthorizationRequest, client: &Client) -> bool {
    request.max_age.is_some()
        || client.metadata.require_auth_time
        || request.claims.id_token.contains_key("auth_time")
}

/// What the sign-in is worth, in the words that the client asked in.
fn acr(request: &AuthorizationRequest, who: &SignedIn) -> String {
    let held = Level::of_methods(&who.session.amr);
    request.asked().answer(held).to_owned()
}

fn details(request: &AuthorizationRequest, client: &Client, who: &SignedIn) -> FamilyDetails {
    let session = &who.session;
    FamilyDetails {
        wants_auth_time: wants_auth_time(request, client),
        acr: Some(acr(request, who)),
        resources: request.resources.clone(),
        authorization_details: request.authorization_details.clone(),
        claims: request.claims.clone(),
        ..FamilyDetails::of_sign_in(session.sid, session.authenticated_at, &session.amr)
    }
}

/// Begins the family of an access token that comes through the browser: it ends with the session, and nothing refreshes
/// it. The code's own tokens are another family, so that a code that comes again does not end this one's.
async fn begin(
    hub: &Hub,
    call: &Call,
    request: &AuthorizationRequest,
    (client, redirect): (&Client, &RedirectVerified),
    granted: &Granted<'_>,
) -> Result<(), OAuthError> {
    let details = granted.details;
    let new = NewFamily {
        id: granted.family,
        client_id: request.client_id.clone(),
        place: redirect.place(),
        takes_part: client.metadata.logout.wants_to_know(),
        rests_on: Vec::new(),
        person: granted.person,
        sid: Some(details.signed_in_as),
        scope: request.scope.clone(),
        details: details.clone(),
        expires_at: details
            .authenticated_at
            .plus(call.realm.settings.session().absolute),
    };
    let now = hub.clock.now();
    let begun = hub
        .families
        .begin(&call.realm, &hub.entropy, now, &new, false)
        .await?;
    begun.map(drop).ok_or(OAuthError::new(
        ErrorCode::AccessDenied,
        "authorization.session_over",
        "the session or the consent that this rests on has ended",
    ))
}

async fn code(
    hub: &Hub,
    call: &Call,
    request: &AuthorizationRequest,
    (client, redirect): (&Client, &RedirectVerified),
    who: &SignedIn,
) -> Result<String, OAuthError> {
    let session = &who.session;
    let grant = CodeGrant {
        client_id: request.client_id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        redirect_uri_given: request.redirect_uri_given,
        place: redirect.place(),
        person: who.person.id,
        sid: session.sid,
        scope: request.scope.clone(),
        nonce: request.nonce.clone(),
        pkce: request.pkce.clone(),
        authenticated_at: session.authenticated_at,
        amr: session.amr.clone(),
        wants_auth_time: wants_auth_time(request, client),
        claims: request.claims.clone(),
        family: FamilyId::new(&hub.entropy, hub.clock.now())?,
        acr: Some(acr(request, who)),
        resources: request.resources.clone(),
        authorization_details: request.authorization_details.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
    };
    let life = Duration::from_secs(hub.settings.tokens.code_seconds.min(600));
    Codes::new(&hub.ephemeral, &call.realm)
        .issue(&hub.entropy, &grant, life)
        .await
}
