//! The client credentials grant (RFC 6749 §4.4): a service for itself, no person.

use crate::log::Action;
use crate::oauth::clients::AuthMethod;
use crate::oauth::grants::TokenRequest;
use crate::oauth::scope::PERSON_SCOPES;
use crate::oauth::tokens::{Issue, TokenResponse, issue};
use crate::oauth::{ErrorCode, OAuthError, Scope};

/// The row of this grant.
pub const ACTION: Action = Action::new("token.issue.client_credentials");

/// Gives a client an access token of its own.
pub async fn grant(request: TokenRequest<'_>) -> Result<TokenResponse, OAuthError> {
    let TokenRequest {
        hub,
        call,
        client,
        form,
        ..
    } = request;
    if client.metadata.token_endpoint_auth_method == AuthMethod::None {
        return Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "token.client_credentials.public",
            "a public client has no credentials",
        ));
    }
    let wrong = |text| OAuthError::new(ErrorCode::InvalidScope, "token.client_credentials.scope", text);
    // Scopes about a person mean nothing without one.
    let own = client.scope.filtered(|scope| !PERSON_SCOPES.contains(&scope));
    if own.is_empty() {
        return Err(wrong("the client may have no scope of its own"));
    }
    let scope = match form.get("scope") {
        None => own,
        Some(asked) => {
            let asked = Scope::parse(asked).map_err(|_| wrong("scope is malformed"))?;
            if !own.covers(&asked) {
                return Err(wrong("scope is wider than what the client may have"));
            }
            asked
        }
    };
    let resources = request.resources()?;
    // No person is here who could allow details.
    request.details(None)?;
    hub.record(call.permit(ACTION).client(client.id.clone())).await?;
    let token = Issue {
        resources: &resources,
        binding: request.binding,
        ..Issue::new(client, &scope)
    };
    issue(hub, &call.realm, token).await
}
