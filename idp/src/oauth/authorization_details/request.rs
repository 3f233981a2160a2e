//! What a request for authorization asks for.

use platform::http::Parameters;

use super::model::AuthorizationDetails;
use crate::oauth::clients::Client;
use crate::oauth::{ErrorCode, OAuthError};

/// The `authorization_details` of a request, of types that the client registered (RFC 9396 §2, §10); none if it has none.
pub fn read(parameters: &Parameters, client: &Client) -> Result<Option<AuthorizationDetails>, OAuthError> {
    let wrong = |id, text| OAuthError::new(ErrorCode::InvalidAuthorizationDetails, id, text);
    let Some(text) = parameters.get("authorization_details") else {
        return Ok(None);
    };
    let details = AuthorizationDetails::parse(text).map_err(|_| {
        wrong(
            "authorization.details",
            "authorization_details are not what their types allow",
        )
    })?;
    let own = &client.metadata.tokens.authorization_details_types;
    if details
        .iter()
        .all(|detail| own.iter().any(|one| one == detail.kind()))
    {
        Ok(Some(details))
    } else {
        Err(wrong(
            "authorization.details.type",
            "the client did not register for a type of its authorization_details",
        ))
    }
}
