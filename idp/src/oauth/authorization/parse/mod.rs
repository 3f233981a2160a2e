//! From parameters to a request. Who may be told about an error depends on how far the request got.

mod checks;

use platform::clock::Instant;
use platform::http::{Parameters, ParametersError};

use super::model::AuthorizationRequest;
use crate::oauth::clients::{Client, RedirectVerified, SecurityProfile};
use crate::oauth::{ErrorCode, OAuthError, ResponseMode, ResponseType, authorization_details, resources};
use crate::realms::Realm;

/// Where an answer may be sent, and how.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Where.
    pub redirect: RedirectVerified,
    /// How it travels.
    pub mode: ResponseMode,
    /// Returned as it came.
    pub state: Option<String>,
}

/// Why there is no request. Only the second kind holds a place that an answer may be sent to.
#[derive(Debug)]
pub enum Refusal {
    /// The person is told by a page.
    Page(OAuthError),
    /// The client is told at its redirect URI.
    Redirect {
        /// Where.
        to: Destination,
        /// What.
        error: OAuthError,
    },
}

impl Refusal {
    /// What is wrong.
    pub fn error(&self) -> OAuthError {
        match self {
            Self::Page(error) | Self::Redirect { error, .. } => *error,
        }
    }
}

/// The longest value that is carried through (`state`, `nonce`).
const LONGEST: usize = 2048;

fn invalid(id: &'static str, description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, id, description)
}

impl From<ParametersError> for Refusal {
    fn from(_: ParametersError) -> Self {
        Self::Page(invalid(
            "authorization.parameters",
            "a parameter is doubled or not UTF-8",
        ))
    }
}

/// Where errors about the request of `client` may be sent: what its parameters say, as far as it can be believed.
pub fn destination(parameters: &Parameters, client: &Client) -> Result<Destination, OAuthError> {
    let wrong = invalid(
        "authorization.redirect_uri",
        "the redirect URI is missing or is not one that the client registered",
    );
    let asked = parameters.get("redirect_uri");
    // FAPI 2.0 Security Profile §5.3.2.2: a pushed request says where its answer goes.
    if asked.is_none() && client.metadata.musubi_security_profile == SecurityProfile::Fapi2 {
        return Err(wrong);
    }
    let redirect = RedirectVerified::verify(client, asked).ok_or(wrong)?;
    let asked = parameters.get("response_type").unwrap_or_default();
    let response_type = asked.parse().unwrap_or(ResponseType::CODE);
    let mode = ResponseMode::parse(parameters.get("response_mode"), response_type)
        .unwrap_or(ResponseMode::default_of(response_type));
    let state = parameters.get("state").map(str::to_owned);
    Ok(Destination {
        redirect,
        mode,
        state,
    })
}

/// Reads a request of `client` at `realm`. `hinted` gives the subject of an `id_token_hint`.
pub fn parse(
    parameters: &Parameters,
    client: &Client,
    realm: &Realm,
    hinted: impl FnOnce(&str) -> Option<String>,
    now: Instant,
) -> Result<(AuthorizationRequest, Destination), Refusal> {
    let to = destination(parameters, client).map_err(Refusal::Page)?;
    match read(parameters, (client, realm), &to, hinted, now) {
        Ok(request) => Ok((request, to)),
        Err(error) => Err(Refusal::Redirect { to, error }),
    }
}

fn read(
    parameters: &Parameters,
    (client, realm): (&Client, &Realm),
    to: &Destination,
    hinted: impl FnOnce(&str) -> Option<String>,
    now: Instant,
) -> Result<AuthorizationRequest, OAuthError> {
    checks::unsupported(parameters)?;
    let response_type = checks::response_type(parameters, client)?;
    let response_mode = checks::response_mode(parameters, response_type, to)?;
    let scope = checks::scope(parameters, client, response_type)?;
    let claims = checks::claims(parameters, client, &scope)?;
    let acr = checks::acr(parameters, client, &claims)?;
    let hinted = checks::id_token_hint(parameters, hinted)?;
    let hinted = checks::one_subject(hinted, &claims)?;
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: to.redirect.uri().to_owned(),
        redirect_uri_given: parameters.get("redirect_uri").is_some(),
        response_type,
        response_mode,
        scope,
        state: checks::bounded(parameters, "state")?,
        nonce: checks::nonce(parameters, response_type)?,
        pkce: checks::pkce(parameters, client)?,
        prompt: checks::prompt(
            parameters.get("prompt").unwrap_or_default(),
            realm.takes_sign_ups(),
        )?,
        max_age: checks::max_age(parameters, client)?,
        hinted,
        login_hint: parameters
            .get("login_hint")
            .map(|hint| hint.chars().take(128).collect()),
        ui_locales: parameters
            .get("ui_locales")
            .map(|locales| locales.chars().take(200).collect()),
        claims,
        acr_values: acr.0,
        acr_essential: acr.1,
        resources: resources::read(parameters, client, &realm.issuer)?,
        authorization_details: authorization_details::read(parameters, client)?,
        dpop_jkt: checks::dpop_jkt(parameters)?,
        pushed: None,
        asked_at: now,
    })
}
