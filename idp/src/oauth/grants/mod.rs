//! The grants of the token endpoint, one a file. Each gets one [`TokenRequest`]: a client that proved who it is, and what
//! every grant may be asked for.

pub mod approved;
pub mod authorization_code;
pub mod ciba;
pub mod client_credentials;
pub mod device_code;
pub mod jwt_bearer;
pub mod refresh_token;
pub mod token_exchange;

use platform::http::Parameters;

use crate::http::Call;
use crate::hub::Hub;
use crate::log::Action;
use crate::oauth::authorization_details::AuthorizationDetails;
use crate::oauth::clients::AuthenticatedClient;
use crate::oauth::families::Family;
use crate::oauth::tokens::Confirmation;
use crate::oauth::{ErrorCode, OAuthError, resources};
use crate::realms::Realm;

const REVOKE: Action = Action::new("token.revoke");

/// A request to the token endpoint, from a client that proved who it is.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The hub.
    pub hub: &'a Hub,
    /// The call.
    pub call: &'a Call,
    /// Who asks.
    pub client: &'a AuthenticatedClient,
    /// What it sent.
    pub form: &'a Parameters,
    /// What its tokens are to be bound to.
    pub binding: Option<&'a Confirmation>,
}

impl<'a> TokenRequest<'a> {
    /// The realm.
    pub fn realm(&self) -> &'a Realm {
        &self.call.realm
    }

    /// A parameter that must be there.
    pub fn required(
        &self,
        name: &str,
        id: &'static str,
        missing: &'static str,
    ) -> Result<&'a str, OAuthError> {
        let value = self.form.get(name);
        value.ok_or(OAuthError::new(ErrorCode::InvalidRequest, id, missing))
    }

    /// That something is the client's that asks; `refused` if it is another one's.
    pub fn is_own(&self, client_id: &str, refused: OAuthError) -> Result<(), OAuthError> {
        if self.client.id == client_id {
            Ok(())
        } else {
            Err(refused)
        }
    }

    /// The resources that it names, each one that the client may ask for (RFC 8707 §2.2).
    pub fn resources(&self) -> Result<Vec<String>, OAuthError> {
        resources::read(self.form, self.client, &self.call.realm.issuer)
    }

    /// The part of the `granted` details that it asks for; all of them if it asks for none (RFC 9396 §6).
    pub fn details(
        &self,
        granted: Option<&AuthorizationDetails>,
    ) -> Result<Option<AuthorizationDetails>, OAuthError> {
        let wrong = |id, text| OAuthError::new(ErrorCode::InvalidAuthorizationDetails, id, text);
        let Some(asked) = self.form.get("authorization_details") else {
            return Ok(granted.cloned());
        };
        let asked = AuthorizationDetails::parse(asked).map_err(|_| {
            wrong(
                "token.details",
                "authorization_details are not what their types allow",
            )
        })?;
        if granted.is_some_and(|granted| granted.covers(&asked)) {
            Ok(Some(asked))
        } else {
            Err(wrong(
                "token.details.not_granted",
                "authorization_details are wider than what was granted",
            ))
        }
    }
}

/// Revokes a family because a code or token of it came again. The row is written first, with the person, so that the
/// one who is concerned sees it.
async fn revoke(hub: &Hub, call: &Call, family: &Family, because: &'static str) -> Result<(), OAuthError> {
    let mut entry = call
        .deny(REVOKE, because)
        .subject(family.person)
        .client(family.client_id.clone());
    entry.session = Some(family.details.signed_in_as);
    if let Some(person) = hub.people.by_id(&call.realm, family.person).await? {
        entry.key = person.key.clone();
    }
    hub.record(entry).await?;
    hub.families
        .revoke(&call.realm, family.id, because, hub.clock.now())
        .await?;
    Ok(())
}
