//! `POST /oauth/token` (RFC 6749 §3.2).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::AUTHORIZATION;

use super::answer;
use crate::http::Call;
use crate::hub::{Hub, Shared};
use crate::log::Action;
use crate::oauth::clients::{AuthenticatedClient, Credentials, GrantType, authenticate};
use crate::oauth::dpop;
use crate::oauth::grants::{
    TokenRequest, authorization_code, ciba, client_credentials, device_code, jwt_bearer, refresh_token,
    token_exchange,
};
use crate::oauth::tokens::{TokenResponse, binding};
use crate::oauth::{ErrorCode, OAuthError};

const REFUSED: Action = Action::new("token.refuse");

/// Authenticates the client, then lets the grant decide.
pub async fn token(State(hub): State<Shared>, call: Call) -> Response {
    let mut known = None;
    let mut response = match serve(&hub, &call, &mut known).await {
        Ok(response) => answer::json(StatusCode::OK, &response),
        Err(refused) => {
            let mut entry = call.deny(REFUSED, refused.id);
            entry.client = known;
            match hub.record(entry).await {
                Ok(()) => answer::error(refused),
                Err(unavailable) => answer::error(unavailable),
            }
        }
    };
    dpop::give_nonce(&hub, &call, response.headers_mut());
    response
}

async fn serve(hub: &Hub, call: &Call, known: &mut Option<String>) -> Result<TokenResponse, OAuthError> {
    let malformed = |id, text| OAuthError::new(ErrorCode::InvalidRequest, id, text);
    let form = call
        .form()
        .ok_or(malformed(
            "token.content_type",
            "the request is application/x-www-form-urlencoded",
        ))?
        .map_err(|_| malformed("token.parameters", "a parameter is doubled or not UTF-8"))?;
    if call.has_doubled(&AUTHORIZATION) {
        return Err(malformed(
            "token.authorization",
            "the Authorization header is doubled",
        ));
    }
    let credentials = Credentials::read(call.authorization(), &form)?;
    let client = authenticate(hub, call, &credentials).await?;
    *known = Some(client.id.clone());
    let binding = binding(hub, call, &client).await?;
    let request = TokenRequest {
        hub,
        call,
        client: &client,
        form: &form,
        binding: binding.as_ref(),
    };
    let grant = form
        .get("grant_type")
        .ok_or(malformed("token.grant_type.missing", "grant_type is missing"))?;
    match grant {
        "authorization_code" => {
            allowed(&client, GrantType::AuthorizationCode)?;
            authorization_code::redeem(request).await
        }
        "refresh_token" => {
            allowed(&client, GrantType::RefreshToken)?;
            refresh_token::refresh(request).await
        }
        "client_credentials" => {
            allowed(&client, GrantType::ClientCredentials)?;
            client_credentials::grant(request).await
        }
        "urn:ietf:params:oauth:grant-type:device_code" => {
            allowed(&client, GrantType::DeviceCode)?;
            device_code::poll(request).await
        }
        "urn:ietf:params:oauth:grant-type:token-exchange" => {
            allowed(&client, GrantType::TokenExchange)?;
            token_exchange::exchange(request).await
        }
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            allowed(&client, GrantType::JwtBearer)?;
            jwt_bearer::grant(request).await
        }
        "urn:openid:params:grant-type:ciba" => {
            allowed(&client, GrantType::Ciba)?;
            ciba::poll(request).await
        }
        _ => Err(OAuthError::new(
            ErrorCode::UnsupportedGrantType,
            "token.grant_type",
            "this grant type is not supported",
        )),
    }
}

fn allowed(client: &AuthenticatedClient, grant: GrantType) -> Result<(), OAuthError> {
    if client.may_use(grant) {
        Ok(())
    } else {
        Err(OAuthError::new(
            ErrorCode::UnauthorizedClient,
            "token.grant_type.not_registered",
            "the client did not register for this grant type",
        ))
    }
}
